"""Which nodes of an ONNX file became what ONNX Runtime runs: its optimised graph held against the file.

Most nodes of the optimised graph keep their outputs' names, so that the file tells what gives them. Those in the blocked
layout do not; they are named after what their output was called. From the node that gives an output, the way leads back to
the one that the kernel is named for (Conv from Relu). What nobody claims afterwards has been merged into what ran before it:
the addition after a convolution, the activation after that.

Source: the names that onnxruntime/core/optimizer/nchwc_transformer.cc gives.
"""

import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence

from blackthorn.onnx_graph.messages import Graph, Node
from blackthorn.runners.network import ExecutedNode

LAYOUT_OPERATORS = frozenset(("ReorderInput", "ReorderOutput"))
"""Put in by the runtime; their outputs bear names of the file, but they compute nothing of it."""
MADE_UP_ENDING = re.compile(r"(_bn|_mul)?_nchwc(_token_\d+)?$")
"""What the runtime puts behind an output's name to name a node of blocked layout; a token where that name was taken."""
MADE_UP_ADDITION = re.compile(r"(/\w+Fusion/)?(_token_\d+)?$")
"""What it puts behind the name of a node of the file to name the kernel that this became."""
MADE_UP_TRANSPOSITION = re.compile(r"Transpose(_token_\d+)?$")
"""What it calls a Transpose that it put in, around convolutions of 8 bits."""
FUSED = "Fused"
"""What kernels that run several operators in one go begin with, such as FusedConv."""


def executed_nodes(original: Graph, optimised: Graph) -> tuple[ExecutedNode, ...]:
    """What ONNX Runtime runs, in order, each with the nodes of the file that became it.

    Args:
        original: the graph of the file.
        optimised: the graph that ONNX Runtime saved, nodes in the order in which they run.
    """
    return tuple(_Claims(original, optimised).executed())


class _Claims:
    """Which executed node each node of the file became, nodes of both graphs by their positions."""

    def __init__(self, original: Graph, optimised: Graph) -> None:
        self._original = original
        self._optimised = optimised
        self._giver = {output: index for index, node in enumerate(original.nodes) for output in node.outputs if output}
        self._by_name = {node.name: index for index, node in enumerate(original.nodes) if node.name}
        self._anchors = [self._anchor(node) for node in optimised.nodes]
        self._taken = frozenset(anchor for anchor in self._anchors if anchor is not None)
        self._owner: dict[int, int] = {}

    def executed(self) -> Iterator[ExecutedNode]:
        """Every executed node with what is its own."""
        for position, (node, anchor) in enumerate(zip(self._optimised.nodes, self._anchors, strict=True)):
            if anchor is not None:
                self._owner.update(dict.fromkeys(self._merged_before(node, anchor), position))
        self._claim_what_follows()
        own: list[list[int]] = [[] for _ in self._optimised.nodes]
        for index, position in sorted(self._owner.items()):
            own[position].append(index)
        for position, node in enumerate(self._optimised.nodes):
            names = tuple(self._original.nodes[index].name_at(index) for index in own[position])
            yield ExecutedNode(node.name_at(position), node.op_type, names)

    def _anchor(self, node: Node) -> int | None:
        """The node of the file that gives what an executed node gives; None where nothing tells it."""
        if node.op_type in LAYOUT_OPERATORS or self._is_put_in(node):
            return None
        stems = (*node.outputs, MADE_UP_ENDING.sub("", node.name))
        found = (self._giver[stem] for stem in stems if stem in self._giver)
        return next(found, self._by_name.get(node.name, self._by_name.get(MADE_UP_ADDITION.sub("", node.name))))

    def _is_put_in(self, node: Node) -> bool:
        """Whether a node is a transposition that the file does not have."""
        made_up = node.op_type == "Transpose" and MADE_UP_TRANSPOSITION.match(node.name) is not None
        return made_up and node.name not in self._by_name

    def _merged_before(self, node: Node, anchor: int) -> Sequence[int]:
        """The anchor, and the nodes from it back to that which the kernel is named for.

        A kernel that is named for none of them (LayerNormalization, written out in ten nodes) has all that lies between
        its inputs and the anchor, where it keeps the names of tensors.
        """
        operator = node.op_type.removeprefix(FUSED)
        reached_from: dict[int, int | None] = {anchor: None}
        waiting = deque([anchor])
        while waiting:
            index = waiting.popleft()
            if self._original.nodes[index].op_type == operator:
                return _way(index, reached_from)
            for before in self._free_before(index, node):
                if before not in reached_from:
                    reached_from[before] = index
                    waiting.append(before)
        keeps_names = self._original.nodes[anchor].outputs[0] in node.outputs
        return list(reached_from) if keeps_names else [anchor]

    def _free_before(self, index: int, executed: Node) -> Iterator[int]:
        """What gives a node its inputs and became no other executed node, as far as known."""
        for name in self._original.nodes[index].inputs:
            giver = self._giver.get(name)
            if giver is not None and name not in executed.inputs and giver not in self._taken and giver not in self._owner:
                yield giver

    def _claim_what_follows(self) -> None:
        """Give what is left to the executed node that ran last of those that it takes its inputs from."""
        for index, node in enumerate(self._original.nodes):
            if index not in self._owner:
                before = [self._owner.get(self._giver[name]) for name in node.inputs if name in self._giver]
                owners = [position for position in before if position is not None]
                if owners:
                    self._owner[index] = max(owners)


def _way(index: int, reached_from: Mapping[int, int | None]) -> list[int]:
    """The nodes from one back to where the search began."""
    way, following = [index], reached_from[index]
    while following is not None:
        way.append(following)
        following = reached_from[following]
    return way
