"""Attention, as ONNX has it since operator set 23 and as ONNX Runtime has it (com.microsoft).

Both call it Attention and mean different inputs; ONNX Runtime's always says `num_heads`, ONNX's never does.
"""

from blackthorn.onnx_graph.rules.call import Call, NotKnownError, Rule
from blackthorn.onnx_graph.tensors import Shape


def _attention(call: Call) -> list[Shape]:
    return _projected(call) if "num_heads" in call.attributes else _of_queries(call)


def _of_queries(call: Call) -> list[Shape]:
    """(queries, keys, values, mask, earlier keys, earlier values): the result, all keys, all values, and the scores."""
    batch, query_heads, steps, _ = _by_head(call, 0, "q_num_heads")
    _, heads, new, key_size = _by_head(call, 1, "kv_num_heads")
    value_size = _by_head(call, 2, "kv_num_heads")[-1]
    if query_heads % heads:
        raise ValueError(f"{query_heads} heads of queries do not share {heads} heads of keys evenly")
    total = new + (call.shape(4)[2] if call.given(4) else 0)
    merged = len(call.shape(0)) == 3
    result = (batch, steps, query_heads * value_size) if merged else (batch, query_heads, steps, value_size)
    return [result, (batch, heads, total, key_size), (batch, heads, total, value_size), (batch, query_heads, steps, total)]


def _by_head(call: Call, index: int, counted_by: str) -> Shape:
    """An input as (batch, heads, steps, size of a head), which it is or which its last dimension holds side by side."""
    shape = call.shape(index)
    if len(shape) == 4:
        return shape
    batch, steps, width = shape
    heads = call.number(counted_by, 0)
    return batch, heads, steps, _of_a_head(width, heads)


def _of_a_head(width: int, heads: int) -> int:
    if heads < 1 or width % heads:
        raise ValueError(f"{width} numbers a step are not divided among {heads} heads")
    return width // heads


def _projected(call: Call) -> list[Shape]:
    """(data, weights of three projections side by side, bias, mask, earlier keys and values): the result, keys and values."""
    (batch, steps, width), (rows, columns) = call.shape(0), call.shape(1)
    if width != rows:
        raise ValueError(f"weights for {rows} numbers a step meet {width}")
    _, _, values = call.numbers("qkv_hidden_sizes", (columns // 3,) * 3)
    heads = call.number("num_heads", 0)
    total = steps + (call.shape(4)[3] if call.given(4) else 0)
    return [(batch, steps, values), (2, batch, heads, total, _of_a_head(values, heads))]


def _multi_head(call: Call) -> list[Shape]:
    """(queries, keys, values, ...); keys and values side by side, or by head where an encoder made them before."""
    if not call.given(2) or len(call.shape(0)) != 3:
        raise NotKnownError  # queries, keys and values packed into one tensor
    (batch, steps, _), values = call.shape(0), call.shape(2)
    return [(batch, steps, values[1] * values[3] if len(values) == 4 else values[2])]


RULES: dict[str, Rule] = {
    "Attention": _attention,
    "MultiHeadAttention": _multi_head,
}
