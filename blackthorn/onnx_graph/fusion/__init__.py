"""What a runtime makes of a network before it runs it, as rules that a runner publishes.

Fusions are steps that are taken one after the other; each is a frozen value that rewrites the wiring of a network.
"""

from typing import Protocol

import msgspec

from blackthorn.onnx_graph.fusion.blocking import Block
from blackthorn.onnx_graph.fusion.chaining import Chain
from blackthorn.onnx_graph.fusion.channels_last import ChannelsLast
from blackthorn.onnx_graph.fusion.einsum import SpellOut
from blackthorn.onnx_graph.fusion.flattening import Flatten
from blackthorn.onnx_graph.fusion.fusing import Fuse, FuseAll
from blackthorn.onnx_graph.fusion.patterns import Match, Pattern, holds
from blackthorn.onnx_graph.fusion.placing import JoinInPlace, Reformat
from blackthorn.onnx_graph.fusion.quantizing import Kernel, MoveRounding, RunInEightBits, Unfold
from blackthorn.onnx_graph.fusion.simplifying import Drop, Fold, Merge, Repeat, TakeApart
from blackthorn.onnx_graph.fusion.widening import Widen
from blackthorn.onnx_graph.fusion.wiring import Wiring
from blackthorn.onnx_graph.resolving import Body, Resolved, ResolvedNode

__all__ = [
    "Block",
    "Chain",
    "ChannelsLast",
    "Drop",
    "Flatten",
    "Fold",
    "Fuse",
    "FuseAll",
    "Fusions",
    "JoinInPlace",
    "Kernel",
    "Match",
    "Merge",
    "MoveRounding",
    "Pattern",
    "Reformat",
    "Repeat",
    "RunInEightBits",
    "SpellOut",
    "Step",
    "TakeApart",
    "Unfold",
    "Widen",
    "fuse",
    "holds",
]


class Step(Protocol):
    """One thing that a runtime does to a network."""

    def apply(self, wiring: Wiring) -> None:
        """Do it wherever it can be done."""


Fusions = tuple[Step, ...]
"""What a runtime does to a network, in order."""


def fuse(network: Resolved, fusions: Fusions) -> list[ResolvedNode]:
    """The nodes that a runtime is left with, in the order in which they run; graphs inside of nodes are fused by themselves."""
    wiring = Wiring(network)
    for step in fusions:
        step.apply(wiring)
    return [_fused_inside(node, fusions) for node in wiring.listed()]


def _fused_inside(node: ResolvedNode, fusions: Fusions) -> ResolvedNode:
    if not node.bodies:
        return node
    bodies = tuple(Body(Resolved(tuple(fuse(body.graph, fusions)), body.graph.results), body.times) for body in node.bodies)
    return msgspec.structs.replace(node, bodies=bodies)
