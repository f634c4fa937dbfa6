"""What ONNX Runtime's CPU provider makes of a network at its default settings, observed on version 1.32.

Every rule is held against the graphs that ONNX Runtime itself writes (SessionOptions.optimized_model_filepath). It takes its
own steps in the same order: first those that any hardware profits from, then kernels of several nodes, then the layout in
blocks of channels, then what is left over outside of it.

Not told here: transpositions that are moved through other nodes, whole attention blocks, quantised networks, and the casts
around operators that have no half-precision kernel.
"""

from collections.abc import Callable, Mapping

from blackthorn.onnx_graph.fusion import (
    Block,
    Drop,
    Flatten,
    Fold,
    Fuse,
    Fusions,
    Match,
    Merge,
    Pattern,
    Sweep,
    TakeApart,
    holds,
)
from blackthorn.onnx_graph.messages import AttributeValue
from blackthorn.onnx_graph.resolving import ResolvedNode
from blackthorn.onnx_graph.tensors import Tensor
from blackthorn.records import Device

AVX512_BLOCK, OTHER_BLOCK = 16, 8
"""Channels in a block: as many single-precision numbers as two vectors hold, or one with AVX-512."""
GRANULE = 4
"""Channels that a blocked kernel takes in at a time."""
SHARED_VALUES = 8
"""Constants of up to so many elements are compared by their contents."""

CONV_ACTIVATIONS = "Relu|Sigmoid|Tanh|HardSigmoid"
GEMM_ACTIVATIONS = "Elu|HardSigmoid|LeakyRelu|Relu|Selu|Sigmoid|Softplus|Softsign|Tanh|ThresholdedRelu"


def onnxruntime_fusions(block: int | None) -> Fusions:
    """What ONNX Runtime does to a network where images come in blocks of so many channels; None where there are no blocks."""
    return (*_ANYWHERE, *_WRITTEN_OUT, *_KERNELS, *(() if block is None else (_blocked(block),)), _LEFT_OVER)


def block_size(device: Device) -> int | None:
    """Channels in a block on a device; None where its processor has no kernels for blocks.

    Sweeps that do not tell the processor were taken on x86 with AVX-512.
    """
    if device.details.get("machine", "x86_64").lower() not in ("amd64", "x86_64"):
        return None
    instructions = device.details.get("instructions", "avx512f").split()
    return AVX512_BLOCK if "avx512f" in instructions else OTHER_BLOCK


def _first(node: ResolvedNode) -> Tensor | None:
    return node.inputs[0]


def _first_unless_changed(node: ResolvedNode) -> Tensor | None:
    """The first input of a node that gives the same shape and type."""
    given, tensor = node.outputs[0], node.inputs[0]
    if tensor is None or tensor.shape is None or (tensor.shape, tensor.element) != (given.shape, given.element):
        return None
    return tensor


def _first_unless_reversed(node: ResolvedNode) -> Tensor | None:
    """What a Slice hands on that takes everything, none of it backwards."""
    steps = node.inputs[4] if len(node.inputs) > 4 else None
    forwards = steps is None or (steps.value is not None and all(int(step) > 0 for step in steps.value.reshape(-1)))
    return _first_unless_changed(node) if forwards else None


def _other_than(neutral: float, *, either_side: bool) -> Callable[[ResolvedNode], Tensor | None]:
    """What an operator hands on beside a single number that changes nothing."""

    def handed_on(node: ResolvedNode) -> Tensor | None:
        pairs = zip(node.inputs, node.inputs[::-1], strict=True)
        for tensor, number in list(pairs)[: 2 if either_side else 1]:
            if tensor is not None and number is not None and holds(number, neutral) and tensor.shape == node.outputs[0].shape:
                return tensor
        return None

    return handed_on


def _by_filter(match: Match) -> bool:
    """Whether S is a constant for each filter of a convolution."""
    weights, scale = match.nodes["c"].inputs[1], match.tensors["S"]
    if weights is None or weights.shape is None or len(weights.shape) < 4:
        return False
    return scale.shape == (weights.shape[0], *(1,) * (len(weights.shape) - 2))


def _by_filter_or_all(match: Match) -> bool:
    """Whether S is a constant for each filter, or one for all of them."""
    return match.tensors["S"].shape == () or _by_filter(match)


def _pads_itself(match: Match) -> bool:
    """Whether a Pad adds zeros around images, which the node behind it could add itself."""
    pad, behind = match.nodes["p"], match.nodes["y"]
    amounts, filler = _amounts(pad), pad.inputs[2] if len(pad.inputs) > 2 else None
    if len(pad.inputs) > 3 or not amounts or behind.attributes.get("auto_pad", "NOTSET") != "NOTSET":
        return False
    half = len(amounts) // 2
    is_zero = pad.attributes.get("value", 0.0) == 0.0 if filler is None else holds(filler, 0.0)
    is_around = not any(amounts[:2] + amounts[half : half + 2]) and min(amounts) >= 0
    return is_zero and is_around and pad.attributes.get("mode", "constant") == "constant"


def _amounts(pad: ResolvedNode) -> list[int]:
    """What a Pad adds before and after each dimension; empty where it is not known."""
    stored = pad.inputs[1].value if len(pad.inputs) > 1 and pad.inputs[1] is not None else None
    listed = pad.attributes.get("pads", ()) if stored is None else tuple(stored.reshape(-1).tolist())
    return [amount for amount in listed if isinstance(amount, int)] if isinstance(listed, tuple) else []


def _activated(last: str, operator: str) -> Fuse:
    """An operator takes in one activation; it is told which as an attribute, as ONNX Runtime's own operators are."""
    return Fuse(
        Pattern(f"c = {operator}(rest...)  {last}"),
        "c",
        where=_without_activation,
        attributes=lambda match: {"activation": match.nodes["y"].op_type},
    )


def _without_activation(match: Match) -> bool:
    """Whether none of the nodes has taken in an activation yet."""
    return not any("activation" in node.attributes for node in match.nodes.values())


def _without_anything(match: Match) -> bool:
    """Whether a convolution has taken in nothing but constants yet, and adds up with another image of its own shape."""
    convolution, other = match.nodes["c"], match.tensors["z"]
    made = convolution.outputs[0]
    is_alike = other.shape == made.shape and other.identity != made.identity
    return is_alike and not convolution.also_reads and _without_activation(match)


def _has_sum_only(match: Match) -> bool:
    """Whether a convolution has taken in a sum already, and no activation."""
    return bool(match.nodes["c"].also_reads) and _without_activation(match)


def _is_hard_swish(match: Match) -> bool:
    """Whether what multiplies is relu6(c + 3) / 6; ONNX Runtime leaves it alone where it ends the network."""
    gate = match.nodes["h"].attributes
    alpha, beta = gate.get("alpha", 0.2), gate.get("beta", 0.5)
    is_sixth = isinstance(alpha, float) and abs(alpha * 6 - 1) < 1e-4
    return is_sixth and beta == 0.5 and _without_activation(match) and not match.is_result


def _is_biased_product(match: Match) -> bool:
    """Whether b is added to a product of matrices as a Gemm adds it."""
    left, right, bias = (match.tensors[name].shape for name in ("x", "w", "b"))
    if left is None or right is None or bias is None or len(right) != 2:
        return False
    width = right[1]
    if len(left) != 2 or len(bias) < 2:
        return bias == (width,)
    return bias in ((1, width), (left[0], 1), (left[0], width))


def _turns_last_two(match: Match) -> bool:
    """Whether t swaps rows and columns of every matrix."""
    turned = match.tensors["t"].shape
    order = match.nodes["t"].attributes.get("perm", () if turned is None else tuple(reversed(range(len(turned)))))
    rank = len(order) if isinstance(order, tuple) else 0
    return rank >= 2 and order == (*range(rank - 2), rank - 1, rank - 2)


def _flipped(attribute: str) -> Callable[[Match], Mapping[str, AttributeValue]]:
    """A product that reads one of its matrices the other way round."""
    return lambda match: {attribute: 1 - bool(match.nodes["y"].attributes.get(attribute, 0))}


def _is_one_number(match: Match) -> bool:
    """Whether S is a single number."""
    return match.tensors["S"].shape in ((), (1,))


def _is_vector(match: Match) -> bool:
    """Whether B is added to the last dimension."""
    shape, bias = match.tensors["x"].shape, match.tensors["B"].shape
    return shape is not None and bias == shape[-1:]


def _is_last_axis(match: Match) -> bool:
    """Whether factors (and offsets, where there are any) are vectors along the last dimension."""
    shape = match.tensors["x"].shape
    vectors = [match.tensors[name].shape for name in ("S", "B") if name in match.tensors]
    return shape is not None and all(vector == shape[-1:] for vector in vectors)


def _is_sum_of_equals(match: Match) -> bool:
    """Whether two tensors of one shape are added."""
    return match.tensors["x"].shape == match.tensors["z"].shape


_ANYWHERE: Fusions = (
    Drop(
        {
            "Identity": _first,
            "Dropout": _first,
            "Cast": _first_unless_changed,
            "Expand": _first_unless_changed,
            "Slice": _first_unless_reversed,
            "Add": _other_than(0, either_side=True),
            "Sub": _other_than(0, either_side=False),
            "Mul": _other_than(1, either_side=True),
            "Div": _other_than(1, either_side=False),
        }
    ),
    TakeApart("HardSwish", Pattern("h = HardSigmoid(x)  y = Mul(x, h)"), {"h": {"alpha": 1 / 6, "beta": 0.5}}),
    TakeApart("Mish", Pattern("s = Softplus(x)  t = Tanh(s)  y = Mul(x, t)")),
    Merge(SHARED_VALUES),
    Fold(),
    Sweep(
        (
            Fuse(Pattern("p = Pad(x, PADS...)  y = Conv|AveragePool(p, rest...)"), where=_pads_itself),
            Fuse(Pattern("r = Relu(x)  y = Clip(r, LIMITS...)")),
            Fuse(Pattern("c = Conv(x, W, BIAS...)  y = Add(c, S)", either_order=False), "c", where=_by_filter),
            Fuse(Pattern("c = Conv(x, W, BIAS...)  y = Mul(c, S)", either_order=False), "c", where=_by_filter_or_all),
            Fuse(Pattern("c = Conv|ConvTranspose(x, W, BIAS...)  y = BatchNormalization(c, REST...)"), "c"),
            Fuse(Pattern("m = MatMul(x, w)  y = Add(m, b)"), "m", "Gemm", ("x", "w", "b"), _is_biased_product),
            Fuse(Pattern("m = MatMul(x, W)  y = BatchNormalization(m, REST...)"), "m", "Gemm"),
            Fuse(Pattern("g = Gemm(x, w)  y = Sum(g, b)", either_order=False), "g", reads=("x", "w", "b")),
            Fuse(Pattern("d = Div(1, x)  y = Mul(d, z)"), "d", reads=("z", "x")),
            Fuse(Pattern("n = Not(x)  y = Where(n, rest...)")),
            Fuse(Pattern("r = Reshape(x, SHAPE...)  y = Reshape(r, SHAPE...)")),
        )
    ),
    Flatten("Gemm"),
)

_GELU = "a = Div(x, 1.41421356)  e = Erf(a)  g = Add(e, 1)"
_NORMALISED = "v = ReduceMean(p, REST...)  q = Add(v, EPSILON)  r = Sqrt(q)"

_WRITTEN_OUT: Fusions = (
    Sweep(
        (
            Fuse(Pattern(f"{_GELU}  m = Mul(x, g)  y = Mul(m, 0.5)"), becomes="Gelu", reads=("x",)),
            Fuse(Pattern(f"{_GELU}  m = Mul(x, 0.5)  y = Mul(m, g)"), becomes="Gelu", reads=("x",)),
            Fuse(
                Pattern(
                    f"m = ReduceMean(x, REST...)  d = Sub(x, m)  p = Pow(d, 2)  {_NORMALISED}"
                    "  n = Div(d, r)  s = Mul(n, S)  y = Add(s, B)"
                ),
                becomes="LayerNormalization",
                reads=("x", "S", "B"),
                where=_is_last_axis,
            ),
        )
    ),
)

_KERNELS: Fusions = (
    Sweep(
        (
            Fuse(Pattern("t = Transpose(x)  y = Gemm(t, rest...)"), where=_turns_last_two, attributes=_flipped("transA")),
            Fuse(Pattern("t = Transpose(x)  y = Gemm(a, t, rest...)"), where=_turns_last_two, attributes=_flipped("transB")),
            _activated(f"y = {GEMM_ACTIVATIONS}(c)", "Gemm"),
            _activated(f"y = {CONV_ACTIVATIONS}|LeakyRelu(c)", "Conv"),
            _activated("y = Clip(c, LIMITS...)", "Conv"),
            Fuse(
                Pattern(f"p = Pow(x, 2)  {_NORMALISED}  n = Div(x, r)  y = Mul(n, S)"),
                becomes="SimplifiedLayerNormalization",
                reads=("x", "S"),
                where=_is_last_axis,
            ),
        )
    ),
    Sweep(
        (
            Fuse(
                Pattern("t = Transpose(x)  y = MatMul|FusedMatMul(t, b)"),
                becomes="FusedMatMul",
                where=_turns_last_two,
                attributes=_flipped("transA"),
            ),
            Fuse(
                Pattern("t = Transpose(x)  y = MatMul|FusedMatMul(a, t)"),
                becomes="FusedMatMul",
                where=_turns_last_two,
                attributes=_flipped("transB"),
            ),
            Fuse(Pattern("w = Add(x, B)  y = Gelu(w)"), becomes="BiasGelu", reads=("x", "B"), where=_is_vector),
            Fuse(
                Pattern("w = Add(x, z)  y = LayerNormalization(w, S, B)"),
                becomes="SkipLayerNormalization",
                reads=("x", "z", "S", "B"),
                where=_is_sum_of_equals,
            ),
            Fuse(Pattern("s = Sigmoid(x)  y = Mul(x, s)"), becomes="QuickGelu", reads=("x",)),
        )
    ),
    Sweep(
        (
            Fuse(
                Pattern("a = Mul(x, S)  s = Sigmoid(a)  y = Mul(x, s)"), becomes="QuickGelu", reads=("x",), where=_is_one_number
            ),
            Fuse(Pattern("s = Mul|Div(x, S)  y = MatMul|FusedMatMul(s, b)"), becomes="FusedMatMul", where=_is_one_number),
            Fuse(Pattern("s = Mul|Div(x, S)  y = MatMul|FusedMatMul(a, s)"), becomes="FusedMatMul", where=_is_one_number),
            Fuse(Pattern("m = MatMul|FusedMatMul(a, b)  y = Mul|Div(m, S)"), "m", "FusedMatMul", where=_is_one_number),
        )
    ),
)

_LEFT_OVER = Sweep(
    (
        Fuse(Pattern("c = Conv(x, w, b)  y = Add(c, z)"), "c", where=_without_anything),
        Fuse(Pattern(f"c = Conv(x, w, b)  y = {CONV_ACTIVATIONS}|LeakyRelu(c)"), "c", where=_has_sum_only),
        Fuse(Pattern("c = Conv(x, w, b)  y = Clip(c, LIMITS...)"), "c", where=_has_sum_only),
    )
)


def _blocked(size: int) -> Block:
    """The layout in blocks of channels, and what its convolutions take in."""
    joins = (
        Fuse(Pattern("c = Conv(rest...)  y = Add|Sum(c, z)"), "c", where=_without_anything),
        _activated(f"y = {CONV_ACTIVATIONS}(c)", "Conv"),
        Fuse(
            Pattern("c = Conv(rest...)  h = HardSigmoid(c)  y = Mul(c, h)"),
            "c",
            where=_is_hard_swish,
            attributes=lambda _: {"activation": "HardSwish"},
        ),
    )
    works = frozenset((*CONV_ACTIVATIONS.split("|"), "Add", "Gelu", "Mul", "QuickGelu", "Sum"))
    return Block(size, GRANULE, joins, works)
