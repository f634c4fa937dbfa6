"""Products of matrices whose left side is a stack of them."""

import msgspec

from blackthorn.onnx_graph.fusion.wiring import Wiring
from blackthorn.onnx_graph.resolving import ResolvedNode
from blackthorn.onnx_graph.tensors import elements


class Flatten(msgspec.Struct, frozen=True):
    """An operator that takes matrices only gets its stack of them as one tall matrix: a Reshape runs before it and after."""

    op_type: str

    def apply(self, wiring: Wiring) -> None:
        """Put the Reshapes in."""
        for key in wiring.in_order([self.op_type]):
            node, place = wiring.node(key), wiring.place(key)
            stack, result = node.inputs[0], node.outputs[0]
            if stack is None or stack.shape is None or result.shape is None or len(stack.shape) == 2:
                continue
            flat = wiring.new_tensor(stack, (elements(stack.shape[:-1]), stack.shape[-1]))
            given = wiring.new_tensor(result, (elements(result.shape[:-1]), result.shape[-1]))
            wiring.add(ResolvedNode(f"{node.name}/flat", "Reshape", {}, (stack,), (flat,), 0), place)
            product = msgspec.structs.replace(node, inputs=(flat, *node.inputs[1:]), outputs=(given,))
            wiring.replace([key], product, place)
            wiring.add(ResolvedNode(f"{node.name}/stacked", "Reshape", {}, (given,), (result,), 0), place)
