"""When runtimes take nodes out or fuse them, beside that they stand as the pattern says: plain functions.

Names of tensors are those of the patterns in `ort_fusions` and `trt_fusions`. What TensorRT alone asks is in `trt_conditions`.
"""

from collections.abc import Callable, Mapping

from blackthorn.onnx_graph.fusion import Match, holds
from blackthorn.onnx_graph.messages import AttributeValue
from blackthorn.onnx_graph.resolving import ResolvedNode
from blackthorn.onnx_graph.tensors import Tensor

OPEN_END = 2**63 - 1
"""What exporters write for the end of a Slice that has none."""


def first_input(node: ResolvedNode) -> Tensor | None:
    """What goes into a node first."""
    return node.inputs[0]


def input_if_unchanged(node: ResolvedNode) -> Tensor | None:
    """What goes into a node first, if something of the same shape and type comes out."""
    given, tensor = node.outputs[0], node.inputs[0]
    if tensor is None or tensor.shape is None or (tensor.shape, tensor.element) != (given.shape, given.element):
        return None
    return tensor


def input_if_whole(node: ResolvedNode) -> Tensor | None:
    """What a Slice hands on that takes everything and says so: an end that happens to be the size does not count."""
    return input_if_unchanged(node) if set(_listed(node, 2, "ends")) == {OPEN_END} else None


def input_beside(neutral: float, *, either_side: bool) -> Callable[[ResolvedNode], Tensor | None]:
    """What an operator hands on unchanged beside a single number, its second input or either."""

    def handed_on(node: ResolvedNode) -> Tensor | None:
        pairs = zip(node.inputs, node.inputs[::-1], strict=True)
        for tensor, number in list(pairs)[: 2 if either_side else 1]:
            if tensor is not None and number is not None and holds(number, neutral) and tensor.shape == node.outputs[0].shape:
                return tensor
        return None

    return handed_on


DOES_NOTHING: Mapping[str, Callable[[ResolvedNode], Tensor | None]] = {
    "Identity": first_input,
    "Dropout": first_input,
    "Cast": input_if_unchanged,
    "Expand": input_if_unchanged,
    "Slice": input_if_whole,
    "Add": input_beside(0, either_side=True),
    "Sub": input_beside(0, either_side=False),
    "Mul": input_beside(1, either_side=True),
    "Div": input_beside(1, either_side=False),
}
"""What a node hands on where it does nothing, by operator: every runtime takes such nodes out."""


def shifts_filters(match: Match) -> bool:
    """Whether S is a constant for each filter of a convolution."""
    weights, shift = match.nodes["c"].inputs[1], match.tensors["S"]
    if weights is None or weights.shape is None or len(weights.shape) < 4:
        return False
    by_filter = (weights.shape[0], *(1,) * (len(weights.shape) - 2))
    return shift.shape in (by_filter, (1, *by_filter))


def scales_filters(match: Match) -> bool:
    """Whether S is a constant for each filter, or one for all of them."""
    return match.tensors["S"].shape == () or shifts_filters(match)


def pads_with_zeros(match: Match) -> bool:
    """Whether a Pad adds zeros around images, which the node behind it could add itself."""
    pad, behind = match.nodes["p"], match.nodes["y"]
    amounts, filler = padding(pad), pad.inputs[2] if len(pad.inputs) > 2 else None
    if len(pad.inputs) > 3 or not amounts or behind.attributes.get("auto_pad", "NOTSET") != "NOTSET":
        return False
    half = len(amounts) // 2
    is_zero = pad.attributes.get("value", 0.0) == 0.0 if filler is None else holds(filler, 0.0)
    is_around = not any(amounts[:2] + amounts[half : half + 2]) and min(amounts) >= 0
    return is_zero and is_around and pad.attributes.get("mode", "constant") == "constant"


def padding(pad: ResolvedNode) -> list[int]:
    """What a Pad adds before and after each dimension; empty where it is not known."""
    return [amount for amount in _listed(pad, 1, "pads") if isinstance(amount, int)]


def _listed(node: ResolvedNode, place: int, attribute: str) -> tuple[object, ...]:
    """What newer files give as an input and older ones as an attribute; empty where it is not known."""
    given = node.inputs[place] if place < len(node.inputs) else None
    if given is not None:
        return () if given.value is None else tuple(given.value.reshape(-1).tolist())
    stored = node.attributes.get(attribute)
    return stored if isinstance(stored, tuple) else ()


def without_activation(match: Match) -> bool:
    """Whether none of the nodes has taken in an activation yet."""
    return not any("activation" in node.attributes for node in match.nodes.values())


def adds_an_image(match: Match) -> bool:
    """Whether a convolution has taken in nothing but constants yet, and adds up with another image of its own shape."""
    convolution, other = match.nodes["c"], match.tensors["z"]
    made = convolution.outputs[0]
    is_alike = other.shape == made.shape and other.identity != made.identity
    return is_alike and not convolution.also_reads and without_activation(match)


def has_only_a_sum(match: Match) -> bool:
    """Whether a convolution has taken in a sum already, and no activation."""
    return bool(match.nodes["c"].also_reads) and without_activation(match)


def is_hard_swish(match: Match) -> bool:
    """Whether what multiplies is relu6(c + 3) / 6; ONNX Runtime leaves it alone where it ends the network."""
    gate = match.nodes["h"].attributes
    alpha, beta = gate.get("alpha", 0.2), gate.get("beta", 0.5)
    is_sixth = isinstance(alpha, float) and abs(alpha * 6 - 1) < 1e-4
    return is_sixth and beta == 0.5 and without_activation(match) and not match.is_result


def is_biased_product(match: Match) -> bool:
    """Whether b is added to a product of matrices as a Gemm adds it."""
    left, right, bias = (match.tensors[name].shape for name in ("x", "w", "b"))
    if left is None or right is None or bias is None or len(right) != 2:
        return False
    width = right[1]
    if len(left) != 2 or len(bias) < 2:
        return bias == (width,)
    return bias in ((1, width), (left[0], 1), (left[0], width))


def swaps_rows_and_columns(match: Match) -> bool:
    """Whether t swaps rows and columns of every matrix."""
    turned = match.tensors["t"].shape
    order = match.nodes["t"].attributes.get("perm", () if turned is None else tuple(reversed(range(len(turned)))))
    rank = len(order) if isinstance(order, tuple) else 0
    return rank >= 2 and order == (*range(rank - 2), rank - 1, rank - 2)


def flipped(attribute: str) -> Callable[[Match], Mapping[str, AttributeValue]]:
    """A product that reads one of its matrices the other way round."""
    return lambda match: {attribute: 1 - bool(match.nodes["y"].attributes.get(attribute, 0))}


def is_one_number(match: Match) -> bool:
    """Whether S is a single number."""
    return match.tensors["S"].shape in ((), (1,))


def is_bias(match: Match) -> bool:
    """Whether B is added to the last dimension."""
    shape, bias = match.tensors["x"].shape, match.tensors["B"].shape
    return shape is not None and bias == shape[-1:]


def is_along_last_axis(match: Match) -> bool:
    """Whether factors (and offsets, where there are any) are vectors along the last dimension."""
    shape = match.tensors["x"].shape
    vectors = [match.tensors[name].shape for name in ("S", "B") if name in match.tensors]
    return shape is not None and all(vector == shape[-1:] for vector in vectors)


def adds_equal_shapes(match: Match) -> bool:
    """Whether two tensors of one shape are added."""
    return match.tensors["x"].shape == match.tensors["z"].shape
