"""The fitted models that there are, as a list: whose, how old, how good, and where."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from blackthorn.cli.model_choice import TO_MAKE_ONE, model_folders, read_models, this_device
from blackthorn.cli.tables import table
from blackthorn.errors import BadFile
from blackthorn.records import FittedModel

Entry = tuple[Path, FittedModel | BadFile]


def list_models() -> list[Entry]:
    """Every file that may be a fitted model, with the model or with why it is none."""
    return list(read_models(model_folders()))


def worst_error(model: FittedModel) -> float | None:
    """The largest cross-validated error of its classes, in percent; None where it has none."""
    return max((group.rmspe_cross_validated for group in model.layers), default=None)


def models_lines(found: Sequence[Entry]) -> Iterator[str]:
    """A table for people."""
    good = [(path, model) for path, model in found if not isinstance(model, BadFile)]
    if good:
        titles = ("device", "fitted", "classes", "worst RMSPE", "file")
        yield from table(titles, [_row(path, model) for path, model in good], right=(2, 3))
        yield f"this machine is {this_device()}"
    else:
        yield f"no fitted model here; {TO_MAKE_ONE}"
    yield from (f"left out: {fault}" for _, fault in found if isinstance(fault, BadFile))


def models_json(found: Sequence[Entry]) -> dict[str, Any]:
    """The same for programs."""
    entries = [_entry(path, model) for path, model in found if not isinstance(model, BadFile)]
    faults = [{"file": str(path), "fault": str(fault)} for path, fault in found if isinstance(fault, BadFile)]
    return {"this_device": this_device(), "models": entries, "left_out": faults}


def _row(path: Path, model: FittedModel) -> tuple[str, ...]:
    worst = worst_error(model)
    error = "" if worst is None else f"{worst:.1f} %"
    return (model.device.name, model.created_at[:10], str(len(model.layers)), error, str(path))


def _entry(path: Path, model: FittedModel) -> dict[str, Any]:
    return {
        "device": model.device.name,
        "hardware": model.device.hardware,
        "created_at": model.created_at,
        "classes": len(model.layers),
        "worst_rmspe_cross_validated_percent": worst_error(model),
        "file": str(path),
    }
