"""Operators that keep the shape of their input, or broadcast several to one."""

from blackthorn.onnx_graph.rules.call import Call, Rule, broadcast, operators
from blackthorn.onnx_graph.tensors import Shape

KEEPS_SHAPE = operators("""
    Abs Acos Acosh Asin Asinh Atan Atanh Bernoulli BiasGelu BitwiseNot Cast CastLike Ceil Celu Clip Cos Cosh CumProd CumSum
    DequantizeLinear Elu Erf Exp EyeLike FastGelu Floor Gelu HardSigmoid HardSwish Hardmax Identity ImageScaler IsInf IsNaN
    InstanceNormalization GroupNormalization LRN LayerNormalization LeakyRelu Log LogSoftmax LpNormalization
    MeanVarianceNormalization Mish Neg Not ParametricSoftplus QLinearLeakyRelu QLinearSigmoid QLinearSoftmax QuantizeLinear
    QuickGelu
    RMSNormalization RandomNormalLike RandomUniformLike Reciprocal Relu ReverseSequence RotaryEmbedding Round ScaledTanh Scatter
    ScatterElements ScatterND Selu Shrink Sigmoid Sign SimplifiedLayerNormalization Sin Sinh SkipLayerNormalization
    SkipSimplifiedLayerNormalization Softmax Softplus Softsign Sqrt Swish Tan Tanh TensorScatter ThresholdedRelu Trilu
    BatchNormalization PRelu
""")
"""Their first output has the shape of their first input."""

BROADCASTS = operators("""
    Add And BitShift BitwiseAnd BitwiseOr BitwiseXor Div Equal Greater GreaterOrEqual Less LessOrEqual Max Mean Min Mod Mul Or
    Pow Sub Sum Where Xor
""")


def _keep(call: Call) -> list[Shape]:
    return [call.shape(0)]


def _keep_twice(call: Call) -> list[Shape]:
    """Dropout and its mask."""
    return [call.shape(0)] * 2


def _broadcast(call: Call) -> list[Shape]:
    """All inputs to one shape. Before operator set 7 the second input was fitted to the first where `broadcast` said so."""
    return [call.shape(0)] if "broadcast" in call.attributes else [broadcast(*call.shapes())]


def _quantized_pair(call: Call) -> list[Shape]:
    """QLinearAdd and QLinearMul: (a, its scale, its zero, b, ...)."""
    return [broadcast(call.shape(0), call.shape(3))]


def _dynamic_quantize(call: Call) -> list[Shape]:
    return [call.shape(0), (), ()]


RULES: dict[str, Rule] = {
    **dict.fromkeys(KEEPS_SHAPE, _keep),
    **dict.fromkeys(BROADCASTS, _broadcast),
    "Dropout": _keep_twice,
    "QLinearAdd": _quantized_pair,
    "QLinearMul": _quantized_pair,
    "DynamicQuantizeLinear": _dynamic_quantize,
}
