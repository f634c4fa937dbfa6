"""Dense and grouped two-dimensional convolution, with bias and ReLU as runtimes fuse them."""

from typing import ClassVar

from blackthorn.errors import BadValue
from blackthorn.layers.base import PRECISION_BYTES, Dimension, LayerKind
from blackthorn.records import Dimensions, OnnxNode, Precision

PROBE_WEIGHT_BYTES = 64 * 2**20
"""Bytes that all weight copies of a probe may take together: enough to leave any cache, small enough to build fast."""
MOST_COPIES = 4
FEWEST_COPIES = 2


def _blocks(size: int, stride: int) -> int:
    """Output positions of a same-padded window: ceil(size / stride)."""
    return -(-size // stride)


class Conv2d(LayerKind):
    """`filters` kernels of kernel x kernel_width over `channels` x `height` x `width`.

    Zero-padded so that the output is ceil(height / stride) x ceil(width / stride_width).
    """

    name: ClassVar[str] = "conv2d"
    operators: ClassVar[frozenset[str]] = frozenset({"Conv", "FusedConv"})
    dimensions: ClassVar[tuple[Dimension, ...]] = (
        Dimension("filters", 64, 1, 1024),
        Dimension("channels", 64, 1, 1024),
        Dimension("height", 32, 1, 224),
        Dimension("width", "height", 1, 224),
        Dimension("kernel", 3, 1, 11),
        Dimension("kernel_width", "kernel", 1, 11),
        Dimension("stride", 1, 1, 4),
        Dimension("stride_width", "stride", 1, 4),
        Dimension("dilation", 1, 1, 4),
        Dimension("dilation_width", "dilation", 1, 4),
        Dimension("groups", 1, 1, 1024),
        Dimension("batch", 1, 1, 64),
    )
    shorthands = {"size": ("height", "width")}

    def check(self, dimensions: Dimensions) -> None:
        groups = dimensions["groups"]
        for name in ("filters", "channels"):
            if dimensions[name] % groups:
                problem = f"groups={groups} does not divide {name}={dimensions[name]}"
                raise BadValue(problem, f"make {name} a multiple of groups")

    def output_shape(self, d: Dimensions) -> tuple[int, int, int, int]:
        """(batch, filters, height, width) of the result."""
        return (d["batch"], d["filters"], _blocks(d["height"], d["stride"]), _blocks(d["width"], d["stride_width"]))

    def weight_shape(self, d: Dimensions) -> tuple[int, int, int, int]:
        """(filters, channels of one group, kernel height, kernel width)."""
        return (d["filters"], d["channels"] // d["groups"], d["kernel"], d["kernel_width"])

    def macs(self, dimensions: Dimensions) -> int:
        batch, filters, height, width = self.output_shape(dimensions)
        _, channels, kernel_height, kernel_width = self.weight_shape(dimensions)
        return batch * filters * height * width * channels * kernel_height * kernel_width

    def weight_bytes(self, dimensions: Dimensions, precision: Precision) -> int:
        """Bytes of one layer's weights and bias."""
        filters, channels, kernel_height, kernel_width = self.weight_shape(dimensions)
        return filters * (channels * kernel_height * kernel_width + 1) * PRECISION_BYTES[precision]

    def bytes_moved(self, dimensions: Dimensions, precision: Precision) -> int:
        batch, filters, height, width = self.output_shape(dimensions)
        entering = batch * dimensions["channels"] * dimensions["height"] * dimensions["width"]
        leaving = batch * filters * height * width
        return (entering + leaving) * PRECISION_BYTES[precision] + self.weight_bytes(dimensions, precision)

    def copies(self, dimensions: Dimensions, precision: Precision) -> int:
        fitting = PROBE_WEIGHT_BYTES // self.weight_bytes(dimensions, precision)
        return max(FEWEST_COPIES, min(MOST_COPIES, fitting))

    def onnx_model(self, dimensions: Dimensions, precision: Precision) -> bytes:
        from blackthorn.layers.onnx_probe import parallel_layers

        d = dimensions
        spans = (d["dilation"] * (d["kernel"] - 1), d["dilation_width"] * (d["kernel_width"] - 1))
        before = [span // 2 for span in spans]
        after = [span - half for span, half in zip(spans, before, strict=True)]
        return parallel_layers(
            operator="Conv",
            attributes={
                "kernel_shape": [d["kernel"], d["kernel_width"]],
                "strides": [d["stride"], d["stride_width"]],
                "dilations": [d["dilation"], d["dilation_width"]],
                "group": d["groups"],
                "pads": before + after,
            },
            input_shape=(d["batch"], d["channels"], d["height"], d["width"]),
            output_shape=self.output_shape(d),
            parameter_shapes=(self.weight_shape(d), (d["filters"],)),
            copies=self.copies(d, precision),
            precision=precision,
        )

    def read(self, node: OnnxNode) -> Dimensions | None:
        if node.op_type not in self.operators or len(node.inputs) < 2:
            return None
        data, weights, output = node.inputs[0], node.inputs[1], node.outputs[0]
        if data is None or weights is None or output is None or not len(data) == len(weights) == len(output) == 4:
            return None
        if min(*data, *weights, *output) < 1:
            return None
        strides = _pair(node.attributes.get("strides"))
        dilations = _pair(node.attributes.get("dilations"))
        groups = node.attributes.get("group", 1)
        if strides is None or dilations is None or not isinstance(groups, int) or groups < 1:
            return None
        if weights[1] * groups != data[1] or weights[0] % groups:
            return None
        return {
            "filters": weights[0],
            "channels": data[1],
            "height": _same_padded(data[2], output[2], strides[0]),
            "width": _same_padded(data[3], output[3], strides[1]),
            "kernel": weights[2],
            "kernel_width": weights[3],
            "stride": strides[0],
            "stride_width": strides[1],
            "dilation": dilations[0],
            "dilation_width": dilations[1],
            "groups": groups,
            "batch": data[0],
        }


def _pair(value: object) -> tuple[int, int] | None:
    """A two-number attribute, (1, 1) where it is absent, None where it is no such thing."""
    if value is None:
        return (1, 1)
    if not isinstance(value, (list, tuple)) or len(value) != 2 or not all(isinstance(n, int) and n >= 1 for n in value):
        return None
    return (value[0], value[1])


def _same_padded(size: int, output: int, stride: int) -> int:
    """The input size at which a same-padded layer has this output.

    Work follows the output; a layer without padding (AlexNet's first, 224 -> 54 by stride 4) does the work of a
    same-padded one on 216.
    """
    return size if _blocks(size, stride) == output else output * stride
