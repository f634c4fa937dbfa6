"""How TensorRT builds engines and runs them: options of all commands that time something, of use to its own runners alone."""

from collections.abc import Mapping
from typing import Any

import click

from blackthorn.cli.options import CommandT
from blackthorn.errors import BadValue

RUNNERS = ("tensorrt", "tensorrt_rtx")
"""The runners that take them."""
_OPTIONS = {
    "workspace": click.option(
        "--workspace",
        metavar="MIB",
        type=click.IntRange(min=1),
        help="TensorRT: scratch memory of a kernel at most, in MiB.  [default: 1024]",
    ),
    "build_timeout": click.option(
        "--build-timeout",
        metavar="S",
        type=click.FloatRange(min=0, min_open=True),
        help="TensorRT: most seconds to build an engine.  [default: 600]",
    ),
    "cuda_graph": click.option("--cuda-graph", is_flag=True, help="TensorRT: launch all kernels of a call as one CUDA graph."),
    "implicit_int8": click.option(
        "--implicit-int8", is_flag=True, help="TensorRT up to 10: make layers of 8 bits by ranges instead of QuantizeLinear."
    ),
}

Given = Mapping[str, Any]
"""Those of these options that were given, by name."""


def engine_options(function: CommandT) -> CommandT:
    """Adds them."""
    for option in reversed(_OPTIONS.values()):
        function = option(function)
    return function


def take_given(options: dict[str, Any]) -> Given:
    """Those that were given, taken out of a command's options."""
    taken = {name: options.pop(name) for name in _OPTIONS}
    return {name: value for name, value in taken.items() if value not in (None, False)}


def refuse_for(runner: str, given: Given) -> None:
    """Refuse them where the runner has no use for them.

    Raises:
        BadValue: one was given to another runner.
    """
    for name in given:
        if runner not in RUNNERS:
            written = f"--{name.replace('_', '-')}"
            raise BadValue(f"{written} is of no use to the runner '{runner}'", f"leave it out, or use --runner {RUNNERS[0]}")


def runner_arguments(given: Given) -> dict[str, Any]:
    """What a runner of TensorRT is made with."""
    if not given:
        return {}
    from blackthorn.runners.trt_engines import BuildOptions
    from blackthorn.runners.trt_session import CallOptions

    usual = BuildOptions()
    return {
        "build": BuildOptions(
            workspace_mib=given.get("workspace", usual.workspace_mib),
            seconds=given.get("build_timeout", usual.seconds),
            implicit=given.get("implicit_int8", usual.implicit),
        ),
        "call": CallOptions(graph=given.get("cuda_graph", False)),
    }
