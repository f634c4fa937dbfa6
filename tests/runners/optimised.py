"""What ONNX Runtime itself makes of a network, and what is read of it, in the same words."""

import tempfile
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from blackthorn.onnx_graph.fusion import Fusions, fuse
from blackthorn.onnx_graph.inputs import settle_inputs
from blackthorn.onnx_graph.loading import load_model
from blackthorn.onnx_graph.resolving import Resolved, ResolvedNode, resolve
from tests.networks import parsed

Shape = tuple[int, ...] | None
BLOCKED_DOMAIN = "com.microsoft.nchwc"
ENDINGS = ("_mul_nchwc", "_bn_nchwc", "_nchwc")
"""What ONNX Runtime writes behind the name of a tensor to name the blocked node that gives it."""
SAME_OPERATOR = {"FusedConv": "Conv", "FusedGemm": "Gemm", "Upsample": "Resize"}
"""Names that ONNX Runtime gives to a node with an activation, and to Resize on blocks."""


class Ran(NamedTuple):
    """A node that runs.

    `makes` are the tensors of the file that are made in it, none where the runtime put it in or renamed it; `shape` is that of
    the last one, or of the image whose layout is changed, None where it is not known.
    """

    operator: str
    makes: frozenset[str]
    shape: Shape

    def may_be(self, told: "Ran") -> bool:
        """Whether nothing speaks against another being this one."""
        is_named = self.makes <= told.makes or not told.makes
        return self.operator == told.operator and is_named and (self.shape is None or self.shape == told.shape)


def named(model: Any) -> Any:
    """The model with a name for each node, and with constants in place of the inputs that begin with a capital."""
    from onnx import helper, numpy_helper

    generator = np.random.default_rng(0)
    for info in [info for info in model.graph.input if info.name[0].isupper()]:
        shape = [dimension.dim_value for dimension in info.type.tensor_type.shape.dim]
        content = np.abs(generator.standard_normal(shape)).astype(
            helper.tensor_dtype_to_np_dtype(info.type.tensor_type.elem_type)
        )
        model.graph.initializer.append(numpy_helper.from_array(np.asarray(content), info.name))
        model.graph.input.remove(info)
    for index, node in enumerate(model.graph.node):
        node.name = node.name or f"{node.op_type}_{index}"
    return model


def save(text: str, folder: Path) -> Path:
    """The same as a file."""
    path = folder / "net.onnx"
    path.write_bytes(named(parsed(text)).SerializeToString())
    return path


def read(path: Path) -> Resolved:
    model = load_model(path)
    return resolve(model, settle_inputs(model.graph, {}, str(path)), str(path))


def differences(path: Path, fusions: Fusions) -> tuple[list[Ran], list[Ran]]:
    """What ONNX Runtime runs and we do not tell, and the other way round.

    A fused node is told by any tensor that is made in it: ONNX Runtime calls it after whichever it happened to end with.
    """
    missing, extra = [], ours(path, fusions)
    for ran in sorted(theirs(path), key=lambda ran: -len(ran.makes)):
        same = [told for told in extra if ran.may_be(told)]
        if same:
            extra.remove(min(same, key=lambda told: (not ran.makes <= told.makes, len(told.makes))))
        else:
            missing.append(ran)
    return missing, extra


def ours(path: Path, fusions: Fusions) -> list[Ran]:
    """What is read of the network."""
    gives = _given_by_name(path)
    return [_told(node, gives) for node in fuse(read(path), fusions)]


def _told(node: ResolvedNode, gives: dict[str, str]) -> Ran:
    if node.op_type == "ReorderInput":
        return Ran(node.op_type, frozenset(), node.inputs[0].shape if node.inputs[0] else None)
    makes = frozenset() if node.op_type == "ReorderOutput" else frozenset(gives[name] for name in node.members)
    return Ran(SAME_OPERATOR.get(node.op_type, node.op_type), makes, node.outputs[0].shape)


def theirs(path: Path) -> list[Ran]:
    """What ONNX Runtime leaves of the network."""
    import onnx

    gives, shapes = _given_by_name(path), _shapes(path)
    return [_ran(node, gives, shapes) for node in onnx.load_from_string(optimised(path)).graph.node]


def _ran(node: Any, gives: dict[str, str], shapes: dict[str, Shape]) -> Ran:
    operator = SAME_OPERATOR.get(node.op_type, node.op_type)
    if operator.startswith("Reorder"):
        return Ran(operator, frozenset(), shapes.get((node.input if operator == "ReorderInput" else node.output)[0]))
    if node.domain == BLOCKED_DOMAIN:
        made = node.name.removesuffix(next(ending for ending in ENDINGS if node.name.endswith(ending)))
        return Ran(operator, frozenset([made]), shapes.get(made))
    made = node.output[0] if node.output[0] in gives.values() else gives.get(node.name.split("/")[0])
    return Ran(operator, frozenset([made] if made else []), shapes.get(node.output[0]))


def _shapes(path: Path) -> dict[str, Shape]:
    """The shapes of tensors by name, those that the `onnx` package finds."""
    import onnx

    graph = onnx.shape_inference.infer_shapes(onnx.load(path)).graph
    found = {}
    for info in (*graph.input, *graph.value_info, *graph.output):
        sizes = [dimension.dim_value for dimension in info.type.tensor_type.shape.dim]
        if info.type.tensor_type.HasField("shape") and 0 not in sizes:
            found[info.name] = tuple(sizes)
    return found


def _given_by_name(path: Path) -> dict[str, str]:
    """What every node of the file gives first."""
    import onnx

    return {node.name or f"{node.op_type}_{index}": node.output[0] for index, node in enumerate(onnx.load(path).graph.node)}


@cache
def optimised(path: Path) -> bytes:
    """The network as ONNX Runtime optimises it at its default level, as a file's bytes."""
    import onnxruntime

    with tempfile.TemporaryDirectory() as folder:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 4
        options.optimized_model_filepath = str(Path(folder) / "optimised.onnx")
        onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        return Path(options.optimized_model_filepath).read_bytes()
