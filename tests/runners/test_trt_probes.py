"""Every kind's probe before NVIDIA's own parser, and built into an engine by its own builder; no GPU is needed for that."""

import importlib
from pathlib import Path
from typing import Any

import pytest

from blackthorn.errors import NotMeasured
from blackthorn.layers import layer_kind
from blackthorn.records import Precision, Probe
from blackthorn.runners.trt_engines import EngineBuilder, Model
from blackthorn.runners.trt_probes import NODE, UNKNOWN_KINDS, is_of_eight_bits, tensorrt_model
from tests.layers.points import KINDS, plain_points
from tests.runners.nvidia_wheels import AMPERE, ahead, needs_builder

MEASURED = [(kind, precision) for kind in KINDS if kind not in UNKNOWN_KINDS for precision in layer_kind(kind).precisions]
EIGHT_BITS = ["conv2d_int8", "depthwise_conv2d_int8", "conv1d_int8", "dense_int8", "add_int8", "concat_int8", "softmax_int8"]
NOT_FOR_THE_PARSER = {"dispatch", "reorder_input", "reorder_output"}
"""Kinds that TensorRT would take, but whose times would tell nothing of it."""


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> EngineBuilder:
    return ahead(tmp_path_factory.mktemp("engines"))


def odd_probe(kind: str, precision: Precision = "fp32") -> Probe:
    return Probe(kind, plain_points(layer_kind(kind))[1], precision)


def loaded(content: bytes) -> Any:
    import onnx

    return onnx.load_from_string(content)


def model_of(probe: Probe) -> Model:
    return Model(probe.key, tensorrt_model(probe), probe.precision, is_of_eight_bits(probe))


@needs_builder
@pytest.mark.parametrize(("kind", "precision"), MEASURED)
def test_every_kind_is_built_into_an_engine(builder: EngineBuilder, kind: str, precision: Precision) -> None:
    assert len(builder.engine(model_of(odd_probe(kind, precision)))) > 1000


@needs_builder
@pytest.mark.parametrize("kind", sorted(set(UNKNOWN_KINDS) - NOT_FOR_THE_PARSER))
def test_what_is_listed_as_unknown_is_refused_by_the_parser_itself(builder: EngineBuilder, kind: str) -> None:
    probe = odd_probe(kind)
    content = layer_kind(kind).onnx_model(probe.dimensions, probe.precision)
    with pytest.raises(NotMeasured, match=r"TensorRT does not take node '[^']+' of ") as refused:
        builder.engine(Model(probe.key, content, probe.precision))
    nodes = {node.name for node in loaded(content).graph.node}
    assert str(refused.value).split("'")[1] in nodes


@pytest.mark.parametrize("kind", sorted(UNKNOWN_KINDS))
def test_an_unknown_kind_is_refused_with_the_reason(kind: str) -> None:
    with pytest.raises(NotMeasured) as refused:
        tensorrt_model(odd_probe(kind))
    assert UNKNOWN_KINDS[kind] in str(refused.value)


@pytest.mark.parametrize(("kind", "precision"), MEASURED)
def test_a_probe_is_sound_onnx_with_its_copies_and_no_shared_input(kind: str, precision: Precision) -> None:
    probe = odd_probe(kind, precision)
    import onnx

    model = loaded(tensorrt_model(probe))
    onnx.checker.check_model(model)
    layers = [node for node in model.graph.node if node.name.startswith(NODE)]
    assert len(layers) == layer_kind(kind).copies(probe.dimensions, precision)
    written = {output for node in model.graph.node for output in node.output}
    read = [name for node in layers for name in node.input if name in written]
    assert len(read) == len(set(read))


@pytest.mark.parametrize("kind", EIGHT_BITS)
def test_8_bits_stand_between_rounding_and_widening(kind: str) -> None:
    import onnx

    model = loaded(tensorrt_model(odd_probe(kind)))
    giver = {output: node for node in model.graph.node for output in node.output}
    readers = {name: node for node in model.graph.node for name in node.input}
    for layer in (node for node in model.graph.node if node.name.startswith(NODE)):
        assert giver[layer.input[0]].op_type == "DequantizeLinear"
        assert giver[giver[layer.input[0]].input[0]].op_type == "QuantizeLinear"
        rounded = readers[layer.output[0]]
        assert rounded.op_type == "QuantizeLinear"
        assert readers[rounded.output[0]].op_type == "DequantizeLinear"
    zeros = [held for held in model.graph.initializer if held.name == "zero"]
    assert [(onnx.numpy_helper.to_array(held).dtype.name, onnx.numpy_helper.to_array(held).item()) for held in zeros] == [
        ("int8", 0)
    ]


def test_weights_of_8_bits_are_rounded_too() -> None:
    model = loaded(tensorrt_model(odd_probe("conv2d_int8")))
    giver = {output: node.op_type for node in model.graph.node for output in node.output}
    layer = next(node for node in model.graph.node if node.name == f"{NODE}0")
    assert (layer.op_type, [giver.get(name) for name in layer.input]) == (
        "Conv",
        ["DequantizeLinear", "DequantizeLinear", None],
    )


def test_where_ranges_tell_of_8_bits_the_file_does_not() -> None:
    probe = odd_probe("conv2d_int8")
    operators = {node.op_type for node in loaded(tensorrt_model(probe, implicit=True)).graph.node}
    assert operators == {"ThresholdedRelu", "Conv", "Softsign"}
    assert is_of_eight_bits(probe)
    assert not is_of_eight_bits(odd_probe("conv2d"))


@needs_builder
def test_the_real_library_is_strongly_typed_and_builds_for_others(tmp_path: Path) -> None:
    from blackthorn.runners.trt_versions import can_be_implicit, can_build_for_others, is_strongly_typed

    trt = ahead(tmp_path).library
    assert is_strongly_typed(trt)
    assert can_build_for_others(trt)
    assert not can_be_implicit(trt)
    assert hasattr(importlib.import_module(trt.__name__).ComputeCapability, f"SM{AMPERE[0]}{AMPERE[1]}")
