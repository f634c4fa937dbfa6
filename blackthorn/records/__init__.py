"""The values that flow through blackthorn: frozen, typed, in seconds, and as they stand in files.

A `Probe` is one layer at one point; measuring it on a `Device` gives a `Measurement`; many of them under one `SweepHeader`
are a `Sweep`; fitting gives a `FittedModel`; that and a `Network` give a `Prediction`. A whole network that is measured gives
a `NetworkTiming`, which a prediction is held against.
"""

from blackthorn.records.models import (
    ANYWHERE,
    BYTES_MOVED,
    MODEL_SCHEMA,
    NO_FORMULAS,
    OUTPUT_SIZES,
    POSITIONS,
    CachedWeights,
    FittedModel,
    FormulasOfKind,
    LayerFormula,
)
from blackthorn.records.networks import (
    PREDICTION_SCHEMA,
    TIMING_SCHEMA,
    VALIDATION_SCHEMA,
    Coverage,
    LayerPrediction,
    Network,
    NetworkLayer,
    NetworkTiming,
    OnnxNode,
    Prediction,
    Source,
    TimedLayer,
    Transfers,
)
from blackthorn.records.probes import Dimensions, Precision, Probe, Range
from blackthorn.records.sweeps import (
    FOOTPRINTS,
    PRESET_SCHEMA,
    SWEEP_SCHEMA,
    Device,
    Grade,
    Measurement,
    PlannedSweep,
    Preset,
    Reference,
    Sweep,
    SweepHeader,
)
from blackthorn.records.visits import GOOD_ERROR, merged_visits

__all__ = [
    "ANYWHERE",
    "BYTES_MOVED",
    "FOOTPRINTS",
    "GOOD_ERROR",
    "MODEL_SCHEMA",
    "NO_FORMULAS",
    "OUTPUT_SIZES",
    "POSITIONS",
    "PREDICTION_SCHEMA",
    "PRESET_SCHEMA",
    "SWEEP_SCHEMA",
    "TIMING_SCHEMA",
    "VALIDATION_SCHEMA",
    "CachedWeights",
    "Coverage",
    "Device",
    "Dimensions",
    "FittedModel",
    "FormulasOfKind",
    "Grade",
    "LayerFormula",
    "LayerPrediction",
    "Measurement",
    "Network",
    "NetworkLayer",
    "NetworkTiming",
    "OnnxNode",
    "PlannedSweep",
    "Precision",
    "Prediction",
    "Preset",
    "Probe",
    "Range",
    "Reference",
    "Source",
    "Sweep",
    "SweepHeader",
    "TimedLayer",
    "Transfers",
    "merged_visits",
]
