"""An ONNX file as a model: mapped into memory, so that weights that are not read cost nothing."""

import mmap
import os
import stat
from pathlib import Path

from blackthorn.errors import BadFile
from blackthorn.onnx_graph.decoding import Decoder
from blackthorn.onnx_graph.messages import Model
from blackthorn.onnx_graph.wire import Buffer, WireError

EXPORT_AGAIN = "give an ONNX file, or export the network again"
_LFS_POINTER = b"version https://git-lfs"


def load_model(path: str | os.PathLike[str]) -> Model:
    """Read a network's graph; weights are stepped over and files of external data never opened.

    Raises:
        BadFile: the file is missing, unreadable, cut short, damaged, or holds no network.
    """
    try:
        _expect_regular_file(Path(path))
        with Path(path).open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _decode(data, str(path))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise BadFile(f"cannot read {path}: {reason}", "give the path of a readable ONNX file") from error


def _expect_regular_file(path: Path) -> None:
    """A folder, a pipe or an empty file can be neither mapped nor a network."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        kind = "a folder" if stat.S_ISDIR(found.st_mode) else "no regular file"
        raise BadFile(f"{path} is {kind}", "give the path of an ONNX file")
    if found.st_size == 0:
        raise BadFile(f"{path} is empty", EXPORT_AGAIN)


def _decode(data: Buffer, where: str) -> Model:
    if data[: len(_LFS_POINTER)] == _LFS_POINTER:
        raise BadFile(f"{where} is a Git LFS pointer and not the network itself", "fetch it with: git lfs pull")
    try:
        model = Decoder().model(data)
    except WireError as error:
        raise BadFile(f"{where} is no ONNX file, or a damaged one: {error}", EXPORT_AGAIN) from error
    if model is None or not model.graph.nodes:
        raise BadFile(f"{where} holds no network", EXPORT_AGAIN)
    return model
