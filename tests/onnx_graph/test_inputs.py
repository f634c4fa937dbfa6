"""Input shapes: what the file leaves open, what the user adds, and what does not go together."""

from pathlib import Path

import pytest

from blackthorn.errors import BadValue, UnknownName
from blackthorn.onnx_graph import read_network
from tests.networks import DYNAMIC, write_network


def test_open_sizes_are_asked_for_by_name_with_a_shape_to_copy(tmp_path: Path) -> None:
    with pytest.raises(BadValue) as caught:
        read_network(write_network(tmp_path, DYNAMIC))
    assert "'image' the shape batch x 3 x height x width" in caught.value.problem
    assert caught.value.remedy.endswith("--input-shape image=1,3,224,224")


def test_the_suggested_shape_is_one_that_works(tmp_path: Path) -> None:
    path = write_network(tmp_path, DYNAMIC)
    (layer,) = read_network(path, {"image": (1, 3, 224, 224)}).layers
    assert layer.dimensions is not None
    assert (layer.dimensions["height"], layer.dimensions["batch"]) == (224, 1)


@pytest.mark.parametrize(
    ("declared", "suggestion"),
    [
        ("float[n]", "x=1"),
        ("float[n,words]", "x=1,64"),
        ("float[n,7]", "x=1,7"),
        ("float[2,c,h,20]", "x=2,3,224,20"),
        ("float[n,3,8,8,t]", "x=1,3,8,8,64"),
        ("float[]", "x=1,3,224,224"),
    ],
)
def test_a_suggestion_keeps_what_the_file_fixes(declared: str, suggestion: str, tmp_path: Path) -> None:
    with pytest.raises(BadValue, match=f"--input-shape {suggestion}\\.$"):
        read_network(write_network(tmp_path, f"({declared} x) => (y) {{ y = Relu(x) }}"))


def test_all_open_inputs_are_asked_for_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadValue, match="--input-shape a=1 --input-shape b=1,64"):
        read_network(write_network(tmp_path, "(float[n] a, float[3] z, float[n,m] b) => (y) { y = Sum(a, z, b) }"))


def test_zero_and_negative_sizes_are_open_ones(tmp_path: Path) -> None:
    def undo(model) -> None:
        for dimension, size in zip(model.graph.input[0].type.tensor_type.shape.dim, (0, -1), strict=True):
            dimension.dim_value = size

    path = write_network(tmp_path, "(float[2,3] x) => (y) { y = Relu(x) }", undo)
    with pytest.raises(BadValue, match=r"\? x \?"):
        read_network(path)
    assert len(read_network(path, {"x": (4, 5)}).layers) == 1


@pytest.mark.parametrize("shape", [(1, 4, 8, 8), (1, 3, 8), (1, 3, 8, 8, 1), (0, 3, 8, 8), (-1, 3, 8, 8), ()])
def test_a_shape_that_contradicts_the_file_is_refused(shape: tuple[int, ...], tmp_path: Path) -> None:
    with pytest.raises(BadValue, match="'image' is batch x 3 x height x width"):
        read_network(write_network(tmp_path, DYNAMIC), {"image": shape})


def test_a_shape_of_impossible_size_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadValue, match="elements"):
        read_network(write_network(tmp_path, DYNAMIC), {"image": (2**20, 3, 2**20, 2**20)})
    with pytest.raises(BadValue, match="elements"):
        read_network(write_network(tmp_path, f"(float[{2**41}] x) => (y) {{ y = Relu(x) }}"))


def test_a_fixed_shape_may_be_repeated(tmp_path: Path) -> None:
    path = write_network(tmp_path, "(float[2,3] x) => (y) { y = Relu(x) }")
    assert read_network(path, {"x": (2, 3)}) == read_network(path)


def test_an_unknown_input_is_answered_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="did you mean 'image'"):
        read_network(write_network(tmp_path, DYNAMIC), {"imag": (1, 3, 8, 8)})


def test_inputs_that_are_weights_are_none(tmp_path: Path) -> None:
    from onnx import TensorProto

    def make_weight(model) -> None:
        model.graph.initializer.append(TensorProto(name="w", dims=[4, 3, 3, 3], data_type=TensorProto.FLOAT))
        model.graph.input[1].type.tensor_type.shape.dim[0].dim_param = "open"

    path = write_network(tmp_path, DYNAMIC, make_weight)
    assert read_network(path, {"image": (1, 3, 8, 8)}).layers[0].kind == "conv2d"
    with pytest.raises(UnknownName):
        read_network(path, {"image": (1, 3, 8, 8), "w": (4, 3, 3, 3)})


def test_inputs_that_are_no_tensors_have_no_shape_to_give(tmp_path: Path) -> None:
    path = write_network(tmp_path, "(seq(float[n]) x) => (y) { y = SequenceLength(x) }")
    assert [layer.op_type for layer in read_network(path).layers] == ["SequenceLength"]
