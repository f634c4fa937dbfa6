"""How well the formulas of a fitted model hold at points that were measured on the same device."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from blackthorn.cli.formula_text import class_title
from blackthorn.errors import NotMeasured, WrongDevice
from blackthorn.layers import Quantities, layer_kind
from blackthorn.records import FittedModel, LayerFormula, Measurement, Probe, Sweep
from blackthorn.storage import find_sweeps, read_sweep


class Taken(NamedTuple):
    """A measurement, and the layer beside which it was taken."""

    measurement: Measurement
    reference: Probe | None


class Agreement(msgspec.Struct, frozen=True):
    """One class of layers against timings.

    Attributes:
        group: the class; None stands for the points that no class covers.
        errors: signed relative errors of the formula, (predicted - measured) / measured.
        points: measured points.
    """

    group: LayerFormula | None
    points: int
    errors: tuple[float, ...] = ()

    @property
    def rmspe(self) -> float:
        """Root mean square of the errors, in percent."""
        return 100.0 * math.sqrt(math.fsum(error**2 for error in self.errors) / len(self.errors))

    @property
    def bias(self) -> float:
        """Mean of the errors, in percent: positive where the formula is too slow."""
        return 100.0 * math.fsum(self.errors) / len(self.errors)


def held_against(model: FittedModel, folder: Path) -> list[Agreement]:
    """Compare the model with the sweeps in a folder, at the machine speed at which its formulas are stated.

    Raises:
        WrongDevice: a sweep is of another device than the model.
        NotMeasured: the sweeps hold no point.
        BadFile: a sweep cannot be read, or there is none.
    """
    sweeps = {path: read_sweep(path) for path in find_sweeps([folder])}
    for path, sweep in sweeps.items():
        _check_device(model, path, sweep)
    measured = [Taken(measurement, sweep.header.reference) for sweep in sweeps.values() for measurement in sweep.measurements]
    if not measured:
        raise NotMeasured(f"the sweeps in {folder} hold no measurement", "run 'blackthorn sweep' first")
    return list(_agreements(model, measured))


def _check_device(model: FittedModel, path: Path, sweep: Sweep) -> None:
    if sweep.header.device.name != model.device.name:
        raise WrongDevice(
            f"the fitted model is of {model.device.name}, but {path} holds timings of {sweep.header.device.name}",
            "compare a model with sweeps of its own device",
        )


def _agreements(model: FittedModel, measured: Sequence[Taken]) -> Iterator[Agreement]:
    """Each class with the points that it covers, then those that none covers; a point counts for the first class."""
    left = list(measured)
    for group in model.layers:
        inside = [taken for taken in left if covers(group, taken.measurement)]
        left = [taken for taken in left if not covers(group, taken.measurement)]
        if inside:
            yield Agreement(group, len(inside), tuple(_error(model, group, *taken) for taken in inside))
    if left:
        yield Agreement(None, len(left))


def covers(group: LayerFormula, measurement: Measurement) -> bool:
    """Whether a point belongs to a class and lies within what the class was measured at."""
    probe = measurement.probe
    if (probe.layer, probe.precision) != (group.layer, group.precision):
        return False
    spans = {**group.ranges, **{name: (value, value) for name, value in group.fixed.items()}}
    return all(low <= probe.dimensions.get(name, 0) <= high for name, (low, high) in spans.items())


def _error(model: FittedModel, group: LayerFormula, measurement: Measurement, reference: Probe | None) -> float:
    """Relative error of a formula, at its speed where the measurement was taken beside the same reference."""
    nominal = group.reference.seconds if group.reference is not None and group.reference.probe == reference else None
    probe, kind = measurement.probe, layer_kind(group.layer)
    kept = 0.0 if model.cached is None else kind.kept_bytes(probe, model.cached)
    in_memory = group.seconds(Quantities(kind, group.precision, [probe.dimensions]))
    predicted: float = group.less_cached(in_memory, np.array([kept])).item()
    return predicted / measurement.at_speed(nominal) - 1.0


def agreement_lines(agreements: Sequence[Agreement]) -> Iterator[str]:
    """For people."""
    for agreement in agreements:
        if agreement.group is None:
            yield f"{agreement.points} points lie outside of all formulas"
        else:
            yield class_title(agreement.group)
            yield f"  {agreement.points} points, RMSPE {agreement.rmspe:.1f} %, bias {agreement.bias:+.1f} %"


def agreement_json(path: Path, model: FittedModel, agreements: Sequence[Agreement]) -> dict[str, Any]:
    """For programs."""
    classes = [
        {
            "class": class_title(agreement.group),
            "points": agreement.points,
            "rmspe_percent": agreement.rmspe,
            "bias_percent": agreement.bias,
        }
        for agreement in agreements
        if agreement.group is not None
    ]
    outside = sum(agreement.points for agreement in agreements if agreement.group is None)
    return {"file": str(path), "device": model.device.name, "classes": classes, "points_outside": outside}
