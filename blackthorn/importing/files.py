"""Files of other tools, told apart by their contents, and what they hold together."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import msgspec

from blackthorn.errors import BadFile, BadValue
from blackthorn.importing.csv_rows import TableMapping, read_table, table_layers
from blackthorn.importing.decoding import read_text
from blackthorn.importing.imported import Imported, ImportedLayer, Machine
from blackthorn.importing.machine import machine_of_log, machine_of_metadata
from blackthorn.importing.ort_profile import Kernel, is_blocked, kernel_layers, read_kernels
from blackthorn.importing.trtexec import info_of, profiled_layers, read_layer_info, read_profile
from blackthorn.onnx_graph import Fusions, read_network
from blackthorn.records import Network
from blackthorn.runners.network import Shapes
from blackthorn.runners.ort_fusions import AVX512_BLOCK, onnxruntime_fusions
from blackthorn.runners.trt_fusions import TENSORRT_FUSIONS

Role = Literal["profile", "layer info", "machine", "log", "kernels", "table"]
TRTEXEC, ONNXRUNTIME, TABLE = "trtexec", "onnxruntime", "table"
TOOLS: dict[Role, str] = {
    "profile": TRTEXEC,
    "layer info": TRTEXEC,
    "machine": TRTEXEC,
    "log": TRTEXEC,
    "kernels": ONNXRUNTIME,
    "table": TABLE,
}
MakeMapping = Callable[[tuple[str, ...]], TableMapping]
"""What rows of a table are, from the names of its columns."""


class GivenFile(msgspec.Struct, frozen=True):
    """A file, read: what it is, where it lies, and what stands in it."""

    role: Role
    path: Path
    text: str


class TimedNetwork(msgspec.Struct, frozen=True):
    """The network that was timed: its file, and shapes of inputs that it leaves open."""

    path: Path
    input_shapes: Shapes = MappingProxyType({})

    def fused(self, fusions: Fusions) -> Network:
        """Its layers as a runtime with these fusions runs them; raises as `read_network` does."""
        return read_network(self.path, self.input_shapes, fusions)


def read_files(paths: Sequence[Path]) -> list[GivenFile]:
    """Files of one tool, each with what it is.

    Raises:
        BadFile: a file cannot be read, or is none of these.
        BadValue: the files are of several tools.
    """
    files = [_given(path) for path in paths]
    tools = {TOOLS[file.role]: file.path for file in files}
    if len(tools) > 1:
        listed = ", ".join(f"{path} ({tool})" for tool, path in tools.items())
        raise BadValue(f"the files are of several tools: {listed}", "import those of one tool at a time")
    return files


def tool_of(files: Sequence[GivenFile]) -> str:
    """The tool that wrote files as `read_files` gives them."""
    return TOOLS[files[0].role]


def imported_profiles(files: Sequence[GivenFile], network: TimedNetwork | None = None) -> Imported:
    """What profiles of one tool hold.

    Args:
        files: at least one, as `read_files` gives them.
        network: the network that was timed; None if not at hand.

    Raises:
        BadFile: a file is damaged, or one that belongs to it is missing.
        BadValue: files of trtexec are of several GPUs.
    """
    return _of_trtexec(files, network) if tool_of(files) == TRTEXEC else _of_onnxruntime(files, network)


def imported_tables(files: Sequence[GivenFile], mapping: MakeMapping) -> Imported:
    """What tables hold.

    Args:
        files: at least one, as `read_files` gives them.
        mapping: what rows are, by the names of the columns.

    Raises:
        BadFile: a table is damaged.
        UnknownName, BadValue: the mapping does not fit it.
    """
    layers: list[ImportedLayer] = []
    for file in files:
        columns, rows = read_table(file.text, file.path)
        layers += table_layers(rows, mapping(columns))
    return Imported("a table", "", tuple(layers))


def _given(path: Path) -> GivenFile:
    text = read_text(path)
    return GivenFile(_role(text, path), path, text)


def _role(text: str, path: Path) -> Role:
    """What a file is, by how it begins and by words that only such files have."""
    start = text.lstrip()[:1]
    if start == "[" and '"averageMs"' in text:
        return "profile"
    if start == "[" and '"cat"' in text and '"ts"' in text:
        return "kernels"
    if start == "{" and '"Layers"' in text:
        return "layer info"
    if start == "{" and '"device_information"' in text:
        return "machine"
    if "TensorRT.trtexec" in text:
        return "log"
    if start in ("{", "[", ""):
        problem = f"{path} is neither a profile nor a table that blackthorn knows"
        raise BadFile(problem, "give files of trtexec, a profile of ONNX Runtime, or a CSV table")
    return "table"


def _of_role(files: Sequence[GivenFile], role: Role) -> Iterator[GivenFile]:
    return (file for file in files if file.role == role)


def _of_trtexec(files: Sequence[GivenFile], network: TimedNetwork | None) -> Imported:
    profiles = [read_profile(file.text, file.path) for file in _of_role(files, "profile")]
    infos = [read_layer_info(file.text, file.path) for file in _of_role(files, "layer info")]
    if not profiles:
        raise BadFile("no file given holds times of layers", "give also the file that trtexec --exportProfile wrote")
    fused = None if network is None else network.fused(TENSORRT_FUSIONS)
    layers = tuple(layer for profile in profiles for layer in profiled_layers(profile, info_of(profile, infos), fused))
    return Imported("trtexec", "trtexec", layers, _machine(files))


def _machine(files: Sequence[GivenFile]) -> Machine:
    """What logs and metadata tell; that of later files wins."""
    found = Machine()
    for file in files:
        if file.role in ("machine", "log"):
            told = machine_of_log(file.text) if file.role == "log" else machine_of_metadata(file.text, file.path)
            if found.hardware and told.hardware not in ("", found.hardware):
                problem = f"{file.path} is of {told.hardware}, and a file before it of {found.hardware}"
                raise BadValue(problem, "import the files of one device at a time")
            found = Machine(told.hardware or found.hardware, found.versions | told.versions, found.details | told.details)
    return found


def _of_onnxruntime(files: Sequence[GivenFile], network: TimedNetwork | None) -> Imported:
    profiles = [read_kernels(file.text, file.path) for file in files]
    layers = tuple(layer for kernels in profiles for layer in _kernel_layers(kernels, network))
    return Imported("ONNX Runtime", "onnxruntime", layers)


def _kernel_layers(kernels: Sequence[Kernel], network: TimedNetwork | None) -> Iterator[ImportedLayer]:
    if network is None:
        return kernel_layers(kernels, None, None)
    fusions = onnxruntime_fusions(AVX512_BLOCK if is_blocked(kernels) else None)
    return kernel_layers(kernels, network.path, network.fused(fusions))
