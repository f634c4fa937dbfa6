"""From what a file tells of a layer to the layer's kind and dimensions, through the kinds' own reading of ONNX nodes."""

from collections.abc import Iterable

from msgspec.structs import replace

from blackthorn.layers import LayerKind, layer_kinds
from blackthorn.layers.shapes import input_shape, output_shape
from blackthorn.records import OnnxNode, Precision, Probe

TOLD_BY_SHAPES = frozenset(
    {"add", "add_broadcast", "batch_norm", "bitwise", "dense", "dequantize", "dynamic_quantize", "elu", "expand", "gelu"}
    | {"global_average_pool2d", "instance_norm", "matmul", "prelu", "quantize", "relu", "reorder_input", "reorder_output"}
    | {"reshape", "sigmoid", "softplus", "sum", "where"}
)
"""Kinds whose dimensions follow from the shapes of inputs and outputs; others ask for an axis, a window or a stride."""
SMALLEST_RANK = 3
"""Axes of the weights of a convolution at least: filters, channels, and one of the kernel."""
WHOLE = ("int", "uint", "bool")
"""How numpy's names of whole numbers and truth values begin."""


def probe_of(node: OnnxNode, precision: Precision, result: str) -> Probe | None:
    """The layer that a node is; None where it is of no kind.

    Args:
        node: with the attributes that its operator needs.
        precision: number format of its fractions.
        result: element type of its first output, as numpy names it.
    """
    return _first_read(node, precision, result, layer_kinds().values())


def probe_by_shapes(node: OnnxNode, precision: Precision, result: str) -> Probe | None:
    """The same where nothing is known of the node's attributes; None also where its kind needs them.

    Convolutions are told where strides, dilations and padding cannot matter: with a kernel of 1 and as many positions in the
    output as in the input. How many groups there are shapes tell.
    """
    if node.op_type in ("Conv", "FusedConv"):
        plain = _plain_convolution(node)
        return None if plain is None else probe_of(plain, precision, result)
    kinds = layer_kinds()
    return _first_read(node, precision, result, [kinds[name] for name in kinds if name in TOLD_BY_SHAPES])


def _first_read(node: OnnxNode, precision: Precision, result: str, kinds: Iterable[LayerKind]) -> Probe | None:
    for kind in kinds:
        dimensions = kind.read(node) if kind.gives_whole or not result.startswith(WHOLE) else None
        if dimensions is not None:
            return Probe(kind.name, dimensions, precision if precision in kind.precisions else kind.precisions[0])
    return None


def _plain_convolution(node: OnnxNode) -> OnnxNode | None:
    """A convolution that has no attributes but its groups; None where shapes leave something open."""
    data, weights, output = input_shape(node, 0), input_shape(node, 1), output_shape(node, 0)
    if not data or not weights or not output or len(weights) < SMALLEST_RANK:
        return None
    if set(weights[2:]) != {1} or data[2:] != output[2:]:
        return None
    return replace(node, attributes={"group": data[1] // weights[1]})
