"""Chains of operators that treat every number by itself, run as one."""

import msgspec

from blackthorn.onnx_graph.fusion.wiring import Wiring
from blackthorn.onnx_graph.resolving import ResolvedNode
from blackthorn.onnx_graph.tensors import Tensor


class Chain(msgspec.Struct, frozen=True):
    """Neighbours of some operators become one node, as many as give tensors of one shape that nothing else reads.

    The node is called after the last of them that reads as many tensors as all of them together, and has its operator: a
    sigmoid and a product with what it was taken of cost what the sigmoid costs, a sum and a Relu what the sum costs.
    """

    operators: frozenset[str]

    def apply(self, wiring: Wiring) -> None:
        """Chain them all, from the end of the network on, so that every chain is as long as it can be."""
        for key in reversed(wiring.in_order(self.operators)):
            if key in wiring:
                keys = self._chain(wiring, key)
                if len(keys) > 1:
                    wiring.replace(keys, _chained([wiring.node(each) for each in keys]), wiring.place(key))

    def _chain(self, wiring: Wiring, last: int) -> list[int]:
        """The keys of the chain that ends there, in the order in which they run."""
        keys, newest = {last}, {last}
        while newest:
            before = {wiring.giver(tensor) for key in newest for tensor in _varying(wiring.node(key))}
            newest = {key for key in before if key is not None and self._belongs(wiring, key, last, keys)}
            keys |= newest
        return sorted(keys, key=wiring.place)

    def _belongs(self, wiring: Wiring, key: int, last: int, keys: set[int]) -> bool:
        node = wiring.node(key)
        if node.op_type not in self.operators or len(node.outputs) > 1:
            return False
        given = node.outputs[0]
        is_private = not wiring.is_result(given) and wiring.readers(given).keys() <= keys
        return is_private and given.shape is not None and given.shape == wiring.node(last).outputs[0].shape


def _chained(nodes: list[ResolvedNode]) -> ResolvedNode:
    """One node for several, the last of which gives what the whole gives."""
    inside = {node.outputs[0].identity for node in nodes}
    read = {tensor.identity: tensor for node in nodes for tensor in _varying(node) if tensor.identity not in inside}
    kept = next((node for node in reversed(nodes) if len(_varying(node)) == len(read)), nodes[-1])
    constants = (tensor for tensor in kept.inputs if tensor is None or tensor.constant)
    return msgspec.structs.replace(
        kept,
        inputs=(*read.values(), *constants),
        outputs=nodes[-1].outputs,
        macs=sum(node.macs for node in nodes),
        also_reads=tuple(dict.fromkeys(identity for node in nodes for identity in node.also_reads)),
        members=tuple(member for node in nodes for member in node.members),
    )


def _varying(node: ResolvedNode) -> list[Tensor]:
    """What a node takes in that is not the same in every run."""
    return [tensor for tensor in node.inputs if tensor is not None and not tensor.constant]
