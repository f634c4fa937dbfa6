"""Networks for tests: small ones written as text, and the real architectures that the `onnx` package carries."""

import functools
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

OPSET = 18


def light_networks() -> dict[str, Path]:
    """The nine light_*.onnx of the `onnx` package by name, found without importing it."""
    found = importlib.util.find_spec("onnx")
    assert found is not None
    assert found.origin is not None
    folder = Path(found.origin).parent / "backend" / "test" / "data" / "light"
    return {path.stem: path for path in sorted(folder.glob("light_*.onnx"))}


def parsed(text: str) -> Any:
    """An onnx.ModelProto from the text syntax of ONNX: a whole model, or a graph `(inputs) => (outputs) { nodes }`."""
    from onnx import parser

    header = f'<ir_version: 8, opset_import: ["" : {OPSET}, "local" : 1, "com.microsoft" : 1]> graph '
    return parser.parse_model(text if text.lstrip().startswith("<") else header + text)


def network_bytes(text: str, change: Callable[[Any], object] | None = None) -> bytes:
    """The same as an ONNX file's bytes, changed before they are written where the text syntax cannot say it."""
    model = parsed(text)
    if change is not None:
        change(model)
    return bytes(model.SerializeToString())


def write_network(folder: Path, text: str, change: Callable[[Any], object] | None = None) -> Path:
    """The same as a file, `net.onnx`."""
    path = folder / "net.onnx"
    path.write_bytes(network_bytes(text, change))
    return path


@functools.cache
def light_bytes(name: str) -> bytes:
    """The bytes of one of the light networks."""
    return light_networks()[name].read_bytes()


ONE_CONV = "(float[1,3,8,8] x, float[4,3,3,3] w) => (float[1,4,8,8] y) { y = Conv<pads=[1,1,1,1]>(x, w) }"
"""A convolution of 3 channels to 4 filters on 8 x 8."""
DYNAMIC = "(float[batch,3,height,width] image, float[4,3,3,3] w) => (y) { y = Conv<pads=[1,1,1,1]>(image, w) }"
"""The same with open sizes; its weights are an input."""
