"""What ONNX Runtime's CPU provider has kernels of 8 bits for, and what they read; observed on version 1.32.

Source: onnxruntime/core/optimizer/qdq_transformer/selectors_actions/qdq_selector_action_transformer.cc, and the operators'
documentation in docs/ContribOperators.md.
"""

from blackthorn.onnx_graph.fusion import (
    ChannelsLast,
    Fuse,
    FuseAll,
    Fusions,
    Kernel,
    Match,
    MoveRounding,
    Pattern,
    RunInEightBits,
)

_ONE = "x0 s0 z0 s z"
_TWO = "x0 s0 z0 x1 s1 z1 s z"
MOVING = frozenset(
    ("DepthToSpace", "Flatten", "Gather", "MaxPool", "Reshape", "Resize", "Slice", "Split", "Squeeze", "Transpose", "Unsqueeze")
)
"""Operators that give some of the numbers that they take, which may as well be of 8 bits."""
ROUNDED = {
    "Add": Kernel("QLinearAdd", _TWO),
    "AveragePool": Kernel("QLinearAveragePool", _ONE),
    "Concat": Kernel("QLinearConcat", "s z all"),
    "Conv": Kernel("QLinearConv", "x0 s0 z0 x1 s1 z1 s z x2"),
    "Gemm": Kernel("QGemm", "x0 s0 z0 x1 s1 z1 x2 s z"),
    "GlobalAveragePool": Kernel("QLinearGlobalAveragePool", _ONE),
    "LeakyRelu": Kernel("QLinearLeakyRelu", _ONE),
    "MatMul": Kernel("QLinearMatMul", _TWO),
    "Mul": Kernel("QLinearMul", _TWO),
    "Sigmoid": Kernel("QLinearSigmoid", _ONE),
    "Softmax": Kernel("QLinearSoftmax", _ONE),
    "Where": Kernel("QLinearWhere", "x0 x1 s1 z1 x2 s2 z2 s z", plain=(0,)),
}
WIDENED = {
    "Gemm": Kernel("QGemm", "x0 s0 z0 x1 s1 z1 x2"),
    "MatMul": Kernel("MatMulIntegerToFloat", "x0 x1 s0 s1 z0 z1"),
}
ON_CHANNELS_LAST = frozenset(
    (
        "MaxPool",
        "QLinearAdd",
        "QLinearAveragePool",
        "QLinearConcat",
        "QLinearGlobalAveragePool",
        "QLinearLeakyRelu",
        "QLinearMul",
        "QLinearSigmoid",
        "Resize",
    )
)
"""What stays in the layout of the convolution before it. A chain of fractions between two convolutions does as well, which is
not told here."""


def _cuts_off_negative_anyway(match: Match) -> bool:
    """Whether rounding leaves nothing below zero: the zero point is the smallest number."""
    import numpy as np

    zero = match.tensors["Z"].value
    return zero is not None and zero.dtype.kind in "iu" and bool(np.all(zero == np.iinfo(zero.dtype.name).min))


BEFORE_KERNELS: Fusions = (
    FuseAll((Fuse(Pattern("r = Relu(x)  y = QuantizeLinear(r, S, Z)"), where=_cuts_off_negative_anyway),)),
    MoveRounding(MOVING),
)
"""After what any hardware profits from."""
KERNELS: Fusions = (RunInEightBits(ROUNDED, WIDENED),)
"""After Gemm has taken in the activations that follow it."""
LAYOUT: Fusions = (ChannelsLast(frozenset(("QLinearConv",)), ON_CHANNELS_LAST, {"MaxPool": "NhwcMaxPool"}),)
"""At the end."""
