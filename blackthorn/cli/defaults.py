"""What commands work with where nothing is named: the runner, and folders of the place where they are run."""

from pathlib import Path

RUNNER = "onnxruntime"
SWEEPS = Path("sweeps")
FITTED_MODELS = Path("fitted_models")
