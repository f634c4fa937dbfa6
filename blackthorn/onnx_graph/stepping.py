"""What one node gives, from what is known of its inputs."""

from collections.abc import Sequence
from itertools import zip_longest

from blackthorn.onnx_graph.element_types import element_types
from blackthorn.onnx_graph.evaluation import evaluate
from blackthorn.onnx_graph.rules import RULES, Call, NotKnownError, operators
from blackthorn.onnx_graph.tensors import BOOL, UNKNOWN, Shape, Tensor, possible, readable_shape

RANDOM = operators("Bernoulli Multinomial RandomNormal RandomNormalLike RandomUniform RandomUniformLike")
"""Operators that give something else in every run, even from constants."""


def step(call: Call) -> tuple[Tensor, ...]:
    """The outputs of a standard operator; without shapes where they are not known before the network runs.

    Raises:
        MISFITS: the node contradicts itself.
    """
    types = element_types(call)
    shapes = _shapes(call)
    value = evaluate(call, shapes[0] if shapes else None, types[0])
    constant = value is not None or is_constant(call)
    pairs = zip_longest(types, shapes[: len(types)])
    return tuple(Tensor(shape, element, value, constant) for element, shape in pairs)


def is_constant(call: Call) -> bool:
    """Whether a node gives the same in every run because its inputs do."""
    if call.op_type in RANDOM or (not call.inputs and call.op_type not in RULES):
        return False
    return all(tensor is None or tensor.constant for tensor in call.inputs)


def _shapes(call: Call) -> Sequence[Shape | None]:
    rule = RULES.get(call.op_type)
    if rule is None:
        return ()
    try:
        shapes = rule(call)
    except NotKnownError:
        return ()
    for shape in shapes:
        if shape is not None and not possible(shape):
            raise ValueError(f"its result would be {readable_shape(shape)}")
    return shapes


def agreed(branches: Sequence[Sequence[Tensor]]) -> tuple[Tensor, ...]:
    """What is known of the outputs of an If whose condition is not: that in which both branches agree."""
    return tuple(_agreed_tensor(tensors) for tensors in zip(*branches, strict=False))


def _agreed_tensor(tensors: Sequence[Tensor]) -> Tensor:
    kinds = {(tensor.shape, tensor.element) for tensor in tensors}
    return Tensor(*kinds.pop()) if len(kinds) == 1 else UNKNOWN


def decision(call: Call) -> str | None:
    """Which branch an If takes, then or else; None where its data decide, or where it is no If."""
    condition = call.inputs[0] if call.op_type == "If" and call.inputs else None
    if condition is None or condition.value is None or condition.element != BOOL or condition.value.size != 1:
        return None
    return "then" if condition.value.reshape(-1)[0] else "else"
