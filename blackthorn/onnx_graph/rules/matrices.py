"""Matrix products, Einstein sums and recurrent layers."""

from blackthorn.onnx_graph.rules.call import Call, NotKnownError, Rule, broadcast
from blackthorn.onnx_graph.tensors import Shape


def multiply(left: Shape, right: Shape) -> Shape:
    """The shape of a batched matrix product by NumPy's rules: a vector counts as one row or one column that then falls off."""
    rows = left if len(left) > 1 else (1, *left)
    columns = right if len(right) > 1 else (*right, 1)
    if rows[-1] != columns[-2]:
        raise ValueError(f"a product sums over {rows[-1]} on one side and {columns[-2]} on the other")
    batch = broadcast(rows[:-2], columns[:-2])
    return (*batch, *(rows[-2:-1] if len(left) > 1 else ()), *(columns[-1:] if len(right) > 1 else ()))


def _transposed(shape: Shape, flag: int) -> Shape:
    return (*shape[:-2], shape[-1], shape[-2]) if flag else shape


def _matmul(call: Call) -> list[Shape]:
    left, right = call.shape(0), call.shape(1)
    return [multiply(_transposed(left, call.number("transA", 0)), _transposed(right, call.number("transB", 0)))]


def _quantized_matmul(call: Call) -> list[Shape]:
    """QLinearMatMul: (a, its scale, its zero, b, ...)."""
    return [multiply(call.shape(0), call.shape(3))]


def _gemm(call: Call) -> list[Shape]:
    if len(call.shape(0)) != 2 or len(call.shape(1)) != 2:
        raise ValueError("Gemm multiplies two matrices")
    return _matmul(call)


def _einsum(call: Call) -> list[Shape]:
    equation = call.text("equation", "").replace(" ", "")
    if "." in equation:
        raise NotKnownError
    terms, arrow, result = equation.partition("->")
    sizes: dict[str, int] = {}
    for term, shape in zip(terms.split(","), call.shapes(), strict=True):
        for letter, size in zip(term, shape, strict=True):
            sizes[letter] = max(size, sizes.get(letter, 1))
    once = "".join(sorted(letter for letter in sizes if terms.count(letter) == 1))
    return [tuple(sizes[letter] for letter in (result if arrow else once))]


def _recurrent(call: Call) -> list[Shape]:
    """LSTM, GRU and RNN: the whole sequence, the last hidden state, and for LSTM the last cell."""
    return _sequence(call, call.shape(2)[-1])


def _quantized_recurrent(call: Call) -> list[Shape]:
    """DynamicQuantizeLSTM keeps its matrices transposed: (directions, hidden, gates x hidden)."""
    return _sequence(call, call.shape(2)[1])


def _sequence(call: Call, hidden: int) -> list[Shape]:
    data = call.shape(0)
    directions = 2 if call.text("direction", "forward") == "bidirectional" else 1
    if call.number("layout", 0):
        batch, steps, _ = data
        return [(batch, steps, directions, hidden), *[(batch, directions, hidden)] * 2]
    steps, batch, _ = data
    return [(steps, directions, batch, hidden), *[(directions, batch, hidden)] * 2]


RULES: dict[str, Rule] = {
    **dict.fromkeys(("DynamicQuantizeMatMul", "FusedMatMul", "MatMul", "MatMulInteger", "MatMulIntegerToFloat"), _matmul),
    "QLinearMatMul": _quantized_matmul,
    "Gemm": _gemm,
    "FusedGemm": _gemm,
    "Einsum": _einsum,
    **dict.fromkeys(("GRU", "LSTM", "RNN"), _recurrent),
    "DynamicQuantizeLSTM": _quantized_recurrent,
}
