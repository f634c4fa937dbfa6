"""When TensorRT fuses nodes, beside that they stand as the pattern says: plain functions.

Names of tensors are those of the patterns in `trt_fusions`; what TensorRT asks as ONNX Runtime does is in `fusion_conditions`.
"""

from collections.abc import Mapping

import msgspec

from blackthorn.onnx_graph.fusion import Match
from blackthorn.onnx_graph.messages import AttributeValue
from blackthorn.onnx_graph.resolving import ResolvedNode
from blackthorn.onnx_graph.tensors import FLOAT16, Tensor
from blackthorn.runners.fusion_conditions import adds_an_image, without_activation

JITTED_CHANNELS = 8
"""A convolution takes in any function of its results where its images have as many channels as tensor cores take at a time."""
WITH_A_SUM = "with_a_sum"
"""The attribute that marks a convolution with such a sum."""


def only_input(node: ResolvedNode) -> Tensor | None:
    """What a Concat hands on that joins nothing."""
    return node.inputs[0] if len(node.inputs) == 1 else None


def input_if_in_order(node: ResolvedNode) -> Tensor | None:
    """What a Transpose hands on that moves axes of one number only, in its new shape."""
    image, given = node.inputs[0], node.outputs[0]
    order = node.attributes.get("perm")
    if image is None or image.shape is None or given.shape is None or not isinstance(order, tuple):
        return None
    long = [axis for axis in order if isinstance(axis, int) and axis < len(image.shape) and image.shape[axis] > 1]
    return msgspec.structs.replace(given, identity=image.identity) if long == sorted(long) else None


def is_linear(match: Match) -> bool:
    """Whether c has taken in nothing but factors and offsets yet, so that further ones go into its weights."""
    convolution = match.nodes["c"]
    return not convolution.also_reads and WITH_A_SUM not in convolution.attributes and without_activation(match)


def adds_any_image(match: Match) -> bool:
    """Whether a convolution adds up with another image of its own shape, before anything else is done to it."""
    return adds_an_image(match) and is_linear(match)


def adds_an_earlier_image(match: Match) -> bool:
    """Whether that image is there before the convolution: of two convolutions the later one takes in the sum."""
    return adds_any_image(match) and match.tensors["z"].identity < match.tensors["c"].identity


def with_a_sum(_: Match) -> Mapping[str, AttributeValue]:
    """What tells that a convolution has taken in a sum, also where it adds what it reads."""
    return {WITH_A_SUM: 1}


def is_jitted(match: Match) -> bool:
    """Whether there are kernels for a convolution that take in any function of its results.

    Half precision has them; the first convolution of a network, of few channels, does not.
    """
    image = match.nodes["c"].inputs[0]
    if image is None or image.shape is None or len(image.shape) < 3 or image.shape[1] < JITTED_CHANNELS:
        return False
    return match.tensors["c"].element == FLOAT16 and is_linear(match)


def is_jitted_sum(match: Match) -> bool:
    """The same for a function of its results and of an image of their shape that is there before."""
    return is_jitted(match) and adds_an_earlier_image(match)


def is_by_channel(match: Match) -> bool:
    """Whether S is a constant for each channel of what c gives, or one for all, and goes into c's weights."""
    given, constant = match.tensors["c"].shape, match.tensors["S"].shape
    if given is None or len(given) < 3:
        return False
    by_channel = (given[1], *(1 for _ in given[2:]))
    return constant in ((), (1,), by_channel, (1, *by_channel)) and is_linear(match)


def averages_images(match: Match) -> bool:
    """Whether the mean is that of whole images, and stays an image of one number."""
    image, mean = match.tensors["x"].shape, match.tensors["y"].shape
    return image is not None and len(image) >= 4 and mean == (*image[:2], *(1 for _ in image[2:]))


def in_one_turn(match: Match) -> Mapping[str, AttributeValue]:
    """The order of axes after two transpositions."""
    first, second = (_order(match.nodes[name]) for name in ("t", "y"))
    return {"perm": tuple(first[axis] for axis in second)}


def _order(transpose: ResolvedNode) -> tuple[int, ...]:
    shape, order = transpose.outputs[0].shape, transpose.attributes.get("perm")
    if isinstance(order, tuple):
        return tuple(axis for axis in order if isinstance(axis, int))
    return () if shape is None else tuple(reversed(range(len(shape))))


def turns_known_axes(match: Match) -> bool:
    """Whether two transpositions turn axes that are known, as many each."""
    first, second = (_order(match.nodes[name]) for name in ("t", "y"))
    return sorted(first) == sorted(second) == list(range(len(first)))
