"""Every probe runs on ONNX Runtime as exactly its copies of the layer, in the layout in which networks run it."""

from collections import Counter
from pathlib import Path

import pytest

from blackthorn.layers import layer_kind
from blackthorn.records import Dimensions, Precision
from blackthorn.runners.ort_session import NodeTime, ProfiledSession
from tests.layers.points import KERNELS, KINDS, plain_points

HALF_ON_CPU = ["conv2d", "dense", "matmul", "max_pool2d", "relu", "add", "concat", "transpose"]
"""Kinds whose kernels ONNX Runtime's CPU provider finds under their own name for fp16, too."""


def ran(kind: str, dimensions: Dimensions, precision: Precision = "fp32") -> list[NodeTime]:
    with ProfiledSession(layer_kind(kind).onnx_model(dimensions, precision)) as session:
        session.call()
        (nodes,) = session.finish()
    return nodes


@pytest.mark.parametrize("kind", KERNELS)
@pytest.mark.parametrize("which", range(3), ids=["smallest", "odd", "blocked"])
def test_a_probe_runs_as_its_copies(kind: str, which: int) -> None:
    dimensions = plain_points(layer_kind(kind))[which]
    counted = [node for node in ran(kind, dimensions) if node.operator in layer_kind(kind).operators]
    assert len(counted) == layer_kind(kind).copies(dimensions, "fp32") >= 2


@pytest.mark.parametrize("nodes", [1, 2, 50])
def test_idle_nodes_are_neither_left_out_nor_taken_together(nodes: int) -> None:
    assert len(ran("dispatch", {"nodes": nodes})) == nodes


@pytest.mark.parametrize("kind", HALF_ON_CPU)
def test_a_probe_of_half_precision_runs_as_its_copies(kind: str) -> None:
    dimensions = plain_points(layer_kind(kind))[1]
    counted = [node for node in ran(kind, dimensions, "fp16") if node.operator in layer_kind(kind).operators]
    assert len(counted) == layer_kind(kind).copies(dimensions, "fp16")


@pytest.mark.parametrize(("kind", "precision"), [(name, each) for name in KINDS for each in layer_kind(name).precisions])
def test_a_probe_is_sound_onnx(kind: str, precision: Precision) -> None:
    import onnx

    for dimensions in plain_points(layer_kind(kind)):
        model = onnx.load_from_string(layer_kind(kind).onnx_model(dimensions, precision))
        onnx.checker.check_model(model)
        if not any(imported.domain for imported in model.opset_import):
            onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)


def optimised(kind: str, dimensions: Dimensions, folder: Path) -> Counter[tuple[str, str]]:
    """(domain, operator) of the nodes that the runtime makes of a probe."""
    import onnx
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(folder / "optimised.onnx")
    options.log_severity_level = 4
    model = layer_kind(kind).onnx_model(dimensions, "fp32")
    onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    nodes = onnx.load(folder / "optimised.onnx").graph.node
    return Counter((node.domain.removeprefix("com.microsoft").removeprefix("."), node.op_type) for node in nodes)


@pytest.mark.parametrize(
    ("kind", "operator"),
    [
        ("conv2d", "Conv"),
        ("depthwise_conv2d", "Conv"),
        ("max_pool2d", "MaxPool"),
        ("average_pool2d", "AveragePool"),
        ("global_average_pool2d", "GlobalAveragePool"),
        ("batch_norm", "Conv"),
        ("reorder_input", "ReorderInput"),
        ("reorder_output", "ReorderOutput"),
    ],
)
def test_full_blocks_of_channels_run_in_the_blocked_layout(kind: str, operator: str, tmp_path: Path) -> None:
    dimensions = layer_kind(kind).complete({"channels": 64, "height": 8})
    if ("nchwc", "Conv") not in optimised("conv2d", layer_kind("conv2d").complete({"height": 8}), tmp_path):
        pytest.skip("ONNX Runtime has no blocked layout on this processor")
    nodes = optimised(kind, dimensions, tmp_path)
    assert nodes["nchwc", operator] == layer_kind(kind).copies(dimensions, "fp32")


@pytest.mark.parametrize("kind", ["max_pool2d", "average_pool2d", "global_average_pool2d"])
def test_channels_that_fill_no_blocks_are_pooled_in_the_plain_layout(kind: str, tmp_path: Path) -> None:
    nodes = optimised(kind, layer_kind(kind).complete({"channels": 18, "height": 8}), tmp_path)
    assert not [operator for domain, operator in nodes if domain == "nchwc"]


def test_a_layer_without_weights_reads_what_was_written_for_it_alone() -> None:
    nodes = [node.operator for node in ran("matmul", plain_points(layer_kind("matmul"))[1])]
    assert nodes == ["ThresholdedRelu", "ThresholdedRelu", "MatMul", "Softsign"] * 4


def test_weights_too_large_for_any_cache_need_no_second_copy() -> None:
    dense = layer_kind("dense")
    copies = [dense.copies(dense.complete({"inputs": size, "outputs": size}), "fp32") for size in (512, 1000, 4000, 8000)]
    assert copies == [16, 16, 2, 1]


@pytest.mark.parametrize(
    ("dimensions", "copies"),
    [
        ({"filters": 544, "channels": 544, "size": 7, "kernel": 1, "groups": 4}, 64),
        ({"filters": 64, "channels": 256, "size": 28, "kernel": 1}, 38),
        ({"filters": 24, "channels": 3, "size": 224, "kernel": 3, "stride": 2}, 55),
        ({"filters": 192, "channels": 192, "size": 14, "kernel": 3}, 7),
        ({"filters": 512, "channels": 512, "size": 28, "kernel": 3}, 4),
    ],
)
def test_copies_are_as_many_as_make_weights_cold_where_that_is_cheap(dimensions: dict[str, int], copies: int) -> None:
    kind = layer_kind("conv2d")
    assert kind.copies(kind.probe_at(dimensions).dimensions, "fp32") == copies


def test_copies_differ_in_their_weights() -> None:
    import onnx

    dense = layer_kind("dense")
    model = onnx.load_from_string(dense.onnx_model(dense.complete({}), "fp32"))
    weights = {bytes(onnx.numpy_helper.to_array(held)) for held in model.graph.initializer if held.name.endswith("_1")}
    assert len(weights) == dense.copies(dense.complete({}), "fp32") > 4
