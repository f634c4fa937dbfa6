"""Several nodes that run as one."""

from collections.abc import Callable, Iterable, Mapping

import msgspec

from blackthorn.onnx_graph.fusion.patterns import Match, Pattern
from blackthorn.onnx_graph.fusion.wiring import Wiring
from blackthorn.onnx_graph.messages import AttributeValue
from blackthorn.onnx_graph.resolving import ResolvedNode
from blackthorn.onnx_graph.tensors import Tensor


def anywhere(_: Match) -> bool:
    """Wherever the pattern is found."""
    return True


def unchanged(_: Match) -> Mapping[str, AttributeValue]:
    """No attribute is added or changed."""
    return {}


class Fuse(msgspec.Struct, frozen=True):
    """A piece of the network becomes one node.

    Attributes:
        pattern: the piece.
        keeps: which of its nodes gives the name, the operator and the attributes, by what it gives in the pattern.
        becomes: the operator where it is another one than that node's.
        reads: names of what the fused node reads; where none are told, what the kept node reads, and in place of what lies
            inside the piece what goes into that.
        where: what has to hold beside the pattern.
        attributes: what to add to the kept node's attributes.
    """

    pattern: Pattern
    keeps: str = "y"
    becomes: str | None = None
    reads: tuple[str, ...] = ()
    where: Callable[[Match], bool] = anywhere
    attributes: Callable[[Match], Mapping[str, AttributeValue]] = unchanged

    def at(self, wiring: Wiring, key: int) -> int | None:
        """Fuse the piece whose last node is there; the key of the fused node, or None where there is no such piece."""
        match = next(filter(self.where, self.pattern.at(wiring, key)), None)
        return None if match is None else wiring.replace(match.keys.values(), self._fused(match), wiring.place(key))

    def _fused(self, match: Match) -> ResolvedNode:
        kept = match.nodes[self.keeps]
        nodes = [kept, *(node for node in match.nodes.values() if node is not kept)]
        inside = {node.outputs[0].identity: node for node in nodes}
        inputs: tuple[Tensor | None, ...] = tuple(match.tensors[name] for name in self.reads)
        inputs = inputs or tuple(_outside(tensor, inside) for tensor in kept.inputs)
        read = {tensor.identity for tensor in inputs if tensor is not None}
        needed = (identity for node in nodes for identity in _varying(node) if identity not in inside and identity not in read)
        return ResolvedNode(
            kept.name,
            self.becomes or kept.op_type,
            {**kept.attributes, **self.attributes(match)},
            inputs,
            match.nodes[self.pattern.last.result].outputs,
            sum(node.macs for node in nodes),
            tuple(dict.fromkeys(needed)),
            tuple(dict.fromkeys(member for node in nodes for member in node.members)),
        )


def fuse_first(fusions: Iterable[Fuse], wiring: Wiring, key: int) -> int | None:
    """Fuse the piece that ends there by the first fusion that fits; the key of the fused node, None where none fits."""
    return next((made for fusion in fusions if (made := fusion.at(wiring, key)) is not None), None)


class FuseAll(msgspec.Struct, frozen=True):
    """Every piece that one of several fusions fits becomes one node.

    They are looked for together, once through the network, so that what one of them made can be part of the next.
    """

    fusions: tuple[Fuse, ...]

    def apply(self, wiring: Wiring) -> None:
        """Fuse every piece, the first fusion that fits before the others."""
        operators = {operator for fusion in self.fusions for operator in fusion.pattern.last.operators}
        for key in wiring.in_order(operators):
            if key in wiring:
                fuse_first(self.fusions, wiring, key)


def _outside(tensor: Tensor | None, inside: Mapping[int, ResolvedNode]) -> Tensor | None:
    """A tensor that comes into the piece from outside: itself, or what goes into the nodes that it is made by."""
    while tensor is not None and tensor.identity in inside:
        tensor = inside[tensor.identity].inputs[0]
    return tensor


def _varying(node: ResolvedNode) -> tuple[int, ...]:
    """What a node reads that is not the same in every run."""
    return (*(tensor.identity for tensor in node.inputs if tensor is not None and not tensor.constant), *node.also_reads)
