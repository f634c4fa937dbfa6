"""Layers of a TensorRT engine as trtexec describes them (`--exportLayerInfo` with `--profilingVerbosity=detailed`).

TensorRT's builder tells parameters of convolutions and pools; of what its second compiler (Myelin) makes it tells the shapes
of inputs and outputs and the ONNX nodes. Field names are those of TensorRT 8.5 to 11, which splits "Format/Datatype" in two.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from blackthorn.importing.reading import probe_by_shapes, probe_of
from blackthorn.layers import layer_kinds
from blackthorn.records import OnnxNode, Precision, Probe
from blackthorn.runners.trt_layers import nodes_named

ELEMENT_TYPE = re.compile(
    r"bfloat16|bf16|fp8|fp4|int4|uint8|int8|int32|int64|bool|float16|fp16|half|float32|fp32|float", re.IGNORECASE
)
ELEMENTS = {"half": "float16", "fp16": "float16", "fp32": "float32", "float": "float32"}
"""TensorRT's names of element types that numpy has under another one."""
PRECISIONS: Mapping[str, Precision] = {"float16": "fp16", "float32": "fp32"}
BYTES, SIGNED = ("int8", "uint8"), "int8"
"""Element types of 8 bits, and that of all weights of 8 bits."""
POOLS = {"MAX": "MaxPool", "AVERAGE": "AveragePool"}
PRODUCTS = ("Gemm", "MatMul")
REFORMAT = "Reformat"
IDLE = ("NoOp", "shape_call")
"""Layers that a profile lists and that compute nothing."""


class EngineTensor(msgspec.Struct, frozen=True, rename="pascal"):
    """An input or output of a layer; `dimensions` has -1, or nothing, where a size is open."""

    name: str = ""
    dimensions: tuple[int, ...] = ()
    old_format: str = msgspec.field(name="Format/Datatype", default="")
    data_type: str = msgspec.field(name="DataType", default="")
    datatype: str = ""

    @property
    def element(self) -> str:
        """The element type as numpy names it, or TensorRT where numpy has none; empty where it is not told."""
        found = ELEMENT_TYPE.search(self.data_type or self.datatype or self.old_format)
        name = found.group().lower() if found else ""
        return ELEMENTS.get(name, name)

    @property
    def shape(self) -> tuple[int, ...] | None:
        """The shape; None where a size is open."""
        return self.dimensions if self.dimensions and min(self.dimensions) > 0 else None


class EngineWeights(msgspec.Struct, frozen=True, rename="pascal"):
    """The weights of a convolution."""

    type: str = ""


class EngineLayer(msgspec.Struct, frozen=True, rename="pascal"):
    """A layer of an engine; fields that its type does not have are empty."""

    name: str
    layer_type: str = ""
    inputs: tuple[EngineTensor, ...] = ()
    outputs: tuple[EngineTensor, ...] = ()
    parameter_type: str = ""
    kernel: tuple[int, ...] = ()
    window_size: tuple[int, ...] = ()
    stride: tuple[int, ...] = ()
    dilation: tuple[int, ...] = ()
    pre_padding: tuple[int, ...] = ()
    post_padding: tuple[int, ...] = ()
    out_maps: int = 0
    groups: int = 1
    pooling_type: str = ""
    origin: str = ""
    weights: EngineWeights = EngineWeights()
    metadata: str = ""

    @property
    def nodes(self) -> tuple[str, ...]:
        """The ONNX nodes that became it, in order; of files before TensorRT 8.6, which have no metadata, parts of its name."""
        if not self.metadata and self.layer_type in (REFORMAT, *IDLE) and self.origin != "QDQ":
            return ()
        return nodes_named(self.name, self.metadata)


class Understood(msgspec.Struct, frozen=True):
    """What a layer is; exactly one of the two is given."""

    probe: Probe | None = None
    problem: str = ""


def understood(layer: EngineLayer) -> Understood:
    """The kind and the dimensions of an engine's layer, or why it has none."""
    if layer.layer_type in IDLE:
        return Understood(problem="TensorRT lists it, and it computes nothing")
    if not layer.outputs or layer.outputs[0].shape is None:
        return Understood(problem="the file does not tell its shape")
    result = layer.outputs[0].element
    precision = _precision(layer)
    if precision is None:
        return Understood(problem=f"its numbers are of type {result or 'unknown'}, of which nothing is measured")
    told = _told_node(layer)
    probe = probe_of(told, precision, result) if told is not None else _named(layer, precision)
    return Understood(probe) if probe is not None else Understood(problem=_unknown(layer))


def _precision(layer: EngineLayer) -> Precision | None:
    """That of the fractions it gives or takes; layers of 8 bits alone count as fp32, as their kinds do."""
    elements = [tensor.element for tensor in (*layer.outputs[:1], *layer.inputs)]
    if elements[0] not in (*PRECISIONS, *BYTES, "int32", "int64", "bool"):
        return None
    return next((PRECISIONS[element] for element in elements if element in PRECISIONS), "fp32")


def _unknown(layer: EngineLayer) -> str:
    listed = ", ".join(layer.nodes) or "none"
    return f"no kind of layer can be told from its type ({layer.layer_type or 'none'}) and its nodes ({listed})"


def _told_node(layer: EngineLayer) -> OnnxNode | None:
    """The ONNX node that a layer with parameters is; None where the file tells no parameters of it."""
    if layer.kernel and layer.out_maps and layer.groups > 0 and layer.inputs:
        return _convolution(layer)
    if layer.window_size and layer.pooling_type in POOLS:
        attributes = {
            "kernel_shape": layer.window_size,
            "strides": layer.stride,
            "pads": (*layer.pre_padding, *layer.post_padding),
        }
        return _node(layer, POOLS[layer.pooling_type], attributes)
    if layer.layer_type == REFORMAT and layer.inputs:
        return _copy(layer)
    return None


def _node(layer: EngineLayer, operator: str, attributes: Mapping[str, object]) -> OnnxNode:
    """A node of an operator that takes and gives what the layer does."""
    return OnnxNode(
        name=layer.name,
        op_type=operator,
        inputs=tuple(tensor.shape for tensor in layer.inputs),
        outputs=tuple(tensor.shape for tensor in layer.outputs),
        attributes=attributes,
        constant=(False,) * len(layer.inputs),
        elements=tuple(tensor.element for tensor in layer.inputs),
    )


def _convolution(layer: EngineLayer) -> OnnxNode:
    """A convolution by the ONNX operator that does the same: those of 8 bits go by the names that the fusions give them."""
    data, result = layer.inputs[0], layer.outputs[0]
    transposed = "deconv" in (layer.layer_type + layer.parameter_type).lower()
    channels = data.dimensions[1] if len(data.dimensions) > 1 else 0
    ends = (channels, layer.out_maps // layer.groups) if transposed else (layer.out_maps, channels // layer.groups)
    weights: tuple[int, ...] = (*ends, *layer.kernel)
    shapes: tuple[tuple[int, ...] | None, ...] = (data.shape, weights)
    elements: tuple[str, ...] = (data.element, data.element)
    operator = "ConvTranspose" if transposed else "Conv"
    if data.element in BYTES and result.element in BYTES:
        operator, shapes, elements = "QLinearConv", (data.shape, (), (), weights), (data.element, "", data.element, SIGNED)
    elif data.element in BYTES:
        operator, elements = "ConvInteger", (data.element, SIGNED)
    return OnnxNode(
        name=layer.name,
        op_type=operator,
        inputs=shapes,
        outputs=(result.shape,),
        attributes={
            "kernel_shape": layer.kernel,
            "strides": layer.stride or (1,) * len(layer.kernel),
            "dilations": layer.dilation or (1,) * len(layer.kernel),
            "group": layer.groups,
            "pads": (*layer.pre_padding, *layer.post_padding),
        },
        constant=(False,) + (True,) * (len(shapes) - 1),
        elements=elements,
    )


def _copy(layer: EngineLayer) -> OnnxNode:
    """A copy into another layout; also the way to 8 bits or back, which TensorRT runs as one."""
    before, after = layer.inputs[0].element, layer.outputs[0].element
    if (before in BYTES) == (after in BYTES):
        return _node(layer, REFORMAT, {})
    return _node(layer, "QuantizeLinear" if after in BYTES else "DequantizeLinear", {})


def _named(layer: EngineLayer, precision: Precision) -> Probe | None:
    """What a layer is by the operators in the names of its nodes, where shapes tell the rest."""
    result = layer.outputs[0].element
    for operator in _operators(layer):
        node = _product(layer, operator) if operator in PRODUCTS else _node(layer, operator, {})
        probe = None if node is None else probe_by_shapes(node, precision, result)
        if probe is not None:
            return probe
    return None


def _operators(layer: EngineLayer) -> Iterator[str]:
    """Operators that exporters put at the end of nodes' names (`/fc/Gemm`, `Add_12`); those of several inputs first."""
    known = {operator for kind in layer_kinds().values() for operator in kind.operators}
    ends = (re.sub(r"_\d+$", "", node).rpartition("/")[2] for node in layer.nodes)
    found = [end for end in ends if end in known]
    several = layer_kinds()["add"].operators
    yield from sorted(found, key=lambda operator: len(layer.inputs) > 1 and operator not in several)


def _product(layer: EngineLayer, operator: str) -> OnnxNode | None:
    """A matrix product: among the inputs are its two sides; factors and biases are others.

    Weights come as inner x columns, and may stand before the data.
    """
    output = layer.outputs[0].dimensions
    rows, columns = math.prod(output[:-1]), output[-1]
    for weights in _of_rank(layer.inputs, 2):
        inner, across = weights.dimensions
        for data in layer.inputs:
            if across == columns and data is not weights and inner > 1 and math.prod(data.dimensions) == rows * inner:
                sides = ((rows, inner), (inner, columns))
                return OnnxNode(layer.name, operator, sides, ((rows, columns),), {}, (False, True), (data.element,) * 2)
    return None


def _of_rank(tensors: Iterable[EngineTensor], rank: int) -> Iterator[EngineTensor]:
    return (tensor for tensor in tensors if len(tensor.dimensions) == rank)
