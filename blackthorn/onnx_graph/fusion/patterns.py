"""Small pieces of networks written as text, and where they are found.

    c = Conv(x, W, REST...)  y = Relu|Sigmoid(c)

reads: a Relu or Sigmoid of what a Conv gives, whose weights and whatever it reads besides are constants. Of what is read,

    x         is any tensor; the same name is the same tensor
    W         (a capital first) is any constant
    0.5       is a constant of that single value
    rest...   is any number of further inputs, left out ones among them; constants where it begins with a capital

A name that stands left of an equals sign is what a node of the pattern gives. The last node is where the pattern is looked
for, from there backwards. Of operators whose two inputs may change places, both orders are tried.
"""

import math
import re
from collections.abc import Iterator, Mapping
from functools import cached_property

import msgspec

from blackthorn.onnx_graph.fusion.wiring import Wiring
from blackthorn.onnx_graph.resolving import ResolvedNode
from blackthorn.onnx_graph.tensors import Tensor

COMMUTATIVE = frozenset(("Add", "Mul", "Sum"))
CLOSE = 1e-3
"""How far a constant may lie from what a pattern says, relatively: half-precision numbers are rounded by as much."""
_STATEMENT = re.compile(r"(\w+) = ([\w|]+)\(([^)]*)\)")
_REST = "..."


class Statement(msgspec.Struct, frozen=True):
    """One node of a pattern: what it gives, its operator or several, what it reads."""

    result: str
    operators: tuple[str, ...]
    reads: tuple[str, ...]


class Match(msgspec.Struct, frozen=True):
    """Where a pattern was found.

    Attributes:
        keys, nodes: by the name of what they give, in the pattern's order.
        tensors: by name, those that nodes of the pattern give among them.
        is_result: whether what the last node gives is a result of the network.
    """

    keys: Mapping[str, int]
    nodes: Mapping[str, ResolvedNode]
    tensors: Mapping[str, Tensor]
    is_result: bool


class Pattern(msgspec.Struct, frozen=True, dict=True):
    """A piece of a network as text.

    Attributes:
        text: as told above.
        either_order: whether inputs of additions and products may change places.
    """

    text: str
    either_order: bool = True

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """The nodes, in the order in which they are written."""
        return tuple(
            Statement(result, tuple(operators.split("|")), tuple(filter(None, re.split(r",\s*", reads))))
            for result, operators, reads in _STATEMENT.findall(self.text)
        )

    @cached_property
    def _by_result(self) -> Mapping[str, Statement]:
        return {statement.result: statement for statement in self.statements}

    @property
    def last(self) -> Statement:
        """The node that gives what the whole gives."""
        return self.statements[-1]

    def at(self, wiring: Wiring, key: int) -> Iterator[Match]:
        """Every way in which the pattern's last node is there; where others read what lies inside it, it is not."""
        inner = [statement.result for statement in self.statements[:-1]]
        for found in self._node(wiring, self.last, key, _Found({}, {})):
            if len(found.keys) == len(self.statements) and all(_is_private(wiring, found, name) for name in inner):
                keys = {statement.result: found.keys[statement.result] for statement in self.statements}
                nodes = {name: wiring.node(each) for name, each in keys.items()}
                yield Match(keys, nodes, found.tensors, wiring.is_result(found.tensors[self.last.result]))

    def _node(self, wiring: Wiring, statement: Statement, key: int, found: "_Found") -> Iterator["_Found"]:
        """Every way in which a node and what it reads can be what a statement says."""
        node = wiring.node(key)
        if node.op_type not in statement.operators or len(node.outputs) > 1:
            return
        found = _Found({**found.keys, statement.result: key}, {**found.tensors, statement.result: node.outputs[0]})
        yield from self._reads(wiring, statement.reads, node.inputs, found)
        if self.either_order and node.op_type in COMMUTATIVE and len(node.inputs) == len(statement.reads) == 2:
            yield from self._reads(wiring, statement.reads, node.inputs[::-1], found)

    def _reads(
        self, wiring: Wiring, names: tuple[str, ...], inputs: tuple[Tensor | None, ...], found: "_Found"
    ) -> Iterator["_Found"]:
        """Every way in which inputs can be what names say, one after the other."""
        if names and names[0].endswith(_REST):
            if not names[0][0].isupper() or all(tensor is None or tensor.constant for tensor in inputs):
                yield found
        elif not names and not any(inputs):
            yield found
        elif names and inputs and inputs[0] is not None:
            for now in self._tensor(wiring, names[0], inputs[0], found):
                yield from self._reads(wiring, names[1:], inputs[1:], now)

    def _tensor(self, wiring: Wiring, name: str, tensor: Tensor, found: "_Found") -> Iterator["_Found"]:
        """Every way in which a tensor can be what a name says."""
        if name in found.tensors:
            if found.tensors[name].identity == tensor.identity:
                yield found
        elif name in self._by_result:
            giver = wiring.giver(tensor)
            if giver is not None and wiring.node(giver).outputs[0].identity == tensor.identity:
                yield from self._node(wiring, self._by_result[name], giver, found)
        elif not _is_name(name):
            if holds(tensor, float(name)):
                yield found
        elif tensor.constant or not name[0].isupper():
            yield _Found(found.keys, {**found.tensors, name: tensor})


class _Found(msgspec.Struct, frozen=True):
    """What of a pattern is known on the way."""

    keys: Mapping[str, int]
    tensors: Mapping[str, Tensor]


def holds(tensor: Tensor, number: float) -> bool:
    """Whether a tensor is a constant of that single value."""
    if tensor.value is None or tensor.value.size != 1 or tensor.value.dtype.kind not in "fiu":
        return False
    return math.isclose(float(tensor.value.reshape(-1)[0]), number, rel_tol=CLOSE)


def _is_name(text: str) -> bool:
    """Whether it names a tensor, rather than a number or a rest."""
    return text.isidentifier()


def _is_private(wiring: Wiring, found: _Found, name: str) -> bool:
    """Whether nothing outside of the pattern reads what a node of it gives."""
    tensor = found.tensors[name]
    return not wiring.is_result(tensor) and wiring.readers(tensor).keys() <= set(found.keys.values())
