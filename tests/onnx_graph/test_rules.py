"""Shapes, element types and contents against what ONNX Runtime finds when it runs the same network."""

from pathlib import Path

import numpy as np
import pytest

from blackthorn.onnx_graph.element_types import element_types
from blackthorn.onnx_graph.evaluation import EVALUATIONS
from blackthorn.onnx_graph.inputs import settle_inputs
from blackthorn.onnx_graph.loading import load_model
from blackthorn.onnx_graph.resolving import ResolvedNode, resolve
from blackthorn.onnx_graph.rules import RULES, Call, NotKnownError
from blackthorn.onnx_graph.tensors import DTYPES, Tensor
from tests.networks import light_networks, network_bytes, parsed
from tests.onnx_graph.operators import ARITHMETIC, OPERATORS
from tests.onnx_graph.runtime_tensors import every_tensor


def resolved(path: Path) -> tuple[ResolvedNode, ...]:
    model = load_model(path)
    return resolve(model, settle_inputs(model.graph, {}, str(path)), str(path)).nodes


def _run(text: str) -> dict[str, np.ndarray]:
    model, feed = parsed(text), {}
    for info in model.graph.input:
        shape = [dimension.dim_value for dimension in info.type.tensor_type.shape.dim]
        feed[info.name] = np.ones(shape, DTYPES[info.type.tensor_type.elem_type])
    return every_tensor(model, feed)


@pytest.mark.parametrize("text", {**OPERATORS, **ARITHMETIC}.values(), ids=[*OPERATORS, *ARITHMETIC])
def test_every_tensor_is_as_the_runtime_finds_it(text: str, tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(network_bytes(text))
    truth = _run(text)
    compared = 0
    for node, result in zip(load_model(path).graph.nodes, resolved(path), strict=True):
        for name, tensor in zip(node.outputs, result.outputs, strict=True):
            assert (tensor.shape, DTYPES[tensor.element]) == (truth[name].shape, truth[name].dtype), name
            if tensor.value is not None:
                assert tensor.value == pytest.approx(truth[name]), name
            compared += 1
    assert compared == len(truth) > 0


@pytest.mark.parametrize("text", ARITHMETIC.values(), ids=list(ARITHMETIC))
def test_shape_arithmetic_is_worked_out_whole(text: str, tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(network_bytes(text))
    for node in resolved(path):
        assert node.outputs[0].value is not None or node.op_type in ("Reshape", "Resize"), node.name


@pytest.mark.parametrize("name", sorted(light_networks()))
def test_real_networks_have_the_shapes_that_onnx_infers(name: str) -> None:
    from onnx import load, shape_inference

    inferred = shape_inference.infer_shapes(load(light_networks()[name]), data_prop=True).graph
    shapes = {
        info.name: tuple(dimension.dim_value for dimension in info.type.tensor_type.shape.dim)
        for info in [*inferred.value_info, *inferred.output]
    }
    nodes = resolved(light_networks()[name])
    pairs = [
        pair
        for raw, node in zip(inferred.node, nodes, strict=True)
        for pair in zip(raw.output, node.outputs, strict=True)
        if pair[0] in shapes  # onnx says nothing of the masks of Dropout
    ]
    assert len(pairs) == len(inferred.node)
    assert {name: tensor.shape for name, tensor in pairs} == {name: shapes[name] for name, _ in pairs}


def test_every_rule_is_tried_or_shares_its_function_with_one_that_is() -> None:
    tried = {node.op_type for text in {**OPERATORS, **ARITHMETIC}.values() for node in parsed(text).graph.node}
    elsewhere = {"GlobalLpPool", "Upsample", "RoiAlign", "QLinearAdd", "QLinearMatMul", "FusedMatMul"}
    functions = {RULES[name] for name in tried | elsewhere if name in RULES}
    assert {name for name, rule in RULES.items() if rule not in functions} == set()


@pytest.mark.parametrize("op_type", sorted(EVALUATIONS))
def test_nothing_is_made_of_what_is_not_known(op_type: str) -> None:
    from blackthorn.onnx_graph.evaluation import evaluate

    call = Call(op_type, (Tensor(),) * 3, {}, 1)
    assert evaluate(call, (1,), 7) is None
    assert len(element_types(call)) == 1


def test_nothing_is_filled_with_what_cannot_be_read() -> None:
    from blackthorn.onnx_graph.evaluation import evaluate

    filled = {"value": Tensor((1,), 16, None, constant=True)}
    shape = Tensor((1,), 7, np.array([2]), constant=True)
    assert evaluate(Call("ConstantOfShape", (shape,), filled, 1), (2,), 1) is None
    assert evaluate(Call("ConstantOfShape", (shape,), {}, 1), (2,), 1) == pytest.approx([0.0, 0.0])


@pytest.mark.parametrize(
    ("call", "shape"),
    [
        (Call("Upsample", (Tensor((1, 2, 3, 4)),), {"scales": (1.0, 1.0, 2.0, 3.0)}, 1), (1, 2, 6, 12)),
        (Call("Reshape", (Tensor((6,)),), {"shape": (2, 3)}, 1), (2, 3)),
        (Call("Squeeze", (Tensor((1, 6)),), {"axes": (0,)}, 1), (6,)),
        (Call("Unsqueeze", (Tensor((6,)),), {"axes": (0,)}, 1), (1, 6)),
        (Call("Slice", (Tensor((6, 5)),), {"starts": (1,), "ends": (3,)}, 1), (2, 5)),
        (Call("Pad", (Tensor((6, 5)),), {"paddings": (1, 0, 0, 2)}, 1), (7, 7)),
        (Call("TopK", (Tensor((6, 5)),), {"k": 2}, 1), (6, 2)),
        (Call("Add", (Tensor((2, 3)), Tensor((2,))), {"broadcast": 1, "axis": 0}, 1), (2, 3)),
        (Call("Resize", (Tensor((4, 4)), Tensor((2,), 1, np.array([2.0, 1.0]))), {}, 1), (8, 4)),
        (
            Call("RoiAlign", (Tensor((1, 8, 9, 9)), Tensor((5, 4)), Tensor((5,))), {"output_height": 2, "output_width": 3}, 1),
            (5, 8, 2, 3),
        ),
        (Call("QLinearAdd", (Tensor((2, 3)), None, None, Tensor((3,)), None, None), {}, 1), (2, 3)),
        (Call("QLinearMatMul", (Tensor((2, 3)), None, None, Tensor((3, 4)), None, None), {}, 1), (2, 4)),
        (Call("FusedMatMul", (Tensor((3, 2)), Tensor((3, 4))), {"transA": 1}, 1), (2, 4)),
        (Call("DFT", (Tensor((2, 7, 2)),), {"onesided": 1, "inverse": 1}, 1), (2, 12, 1)),
        (Call("LSTM", (Tensor((2, 7, 5)), Tensor((1, 12, 5)), Tensor((1, 12, 3))), {"layout": 1}, 1), (2, 7, 1, 3)),
    ],
    ids=lambda value: value.op_type if isinstance(value, Call) else "",
)
def test_older_and_added_forms_of_operators(call: Call, shape: tuple[int, ...]) -> None:
    assert RULES[call.op_type](call)[0] == shape


@pytest.mark.parametrize(
    ("name", "macs"),
    [
        ("attention", 6 * (2 * 4 * 5 * 8 + 2 * 4 * 5 * 3)),
        ("attention_merged", (3 + 6) * (2 * 5 * 32 + 2 * 5 * 4 * 3)),
        ("attention_projected", 2 * 5 * 8 * 24 + 5 * (2 * 5 * 8 + 2 * 5 * 8)),
        ("attention_of_encoder", 6 * (2 * 5 * 8 + 2 * 5 * 4)),
        ("lstm_quantized", 7 * 2 * (5 * 12 + 3 * 12)),
    ],
)
def test_work_of_operators_that_speech_networks_are_made_of(name: str, macs: int, tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(network_bytes(OPERATORS[name]))
    assert [node.macs for node in resolved(path)] == [macs]


@pytest.mark.parametrize(
    "call",
    [
        Call("Attention", (Tensor((2, 3, 5, 8)), Tensor((2, 2, 6, 8)), Tensor((2, 2, 6, 8))), {}, 1),
        Call("Attention", (Tensor((2, 5, 8)), Tensor((8, 24))), {"num_heads": 3}, 1),
        Call("Attention", (Tensor((2, 5, 8)), Tensor((9, 24))), {"num_heads": 2}, 1),
        Call("STFT", (Tensor((2, 9, 1)), Tensor((), 7, np.array(3)), Tensor((10,))), {}, 1),
    ],
    ids=lambda call: call.op_type,
)
def test_operators_that_contradict_themselves(call: Call) -> None:
    with pytest.raises(ValueError, match=r"heads|numbers a step|frames"):
        RULES[call.op_type](call)


@pytest.mark.parametrize(
    "call",
    [
        Call("DFT", (Tensor((2, 9, 9, 1)),), {}, 1),
        Call("MultiHeadAttention", (Tensor((2, 5, 4, 3, 8)),), {"num_heads": 4}, 1),
    ],
    ids=lambda call: call.op_type,
)
def test_what_depends_on_the_operator_set_or_is_packed_is_not_guessed(call: Call) -> None:
    with pytest.raises(NotKnownError):
        RULES[call.op_type](call)
