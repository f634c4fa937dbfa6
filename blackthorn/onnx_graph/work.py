"""Multiply-accumulates of a node, where they are well defined: convolutions, matrix products, attention, recurrent layers."""

from collections.abc import Callable, Mapping

from blackthorn.onnx_graph.rules import Call
from blackthorn.onnx_graph.tensors import Shape, elements


def _convolution(output: Shape, weights: Shape) -> int:
    """Every output element sums over the channels of its group and the kernel."""
    return elements(output) * elements(weights[1:])


def _conv(call: Call, output: Shape) -> int:
    return _convolution(output, call.shape(1))


def _quantized_conv(call: Call, output: Shape) -> int:
    return _convolution(output, call.shape(3))


def _conv_transpose(call: Call, _: Shape) -> int:
    """Every input element is spread over the filters of its group and the kernel; weights are (channels, filters, kernel)."""
    return elements(call.shape(0)) * elements(call.shape(1)[1:])


def _product(call: Call, output: Shape) -> int:
    """Every output element sums over the columns of the left side."""
    left = call.shape(0)
    return elements(output) * (left[-2] if call.number("transA", 0) else left[-1])


def _einsum(call: Call, output: Shape) -> int:
    """Every output element sums over the letters that it lacks, where several sides are multiplied."""
    terms, _, result = call.text("equation", "").replace(" ", "").partition("->")
    sides = terms.split(",")
    if len(sides) == 1 or "." in terms:
        return 0
    read = zip(sides, call.shapes(), strict=True)
    sizes = {letter: size for side, shape in read for letter, size in zip(side, shape, strict=True)}
    return elements(output) * elements(tuple(size for letter, size in sizes.items() if letter not in result))


def _recurrent(call: Call, _: Shape) -> int:
    """Every step multiplies the input and the hidden state with the matrices of all gates, in every direction."""
    steps_and_batch, weights, recurrence = call.shape(0)[:2], call.shape(1), call.shape(2)
    return elements(steps_and_batch) * (elements(weights) + elements(recurrence))


def _attention(call: Call, output: Shape) -> int:
    """Every query meets every key, and the value of every key in turn."""
    if call.op_type == "Attention" and "num_heads" in call.attributes:
        return _projected_attention(call, output)
    return (call.shape(1)[-2] + _earlier(call)) * (elements(call.shape(0)) + elements(output))


def _projected_attention(call: Call, output: Shape) -> int:
    """ONNX Runtime's Attention makes queries, keys and values of its data first; keys are as wide as queries."""
    (batch, steps, width), (_, columns), values = call.shape(0), call.shape(1), output[-1]
    queries = (columns - values) // 2
    return batch * steps * (width * columns + (steps + _earlier(call)) * (queries + values))


def _earlier(call: Call) -> int:
    """Steps whose keys and values are kept from before."""
    return call.shape(4)[-2] if call.op_type == "Attention" and call.given(4) else 0


_WORK: Mapping[str, Callable[[Call, Shape], int]] = {
    **dict.fromkeys(("Conv", "ConvInteger", "FusedConv"), _conv),
    "QLinearConv": _quantized_conv,
    "ConvTranspose": _conv_transpose,
    **dict.fromkeys(("FusedGemm", "FusedMatMul", "Gemm", "MatMul", "QLinearMatMul"), _product),
    "Einsum": _einsum,
    **dict.fromkeys(("DynamicQuantizeMatMul", "MatMulInteger", "MatMulIntegerToFloat"), _product),
    **dict.fromkeys(("Attention", "MultiHeadAttention"), _attention),
    **dict.fromkeys(("DynamicQuantizeLSTM", "GRU", "LSTM", "RNN"), _recurrent),
}


def macs(call: Call, output: Shape | None) -> int:
    """Multiply-accumulates of a node whose first output has that shape; 0 where they are not defined or a shape is unknown."""
    count = _WORK.get(call.op_type)
    if count is None or output is None or any(tensor is not None and tensor.shape is None for tensor in call.inputs):
        return 0
    return count(call, output)
