"""A simulated device as a file: the formulas that it plays, and how noisily.

    {"formulas": {"conv2d": {"kind": "step", "dimension": "filters", "width": 32,
                             "base": {"kind": "constant", "value": 2e-4},
                             "height": {"kind": "constant", "value": 5e-5}}},
     "noise": 0.01, "seed": 1}

Formulas are in seconds, written as in fitted models.
"""

from pathlib import Path

import msgspec

from blackthorn.errors import BadFile, BlackthornError
from blackthorn.formulas import Formula, decode_formula
from blackthorn.runners.simulated import SimulatedRunner

REMEDY = "write it as the README shows under 'Without a device'"


class SimulatedDevice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands in the file; everything but the formulas as `SimulatedRunner` has it."""

    formulas: dict[str, Formula]
    noise: float = 0.0
    jitter: float = 0.0
    outliers: float = 0.0
    drift: float = 0.0
    heat: float = 0.0
    seed: int = 0


def read_simulated_device(path: Path) -> SimulatedRunner:
    """The simulated device in a file; it is named after the file.

    Raises:
        BadFile: there is no such file, or it does not describe a device.
        BadValue: an amount of chance that cannot be.
    """
    device = _decode(path)
    return SimulatedRunner(
        device.formulas,
        noise=device.noise,
        jitter=device.jitter,
        outliers=device.outliers,
        drift=device.drift,
        heat=device.heat,
        seed=device.seed,
        title=path.stem,
    )


def _decode(path: Path) -> SimulatedDevice:
    try:
        return msgspec.json.decode(path.read_bytes(), type=SimulatedDevice, dec_hook=decode_formula)
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror or error}", "check the path") from error
    except RecursionError as error:
        raise BadFile(f"{path} is nested too deeply", REMEDY) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadFile(f"{path} does not describe a simulated device: {str(error).rstrip('.')}", REMEDY) from error
    except BlackthornError as error:
        raise BadFile(f"{path} does not describe a simulated device: {error.problem}", error.remedy) from error
