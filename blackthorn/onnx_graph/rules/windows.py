"""Convolutions and pooling: a window slides over the dimensions after batch and channels."""

from collections.abc import Sequence

import msgspec

from blackthorn.onnx_graph.rules.call import Call, Rule
from blackthorn.onnx_graph.tensors import Shape


class Window(msgspec.Struct, frozen=True):
    """How a window moves along one dimension; `same` pads so that the output is ceil(size / stride) whatever the span."""

    span: int
    stride: int
    before: int
    after: int
    same: bool

    def positions(self, size: int, round_up: bool) -> int:
        """How many places the window takes along `size` elements."""
        if self.same:
            return -(-size // self.stride)
        free = size + self.before + self.after - self.span
        if free < 0:
            raise ValueError(f"a window of {self.span} does not fit into {size} elements")
        positions = (-(-free // self.stride) if round_up else free // self.stride) + 1
        beyond = round_up and (positions - 1) * self.stride >= size + self.before
        return positions - 1 if beyond else positions


def windows(call: Call, kernel: Sequence[int]) -> list[Window]:
    """The window along every spatial dimension, by the attributes that convolutions and pools share."""
    rank = len(kernel)
    strides, dilations = call.numbers("strides", [1] * rank), call.numbers("dilations", [1] * rank)
    if min(*kernel, *strides, *dilations) < 1:
        raise ValueError("kernel, strides and dilations start at 1")
    automatic = call.text("auto_pad", "NOTSET")
    pads = call.numbers("pads", [0] * 2 * rank) if automatic in ("NOTSET", "") else [0] * 2 * rank
    return [
        Window(dilations[i] * (kernel[i] - 1) + 1, strides[i], pads[i], pads[rank + i], automatic.startswith("SAME"))
        for i in range(rank)
    ]


def slide(call: Call, sizes: Shape, kernel: Sequence[int]) -> Shape:
    """The spatial output of a convolution or pool over `sizes`."""
    round_up = call.number("ceil_mode", 0) != 0
    moving = zip(windows(call, kernel), sizes, strict=True)
    return tuple(window.positions(size, round_up) for window, size in moving)


def _convolve(call: Call, data: Shape, weights: Shape) -> list[Shape]:
    if weights[1] * call.number("group", 1) != data[1]:
        raise ValueError(f"weights for {weights[1] * call.number('group', 1)} channels meet {data[1]}")
    return [(data[0], weights[0], *slide(call, data[2:], weights[2:]))]


def _conv(call: Call) -> list[Shape]:
    return _convolve(call, call.shape(0), call.shape(1))


def _quantized_conv(call: Call) -> list[Shape]:
    """QLinearConv: (data, its scale, its zero, weights, ...)."""
    return _convolve(call, call.shape(0), call.shape(3))


def _conv_transpose(call: Call) -> list[Shape]:
    data, weights = call.shape(0), call.shape(1)
    rank = len(data) - 2
    filters = weights[1] * call.number("group", 1)
    if weights[0] != data[1] or len(weights) != len(data):
        raise ValueError(f"weights for {weights[0]} channels meet {data[1]}")
    if "output_shape" in call.attributes:
        return [(data[0], filters, *call.numbers("output_shape", ())[-rank:])]
    extra = call.numbers("output_padding", [0] * rank)
    spread = zip(data[2:], windows(call, weights[2:]), extra, strict=True)
    return [(data[0], filters, *(_spread(size, window, more) for size, window, more in spread))]


def _spread(size: int, window: Window, extra: int) -> int:
    """The output size that a convolution with this window would turn into `size`."""
    if window.same:
        return size * window.stride
    return window.stride * (size - 1) + extra + window.span - window.before - window.after


def _pool(call: Call) -> list[Shape]:
    """Also the indices that MaxPool may give."""
    data = call.shape(0)
    return [(*data[:2], *slide(call, data[2:], call.numbers("kernel_shape", [1] * (len(data) - 2))))] * 2


def _channels_last_pool(call: Call) -> list[Shape]:
    """NhwcMaxPool: (batch, height, width, channels)."""
    batch, *sizes, channels = call.shape(0)
    return [(batch, *slide(call, tuple(sizes), call.numbers("kernel_shape", [1] * len(sizes))), channels)]


def _global_pool(call: Call) -> list[Shape]:
    data = call.shape(0)
    return [(*data[:2], *(1 for _ in data[2:]))]


def _grid_sample(call: Call) -> list[Shape]:
    return [(*call.shape(0)[:2], *call.shape(1)[1:-1])]


def _roi_align(call: Call) -> list[Shape]:
    height, width = call.number("output_height", 1), call.number("output_width", 1)
    return [(call.shape(1)[0], call.shape(0)[1], height, width)]


RULES: dict[str, Rule] = {
    **dict.fromkeys(("Conv", "ConvInteger", "FusedConv"), _conv),
    "QLinearConv": _quantized_conv,
    "ConvTranspose": _conv_transpose,
    **dict.fromkeys(("AveragePool", "LpPool", "MaxPool", "QLinearAveragePool"), _pool),
    **dict.fromkeys(("GlobalAveragePool", "GlobalLpPool", "GlobalMaxPool", "QLinearGlobalAveragePool"), _global_pool),
    "NhwcMaxPool": _channels_last_pool,
    "GridSample": _grid_sample,
    "RoiAlign": _roi_align,
}
