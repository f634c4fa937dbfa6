"""Whole networks as they really run, and how far predictions are from that."""

from blackthorn.truth.json_forms import timing_json, validation_json
from blackthorn.truth.measuring import measure, network_policy
from blackthorn.truth.validation import LayerError, Validation, check_same_device, validate

__all__ = [
    "LayerError",
    "Validation",
    "check_same_device",
    "measure",
    "network_policy",
    "timing_json",
    "validate",
    "validation_json",
]
