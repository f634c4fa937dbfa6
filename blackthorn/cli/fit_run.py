"""One run of `blackthorn fit`: folders in, written models out."""

import shlex
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from blackthorn.cli import defaults
from blackthorn.cli.formula_text import class_lines
from blackthorn.cli.model_text import model_json
from blackthorn.cli.spinner import spinner
from blackthorn.cli.stamp import MADE_BY, now
from blackthorn.errors import WrongDevice
from blackthorn.fitting import fit_device, usable_cpus
from blackthorn.records import FittedModel, Sweep
from blackthorn.storage import find_sweeps, model_path, read_sweep, write_model

Fitted = list[tuple[Path, FittedModel]]
"""Models and where they were written."""


def run(folders: Iterable[Path], out: Path | None) -> Fitted:
    """Fit the sweeps in folders, one model a device, and write the models.

    Args:
        folders: folders of sweeps, or sweep files.
        out: where to write the one model; None for a file named after each device.

    Raises:
        WrongDevice: a folder holds sweeps of several devices, or `out` is given and there are several.
        BadFile: a sweep cannot be read, or there is none.
        CannotWrite: a model cannot be written.
    """
    sweeps = {path: read_sweep(path) for path in find_sweeps(folders)}
    groups = [list(sweeps.values())] if out is not None else by_device(sweeps)
    fitted: Fitted = []
    with spinner("fitting ...") as tell:
        for number, group in enumerate(groups, 1):
            points = sum(len(sweep.measurements) for sweep in group)
            tell(f"fitting {group[0].header.device.name}: {points:,} points, device {number} of {len(groups)}")
            model = fit_device(group, now(), MADE_BY, usable_cpus())
            path = out or model_path(defaults.FITTED_MODELS, model.device.name)
            write_model(path, model)
            fitted.append((path, model))
    return fitted


def by_device(sweeps: dict[Path, Sweep]) -> list[Sequence[Sweep]]:
    """Sweeps grouped by their device.

    Raises:
        WrongDevice: two files of one folder are of different devices, so one of them was copied to the wrong place.
    """
    owners: dict[Path, tuple[Path, str]] = {}
    groups: dict[str, list[Sweep]] = defaultdict(list)
    for path, sweep in sweeps.items():
        device = sweep.header.device.name
        first, owner = owners.setdefault(path.parent, (path, device))
        if owner != device:
            raise WrongDevice(
                f"{path.parent} mixes sweeps of {owner} ({first.name}) and of {device} ({path.name})",
                "keep one folder a device",
            )
        groups[device].append(sweep)
    return list(groups.values())


def fit_lines(fitted: Fitted) -> Iterator[str]:
    """What people read after a fit."""
    for path, model in fitted:
        yield f"{model.device.name} -> {path}"
        for group in model.layers:
            yield ""
            yield from class_lines(group)
        yield ""
        yield f"predict a network with: blackthorn predict MODEL.onnx --device {shlex.quote(str(path))}"


def fit_json(fitted: Fitted) -> dict[str, Any]:
    """The same for programs."""
    return {"models": [model_json(path, model) for path, model in fitted]}
