"""Profiles that ONNX Runtime writes here of networks small and real."""

import json
from pathlib import Path

import numpy as np
import pytest

from blackthorn.errors import BadFile, BadValue
from blackthorn.importing import Imported, ImportedLayer, TimedNetwork, imported_profiles, read_files
from tests.networks import light_networks, write_network
from tests.runners.optimised import save

RUNS = 4
SMALL = """(float[1,16,8,8] x, float[16,16,1,1] W, float[16,16,3,3] V, float[16] B, float[1024,10] G) => (y) {
    a = Conv(x, W, B) b = Relu(a) c = Conv<pads=[1,1,1,1]>(b, V, B) d = Flatten(c) e = MatMul(d, G) y = Softmax(e) }"""


def profile_of(network: Path, folder: Path, runs: int = RUNS) -> Path:
    """What ONNX Runtime writes while it runs a network."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.enable_profiling = True
    options.profile_file_prefix = str(folder / "profile")
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(str(network), options, providers=["CPUExecutionProvider"])
    feeds = {entry.name: np.zeros(entry.shape, np.float32) for entry in session.get_inputs()}
    for _ in range(runs):
        session.run(None, feeds)
    return Path(session.end_profiling())


def imported_from(profile: Path, model: Path | None = None) -> Imported:
    return imported_profiles(read_files([profile]), None if model is None else TimedNetwork(model))


def by_operator(found: Imported) -> dict[str, ImportedLayer]:
    """Layers by the kinds that they are of, or the reasons why they are of none."""
    return {layer.probe.layer if layer.probe else layer.problem: layer for layer in found.layers}


@pytest.mark.parametrize("name", ["light_squeezenet", "light_shufflenet"])
def test_with_its_network_every_kernel_finds_its_layer(name: str, tmp_path: Path) -> None:
    model = light_networks()[name]
    found = imported_from(profile_of(model, tmp_path, runs=2), model)
    untold = [layer for layer in found.layers if layer.probe is None]
    assert sum(layer.seconds for layer in untold) < 0.02 * found.seconds, untold
    assert {"conv2d", "reorder_output"} <= by_operator(found).keys()


def test_without_it_layers_that_shapes_tell_are_found_and_the_others_listed(tmp_path: Path) -> None:
    found = by_operator(imported_from(profile_of(save(SMALL, tmp_path), tmp_path)))
    one = found["conv2d"].probe
    assert one is not None
    assert (one.dimensions["kernel"], one.dimensions["filters"], one.dimensions["height"]) == (1, 16, 8)
    dense = found["dense"].probe
    assert dense is not None
    assert dense.dimensions == {"outputs": 10, "inputs": 1024, "rows": 1}
    assert {problem.split(";")[0] for problem in found if " " in problem} == {
        "a profile does not tell the attributes of Conv",
        "a profile does not tell the attributes of Softmax",
    }


def test_the_first_run_is_left_out_and_the_others_tell_how_times_scatter(tmp_path: Path) -> None:
    found = imported_from(profile_of(save(SMALL, tmp_path), tmp_path))
    assert {layer.calls for layer in found.layers} == {RUNS - 1}
    assert all(layer.relative_error is not None and layer.relative_error >= 0.0 for layer in found.layers)
    once = imported_from(profile_of(save(SMALL, tmp_path), tmp_path, runs=1))
    assert {(layer.calls, layer.relative_error) for layer in once.layers} == {(1, None)}


def event(name: str, operator: str, inputs: list, outputs: list, ts: int = 0, **arguments: str) -> dict:
    types = {"input_type_shape": inputs, "output_type_shape": outputs}
    return {
        "cat": "Node",
        "name": f"{name}_kernel_time",
        "ts": ts,
        "dur": 10,
        "args": {"op_name": operator, **types, **arguments},
    }


def written(folder: Path, *events: dict) -> Path:
    path = folder / "profile.json"
    path.write_text(json.dumps(events))
    return path


def test_products_are_told_from_attention(tmp_path: Path) -> None:
    square, wide = {"float": [1, 8, 4, 4]}, {"float16": [2, 6]}
    found = imported_from(
        written(
            tmp_path,
            event("a", "MatMul", [square, square], [square]),
            event("b", "Gemm", [wide, {"float16": [5]}], [{"float16": [2, 5]}]),
        )
    )
    keys = [layer.probe and layer.probe.key for layer in found.layers]
    assert keys == ["matmul fp32 batch=8 columns=4 inner=4 rows=4", "dense fp16 inputs=6 outputs=5 rows=2"]


def test_times_of_kernels_on_a_gpu_are_not_taken_from_their_launch(tmp_path: Path) -> None:
    shape = [{"float": [4, 4]}]
    (layer,) = imported_from(written(tmp_path, event("r", "Relu", shape, shape, provider="CUDAExecutionProvider"))).layers
    assert layer.probe is None
    assert layer.problem.startswith("it ran on CUDAExecutionProvider")


def test_nodes_that_are_of_no_kind_are_listed_also_with_the_network(tmp_path: Path) -> None:
    shape = [{"double": [4, 4]}]
    model = write_network(tmp_path, "(double[4,4] x) => (y) { y = Det(x) }")
    (layer,) = imported_from(written(tmp_path, event("Det_0", "Det", shape, shape)), model).layers
    assert layer.problem == "no kind of layer is this Det"


def test_a_profile_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="holds no kernel's time"):
        imported_from(written(tmp_path, {"cat": "Session", "name": "model_loading", "ts": 0, "dur": 1, "args": {}}))


def test_files_of_two_tools_are_refused(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("a,b\n1,2\n")
    shape = [{"float": [4, 4]}]
    profile = written(tmp_path, event("r", "Relu", shape, shape))
    with pytest.raises(BadValue, match="several tools"):
        read_files([table, profile])
