"""The element types of what operators give."""

from collections.abc import Mapping

from blackthorn.onnx_graph.rules import Call, operators
from blackthorn.onnx_graph.tensors import BOOL, FLOAT, INT32, INT64, UNDEFINED, Tensor

UINT8 = 2

_OF_OPERATOR: Mapping[str, int] = {
    **dict.fromkeys(operators("And Equal Greater GreaterOrEqual IsInf IsNaN Less LessOrEqual Not Or Xor"), BOOL),
    **dict.fromkeys(operators("ArgMax ArgMin NonMaxSuppression NonZero Shape Size StringSplit"), INT64),
    **dict.fromkeys(("ConvInteger", "MatMulInteger"), INT32),
    "DynamicQuantizeLinear": UINT8,
}
_OF_INPUT: Mapping[str, int] = {
    "CastLike": 1,
    "DequantizeLinear": 1,
    "MatMulIntegerToFloat": 2,
    "OneHot": 2,
    "QLinearConcat": 2,
    "QuantizeLinear": 2,
    "Where": 1,
}
"""Operators whose output is of the type of a certain input; the others follow their first."""
_SIGNALS = ("BlackmanWindow", "HammingWindow", "HannWindow", "MelWeightMatrix")
_OF_ATTRIBUTE: Mapping[str, str] = {
    **dict.fromkeys(_SIGNALS, "output_datatype"),
    "Bernoulli": "dtype",
    "Cast": "to",
    "EyeLike": "dtype",
    "QuantizeLinear": "output_dtype",
    "RandomNormal": "dtype",
    "RandomNormalLike": "dtype",
    "RandomUniform": "dtype",
    "RandomUniformLike": "dtype",
}
_OTHERWISE: Mapping[str, int] = {
    **dict.fromkeys(_SIGNALS, FLOAT),
    "ConstantOfShape": FLOAT,
    "QuantizeLinear": UINT8,
    "RandomNormal": FLOAT,
    "RandomUniform": FLOAT,
}
"""Where neither an attribute nor a certain input tells; the first input of these is a shape, or other data."""
_OTHERS: Mapping[str, tuple[int, ...]] = {
    "Dropout": (BOOL,),
    "DynamicQuantizeLinear": (FLOAT, UINT8),
    "MaxPool": (INT64,),
    "TopK": (INT64,),
}
"""Outputs after the first where they are of another type."""


def element_types(call: Call) -> list[int]:
    """The element type of every output; UNDEFINED where it cannot be told."""
    first = _first(call)
    others = _OTHERS.get(call.op_type, ())
    return [first, *others, *[first] * (call.output_count - 1 - len(others))][: call.output_count]


def _first(call: Call) -> int:
    if call.op_type in _OF_OPERATOR:
        return _OF_OPERATOR[call.op_type]
    attribute = call.attributes.get(_OF_ATTRIBUTE.get(call.op_type, ""))
    if isinstance(attribute, int) and attribute:
        return attribute
    value = call.attributes.get("value")
    if isinstance(value, Tensor):
        return value.element
    if call.op_type == "Constant":
        return INT64 if "value_int" in call.attributes or "value_ints" in call.attributes else FLOAT
    return _of_input(call)


def _of_input(call: Call) -> int:
    index = _OF_INPUT.get(call.op_type, 0)
    if call.op_type in _OTHERWISE and (index == 0 or not call.given(index)):
        return _OTHERWISE[call.op_type]
    return call.tensor(index).element if call.given(index) else UNDEFINED
