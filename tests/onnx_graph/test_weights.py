"""Weights cost nothing: not read into memory, not opened where they lie in other files."""

import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from blackthorn.errors import BadFile
from blackthorn.onnx_graph import read_network
from blackthorn.onnx_graph.loading import load_model
from blackthorn.onnx_graph.tensors import MOST_VALUES
from blackthorn.onnx_graph.wire import tag
from tests.networks import parsed, write_network

MEGABYTE = 2**20
DENSE = "(float[1,4096] x, float[4096,4096] w) => (y) { y = MatMul(x, w) }"


def make_weight(location: str | None = None, payload: bytes = b""):
    """Turns the input w of `DENSE` into a weight, in the file or in another one."""

    def change(model) -> None:
        from onnx import TensorProto

        weight = model.graph.initializer.add(name="w", dims=[4096, 4096], data_type=TensorProto.FLOAT)
        if location is None:
            weight.raw_data = payload
        else:
            weight.data_location = TensorProto.EXTERNAL
            weight.external_data.add(key="location", value=location)

    return change


def test_weights_in_the_file_are_not_read_into_memory(tmp_path: Path) -> None:
    path = write_network(tmp_path, DENSE, make_weight(payload=bytes(64 * MEGABYTE)))
    tracemalloc.start()
    try:
        layers = read_network(path).layers
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert path.stat().st_size > 64 * MEGABYTE
    assert [layer.macs for layer in layers] == [4096 * 4096]
    assert peak < MEGABYTE


def varint(number: int) -> bytes:
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + varint(rest) if rest else bytes([low])


def write_sparse(path: Path, weights: int, megabytes: int) -> None:
    """A chain of MatMul whose weights' bytes are holes: the file is large and takes no room on the disk."""
    sides = [(512 * megabytes, 512), (512, 512 * megabytes)]
    nodes = " ".join(f"y{i + 1} = MatMul(y{i}, w{i})" for i in range(weights))
    graph = parsed(f"(float[1,{512 * megabytes}] y0) => (y{weights}) {{ {nodes} }}").graph.SerializeToString()
    payload = megabytes * MEGABYTE
    heads = []
    for index in range(weights):
        shape = b"".join(bytes([tag(1, 0)]) + varint(side) for side in sides[index % 2])
        name = f"w{index}".encode()
        about = shape + bytes([tag(2, 0), 1, tag(8), len(name)]) + name + bytes([tag(9)]) + varint(payload)
        heads.append(bytes([tag(5)]) + varint(len(about) + payload) + about)
    with path.open("wb") as file:
        file.write(bytes([tag(7)]) + varint(len(graph) + sum(map(len, heads)) + weights * payload) + graph)
        for head in heads:
            file.write(head)
            file.seek(payload, 1)
        file.truncate()


def test_a_network_of_600_megabytes_costs_no_more_than_its_graph(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    write_sparse(path, weights=12, megabytes=50)
    tracemalloc.start()
    try:
        layers = read_network(path).layers
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert path.stat().st_size > 600 * MEGABYTE
    assert [layer.macs for layer in layers] == [512 * 512 * 50] * 12
    assert peak < MEGABYTE


@pytest.fixture
def opened() -> Iterator[list[str]]:
    """The paths of all files opened while the test runs. A hook cannot be taken away, so it looks whether it is wanted."""
    watching = [True]
    paths: list[str] = []

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if watching and event == "open":
            paths.append(str(arguments[0]))

    sys.addaudithook(watch)
    yield paths
    watching.clear()


@pytest.mark.parametrize("location", ["/etc/passwd", "../secret.bin", "missing.bin", "beside.bin"])
def test_external_data_is_never_opened(location: str, tmp_path: Path, opened: list[str]) -> None:
    (tmp_path / "beside.bin").write_bytes(bytes(100))
    path = write_network(tmp_path, DENSE, make_weight(location))
    opened.clear()
    (layer,) = read_network(path).layers
    assert layer.macs == 4096 * 4096
    assert opened == [str(path)]


@pytest.mark.parametrize(
    "element", ["float", "float16", "double", "int8", "uint8", "int16", "uint16", "int32", "int64", "uint32", "uint64", "bool"]
)
@pytest.mark.parametrize("raw", [True, False])
def test_contents_of_small_weights_are_read_however_they_are_stored(element: str, raw: bool, tmp_path: Path) -> None:
    from onnx import TensorProto, helper, numpy_helper

    kind = getattr(TensorProto, element.upper())
    values = np.array([[0, 1, 1], [1, 0, 1]], helper.tensor_dtype_to_np_dtype(kind))

    def add(model) -> None:
        stored = numpy_helper.from_array(values, "w") if raw else helper.make_tensor("w", kind, [2, 3], values.ravel().tolist())
        model.graph.initializer.append(stored)

    path = write_network(tmp_path, "(float[2,3] x) => (y) { y = Identity(x) }", add)
    weight = load_model(path).graph.weights["w"]
    assert weight.value is not None
    assert weight.value.tolist() == values.tolist()
    assert weight.element == kind


@pytest.mark.parametrize(
    "stored",
    [
        {"dims": [MOST_VALUES + 1], "data_type": 1, "raw_data": bytes(4 * MOST_VALUES + 4)},
        {"dims": [2], "data_type": 1, "raw_data": bytes(7)},
        {"dims": [2], "data_type": 7, "int64_data": [1, 2, 3]},
        {"dims": [2], "data_type": 7, "int64_data": range(100)},
        {"dims": [2], "data_type": 7},
        {"dims": [2], "data_type": 16, "raw_data": bytes(4)},
        {"dims": [2], "data_type": 99, "raw_data": bytes(4)},
    ],
    ids=["many", "raw bytes too few", "too many", "far too many", "none", "bfloat16", "no such type"],
)
def test_contents_that_are_many_or_do_not_fit_are_left_alone(stored: dict[str, object], tmp_path: Path) -> None:
    path = write_network(
        tmp_path, "(float[2] x) => (y) { y = Identity(x) }", lambda model: model.graph.initializer.add(name="w", **stored)
    )
    weight = load_model(path).graph.weights["w"]
    assert weight.value is None
    assert weight.shape == tuple(stored["dims"])  # type: ignore[arg-type]


@pytest.mark.parametrize("dims", [[-1], [2**41], [2**30, 2**30], [1] * 65])
def test_weights_of_impossible_shape_are_refused(dims: list[int], tmp_path: Path) -> None:
    path = write_network(
        tmp_path,
        "(float[2] x) => (y) { y = Identity(x) }",
        lambda model: model.graph.initializer.add(name="w", dims=dims, data_type=1),
    )
    with pytest.raises(BadFile, match="impossible shape"):
        read_network(path)


def test_sparse_weights_have_their_dense_shape(tmp_path: Path) -> None:
    def add(model) -> None:
        sparse = model.graph.sparse_initializer.add(dims=[3, 5])
        sparse.values.name = "w"
        sparse.values.dims.append(1)
        sparse.values.data_type = 1

    (layer,) = read_network(write_network(tmp_path, "(float[2,3] x) => (y) { y = MatMul(x, w) }", add)).layers
    assert layer.macs == 2 * 3 * 5
