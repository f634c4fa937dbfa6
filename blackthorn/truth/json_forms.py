"""Timings and validations for programs: times in milliseconds, errors in percent, null where there is none."""

from typing import Any

from blackthorn.records import TIMING_SCHEMA, VALIDATION_SCHEMA, NetworkTiming, TimedLayer
from blackthorn.truth.figures import KindShare, kind_shares, layer_mape, layer_rmspe, mean_error, worst_error
from blackthorn.truth.series import Failure, Series
from blackthorn.truth.validation import LayerError, Validation
from blackthorn.units import milliseconds


def timing_json(timing: NetworkTiming) -> dict[str, Any]:
    """A timing as `measure --json` prints it."""
    return {
        "schema": TIMING_SCHEMA,
        "model": timing.model,
        "device": timing.device,
        "latency_ms": milliseconds(timing.seconds),
        "spread_pct": 100.0 * timing.spread,
        "grade": timing.grade,
        "kernel_ms": _ms(timing.kernel_seconds if timing.layers else None),
        "reference_ms": _ms(timing.reference_seconds),
        "calls": timing.calls,
        "to_device_ms": _ms(None if timing.transfers is None else timing.transfers.to_device),
        "to_host_ms": _ms(None if timing.transfers is None else timing.transfers.to_host),
        "layers": [_timed_json(layer) for layer in timing.layers],
    }


def _timed_json(layer: TimedLayer) -> dict[str, Any]:
    return {
        "name": layer.name,
        "operator": layer.operator,
        "nodes": list(layer.nodes),
        "latency_ms": milliseconds(layer.seconds),
    }


def validation_json(series: Series) -> dict[str, Any]:
    """What `validate --json` prints; the coverage is a fraction, as in predictions."""
    validations = series.validations
    every = [layer for entry in validations for layer in entry.layers]
    return {
        "schema": VALIDATION_SCHEMA,
        "networks": [_network_json(entry) for entry in validations],
        "failed": [_failure_json(entry) for entry in series.failures],
        "interrupted": series.interrupted,
        "mape_pct": _percent(mean_error(validations)),
        "worst_pct": _percent(worst_error(validations)),
        "layer_mape_pct": _percent(layer_mape(every)),
        "layer_rmspe_pct": _percent(layer_rmspe(every)),
        "kinds": [_kind_json(share) for share in kind_shares(validations)],
    }


def _kind_json(share: KindShare) -> dict[str, Any]:
    return {
        "kind": share.kind,
        "measured_ms": milliseconds(share.measured),
        "predicted_ms": milliseconds(share.predicted),
        "share_of_error_pct": 100.0 * share.share,
    }


def _network_json(entry: Validation) -> dict[str, Any]:
    return {
        "model": entry.model,
        "device": entry.device,
        "measured_ms": milliseconds(entry.measured),
        "grade": entry.grade,
        "kernel_ms": _ms(entry.kernels if entry.tells_kernels else None),
        "between_kernels_ms": _ms(entry.between_kernels if entry.tells_kernels else None),
        "predicted_ms": milliseconds(entry.predicted),
        "predicted_between_kernels_ms": milliseconds(entry.predicted_between),
        "error_pct": 100.0 * entry.error,
        "visit_errors_pct": [100.0 * error for error in entry.errors],
        "coverage": entry.coverage if entry.tells_kernels else None,
        "layers": [_layer_json(layer) for layer in entry.layers],
    }


def _failure_json(entry: Failure) -> dict[str, Any]:
    return {"model": entry.path.stem, "file": str(entry.path), "reason": entry.reason}


def _layer_json(layer: LayerError) -> dict[str, Any]:
    return {
        "name": layer.name,
        "kind": layer.kind,
        "measured_ms": _ms(layer.measured),
        "predicted_ms": _ms(layer.predicted),
        "error_pct": _percent(layer.error),
    }


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else milliseconds(seconds)


def _percent(fraction: float | None) -> float | None:
    return None if fraction is None else 100.0 * fraction
