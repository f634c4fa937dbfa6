"""From the options of `blackthorn sweep` to the back end that times the probes."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from blackthorn.cli import defaults
from blackthorn.cli.engine_options import Given, refuse_for, runner_arguments
from blackthorn.errors import BadValue, BlackthornError
from blackthorn.runners import Runner, runner_class
from blackthorn.runners.recorded import RecordedRunner
from blackthorn.storage import find_sweeps, read_sweep

ONNXRUNTIME = "onnxruntime"
"""The runner that has execution providers."""

NONE_GIVEN: Given = MappingProxyType({})

log = logging.getLogger(__name__)


def make_runner(
    name: str | None,
    threads: int,
    affinity: tuple[int, ...],
    recordings: Sequence[Path],
    formulas: Path | None,
    provider: str | None = None,
    engine: Given = NONE_GIVEN,
) -> Runner:
    """The back end of that name, made but not opened.

    Args:
        name: as `blackthorn devices` lists them; None for the one that the other options ask for.
        threads: threads that work on one layer.
        affinity: CPUs to run on; empty lets the system choose.
        recordings: sweep files or folders of them, for the runner `recorded`.
        formulas: file of a simulated device, for the runner `simulated`.
        provider: execution provider, for the runner `onnxruntime`; None for its usual one.
        engine: options of TensorRT's runners.

    Raises:
        UnknownName: there is no such runner or provider.
        BadValue: an option that another runner needs, or one that is missing.
        BlackthornError: the runner cannot run here.
    """
    chosen = name or _asked_for(recordings, formulas)
    _refuse_idle(chosen, recordings, formulas)
    if provider is not None and chosen != ONNXRUNTIME:
        raise BadValue(f"--provider is of no use to the runner '{chosen}'", f"leave it out, or use --runner {ONNXRUNTIME}")
    refuse_for(chosen, engine)
    if chosen == "recorded":
        return RecordedRunner(*(read_sweep(path) for path in find_sweeps(recordings)))
    if formulas is not None:
        from blackthorn.cli.simulated_device import read_simulated_device

        return read_simulated_device(formulas)
    own = {} if provider is None else {"provider": provider}
    return _on_device(chosen, threads, affinity, own | runner_arguments(engine))


def _asked_for(recordings: Sequence[Path], formulas: Path | None) -> str:
    if recordings:
        return "recorded"
    return "simulated" if formulas is not None else defaults.RUNNER


def _refuse_idle(chosen: str, recordings: Sequence[Path], formulas: Path | None) -> None:
    """Refuse options that the runner has no use for, and the lack of those that it needs."""
    needs = {"recorded": ("--recording", bool(recordings)), "simulated": ("--formulas", formulas is not None)}
    for runner, (option, is_given) in needs.items():
        if is_given and chosen != runner:
            raise BadValue(f"{option} is of no use to the runner '{chosen}'", f"leave it out, or use --runner {runner}")
        if not is_given and chosen == runner:
            raise BadValue(f"the runner '{runner}' needs {option}", f"add: {option} FILE")


def _on_device(name: str, threads: int, affinity: tuple[int, ...], own: Mapping[str, Any]) -> Runner:
    """A back end that runs here, and a word about what makes timings unsteady here.

    Those of other packages are made with `threads` and `affinity`, too; `own` are options of this one alone.
    """
    found = runner_class(name)
    lack = found.lacks()
    if lack is not None:
        problem, _, remedy = lack.rstrip(".").partition("; ")
        raise BlackthornError(problem, remedy or "see what it lacks with: blackthorn devices")
    runner = found(threads=threads, affinity=affinity, **own)  # type: ignore[call-arg]
    for warning in runner.warnings():
        log.warning("%s", warning)
    return runner
