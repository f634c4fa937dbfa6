"""What ONNX Runtime's CPU provider makes of a network at its default settings, observed on version 1.32.

Every rule is held against the graphs that ONNX Runtime itself writes (SessionOptions.optimized_model_filepath). It takes its
own steps in the same order: first those that any hardware profits from, then kernels of several nodes, then the layout in
blocks of channels, then what is left over outside of it.

Not told here: transpositions that are moved through other nodes, whole attention blocks, quantised networks, and the casts
around operators that have no half-precision kernel.
"""

from collections.abc import Callable, Mapping

from blackthorn.onnx_graph.fusion import Block, Drop, Flatten, Fuse, Fusions, Match, Merge, Pattern, Sweep, TakeApart, holds
from blackthorn.onnx_graph.messages import AttributeValue
from blackthorn.onnx_graph.resolving import ResolvedNode
from blackthorn.onnx_graph.tensors import FLOAT, Tensor
from blackthorn.records import Device

AVX512_BLOCK, OTHER_BLOCK = 16, 8
"""Channels in a block: as many single-precision numbers as two vectors hold, or one with AVX-512."""
GRANULE = 4
"""Channels that a blocked kernel takes in at a time."""
SHARED_VALUES = 8
"""Constants of up to so many elements are compared by their contents."""

CONV_ACTIVATIONS = "Relu|Sigmoid|Tanh|HardSigmoid"
GEMM_ACTIVATIONS = "Elu|HardSigmoid|LeakyRelu|Relu|Selu|Sigmoid|Softplus|Softsign|Tanh|ThresholdedRelu"


def onnxruntime_fusions(device: Device) -> Fusions:
    """What ONNX Runtime does to a network on a device."""
    block = block_size(device)
    return (*_ANYWHERE, *_KERNELS, *(() if block is None else (_blocked(block),)), _LEFT_OVER)


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
    steps = node.inputs[4].value if len(node.inputs) > 4 and node.inputs[4] is not None else None
    takes_steps = len(node.inputs) > 4 and node.inputs[4] is not None
    return None if takes_steps and (steps is None or (steps < 0).any()) else _first_unless_changed(node)


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


def _unpadded_before(match: Match) -> bool:
    """Whether a Pad adds zeros around images that the node behind it could add itself."""
    pad = match.nodes["p"]
    amounts = pad.inputs[1].value if len(pad.inputs) > 1 and pad.inputs[1] is not None else pad.attributes.get("pads")
    if amounts is None or len(pad.inputs) > 3 or pad.attributes.get("mode", "constant") != "constant":
        return False
    if match.nodes["y"].attributes.get("auto_pad", "NOTSET") != "NOTSET":
        return False
    filler = pad.inputs[2] if len(pad.inputs) > 2 else None
    listed = [int(amount) for amount in amounts]  # type: ignore[union-attr]
    before, after = listed[: len(listed) // 2], listed[len(listed) // 2 :]
    is_zero = filler is None or holds(filler, 0.0)
    return is_zero and pad.attributes.get("value", 0.0) == 0.0 and not any(before[:2] + after[:2]) and min(listed) >= 0


def _named(name: str) -> Callable[[Match], Mapping[str, AttributeValue]]:
    """An attribute of that name for the operator that was taken in last."""
    return lambda match: {name: match.nodes["y"].op_type}


def _without_activation(match: Match) -> bool:
    """Whether a convolution has taken in nothing but constants yet, or a sum."""
    return "activation" not in match.nodes["c"].attributes


def _without_anything(match: Match) -> bool:
    """Whether a convolution has taken in nothing but constants yet, and adds up with something of its own shape."""
    convolution, other = match.nodes["c"], match.tensors["z"]
    return _without_activation(match) and not convolution.also_reads and other.shape == convolution.outputs[0].shape


def _is_hard_swish(match: Match) -> bool:
    """Whether what multiplies is relu6(c + 3) / 6."""
    gate = match.nodes["h"].attributes
    alpha, beta = gate.get("alpha", 0.2), gate.get("beta", 0.5)
    return _without_activation(match) and isinstance(alpha, float) and abs(alpha * 6 - 1) < 1e-4 and beta == 0.5


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
    Sweep(
        (
            Fuse(Pattern("p = Pad(x, PADS...)  y = Conv|AveragePool(p, rest...)"), where=_unpadded_before),
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

_KERNELS: Fusions = (
    Sweep(
        (
            Fuse(Pattern(f"g = Gemm(rest...)  y = {GEMM_ACTIVATIONS}(g)"), "g", attributes=_named("activation")),
            Fuse(Pattern(f"c = Conv(rest...)  y = {CONV_ACTIVATIONS}|LeakyRelu(c)"), "c", attributes=_named("activation")),
            Fuse(Pattern("c = Conv(rest...)  y = Clip(c, LIMITS...)"), "c", attributes=_named("activation")),
        )
    ),
)

_LEFT_OVER = Sweep(())


def _blocked(size: int) -> Block:
    """The layout in blocks of channels, and what its convolutions take in."""
    joins = (
        Fuse(Pattern("c = Conv(rest...)  y = Add|Sum(c, z)"), "c", where=_without_anything),
        Fuse(
            Pattern(f"c = Conv(rest...)  y = {CONV_ACTIVATIONS}(c)"), "c", None, (), _without_activation, _named("activation")
        ),
        Fuse(
            Pattern("c = Conv(rest...)  h = HardSigmoid(c)  y = Mul(c, h)"),
            "c",
            where=_is_hard_swish,
            attributes=lambda _: {"activation": "HardSwish"},
        ),
    )
    works = frozenset((*CONV_ACTIVATIONS.split("|"), "Add", "Gelu", "Mul", "QuickGelu", "Sum"))
    return Block(size, GRANULE, joins, works)
