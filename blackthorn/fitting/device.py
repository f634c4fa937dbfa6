"""From the sweeps of one device to its fitted model: one formula for each class of layers."""

from collections.abc import Sequence

from blackthorn.errors import NotMeasured, WrongDevice
from blackthorn.fitting.classes import classes_and_caching
from blackthorn.fitting.processes import fit_by
from blackthorn.records import Device, FittedModel, Sweep


def fit_device(sweeps: Sequence[Sweep], created_at: str, made_by: str, processes: int = 1) -> FittedModel:
    """Fit everything that was measured on one device.

    Args:
        sweeps: of one device, at least one with a measurement.
        created_at: UTC time, ISO 8601, for the file.
        made_by: name and version of the program, for the file.
        processes: how many may fit at a time, with the same result. A script that asks for several keeps what it does below
            `if __name__ == "__main__":`, as `multiprocessing` has it.

    Raises:
        WrongDevice: the sweeps are of more than one device.
        NotMeasured: no sweep holds a measurement.
    """
    device = _one_device(sweeps)
    groups, cached = classes_and_caching(sweeps)
    layers = fit_by(processes, groups)
    if not layers:
        raise NotMeasured(f"the sweeps of {device.name} hold no measurement", "run 'blackthorn sweep' first")
    return FittedModel(device, tuple(layers), created_at, made_by, cached)


def _one_device(sweeps: Sequence[Sweep]) -> Device:
    if not sweeps:
        raise NotMeasured("there are no sweeps to fit", "run 'blackthorn sweep' first")
    names = sorted({sweep.header.device.name for sweep in sweeps})
    if len(names) > 1:
        listed = ", ".join(names)
        raise WrongDevice(f"the sweeps are of {len(names)} devices ({listed})", "give the folder of one device at a time")
    return sweeps[-1].header.device
