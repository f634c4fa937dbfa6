"""The shapes of what operators give, by operator; a rule is a plain function of one node and what is known of its inputs."""

from blackthorn.onnx_graph.rules import attention, creation, elementwise, matrices, movement, selection, signals, windows
from blackthorn.onnx_graph.rules.call import MISFITS, Call, NotKnownError, Rule, operators

RULES: dict[str, Rule] = {
    **attention.RULES,
    **creation.RULES,
    **elementwise.RULES,
    **matrices.RULES,
    **movement.RULES,
    **selection.RULES,
    **signals.RULES,
    **windows.RULES,
}
"""ONNX's own operators and those that ONNX Runtime adds (com.microsoft), told apart by attributes where they share a name."""

__all__ = ["MISFITS", "RULES", "Call", "NotKnownError", "Rule", "operators"]
