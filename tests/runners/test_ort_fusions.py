"""What is read of networks against what ONNX Runtime itself makes of them."""

from collections import Counter
from functools import cache
from importlib.metadata import version
from pathlib import Path

import pytest

from blackthorn.onnx_graph import read_network
from blackthorn.onnx_graph.fusion import Fusions
from blackthorn.records import Device
from blackthorn.runners import fusions_on
from blackthorn.runners.onnxruntime import OnnxRuntimeRunner
from blackthorn.runners.ort_fusions import block_size, onnxruntime_fusions
from tests.networks import light_bytes, light_networks
from tests.onnx_graph.mutations import fused_or_refused
from tests.runners.fused_networks import CONV, END, NETWORKS, QUANTIZED_CONSTANTS, QUANTIZED_INPUTS, rounded
from tests.runners.optimised import differences, optimised, save, theirs

OBSERVED = (1, 32)
"""The version that the rules tell of. Earlier ones had fewer operators on blocks, and merged fewer nodes."""
is_earlier = tuple(map(int, version("onnxruntime").split(".")[:2])) < OBSERVED
of_this_version = pytest.mark.skipif(is_earlier, reason="the rules tell of ONNX Runtime 1.32 and later")

DIFFERENT = {
    "a product that is transposed swaps its sides": """(float[2,8] m, float[8,6] W) => (y) {
        g = Gemm(m, W) y = Transpose<perm=[1,0]>(g) }""",
    "transpositions move through other nodes until they meet": """(float[1,5,8] x) => (y) {
        a = Transpose<perm=[0,2,1]>(x) b = Exp(a) y = Transpose<perm=[0,2,1]>(b) }""",
    "slices of one tensor become a Split": """(float[1,6,8] x) => (y) {
        s = Constant<value_ints=[0]>() m = Constant<value_ints=[3]>()
        e = Constant<value_ints=[6]>() a = Constant<value_ints=[1]>()
        b = Slice(x, s, m, a) c = Slice(x, m, e, a) y = Add(b, c) }""",
    "what an Identity gave is given by the node before it": "(float[2,8] x) => (y) { a = Exp(x) y = Identity(a) }",
    "a chain of fractions between convolutions of 8 bits stays in their layout": f"""{QUANTIZED_INPUTS} {{ {QUANTIZED_CONSTANTS}
        {CONV} g = Exp(c_) {rounded("g")} r = Conv(g_, w, bias) {END} }}""",
    "half precision is cast to single and back": "(float16[1,16,8,8] x, float16[16,16,1,1] w) => (y) { y = Conv(x, w) }",
}
"""Networks that ONNX Runtime makes something else of than is told, by what it does."""


@cache
def block_here(folder: Path) -> int | None:
    """Channels in a block by what ONNX Runtime does with a convolution of 8: with blocks of 16 they go in as they are."""
    path = save("(float[1,8,8,8] x, float[16,8,1,1] W) => (y) { y = Conv(x, W) }", folder)
    operators = Counter(ran.operator for ran in theirs(path))
    if not operators["ReorderOutput"]:
        return None
    return 8 if operators["ReorderInput"] else 16


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Fusions:
    """What ONNX Runtime does on this processor."""
    return onnxruntime_fusions(block_here(tmp_path_factory.mktemp("block")))


@of_this_version
@pytest.mark.parametrize("name", sorted(light_networks()))
def test_real_networks_are_left_as_onnx_runtime_leaves_them(name: str, here: Fusions) -> None:
    assert differences(light_networks()[name], here) == ([], [])


@of_this_version
@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_small_networks_are_left_as_onnx_runtime_leaves_them(name: str, here: Fusions, tmp_path: Path) -> None:
    assert differences(save(NETWORKS[name], tmp_path), here) == ([], [])


@of_this_version
@pytest.mark.parametrize("reason", DIFFERENT)
def test_what_is_not_told_is_known(reason: str, here: Fusions, tmp_path: Path) -> None:
    assert differences(save(DIFFERENT[reason], tmp_path), here) != ([], [])


def test_the_block_of_this_processor_is_known(tmp_path: Path) -> None:
    assert block_size(OnnxRuntimeRunner().device()) == block_here(tmp_path)


def on(machine: str, instructions: str) -> Device:
    return Device("d", "onnxruntime", "h", 1, details={"machine": machine, "instructions": instructions})


def test_the_processor_decides_on_the_block() -> None:
    assert block_size(on("x86_64", "avx avx2 avx512f")) == 16
    assert block_size(on("x86_64", "avx avx2")) == 8
    assert block_size(on("aarch64", "asimd")) is None
    assert block_size(Device("d", "onnxruntime", "h", 1)) == 16


def test_without_blocks_no_layout_is_changed() -> None:
    layers = read_network(light_networks()["light_resnet50"], fusions=onnxruntime_fusions(None)).layers
    assert Counter(layer.op_type for layer in layers)["ReorderOutput"] == 0
    assert Counter(layer.op_type for layer in layers)["Conv"] == 53


def test_the_runner_of_a_device_tells_its_fusions() -> None:
    assert fusions_on(on("x86_64", "avx512f")) is not None
    assert fusions_on(Device("d", "simulated", "h", 1)) is None
    assert fusions_on(Device("d", "of another package", "h", 1)) is None


@pytest.mark.parametrize("first", range(0, 600, 200))
def test_damaged_networks_are_fused_or_refused(first: int, tmp_path: Path) -> None:
    contents = [save(text, tmp_path).read_bytes() for text in NETWORKS.values()]
    found = fused_or_refused(contents, range(first, first + 200), onnxruntime_fusions(16), tmp_path)
    assert min(found["fused"], found["refused"]) > 20


@pytest.mark.parametrize("name", sorted(light_networks()))
def test_damaged_real_networks_are_fused_or_refused(name: str, tmp_path: Path) -> None:
    found = fused_or_refused([light_bytes(name)], range(100, 106), onnxruntime_fusions(16), tmp_path)
    assert found.total() == 6


def test_what_onnx_runtime_writes_is_read_as_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "optimised.onnx"
    path.write_bytes(optimised(light_networks()["light_squeezenet"]))
    assert read_network(path, fusions=onnxruntime_fusions(16)).layers


@pytest.mark.parametrize(
    ("equation", "left", "right", "operators", "dimensions"),
    [
        ("bhid,bhdj->bhij", "2,4,5,16", "2,4,16,7", ["MatMul"], {"rows": 5, "inner": 16, "columns": 7, "batch": 8}),
        (
            "bhid,bhjd->bhij",
            *("2,4,5,16", "2,4,7,16"),
            ["Transpose", "MatMul"],
            {"rows": 5, "inner": 16, "columns": 7, "batch": 8},
        ),
        (
            "bihd,bjhd->ijbh",
            *("2,5,4,16", "2,7,4,16"),
            ["Transpose", "Transpose", "MatMul", "Transpose"],
            {"rows": 5, "inner": 16, "columns": 7, "batch": 8},
        ),
        ("i,j->ij", "5", "7", ["Einsum"], None),
        ("ij,ij->i", "5,7", "5,7", ["MatMul"], {"rows": 1, "inner": 7, "columns": 1, "batch": 5}),
        ("bi,cj->ij", "2,5", "3,7", ["Einsum"], None),
    ],
)
def test_sums_of_products_are_products_of_matrices(
    equation: str, left: str, right: str, operators: list[str], dimensions: dict[str, int] | None, tmp_path: Path
) -> None:
    text = f'(float[{left}] x, float[{right}] z) => (y) {{ y = Einsum<equation="{equation}">(x, z) }}'
    layers = read_network(save(text, tmp_path), fusions=onnxruntime_fusions(16)).layers
    assert [layer.op_type for layer in layers] == operators
    assert [layer.dimensions for layer in layers if layer.op_type in ("MatMul", "Einsum")] == [dimensions]


def test_a_side_of_weights_is_a_dense_layer(tmp_path: Path) -> None:
    text = '(float[2,5,16] x, float[16,8] W) => (y) { y = Einsum<equation="bnd,de->bne">(x, W) }'
    (layer,) = read_network(save(text, tmp_path), fusions=onnxruntime_fusions(16)).layers
    assert (layer.kind, layer.dimensions) == ("dense", {"rows": 10, "inputs": 16, "outputs": 8})
    (unfused,) = read_network(save(text, tmp_path)).layers
    assert (unfused.op_type, unfused.macs) == ("Einsum", layer.macs)
