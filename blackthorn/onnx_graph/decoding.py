"""Graphs, nodes and functions out of wire bytes.

Field numbers are those of onnx.proto: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

from blackthorn.onnx_graph.declarations import read_sparse_weight, read_tensor, read_value_info, read_weight
from blackthorn.onnx_graph.messages import AttributeValue, Function, Graph, Model, Node, Reference
from blackthorn.onnx_graph.wire import (
    FOUR_BYTES,
    VARINT,
    Buffer,
    Found,
    Reader,
    WireError,
    collect,
    fraction,
    fractions,
    last,
    number,
    numbers,
    repeated,
    tag,
    text,
)

MOST_NODES = 100_000
"""Ten times the largest networks that people export; more would take seconds to walk."""
DEEPEST_NESTING = 32
"""Graphs within graphs; protobuf's own readers give up at about as many."""
COPIED = 4096
"""Messages up to this many bytes are copied out of the file first: an index into bytes is cheaper than one into a map."""

_MODEL_GRAPH, _MODEL_FUNCTION = tag(7), tag(25)
_GRAPH_NODE, _GRAPH_WEIGHT, _GRAPH_SPARSE_WEIGHT = tag(1), tag(5), tag(15)
_GRAPH_INPUT, _GRAPH_OUTPUT, _GRAPH_VALUE = tag(11), tag(12), tag(13)
_NODE_INPUT, _NODE_OUTPUT, _NODE_NAME, _NODE_OPERATOR, _NODE_ATTRIBUTE, _NODE_DOMAIN = map(tag, (1, 2, 3, 4, 5, 7))
_FUNCTION_NAME, _FUNCTION_INPUT, _FUNCTION_OUTPUT, _FUNCTION_NODE = map(tag, (1, 4, 5, 7))
_FUNCTION_DOMAIN, _FUNCTION_DEFAULT = tag(10), tag(11)
_NAME, _FLOAT, _INT, _STRING, _TENSOR, _GRAPH = tag(1), tag(2, FOUR_BYTES), tag(3, VARINT), tag(4), tag(5), tag(6)
_FLOATS, _PACKED_FLOATS, _INTS, _PACKED_INTS, _STRINGS = tag(7, FOUR_BYTES), tag(7), tag(8, VARINT), tag(8), tag(9)
_TYPE, _REFERENCE = tag(20, VARINT), tag(21)

_SINGLE_VALUES = {1: _FLOAT, 2: _INT, 3: _STRING, 4: _TENSOR, 5: _GRAPH}
"""Where an attribute keeps its value, by its type (AttributeProto.AttributeType)."""
_LISTED_VALUES = {6: (_FLOATS, _PACKED_FLOATS), 7: (_INTS, _PACKED_INTS), 8: (_STRINGS, -1)}
"""The same for lists: the fields for values one by one, and packed."""


class Decoder:
    """Reads the messages that hold graphs, and counts what it has read, so that no file can ask for endless work."""

    def __init__(self) -> None:
        self._nodes = 0
        self._depth = 0
        self._attribute_fields: dict[int, Reader] = {
            **dict.fromkeys((_NAME, _STRING, _STRINGS, _REFERENCE), text),
            **dict.fromkeys((_INT, _INTS, _TYPE), number),
            **dict.fromkeys((_FLOAT, _FLOATS), fraction),
            _PACKED_INTS: numbers,
            _PACKED_FLOATS: fractions,
            _TENSOR: read_tensor,
            _GRAPH: self._graph,
        }
        self._node_fields: dict[int, Reader] = {
            **dict.fromkeys((_NODE_INPUT, _NODE_OUTPUT, _NODE_NAME, _NODE_OPERATOR, _NODE_DOMAIN), text),
            _NODE_ATTRIBUTE: self._attribute,
        }
        self._function_fields: dict[int, Reader] = {
            **dict.fromkeys((_FUNCTION_NAME, _FUNCTION_INPUT, _FUNCTION_OUTPUT, _FUNCTION_DOMAIN), text),
            _FUNCTION_NODE: self._node,
            _FUNCTION_DEFAULT: self._attribute,
        }
        self._graph_fields: dict[int, Reader] = {
            _GRAPH_NODE: _copied(self._node),
            _GRAPH_WEIGHT: _copied(read_weight),
            _GRAPH_SPARSE_WEIGHT: read_sparse_weight,
            **dict.fromkeys((_GRAPH_INPUT, _GRAPH_OUTPUT, _GRAPH_VALUE), _copied(read_value_info)),
        }

    def model(self, data: Buffer) -> Model | None:
        """A ModelProto; None where it holds no graph.

        Raises:
            WireError: it is no such message, or an impossible one.
        """
        found = collect(data, 0, len(data), {_MODEL_GRAPH: self._graph, _MODEL_FUNCTION: self._function})
        functions = {(function.domain, function.name): function for function in found[_MODEL_FUNCTION]}
        graph = last(found, _MODEL_GRAPH, None)
        return None if graph is None else Model(graph, functions)

    def _graph(self, data: Buffer, start: int, end: int) -> Graph:
        self._depth += 1
        if self._depth > DEEPEST_NESTING:
            raise WireError(f"its graphs are nested more than {DEEPEST_NESTING} deep")
        found = collect(data, start, end, self._graph_fields)
        self._depth -= 1
        return Graph(
            nodes=tuple(found[_GRAPH_NODE]),
            inputs=tuple(found[_GRAPH_INPUT]),
            outputs=tuple(info.name for info in found[_GRAPH_OUTPUT]),
            weights=dict(found[_GRAPH_WEIGHT] + found[_GRAPH_SPARSE_WEIGHT]),
            declared={info.name: info for info in found[_GRAPH_VALUE]},
        )

    def _node(self, data: Buffer, start: int, end: int) -> Node:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise WireError(f"it has more than {MOST_NODES} nodes")
        found = collect(data, start, end, self._node_fields)
        return Node(
            name=last(found, _NODE_NAME, ""),
            op_type=last(found, _NODE_OPERATOR, ""),
            domain=last(found, _NODE_DOMAIN, ""),
            inputs=tuple(found[_NODE_INPUT]),
            outputs=tuple(found[_NODE_OUTPUT]),
            attributes=dict(found[_NODE_ATTRIBUTE]),
        )

    def _attribute(self, data: Buffer, start: int, end: int) -> tuple[str, AttributeValue]:
        found = collect(data, start, end, self._attribute_fields)
        return last(found, _NAME, ""), _attribute_value(found)

    def _function(self, data: Buffer, start: int, end: int) -> Function:
        found = collect(data, start, end, self._function_fields)
        return Function(
            name=last(found, _FUNCTION_NAME, ""),
            domain=last(found, _FUNCTION_DOMAIN, ""),
            inputs=tuple(found[_FUNCTION_INPUT]),
            outputs=tuple(found[_FUNCTION_OUTPUT]),
            nodes=tuple(found[_FUNCTION_NODE]),
            defaults=dict(found[_FUNCTION_DEFAULT]),
        )


def _copied(reader: Reader) -> Reader:
    """The same reader over a copy of the message's own bytes, unless they are many."""

    def read(data: Buffer, start: int, end: int) -> object:
        return reader(data[start:end], 0, end - start) if end - start <= COPIED else reader(data, start, end)

    return read


def _attribute_value(found: Found) -> AttributeValue:
    """The value of an attribute by its declared type; files older than types get whatever field is there."""
    reference = last(found, _REFERENCE, "")
    if reference:
        return Reference(reference)
    declared = last(found, _TYPE, 0)
    if declared in _LISTED_VALUES:
        return repeated(found, *_LISTED_VALUES[declared])
    if declared in _SINGLE_VALUES:
        value: AttributeValue = last(found, _SINGLE_VALUES[declared], None)
        return value
    return _untyped_value(found) if declared == 0 else None


def _untyped_value(found: Found) -> AttributeValue:
    for key in _SINGLE_VALUES.values():
        if key in found:
            return last(found, key, None)  # type: ignore[no-any-return]
    return next((listed for keys in _LISTED_VALUES.values() if (listed := repeated(found, *keys))), None)
