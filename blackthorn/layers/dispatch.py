"""What goes by around kernels: a call of the runtime, and its way from node to node.

On one x86 core a call of ONNX Runtime takes 5 us and every node 0.5 to 1 us, before anything is computed: a twentieth of a
network of 200 small layers.
"""

from typing import Any, ClassVar

from blackthorn.layers.base import Dimension, LayerKind
from blackthorn.layers.onnx_probe import Activations, ProbeLayer, serialised
from blackthorn.records import Dimensions, OnnxNode, Precision

IDLE = ("Neg", "Abs")
"""Operators that take turns in the chain: no runtime takes two of them for one, or for none."""
SHAPE = (1, 1, 1, 1)
"""Of everything in the chain: nothing to do, in four dimensions, as the layers of most networks have."""


class Dispatch(LayerKind):
    """A call of a network of so many nodes that have nothing to do; predictions have one such line for the whole network."""

    name: ClassVar[str] = "dispatch"
    operators: ClassVar[frozenset[str]] = frozenset(IDLE)
    precisions: ClassVar[tuple[Precision, ...]] = ("fp32",)
    timed_by_call: ClassVar[bool] = True
    dimensions: ClassVar[tuple[Dimension, ...]] = (Dimension("nodes", 64, 1, 1024),)

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:  # noqa: ARG002 (one node of the chain, all are alike)
        return ProbeLayer(IDLE[0], (Activations(SHAPE),), (SHAPE,))

    def read(self, node: OnnxNode) -> Dimensions | None:  # noqa: ARG002 (no node is what goes by around all of them)
        return None

    def copies(self, dimensions: Dimensions, precision: Precision, footprint: int = 0) -> int:  # noqa: ARG002 (one chain)
        return 1

    def onnx_model(self, dimensions: Dimensions, precision: Precision, footprint: int = 0) -> bytes:  # noqa: ARG002 (one)
        """The probe: a chain of idle nodes from `x0` to `y`."""
        from onnx import TensorProto, helper

        count = dimensions["nodes"]
        ends = [f"x{place}" for place in range(count)] + ["y"]
        nodes: list[Any] = [
            helper.make_node(IDLE[place % len(IDLE)], [ends[place]], [ends[place + 1]], f"idle{place}")
            for place in range(count)
        ]
        given, result = (helper.make_tensor_value_info(name, TensorProto.FLOAT, SHAPE) for name in ("x0", "y"))
        return serialised(helper.make_graph(nodes, "probe", [given], [result]))
