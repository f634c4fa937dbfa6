"""What NVIDIA's wheels hold that need no GPU: TensorRT for RTX, which builds engines, and the names that TensorRT 11 knows."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from blackthorn.runners.trt_engines import BuildOptions, EngineBuilder
from blackthorn.runners.trt_versions import find_library

AMPERE = (8, 6)
"""The compute capability that engines are built for."""
needs_builder = pytest.mark.skipif(
    find_library("tensorrt_rtx") is None,
    reason="tensorrt-rtx-cu13-bindings and -libs are not installed: no wheels for this system",
)


def ahead(folder: Path, options: BuildOptions | None = None, device: str = "a desk") -> EngineBuilder:
    """A builder for a device that is not here."""
    return EngineBuilder("tensorrt_rtx", options or BuildOptions(), {"gpu": device}, folder, ahead_for=AMPERE)


def extension_of_11() -> bytes | None:
    """TensorRT 11's extension for Python, which cannot be imported without its library; None where it is not installed."""
    found = find_spec("tensorrt_bindings")
    if found is None or found.origin is None:
        return None
    return next((path.read_bytes() for path in Path(found.origin).parent.glob("tensorrt*.so")), None)
