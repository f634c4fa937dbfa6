"""Predicts how long neural networks run on edge devices, from few measured layers and short formulas.

The verbs and records of the library by name; what a name needs is imported when it is first asked for, so that importing
the package costs nothing.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from blackthorn.errors import BlackthornError
    from blackthorn.fitting import fit_device
    from blackthorn.onnx_graph import read_network
    from blackthorn.prediction import predict, prediction_json
    from blackthorn.records import FittedModel, Measurement, Network, NetworkTiming, Prediction, Probe, Range, Sweep
    from blackthorn.runners import fusions_on, runner_class
    from blackthorn.storage import find_sweeps, open_sweep, read_model, read_sweep, write_model
    from blackthorn.sweeping import SweepPlan, sweep
    from blackthorn.timing import Timer
    from blackthorn.truth import measure, validate

__version__ = "0.1.0"

__all__ = [
    "BlackthornError",
    "FittedModel",
    "Measurement",
    "Network",
    "NetworkTiming",
    "Prediction",
    "Probe",
    "Range",
    "Sweep",
    "SweepPlan",
    "Timer",
    "__version__",
    "find_sweeps",
    "fit_device",
    "fusions_on",
    "measure",
    "open_sweep",
    "predict",
    "prediction_json",
    "read_model",
    "read_network",
    "read_sweep",
    "runner_class",
    "sweep",
    "validate",
    "write_model",
]

_PLACES = {
    "errors": ("BlackthornError",),
    "fitting": ("fit_device",),
    "onnx_graph": ("read_network",),
    "prediction": ("predict", "prediction_json"),
    "records": ("FittedModel", "Measurement", "Network", "NetworkTiming", "Prediction", "Probe", "Range", "Sweep"),
    "runners": ("fusions_on", "runner_class"),
    "storage": ("find_sweeps", "open_sweep", "read_model", "read_sweep", "write_model"),
    "sweeping": ("SweepPlan", "sweep"),
    "timing": ("Timer",),
    "truth": ("measure", "validate"),
}
"""The names of `__all__`, by the module that holds them."""


def __getattr__(name: str) -> object:
    """What stands behind a public name."""
    for place, names in _PLACES.items():
        if name in names:
            return getattr(importlib.import_module(f"{__name__}.{place}"), name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")


def __dir__() -> list[str]:
    return __all__
