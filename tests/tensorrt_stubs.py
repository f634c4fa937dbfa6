"""The types of TensorRT 10 as a type checker can read them: `python -m tests.tensorrt_stubs FOLDER` writes them there.

The package tensorrt-stubs was made by a program from TensorRT's own extension, and a few of its signatures are no Python: a
parameter called `in`, and one without a default behind those that have one. They are mended here.
"""

import re
import sys
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

PACKAGE = "tensorrt-stubs"
_RESERVED = re.compile(r"\bin: ")
_LATE = re.compile(r"(= None, channel_axis: int)\)")


def stubs() -> dict[Path, str]:
    """The mended files by their paths below the folder of packages; empty where the package is not installed."""
    try:
        held = files(PACKAGE) or []
    except PackageNotFoundError:
        return {}
    return {Path(path): mended(path.read_text()) for path in held if path.suffix == ".pyi"}


def mended(text: str) -> str:
    """A stub file without what is no Python."""
    return _LATE.sub(r"\1 = ...)", _RESERVED.sub("in_: ", text))


def write(folder: Path) -> None:
    """Write the mended files below a folder, to be named in MYPYPATH."""
    for path, text in stubs().items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
