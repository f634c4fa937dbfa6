"""What an engine's inspector and profiler tell, as text of both older and newer versions."""

import json

import pytest

from blackthorn.errors import NotMeasured
from blackthorn.runners.trt_layers import EngineLayer, LayerTime, engine_layers, part_of_call, without_profiler


def inspected(*layers: object) -> str:
    return json.dumps({"Layers": layers, "Bindings": ["x", "y"]})


def test_newer_versions_tell_the_nodes() -> None:
    told = {
        "Name": "/0/Conv + /1/Relu",
        "LayerType": "CaskConvolution",
        "Metadata": "[ONNX Layer: /0/Conv]\u001e[ONNX Layer: /1/Relu]",
        "Inputs": [],
    }
    assert engine_layers(inspected(told), ()) == (EngineLayer("/0/Conv + /1/Relu", "CaskConvolution", ("/0/Conv", "/1/Relu")),)


def test_nodes_are_told_once_and_may_hold_brackets() -> None:
    told = {"Name": "a", "LayerType": "Myelin", "Metadata": "[ONNX Layer: b[0]]\u001f[ONNX Layer: c]\u001e[ONNX Layer: b[0]]"}
    assert engine_layers(inspected(told), ())[0].nodes == ("b[0]", "c")


@pytest.mark.parametrize(
    ("name", "nodes"),
    [
        ("layer0", ("layer0",)),
        ("layer0 + Relu to y0_0", ("layer0", "Relu to y0_0")),
        ("layer0 || layer1", ("layer0", "layer1")),
        ("PWN(layer0, Relu to y0_0)", ("layer0", "Relu to y0_0")),
        ("PWN(PWN(layer0), Relu to y0_0) + layer1", ("layer0", "Relu to y0_0", "layer1")),
        ("{ForeignNode[layer0...layer1]}", ("layer0", "layer1")),
        ("Reformatting CopyNode for Input Tensor 0 to layer0", ()),
    ],
)
def test_older_versions_tell_them_in_names_of_layers(name: str, nodes: tuple[str, ...]) -> None:
    known = {"layer0", "layer1", "Relu to y0_0"}
    assert engine_layers(inspected({"Name": name, "LayerType": "x"}), known)[0].nodes == nodes
    assert engine_layers(inspected(name), known)[0] == EngineLayer(name, name, nodes)


@pytest.mark.parametrize("text", ["", "{}", '{"Layers": 3}', "no layers"])
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(NotMeasured, match="tells no layers"):
        engine_layers(text, ())


def test_what_the_profiler_adds_is_taken_off_every_layer_alike() -> None:
    times = [LayerTime("a", 12.5e-6), LayerTime("b", 32.5e-6)]
    assert [layer.seconds for layer in without_profiler(times, 40e-6)] == pytest.approx([10e-6, 30e-6])


def test_nothing_is_taken_off_where_the_whole_call_took_longer() -> None:
    times = [LayerTime("a", 10e-6), LayerTime("b", 30e-6)]
    assert without_profiler(times, 50e-6) == times
    assert without_profiler([], 1.0) == []


def test_a_layer_shorter_than_what_is_taken_off_takes_no_time() -> None:
    times = [LayerTime("a", 1e-6), LayerTime("b", 39e-6)]
    assert without_profiler(times, 10e-6)[0].seconds == 0.0


def test_the_part_of_some_layers() -> None:
    times = [LayerTime("a", 1.0), LayerTime("b", 3.0), LayerTime("a", 1.0), LayerTime("b", 3.0)]
    assert part_of_call(times, "a".__eq__) == 0.25
    assert part_of_call([], "a".__eq__) == 0.0
