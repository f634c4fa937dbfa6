"""Files that are no networks: one clear sentence each."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackthorn.errors import BadFile, BlackthornError
from blackthorn.onnx_graph import read_network
from blackthorn.onnx_graph.decoding import DEEPEST_NESTING
from blackthorn.onnx_graph.wire import tag
from tests.networks import ONE_CONV, light_bytes, network_bytes, write_network
from tests.strategies import THOROUGH


def message(path: Path) -> str:
    with pytest.raises(BadFile) as caught:
        read_network(path)
    assert str(path) in str(caught.value)
    assert caught.value.remedy
    return str(caught.value)


def written(folder: Path, content: bytes) -> Path:
    path = folder / "net.onnx"
    path.write_bytes(content)
    return path


def wrapped(number: int, content: bytes) -> bytes:
    """A field of that number around some bytes."""
    size, length = len(content), b""
    while size > 0x7F:
        length += bytes([size & 0x7F | 0x80])
        size >>= 7
    return bytes([tag(number)]) + length + bytes([size]) + content


def test_missing(tmp_path: Path) -> None:
    assert "No such file" in message(tmp_path / "net.onnx")


def test_folder(tmp_path: Path) -> None:
    assert "is a folder" in message(tmp_path)


def test_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "net.onnx")
    assert "no regular file" in message(tmp_path / "net.onnx")


def test_empty(tmp_path: Path) -> None:
    assert "is empty" in message(written(tmp_path, b""))


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests may run as root, whom no permission stops."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = written(tmp_path, b"x")
    monkeypatch.setattr(Path, "open", refuse)
    assert "Permission denied" in message(path)


def test_impossible_path(tmp_path: Path) -> None:
    assert "null" in message(tmp_path / "a\0b")


def test_text(tmp_path: Path) -> None:
    assert "no ONNX file" in message(written(tmp_path, b"# A readme\n\nThis is not a network.\n"))


def test_git_lfs_pointer(tmp_path: Path) -> None:
    assert "git lfs pull" in message(written(tmp_path, b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n"))


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.999])
def test_truncated(part: float, tmp_path: Path) -> None:
    whole = light_bytes("light_squeezenet")
    assert "damaged" in message(written(tmp_path, whole[: int(len(whole) * part)]))


@pytest.mark.parametrize("content", [b"\x08\x07", network_bytes("(float[2] x) => (x) { }")], ids=["no graph", "no nodes"])
def test_a_protobuf_that_is_no_network(content: bytes, tmp_path: Path) -> None:
    assert "holds no network" in message(written(tmp_path, content))


@pytest.mark.parametrize(
    "content",
    [
        b"\x0b",
        b"\x0e",
        b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        b"\x08\x80",
        b"\x08",
        b"\x3a\x05\x0a",
        b"\x0d\x00",
        b"\x09\x00\x00",
    ],
    ids=["group", "type 6", "endless", "cut number", "no number", "short field", "cut 4 bytes", "cut 8 bytes"],
)
def test_broken_wire(content: bytes, tmp_path: Path) -> None:
    assert "damaged" in message(written(tmp_path, content))


@pytest.mark.parametrize("nested", [DEEPEST_NESTING + 1, 200, 3000])
def test_absurd_nesting(nested: int, tmp_path: Path) -> None:
    graph = b""
    for _ in range(nested):
        graph = wrapped(1, wrapped(4, b"If") + wrapped(5, wrapped(6, graph)))
    assert "nested" in message(written(tmp_path, wrapped(7, graph)))


def test_absurdly_many_nodes(tmp_path: Path) -> None:
    assert "more than 100000 nodes" in message(written(tmp_path, wrapped(7, wrapped(1, wrapped(4, b"A")) * 100_001)))


@pytest.mark.parametrize(("body", "problem"), [
    ("y = Relu(z) z = Relu(x)", "node 'Relu_0' reads 'z' before anything gives it"),
    ("y = Add(x, z) z = Relu(y)", "reads 'z' before"),
    ("y = Add(x, y)", "reads 'y' before"),
    ("y = Relu(x) y = Exp(x)", "gives 'y', which is there already"),
    ("x = Relu(x)", "gives 'x', which is there already"),
    ("s = Constant<value_ints=[5,-1]>() y = Reshape(x, s)", "6 elements do not fill"),
    ("y = Transpose<perm=[0,0]>(x)", "is no order"),
    ("y = Transpose<perm=[0,1,2]>(x)", "perm should list 2"),
    ("y = Concat<axis=5>(x, x)", "axis 5 lies outside"),
    ("s = Constant<value_ints=[4]>() y = Expand(x, s)", "do not match"),
    ("y = MatMul(x, x)", "sums over 3 on one side and 2"),
    ("y = MaxPool<kernel_shape=[2,2]>(x)", "MaxPool"),
    ("y = Softmax() z = Flatten(y)", "Softmax"),
    ("a = Constant<value_ints=[0]>() y = Squeeze(x, a)", "size 1"),
    ("a = Constant<value_ints=[0,-4]>() y = Unsqueeze(x, a)", "name one twice"),
    ("n = Constant<value_ints=[9]>() y, i = TopK(x, n)", "no top 9"),
    ("p = Constant<value_ints=[-9,0,0,0]>() y = Pad(x, p)", "less than nothing"),
    (f"s = Constant<value_ints=[{2**50}]>() y = ConstantOfShape(s)", "its result would be"),
    ("s = Constant<value_ints=[-5]>() y = ConstantOfShape(s)", "its result would be"),
    ("s = Constant<value_ints=[1,0,0,1]>() a = Constant<value_ints=[0]>() y = Slice(x, a, s, a, a)", "Slice"),
    ("y = Flatten<axis=\"one\">(x)", "axis is no whole number"),
    ("y = Einsum<equation=\"ab->abc\">(x)", "Einsum"),
    ("s = Constant<value_ints=[2,2]>() a, b = Split(x, s)", "do not make 2"),
    ("y = Reshape(x)", "without a shape"),
    ("y = Upsample(x)", "without scales"),
    ("i = Constant<value = int64[1,4] {0,0,0,0}>() y = GatherND(x, i)", "do not point into 2 dimensions"),
    ("y = Transpose<perm=1>(x)", "perm is no list"),
    ("y = MatMul(, x)", "input 0 is missing"),
    ("y = LSTM<direction=1>(x, x, x)", "direction is no text"),
])  # fmt: skip
def test_nodes_that_do_not_fit(body: str, problem: str, tmp_path: Path) -> None:
    path = write_network(tmp_path, f"(float[2,3] x) => (y) {{ {body} }}")
    assert problem in message(path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[4,3,3,3]", "[4,5,3,3]"),
        ("[4,3,3,3]", "[4,3,3]"),
        ("pads=[1,1,1,1]", "strides=[0,1]"),
        ("pads=[1,1,1,1]", "dilations=[9,9]"),
    ],
)
def test_a_convolution_that_cannot_be(old: str, new: str, tmp_path: Path) -> None:
    assert "'Conv_0' (Conv) does not fit its inputs (1x3x8x8, " in message(write_network(tmp_path, ONE_CONV.replace(old, new)))


def test_the_message_tells_what_is_not_known(tmp_path: Path) -> None:
    body = "a = local.Unheard(x) n = Constant<value_int=0>() y = NonZero(x) z = Resize<axes=[7]>(x, a, , y)"
    assert "(2x3, ?, none, ?)" in message(write_network(tmp_path, f"(float[2,3] x) => (z) {{ {body} }}"))


def test_random_bytes_are_refused_or_read(tmp_path: Path) -> None:
    refused = []

    @THOROUGH
    @given(st.binary(min_size=1, max_size=200))
    def law(content: bytes) -> None:
        try:
            read_network(written(tmp_path, content))
        except BlackthornError as error:
            refused.append(error)

    law()
    assert len(refused) > 50


def test_random_bytes_inside_a_graph_are_refused_or_read(tmp_path: Path) -> None:
    numbers = st.sampled_from([1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 15, 20, 21])
    messages = st.recursive(
        st.binary(max_size=20),
        lambda inner: st.lists(st.builds(wrapped, numbers, inner), max_size=5).map(b"".join),
        max_leaves=40,
    )
    refused = []

    @THOROUGH
    @given(messages)
    def law(content: bytes) -> None:
        try:
            read_network(written(tmp_path, wrapped(7, content)))
        except BlackthornError as error:
            refused.append(error)

    law()
    assert len(refused) > 50
