"""The only reader and writer of blackthorn's files: sweeps as JSON lines, fitted models as JSON, both in seconds."""

from blackthorn.storage.json_schemas import DESCRIBED, json_schema
from blackthorn.storage.models import find_models, model_path, read_model, shipped_models, write_model
from blackthorn.storage.places import device_folder, find_sweeps
from blackthorn.storage.presets import find_preset
from blackthorn.storage.sweep_file import SweepFile, open_sweep
from blackthorn.storage.sweep_text import read_sweep

__all__ = [
    "DESCRIBED",
    "SweepFile",
    "device_folder",
    "find_models",
    "find_preset",
    "find_sweeps",
    "json_schema",
    "model_path",
    "open_sweep",
    "read_model",
    "read_sweep",
    "shipped_models",
    "write_model",
]
