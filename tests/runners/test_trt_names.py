"""What the code touches of TensorRT is there in the versions that are at hand, or is asked for first.

The code itself is looked through: every attribute in modules that use TensorRT which the types of TensorRT 10 know as well,
save those of `self` and of arguments that are declared to be something else. A type checker holds the same modules against
these types, so that what they do not know cannot be there unless it is asked for.
"""

import ast
import importlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import blackthorn.runners
from tests.runners.nvidia_wheels import extension_of_11, needs_builder
from tests.tensorrt_stubs import stubs

FOLDER = Path(blackthorn.runners.__file__).parent
MARKS = ("import tensorrt\n", "trt_versions import", "base.")
"""One of these stands in a module that uses TensorRT."""


def users() -> list[Path]:
    """The modules that use TensorRT."""
    return [path for path in sorted(FOLDER.glob("t*rt*.py")) if any(mark in path.read_text() for mark in MARKS)]


@cache
def names_of_10() -> frozenset[str]:
    """Every class, function, attribute and enumerator that the types know."""
    trees = [ast.parse(text) for path, text in stubs().items() if path.parts[0] == "tensorrt_bindings"]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    defined = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    declared = {node.target.id for node in nodes if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)}
    return frozenset(name for name in defined | declared if not name.startswith("_"))


def asked_for(function: ast.AST) -> set[str]:
    """The names that `hasattr` asks for somewhere in a function."""
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    asked = [call.args[1] for call in calls if isinstance(call.func, ast.Name) and call.func.id == "hasattr"]
    return {name.value for name in asked if isinstance(name, ast.Constant) and isinstance(name.value, str)}


def touched(source: str) -> Iterator[tuple[str, int, bool]]:
    """Every attribute that is read or set and every method that is defined: its name, its line, and whether it is asked for."""
    tree = ast.parse(source)
    within = {id(node): outer for outer in ast.walk(tree) if isinstance(outer, ast.FunctionDef) for node in ast.walk(outer)}
    for node in ast.walk(tree):
        function = within.get(id(node))
        asked = set() if function is None else asked_for(function)
        if isinstance(node, ast.FunctionDef):
            yield node.name, node.lineno, node.name in asked
        elif isinstance(node, ast.Attribute) and not (function and _is_something_else(node.value, function)):
            yield node.attr, node.lineno, node.attr in asked


def _is_something_else(value: ast.expr, function: ast.FunctionDef) -> bool:
    """Whether a value is `self`, or an argument of a function that is declared to be none of TensorRT's."""
    arguments = [*function.args.args, *function.args.kwonlyargs]
    declared = {argument.arg: ast.unparse(argument.annotation) for argument in arguments if argument.annotation}
    kind = {**declared, "self": "ours"}.get(value.id, "Any") if isinstance(value, ast.Name) else "Any"
    return kind not in ("Any", "Library") and "tensorrt." not in kind


def unguarded(source: str) -> dict[str, int]:
    """What is touched of TensorRT without being asked for first, with a line where it is."""
    return {name: line for name, line, is_asked in touched(source) if name in names_of_10() and not is_asked}


@cache
def names_of_rtx() -> frozenset[str]:
    """The same of the module that can be imported here."""
    module = importlib.import_module("tensorrt_rtx_bindings")
    return frozenset(dir(module)).union(*(dir(value) for value in vars(module).values() if isinstance(value, type)))


def is_in_11(name: str) -> bool:
    """Whether a name stands in the extension of TensorRT 11, where its end is marked by a zero."""
    extension = extension_of_11()
    assert extension is not None
    return name.encode() + b"\0" in extension


needs_stubs = pytest.mark.skipif(not stubs(), reason="the package tensorrt-stubs is not installed")
needs_11 = pytest.mark.skipif(extension_of_11() is None, reason="the package tensorrt-cu13-bindings is not installed")


def test_the_modules_are_found() -> None:
    names = {path.name for path in users()}
    assert {"tensorrt.py", "trt_engines.py", "trt_layers.py", "trt_session.py", "trt_versions.py"} <= names


@needs_stubs
def test_the_code_touches_what_it_must() -> None:
    everything = {name for path in users() for name in unguarded(path.read_text())}
    assert {
        "Builder",
        "execute_async_v3",
        "set_tensor_address",
        "report_layer_time",
        "step_complete",
        "set_shape",
    } <= everything


@needs_stubs
@needs_builder
@pytest.mark.parametrize("path", users(), ids=lambda path: path.name)
def test_all_of_it_is_in_tensorrt_for_rtx(path: Path) -> None:
    assert {name: line for name, line in unguarded(path.read_text()).items() if name not in names_of_rtx()} == {}


@needs_stubs
@needs_11
@pytest.mark.parametrize("path", users(), ids=lambda path: path.name)
def test_all_of_it_is_in_tensorrt_11(path: Path) -> None:
    assert {name: line for name, line in unguarded(path.read_text()).items() if not is_in_11(name)} == {}


@needs_stubs
@needs_builder
@needs_11
def test_whatever_is_asked_for_is_there_somewhere() -> None:
    asked = {name for path in users() for name in asked_for(ast.parse(path.read_text()))}
    assert asked
    assert {name for name in asked if name not in names_of_10() | names_of_rtx() and not is_in_11(name)} == set()


@needs_stubs
@needs_builder
@needs_11
@pytest.mark.parametrize("name", ["FP16", "EXPLICIT_BATCH", "set_dynamic_range", "platform_has_fast_int8"])
def test_what_is_gone_is_found_out(name: str) -> None:
    source = f"def use(thing):\n    return thing.{name}\n"
    assert unguarded(source) == {name: 2}
    assert name not in names_of_rtx()
    assert not is_in_11(name)
    assert unguarded(f"def use(thing):\n    return hasattr(thing, {name!r}) and thing.{name}\n") == {}
