"""Whole networks as they really run, and how far predictions are from that."""

from blackthorn.truth.json_forms import timing_json, validation_json
from blackthorn.truth.measuring import measure, network_policy
from blackthorn.truth.series import Candidate, Failure, Outcome, Series, Watcher, validate_all
from blackthorn.truth.validation import LayerError, Validation, check_same_device, middle_visit, references_of, validate

__all__ = [
    "Candidate",
    "Failure",
    "LayerError",
    "Outcome",
    "Series",
    "Validation",
    "Watcher",
    "check_same_device",
    "measure",
    "middle_visit",
    "network_policy",
    "references_of",
    "timing_json",
    "validate",
    "validate_all",
    "validation_json",
]
