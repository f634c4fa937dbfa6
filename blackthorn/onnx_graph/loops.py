"""Loop and Scan: what one pass over their body finds, how many passes there are, and what they give together.

Exporters write recurrent layers as loops that count to the length of the input. With known input shapes that length is
known, and so is the number of passes: the few nodes that the condition depends on are worked out, pass by pass.
"""

from collections.abc import Mapping, Sequence
from itertools import zip_longest

import msgspec
import numpy as np

from blackthorn.onnx_graph.frames import Frame
from blackthorn.onnx_graph.messages import Graph, Node
from blackthorn.onnx_graph.rules import MISFITS, Call, NotKnownError
from blackthorn.onnx_graph.rules.call import axis_within
from blackthorn.onnx_graph.stepping import step
from blackthorn.onnx_graph.tensors import BOOL, INT64, UNKNOWN, Tensor, possible

MOST_STEPS = 20_000
"""Nodes worked out to count the passes of all loops of a network: half a second; a loop that takes more is not counted."""
NO_LIMIT = 2**40
"""The most passes where a Loop names none; a larger number, such as the largest of 64 bits, limits as little."""
OUTSIDE = 2
"""The first inputs of a Loop, and of its body, are about passes: the most there are, or which it is, and whether to go on."""

TRUE = Tensor((), BOOL, np.ones((), np.bool_), constant=True)
PLAIN_DOMAINS = ("", "ai.onnx")
"""Whose operators conditions are made of."""


class Repetition(msgspec.Struct, frozen=True):
    """A body that runs again and again.

    Attributes:
        handed: what every pass finds under the names of the body's inputs, without contents.
        carried: names of those inputs that the pass before gave, in the order of the body's outputs.
        lead: outputs of the body before the carried ones.
        passes: how often the body runs; None where its data decide.
        stacking: the axis along which every output after the carried ones is stacked.
    """

    handed: Mapping[str, Tensor]
    carried: tuple[str, ...]
    lead: int
    passes: int | None
    stacking: tuple[int, ...]

    def loosened(self, given: Sequence[Tensor]) -> "Repetition":
        """The same without the shapes and types of carried tensors that a pass, which gave `given`, changes."""
        back = dict(zip(self.carried, given[self.lead :], strict=False))
        changed = {name: UNKNOWN for name, tensor in back.items() if not _alike(tensor, self.handed[name])}
        return msgspec.structs.replace(self, handed={**self.handed, **changed}) if changed else self

    def outputs(self, given: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """What all passes give, where each gives `given`."""
        scanned = given[self.lead + len(self.carried) :]
        stacked = [self._stacked(tensor, axis) for tensor, axis in zip(scanned, self.stacking, strict=False)]
        return (*(self.handed[name] for name in self.carried), *stacked)

    def _stacked(self, tensor: Tensor, axis: int) -> Tensor:
        if tensor.shape is None or self.passes is None or not -len(tensor.shape) - 1 <= axis <= len(tensor.shape):
            return Tensor(None, tensor.element)
        at = axis_within(axis, len(tensor.shape) + 1)
        shape = (*tensor.shape[:at], self.passes, *tensor.shape[at:])
        return Tensor(shape if possible(shape) else None, tensor.element)


def _alike(one: Tensor, other: Tensor) -> bool:
    return (one.shape, one.element) == (other.shape, other.element)


class Repetitions:
    """Takes loops apart; counts its steps, since a file may hold endless loops."""

    def __init__(self) -> None:
        self._left = MOST_STEPS

    def of(self, call: Call, body: Graph, frame: Frame) -> Repetition | None:
        """What a Loop or Scan repeats; None for any other operator, and for one that does not match its body.

        Args:
            call: the node.
            body: its graph.
            frame: the body's.
        """
        if len(call.inputs) != len(body.inputs):
            return None
        if call.op_type == "Loop" and OUTSIDE <= len(call.inputs) <= len(body.outputs) + 1:
            return self._loop(call, body, frame)
        return _scan(call, body) if call.op_type == "Scan" else None

    def _loop(self, call: Call, body: Graph, frame: Frame) -> Repetition:
        counter, condition, *names = (info.name for info in body.inputs)
        carried = {name: tensor or UNKNOWN for name, tensor in zip(names, call.inputs[OUTSIDE:], strict=True)}
        handed = {counter: Tensor((), INT64), condition: Tensor((), BOOL), **_without_contents(carried)}
        stacked = (0,) * (len(body.outputs) - 1 - len(carried))
        return Repetition(handed, tuple(carried), 1, self._passes(call, body, frame, carried), stacked)

    def _passes(self, call: Call, body: Graph, frame: Frame, carried: Mapping[str, Tensor]) -> int | None:
        """How often a Loop runs; None where its data decide, or where it goes on for too long to be counted."""
        counter, condition = (info.name for info in body.inputs[:OUTSIDE])
        deciding, read = _deciding(body)
        most = _whole(call.inputs[0]) if call.given(0) else NO_LIMIT
        state, done = {condition: call.inputs[1] or TRUE, **carried}, 0
        while True:
            go_on = _whole(state[condition])
            if most is None or go_on is None or self._left < 0:
                return None
            if not go_on or done >= most:
                return done
            if done and not read:  # what reads nothing that changes stays as it is
                return most if most < NO_LIMIT else None
            self._left -= len(deciding) + 1
            now = {counter: Tensor((), INT64, np.array(done), constant=True)}
            found = _worked_out(deciding, Frame({**frame.own, **state, **now}, frame.outer, arguments=frame.arguments))
            state = {name: found.get(output) or UNKNOWN for name, output in zip(state, body.outputs, strict=False)}
            done += 1


def _deciding(body: Graph) -> tuple[list[Node], set[str]]:
    """The nodes that the condition of a Loop depends on in this pass or an earlier one, and what of its inputs they read."""
    condition, *changing = (info.name for info in body.inputs[1:])
    given_by = dict(zip([condition, *changing], body.outputs, strict=False))
    wanted, reached = {body.outputs[0]}, 0
    while len(wanted) > reached:
        reached = len(wanted)
        for node in reversed(body.nodes):
            if not wanted.isdisjoint(node.outputs):
                wanted.update(node.inputs)
        wanted.update(output for name, output in given_by.items() if name in wanted)
    nodes = [node for node in body.nodes if not wanted.isdisjoint(node.outputs)]
    return nodes, wanted & {body.inputs[0].name, *changing}


def _worked_out(nodes: Sequence[Node], frame: Frame) -> dict[str, Tensor | None]:
    """All that is known in a frame once these nodes have run; nothing of what follows from one that is no plain operator."""
    for node in nodes:
        try:
            inputs = tuple(frame.find(name) or UNKNOWN if name else None for name in node.inputs)
            plain = node.domain in PLAIN_DOMAINS
            outputs = step(Call(node.op_type, inputs, frame.attributes(node), len(node.outputs))) if plain else ()
        except MISFITS:
            outputs = ()
        frame.own.update(zip_longest(node.outputs, outputs[: len(node.outputs)]))
    return frame.own


def _whole(tensor: Tensor | None) -> int | None:
    """The only element of a tensor; None where it is not known."""
    value = None if tensor is None else tensor.value
    return int(value.reshape(-1)[0]) if value is not None and value.size == 1 else None


def _without_contents(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: Tensor(tensor.shape, tensor.element) for name, tensor in tensors.items()}


def _scan(call: Call, body: Graph) -> Repetition | None:
    """A Scan walks along one axis of some of its inputs, the last ones, and carries the others from pass to pass."""
    try:
        walked = call.number("num_scan_inputs", 0)
        return _scanned(call, body, walked) if 1 <= walked <= len(body.inputs) else None
    except (NotKnownError, *MISFITS):
        return None


def _scanned(call: Call, body: Graph, walked: int) -> Repetition:
    names = [info.name for info in body.inputs]
    states = len(names) - walked
    carried = {name: call.tensor(index) for index, name in enumerate(names[:states])}
    axes = call.numbers("scan_input_axes", [0] * walked)
    sliced, lengths = {}, set()
    for index, (name, axis) in enumerate(zip(names[states:], axes, strict=True), states):
        shape = call.shape(index)
        at = axis_within(axis, len(shape))
        sliced[name] = Tensor((*shape[:at], *shape[at + 1 :]), call.tensor(index).element)
        lengths.add(shape[at])
    (passes,) = lengths
    stacked = call.numbers("scan_output_axes", [0] * (len(body.outputs) - states))
    return Repetition({**_without_contents(carried), **sliced}, tuple(carried), 0, passes, tuple(stacked))
