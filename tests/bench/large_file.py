"""A network of hundreds of megabytes, made of one of the `onnx` package's, whose weights are only made as they run."""

import math
from pathlib import Path
from typing import Any

from blackthorn.onnx_graph.wire import tag

BLOCK = bytes(range(256)) * 4096
"""A megabyte of weights, written again and again."""
GRAPH, OPSET, INITIALIZER, RAW = 7, 8, 5, 9
"""Fields of ModelProto, ModelProto, GraphProto and TensorProto."""
FLOAT_BYTES = 4


def with_weights_inside(path: Path, to: Path) -> None:
    """Write a light network with weights of the same shapes inside the file.

    Weights are streamed: as messages of the `onnx` package they would be in memory several times.
    """
    from onnx import load, numpy_helper

    model: Any = load(path)
    makers = [node for node in model.graph.node if node.op_type == "ConstantOfShape"]
    sizes = {tensor.name: numpy_helper.to_array(tensor).tolist() for tensor in model.graph.initializer}
    for node in makers:
        model.graph.node.remove(node)
    graph = model.graph.SerializeToString()
    heads = {node.output[0]: _head(node.output[0], sizes[node.input[0]]) for node in makers}
    payloads = {node.output[0]: _payload(sizes[node.input[0]]) for node in makers}
    starts = {name: _start(INITIALIZER, len(head) + payloads[name]) + head for name, head in heads.items()}
    with to.open("wb") as file:
        for opset in map(bytes, (opset.SerializeToString() for opset in model.opset_import)):
            file.write(_start(OPSET, len(opset)) + opset)
        file.write(_start(GRAPH, len(graph) + sum(map(len, starts.values())) + sum(payloads.values())) + graph)
        for name, start in starts.items():
            file.write(start)
            for left in range(payloads[name], 0, -len(BLOCK)):
                file.write(BLOCK[:left])


def _payload(shape: list[int]) -> int:
    """Bytes of a weight."""
    return FLOAT_BYTES * math.prod(shape)


def _head(name: str, shape: list[int]) -> bytes:
    """All of a weight but its contents, which follow it."""
    from onnx import TensorProto

    described: bytes = TensorProto(name=name, dims=shape, data_type=TensorProto.FLOAT).SerializeToString()
    return described + _start(RAW, _payload(shape))


def _start(field: int, length: int) -> bytes:
    """What stands before a field of that many bytes."""
    written = bytes([tag(field)])
    while length > 0x7F:
        written += bytes([length & 0x7F | 0x80])
        length >>= 7
    return written + bytes([length])
