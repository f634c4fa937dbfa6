"""Operators that move, cut, join or stretch tensors."""

import numpy as np

from blackthorn.onnx_graph.rules.call import Call, Rule, axes_within, axis_within, broadcast
from blackthorn.onnx_graph.tensors import Shape, elements


def _reshape(call: Call) -> list[Shape]:
    data, wanted = call.shape(0), call.listed(1, "shape")
    if wanted is None:
        raise ValueError("Reshape without a shape")
    if not call.number("allowzero", 0):
        wanted = [data[index] if size == 0 else size for index, size in enumerate(wanted)]
    if -1 in wanted:
        rest = elements(tuple(size for size in wanted if size != -1))
        wanted[wanted.index(-1)] = elements(data) // rest if rest else 0
    if min(wanted, default=0) < 0 or elements(tuple(wanted)) != elements(data):
        raise ValueError(f"{elements(data)} elements do not fill {wanted}")
    return [tuple(wanted)]


def _flatten(call: Call) -> list[Shape]:
    data, axis = call.shape(0), call.number("axis", 1)
    cut = len(data) if axis == len(data) else axis_within(axis, len(data))
    return [(elements(data[:cut]), elements(data[cut:]))]


def _squeeze(call: Call) -> list[Shape]:
    data, axes = call.shape(0), call.listed(1, "axes")
    gone = {i for i, size in enumerate(data) if size == 1} if axes is None else axes_within(axes, len(data))
    if any(data[axis] != 1 for axis in gone):
        raise ValueError(f"only dimensions of size 1 can be squeezed out of {data}")
    return [tuple(size for i, size in enumerate(data) if i not in gone)]


def _unsqueeze(call: Call) -> list[Shape]:
    data, axes = call.shape(0), call.listed(1, "axes") or []
    rank = len(data) + len(axes)
    added = axes_within(axes, rank)
    if len(added) != len(axes):
        raise ValueError(f"axes {axes} name one twice")
    sizes = iter(data)
    return [tuple([1 if axis in added else next(sizes) for axis in range(rank)])]


def _transpose(call: Call) -> list[Shape]:
    data = call.shape(0)
    order = call.numbers("perm", list(reversed(range(len(data)))))
    if sorted(order) != list(range(len(data))):
        raise ValueError(f"{order} is no order of {len(data)} dimensions")
    return [tuple(data[axis] for axis in order)]


def _concat(call: Call) -> list[Shape]:
    return _joined(call, call.shapes())


def _quantized_concat(call: Call) -> list[Shape]:
    """QLinearConcat: (scale, zero, then for each part itself, its scale, its zero)."""
    return _joined(call, [call.shape(index) for index in range(2, len(call.inputs), 3)])


def _joined(call: Call, shapes: list[Shape]) -> list[Shape]:
    axis = axis_within(call.number("axis", 1), len(shapes[0]))
    if len({(*shape[:axis], *shape[axis + 1 :]) for shape in shapes}) != 1:
        raise ValueError("joined tensors differ beside the joined dimension")
    return [(*shapes[0][:axis], sum(shape[axis] for shape in shapes), *shapes[0][axis + 1 :])]


def _split(call: Call) -> list[Shape]:
    data = call.shape(0)
    axis = axis_within(call.number("axis", 0), len(data))
    sizes = call.listed(1, "split")
    if sizes is None:
        each = -(-data[axis] // call.output_count)
        sizes = [each] * (call.output_count - 1) + [data[axis] - each * (call.output_count - 1)]
    if sum(sizes) != data[axis] or min(sizes) < 0:
        raise ValueError(f"parts of {sizes} do not make {data[axis]}")
    return [(*data[:axis], size, *data[axis + 1 :]) for size in sizes]


def slices(call: Call) -> dict[int, slice]:
    """What a Slice node takes, by axis."""
    rank = len(call.shape(0))
    starts, ends = call.listed(1, "starts") or [], call.listed(2, "ends") or []
    axes, steps = call.listed(3, "axes"), call.listed(4, "steps") or [1] * len(starts)
    cuts = zip(range(len(starts)) if axes is None else axes, starts, ends, steps, strict=True)
    return {axis_within(axis, rank): slice(start, end, step) for axis, start, end, step in cuts}


def _slice(call: Call) -> list[Shape]:
    cuts = slices(call)
    sizes = enumerate(call.shape(0))
    return [tuple(len(range(*cuts.get(axis, slice(None)).indices(size))) for axis, size in sizes)]


def _pad(call: Call) -> list[Shape]:
    data = call.shape(0)
    pads = call.listed(1, "paddings" if "paddings" in call.attributes else "pads") or [0] * 2 * len(data)
    axes = call.whole_numbers(3) if call.given(3) else range(len(data))
    padded = list(data)
    for axis, before, after in zip(axes, pads[: len(axes)], pads[len(axes) :], strict=True):
        padded[axis_within(axis, len(data))] += before + after
    if min(padded, default=0) < 0:
        raise ValueError(f"padding by {pads} leaves less than nothing of {data}")
    return [tuple(padded)]


def _expand(call: Call) -> list[Shape]:
    return [broadcast(call.shape(0), tuple(call.whole_numbers(1)))]


def _tile(call: Call) -> list[Shape]:
    return [tuple(size * times for size, times in zip(call.shape(0), call.whole_numbers(1), strict=True))]


def _depth_to_space(call: Call) -> list[Shape]:
    (batch, channels, height, width), block = call.shape(0), call.number("blocksize", 0)
    return [(batch, channels // block**2, height * block, width * block)]


def _space_to_depth(call: Call) -> list[Shape]:
    (batch, channels, height, width), block = call.shape(0), call.number("blocksize", 0)
    return [(batch, channels * block**2, height // block, width // block)]


def _resize(call: Call) -> list[Shape]:
    """Resize (data, region, scales, sizes), or before operator set 11, like Upsample, (data, scales)."""
    data = call.shape(0)
    axes = [axis_within(axis, len(data)) for axis in call.numbers("axes", ())] or list(range(len(data)))
    if call.given(3) and call.shape(3) != (0,):
        return [_sized(data, axes, call.whole_numbers(3), call.text("keep_aspect_ratio_policy", "stretch"))]
    scales = call.value(1 if len(call.inputs) == 2 else 2)
    return [_scaled(data, axes, [float(scale) for scale in scales])]


def _sized(data: Shape, axes: list[int], sizes: list[int], policy: str) -> Shape:
    resized = dict(zip(axes, sizes, strict=True))
    if policy != "stretch":
        fitting = min if policy == "not_larger" else max
        scale = fitting(size / data[axis] for axis, size in resized.items())
        resized = {axis: int(scale * data[axis] + 0.5) for axis in axes}
    return tuple(resized.get(axis, size) for axis, size in enumerate(data))


def _scaled(data: Shape, axes: list[int], scales: list[float]) -> Shape:
    """Sizes times scales, rounded down in single precision as runtimes do it."""
    by_axis = dict(zip(axes, scales, strict=True))
    return tuple(int(np.float32(size) * np.float32(by_axis.get(axis, 1.0))) for axis, size in enumerate(data))


def _upsample(call: Call) -> list[Shape]:
    data = call.shape(0)
    if call.given(1):
        return [_scaled(data, list(range(len(data))), [float(scale) for scale in call.value(1)])]
    scales = call.attributes.get("scales")
    if not isinstance(scales, tuple):
        raise ValueError("Upsample without scales")
    return [_scaled(data, list(range(len(data))), [float(scale) for scale in scales])]


RULES: dict[str, Rule] = {
    "Reshape": _reshape,
    "Flatten": _flatten,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Transpose": _transpose,
    "Concat": _concat,
    "QLinearConcat": _quantized_concat,
    "Split": _split,
    "Slice": _slice,
    "Pad": _pad,
    "Expand": _expand,
    "Tile": _tile,
    "DepthToSpace": _depth_to_space,
    "SpaceToDepth": _space_to_depth,
    "Resize": _resize,
    "Upsample": _upsample,
}
