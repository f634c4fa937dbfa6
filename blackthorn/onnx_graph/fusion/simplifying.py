"""Nodes that a runtime takes out, works out beforehand, runs once instead of twice or twice instead of once, or takes apart."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping

import msgspec

from blackthorn.onnx_graph.fusion.patterns import Pattern
from blackthorn.onnx_graph.fusion.wiring import Wiring
from blackthorn.onnx_graph.messages import AttributeValue, Graph, Reference
from blackthorn.onnx_graph.resolving import ResolvedNode
from blackthorn.onnx_graph.stepping import RANDOM
from blackthorn.onnx_graph.tensors import Tensor

UNLIKE = RANDOM | {"Constant"}
"""Operators whose nodes never do the same."""


class Drop(msgspec.Struct, frozen=True):
    """Nodes that only hand something on are taken out.

    `handed_on` tells, by operator, what a node hands on; None where it does something after all. It may tell the same numbers
    in another shape: a tensor of what is read, with the shape of what is given.
    """

    handed_on: Mapping[str, Callable[[ResolvedNode], Tensor | None]]

    def apply(self, wiring: Wiring) -> None:
        """Take them all out."""
        instead: dict[int, Tensor] = {}
        dropped = []
        for key in wiring.in_order(self.handed_on):
            node = wiring.node(key)
            tensor = self.handed_on[node.op_type](node)
            if tensor is not None:
                dropped.append(key)
                before = instead.get(tensor.identity, tensor)
                for output in node.outputs:
                    instead[output.identity] = msgspec.structs.replace(tensor, identity=before.identity)
        wiring.redirect(instead)
        for key in dropped:
            wiring.remove(key)


class Merge(msgspec.Struct, frozen=True):
    """Nodes that do the same to the same run once.

    Constants of up to `most_values` elements are the same where their contents are; larger ones where they are one weight, or
    made by nodes that do the same.
    """

    most_values: int

    def apply(self, wiring: Wiring) -> None:
        """Merge them all; what is a result of the network stays."""
        firsts: dict[Hashable, int] = {}
        twins: dict[int, list[int]] = defaultdict(list)
        instead: dict[int, Tensor] = {}
        for key in wiring.in_order():
            node = wiring.node(key)
            task = self._task(node, instead)
            first = key if task is None else firsts.setdefault(task, key)
            if first != key and not any(map(wiring.is_result, node.outputs)):
                twins[first].append(key)
                instead.update(
                    (mine.identity, theirs) for mine, theirs in zip(node.outputs, wiring.node(first).outputs, strict=True)
                )
        wiring.redirect(instead)
        for first, keys in twins.items():
            node = wiring.node(first)
            members = (*node.members, *(member for key in keys for member in wiring.node(key).members))
            wiring.replace([first, *keys], msgspec.structs.replace(node, members=members), wiring.place(first))

    def _task(self, node: ResolvedNode, instead: Mapping[int, Tensor]) -> Hashable | None:
        """What nodes share that do the same; None for those that never do, such as a Constant, which only holds a weight."""
        attributes = {name: _comparable(value) for name, value in node.attributes.items()}
        if node.op_type in UNLIKE or node.also_reads or None in attributes.values():
            return None
        inputs = tuple(
            None if tensor is None else self._content(instead.get(tensor.identity, tensor)) for tensor in node.inputs
        )
        return node.op_type, frozenset(attributes.items()), inputs, len(node.outputs)

    def _content(self, tensor: Tensor) -> Hashable:
        small = tensor.value is not None and tensor.value.size <= self.most_values
        return _contents(tensor) if small else tensor.identity


class Repeat(msgspec.Struct, frozen=True):
    """Whatever reads what an operator gives has a node of that operator to itself, which it can then be fused with."""

    op_type: str

    def apply(self, wiring: Wiring) -> None:
        """Put the nodes in; the first reader, in the order in which they run, keeps the one that is there."""
        for key in wiring.in_order([self.op_type]):
            node, place = wiring.node(key), wiring.place(key)
            given = node.outputs[0]
            readers = sorted(wiring.readers(given), key=wiring.place)
            for index, reader in enumerate(readers[1:], start=1):
                own = wiring.new_tensor(given)
                wiring.redirect({given.identity: own}, sparing=set(readers) - {reader})
                wiring.add(msgspec.structs.replace(node, name=f"{node.name}/{index}", outputs=(own,)), place)


class Fold(msgspec.Struct, frozen=True):
    """What is the same in every run is worked out before the first."""

    def apply(self, wiring: Wiring) -> None:
        """Take out the nodes that give it."""
        for key in wiring.in_order():
            if wiring.node(key).outputs[0].constant:
                wiring.remove(key)


class TakeApart(msgspec.Struct, frozen=True):
    """An operator of one input, `x`, that runs as several nodes; `attributes` are theirs, by what they give."""

    op_type: str
    pattern: Pattern
    attributes: Mapping[str, Mapping[str, AttributeValue]] = {}

    def apply(self, wiring: Wiring) -> None:
        """Take all such nodes apart; the last part keeps the name."""
        for key in wiring.in_order([self.op_type]):
            node, place = wiring.node(key), wiring.place(key)
            tensors = {"x": node.inputs[0]}
            wiring.remove(key)
            for statement in self.pattern.statements:
                (operator,) = statement.operators
                is_last = statement is self.pattern.last
                name = node.name if is_last else f"{node.name}/{operator}"
                given = node.outputs[0] if is_last else wiring.new_tensor(node.outputs[0])
                inputs = tuple(tensors[read] for read in statement.reads)
                attributes = self.attributes.get(statement.result, {})
                wiring.add(ResolvedNode(name, operator, attributes, inputs, (given,), 0, members=node.members), place)
                tensors[statement.result] = given


def _comparable(value: AttributeValue) -> Hashable | None:
    """An attribute as something that can be compared; None where it cannot."""
    if isinstance(value, Tensor):
        return None if value.value is None else _contents(value)
    return None if isinstance(value, (Graph, Reference)) else value


def _contents(tensor: Tensor) -> Hashable:
    return tensor.element, tensor.shape, None if tensor.value is None else tensor.value.tobytes()
