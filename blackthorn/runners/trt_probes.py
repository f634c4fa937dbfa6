"""Probes as TensorRT takes them, and the kinds of layer that it has none for.

Two things are different from the probes of other runtimes. Convolutions that read one input are run as a single wider one
there, so that every copy gets an input of its own. And numbers of 8 bits stand nowhere but between QuantizeLinear and
DequantizeLinear, signed and with the zero point 0: TensorRT finds from these what it can run in 8 bits.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import msgspec
import numpy as np

from blackthorn.errors import NotMeasured
from blackthorn.layers import LayerKind, layer_kind
from blackthorn.layers.onnx_probe import Activations, Given, Input, ProbeLayer, Weights, probe_model
from blackthorn.layers.quantization import scale_of_bytes
from blackthorn.onnx_graph.fusion.quantizing import ROUND, WIDEN
from blackthorn.records import Probe
from blackthorn.runners.ort_quantization import ROUNDED

NODE = "layer"
"""What the nodes of a probe that are its layers are called, a number behind it."""
_UNSIGNED = "TensorRT has no unsigned numbers of 8 bits"
_WHOLE_RESULTS = "TensorRT has no convolution whose results stay whole numbers"
_ON_THE_WAY = "TensorRT knows the scales of 8-bit numbers beforehand and finds none on the way"
_LAYOUT = "a change of layout that ONNX Runtime alone puts in"
UNKNOWN_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "attention": "TensorRT's parser has no attention of inputs that are packed in one",
        "bitwise": "TensorRT has no bitwise operators on numbers of 8 bits",
        "channels_last_max_pool2d_int8": "an operator that ONNX Runtime alone puts in",
        "conv1d_uint8": _UNSIGNED,
        "conv2d_uint8": _UNSIGNED,
        "dense_uint8": _UNSIGNED,
        "depthwise_conv2d_uint8": _UNSIGNED,
        "dispatch": "TensorRT runs a chain of idle nodes as one kernel, which does not tell what goes by between kernels",
        "dynamic_quantize": _ON_THE_WAY,
        "integer_conv2d_int8": _WHOLE_RESULTS,
        "integer_conv2d_uint8": _WHOLE_RESULTS,
        "lstm_int8": _ON_THE_WAY,
        "matmul_uint8": _UNSIGNED,
        "reorder_input": _LAYOUT,
        "reorder_output": _LAYOUT,
    }
)
"""Kinds of layer that are never measured with TensorRT, and why."""


class Rounding(msgspec.Struct, frozen=True):
    """Where a layer has numbers of 8 bits: operators put before its inputs, by their places, and behind its result."""

    before: Mapping[int, tuple[str, ...]]
    behind: tuple[str, ...] = ()


NOT_ROUNDED = Rounding({})
_BOTH = (ROUND, WIDEN)
_PLAIN = {kernel.operator: (plain, kernel.reads) for plain, kernel in ROUNDED.items()}
_OWN_ATTRIBUTES = frozenset({"channels_last", "opset"})
"""Attributes that only the 8-bit operators of ONNX Runtime have."""
_ALREADY_PLAIN = "MaxPool"
"""An operator that takes 8 bits under its own name."""


def tensorrt_model(probe: Probe, *, copies: int | None = None, implicit: bool = False) -> bytes:
    """A probe as a serialised ONNX model, its layers named `layer0`, `layer1`, ...

    Args:
        probe: what to build.
        copies: how many layers it holds; as many as leave weights cold if None.
        implicit: leave layers of 8 bits as layers of fractions, since ranges will say that they are none.

    Raises:
        NotMeasured: TensorRT has no such layer.
    """
    kind = layer_kind(probe.layer)
    _refuse_unknown(kind)
    layer, rounding = tensorrt_layer(kind.probe_layer(probe.dimensions))
    held = copies or kind.copies(probe.dimensions, probe.precision)
    model = probe_model(msgspec.structs.replace(layer, shared_input=False), held, probe.precision)
    return model if implicit or rounding == NOT_ROUNDED else _rounded(model, rounding)


def is_of_eight_bits(probe: Probe) -> bool:
    """Whether a probe holds numbers of 8 bits."""
    return tensorrt_layer(layer_kind(probe.layer).probe_layer(probe.dimensions))[1] != NOT_ROUNDED


def tensorrt_layer(layer: ProbeLayer) -> tuple[ProbeLayer, Rounding]:
    """A layer as one of fractions, and where its numbers are rounded; one of fractions stays as it is."""
    if layer.operator == ROUND:
        return _signed(layer), Rounding({}, (WIDEN,))
    if layer.operator == WIDEN:
        return _signed(layer), Rounding({0: (ROUND,)})
    if layer.operator in _PLAIN:
        operator, reads = _PLAIN[layer.operator]
        inputs = dict(_plain_inputs(layer.inputs, reads.split()))
        rounded = {place: _BOTH for place, name in enumerate(inputs) if inputs[name][1]}
        plain = msgspec.structs.replace(
            layer,
            operator=operator,
            domain="",
            inputs=tuple(given for given, _ in inputs.values()),
            elements=(),
            attributes={name: value for name, value in layer.attributes.items() if name not in _OWN_ATTRIBUTES},
        )
        return plain, Rounding(rounded, _BOTH)
    if layer.operator == _ALREADY_PLAIN and layer.elements:
        plain = msgspec.structs.replace(layer, inputs=tuple(map(_fractions, layer.inputs)), elements=())
        return plain, Rounding({0: _BOTH}, _BOTH)
    return layer, NOT_ROUNDED


def _refuse_unknown(kind: LayerKind) -> None:
    if kind.name in UNKNOWN_KINDS:
        raise NotMeasured(f"{kind.name} is not measured with TensorRT: {UNKNOWN_KINDS[kind.name]}", "leave it out")


def _signed(layer: ProbeLayer) -> ProbeLayer:
    """A change to or from 8 bits with the zero point that TensorRT asks for."""
    data = _fractions(layer.inputs[0])
    return msgspec.structs.replace(layer, inputs=(data, scale_of_bytes(), Given(np.array(0, np.int8))), elements=())


def _plain_inputs(inputs: tuple[Input, ...], names: list[str]) -> Iterator[tuple[str, tuple[Input, bool]]]:
    """The numbers among the inputs of an 8-bit operator as fractions, and whether they were of 8 bits.

    Args:
        inputs: all that it reads.
        names: what `Kernel.reads` calls them.
    """
    if names[-1] == "all":
        listed = inputs[len(names) - 1 :: 3]
        yield from ((f"x{place}", (_fractions(given), True)) for place, given in enumerate(listed))
        return
    for name, given in zip(names, inputs, strict=False):
        if name.startswith("x"):
            yield name, (_fractions(given), f"s{name[1:]}" in names)


def _fractions(given: Input) -> Input:
    """Numbers of any type as fractions."""
    if isinstance(given, Activations):
        return Activations(given.shape)
    return Weights(given.shape) if isinstance(given, Weights) else given


def _rounded(model: bytes, rounding: Rounding) -> bytes:
    """A probe with roundings before and behind each of its layers."""
    import onnx

    loaded = onnx.load_from_string(model)
    graph, nodes = loaded.graph, list(loaded.graph.node)
    del graph.node[:]
    for node in nodes:
        if not node.name.startswith(NODE):
            graph.node.append(node)
            continue
        for place, operators in rounding.before.items():
            title = f"{node.name} input {place}"
            graph.node.extend(_chain(operators, node.input[place], title))
            node.input[place] = title
        given = node.output[0]
        node.output[0] = f"{given} unrounded" if rounding.behind else given
        graph.node.append(node)
        graph.node.extend(_chain(rounding.behind, node.output[0], given))
    graph.initializer.extend(_parameters())
    return bytes(loaded.SerializeToString())


def _chain(operators: tuple[str, ...], source: str, result: str) -> Iterator[Any]:
    """Roundings one behind the other, from one tensor to another."""
    from onnx import helper

    for operator in operators:
        given = result if operator == operators[-1] else f"{operator} to {result}"
        yield helper.make_node(operator, [source, *_PARAMETERS], [given], f"{operator} for {result}")
        source = given


_PARAMETERS = ("scale", "zero")


def _parameters() -> list[Any]:
    """Scale and zero point of everything that was put in."""
    from onnx import numpy_helper

    values = (scale_of_bytes().values, np.array(0, np.int8))
    return [numpy_helper.from_array(value, name) for name, value in zip(_PARAMETERS, values, strict=True)]
