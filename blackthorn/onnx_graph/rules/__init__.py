"""The shapes of what operators give, by operator; a rule is a plain function of one node and what is known of its inputs."""

from blackthorn.onnx_graph.rules import creation, elementwise, matrices, movement, selection, windows
from blackthorn.onnx_graph.rules.call import MISFITS, Call, NotKnownError, Rule, operators

RULES: dict[str, Rule] = {
    **creation.RULES,
    **elementwise.RULES,
    **matrices.RULES,
    **movement.RULES,
    **selection.RULES,
    **windows.RULES,
}
"""ONNX's own operators and those that ONNX Runtime adds (com.microsoft), which share no names with different meanings."""

__all__ = ["MISFITS", "RULES", "Call", "NotKnownError", "Rule", "operators"]
