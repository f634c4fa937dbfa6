"""A network and a fitted model give a prediction: every layer by the formula of its class, and what no formula covers.

Which formula a layer gets: that of a class whose fixed dimensions it shares and whose measured ranges it lies in (fitted;
of several, the one with most points). Where there is none, the nearest class of its kind and precision, its formula carried
beyond what was measured (extrapolated). Near is measured in fixed dimensions first and in ranges second, each as the sum of
|log(value / nearest value of the class)|: twice the stride is as far as twice the channels. Where fixed dimensions differ,
the time is scaled by the layer's work over that of the same layer with the class's fixed dimensions.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from blackthorn.errors import BadFile, BadValue
from blackthorn.layers import LayerKind, Quantities, layer_kinds
from blackthorn.layers.dispatch import Dispatch
from blackthorn.records import (
    ANYWHERE,
    NO_FORMULAS,
    PREDICTION_SCHEMA,
    Coverage,
    Dimensions,
    FittedModel,
    FormulasOfKind,
    LayerFormula,
    LayerPrediction,
    Network,
    NetworkLayer,
    Precision,
    Prediction,
    Reference,
    Source,
)
from blackthorn.units import milliseconds

COVERAGE_BASIS = (
    "fitted and extrapolated are shares of the predicted time, unknown is the share of the network's multiply-accumulates "
    "in layers that no formula covers"
)

Floats = NDArray[np.float64]
_Class = tuple[str | None, Precision]
"""Layer kind and precision."""
_Key = tuple[str | None, Precision, tuple[int, ...]]
"""The same and the values of the dimensions: layers that share it take the same time."""
Answer = tuple[float | None, Source, Reference | None, float]
"""Seconds of a layer, where they come from, the speed at which they are stated, and the share that is streamed."""
UNKNOWN: Answer = (None, "unknown", None, 0.0)


def predict(network: Network, model: FittedModel) -> Prediction:
    """How long a network takes on a device.

    Layers that are of no kind, or whose kind and precision the model has no formula for, are unknown; so is one whose
    formula gives a negative or infinite time there, which no fitted formula does but a file edited by hand may.

    Args:
        network: the layers, as the runtime runs them.
        model: the device.

    Raises:
        BadFile: a formula speaks of a dimension that its layer kind does not have.
    """
    listed = (*network.layers, _between_kernels(network))
    keys = [_key(layer) for layer in listed]
    answers: dict[_Key, Answer] = {}
    kept = 0.0 if model.cached is None else model.cached.share(weights_of(network))
    for (kind, precision), layers in _alike(keys, listed).items():
        classes = NO_FORMULAS if kind is None else model.classes.get((kind, precision), NO_FORMULAS)
        if kind is not None and classes.formulas:
            found = _answers(layer_kinds()[kind], precision, list(layers.values()), classes, kept)
            answers.update(zip(layers, found, strict=True))
    *predicted, between = [_predicted(layer, answers.get(key, UNKNOWN)) for key, layer in zip(keys, listed, strict=True)]
    return _summed(network.name, model.device.name, predicted, between if between.seconds is not None else None)


def weights_of(network: Network) -> int:
    """Bytes of the weights of all layers that multiply together, those of layers of no kind left out."""
    kinds = layer_kinds()
    layers = ((kinds[layer.kind], layer) for layer in network.layers if layer.kind is not None and layer.macs)
    return sum(kind.weight_bytes(layer.dimensions or {}, layer.precision) for kind, layer in layers)


def _between_kernels(network: Network) -> NetworkLayer:
    """What goes by around the kernels, as if it were a layer."""
    return NetworkLayer(
        "between kernels", "", Dispatch.name, {"nodes": max(1, sum(layer.times for layer in network.layers))}, 0
    )


def at_speeds(prediction: Prediction, speeds: Mapping[str, float]) -> Prediction:
    """The prediction at other machine speeds than those at which the fitted model is stated.

    What layers that only move memory bring from beyond caches stays as it is: while a shared computer took 1.6 times as long
    for what lay in its caches, layers of 11 MB took as long as ever.

    Args:
        prediction: of a network.
        speeds: what references take at these speeds, in seconds, by the keys of their probes; layers whose reference is not
            among them stay as they are.
    """
    layers = [_at_speed(layer, speeds) for layer in prediction.layers]
    between = prediction.between_kernels
    return _summed(prediction.model, prediction.device, layers, between and _at_speed(between, speeds))


def _at_speed(layer: LayerPrediction, speeds: Mapping[str, float]) -> LayerPrediction:
    reference = layer.reference
    if layer.seconds is None or reference is None or reference.probe.key not in speeds:
        return layer
    now = Reference(reference.probe, speeds[reference.probe.key])
    slowness = layer.streamed + (1.0 - layer.streamed) * now.seconds / reference.seconds
    share = layer.streamed / slowness
    return msgspec.structs.replace(layer, seconds=layer.seconds * slowness, reference=now, streamed=share)


def _summed(network: str, device: str, layers: Sequence[LayerPrediction], between: LayerPrediction | None) -> Prediction:
    every = [*layers, between] if between else layers
    total = math.fsum(layer.seconds for layer in every if layer.seconds is not None)
    return Prediction(network, device, total, coverage(layers), tuple(layers), between)


def _key(layer: NetworkLayer) -> _Key:
    return layer.kind, layer.precision, tuple(layer.dimensions.values()) if layer.dimensions else ()


def _alike(keys: Sequence[_Key], layers: Sequence[NetworkLayer]) -> dict[_Class, dict[_Key, Dimensions]]:
    """The different layers of every kind and precision; networks repeat the same few."""
    groups: dict[_Class, dict[_Key, Dimensions]] = defaultdict(dict)
    for key, layer in zip(keys, layers, strict=True):
        if layer.dimensions is not None:
            groups[key[:2]][key] = layer.dimensions
    return groups


def _predicted(layer: NetworkLayer, answer: Answer) -> LayerPrediction:
    once, source, reference, streamed = answer
    seconds = None if once is None else once * layer.times
    kind = layer.kind or layer.op_type
    return LayerPrediction(layer.name, kind, seconds, source, layer.dimensions, layer.macs, layer.times, reference, streamed)


def _answers(
    kind: LayerKind, precision: Precision, layers: Sequence[Dimensions], classes: FormulasOfKind, kept: float
) -> list[Answer]:
    """Seconds of layers of one kind; each formula is evaluated once, over all layers that it is chosen for.

    Of formulas that are as near, the first is chosen: `classes` begin with that of most points. Caches keep the share `kept` of
    all weights.
    """
    formulas = classes.formulas
    if kind.channelwise is not None:
        layers = [_in_one_image(layer, kind.channelwise, formulas) for layer in layers]
    # A file edited by hand may name dimensions that no such layer has.
    points = np.array([[layer.get(name, 1) for name in classes.names] for layer in layers], dtype=np.float64)
    off_fixed, off_range = distances(points, classes)
    ranked = np.lexsort((off_range, off_fixed))
    chosen, scales = ranked[:, 0].copy(), np.ones(len(layers))
    for index in np.flatnonzero(off_fixed.min(axis=1) > 0).tolist():
        chosen[index], scales[index] = _nearest(kind, precision, layers[index], formulas, ranked[index])
    rows = np.arange(len(layers))
    inside = (off_fixed[rows, chosen] == 0) & (off_range[rows, chosen] == 0)
    seconds, streamed = np.empty(len(layers)), np.empty(len(layers))
    for which in sorted(set(chosen.tolist())):
        mine = [layer for layer, one in zip(layers, chosen.tolist(), strict=True) if one == which]
        seconds[chosen == which], streamed[chosen == which] = _evaluate(formulas[which], kind, mine, kept)
    references = [formulas[which].reference for which in chosen.tolist()]
    found = zip((seconds * scales).tolist(), inside.tolist(), references, streamed.tolist(), strict=True)
    return [_checked(*answer) for answer in found]


def _in_one_image(layer: Dimensions, channels: str, formulas: Sequence[LayerFormula]) -> Dimensions:
    """A layer over a batch as one over a single image with as many more channels, where no class was measured at such a batch.

    Its kind works on every channel by itself.
    """
    batch = layer["batch"]
    spans = (formula.spans.get("batch", ANYWHERE) for formula in formulas)
    if batch == 1 or any(low <= batch <= high for low, high in spans):
        return layer
    return {**layer, channels: layer[channels] * batch, "batch": 1}


def distances(points: Floats, classes: FormulasOfKind) -> tuple[Floats, Floats]:
    """How far layers lie from what classes were measured at.

    Args:
        points: the values of the dimensions that `classes` names, shape (layers, dimensions).
        classes: of the layers' kind.

    Returns:
        The sum of |log ratio| over fixed dimensions and that over swept ones, each of shape (layers, classes).
    """
    at, (low, high) = np.log(points)[:, None, :], classes.log_spans
    beyond = np.maximum(low - at, 0.0) + np.maximum(at - high, 0.0)
    return np.einsum("lcd,cd->lc", beyond, classes.is_fixed), np.einsum("lcd,cd->lc", beyond, ~classes.is_fixed)


def _nearest(
    kind: LayerKind, precision: Precision, layer: Dimensions, formulas: Sequence[LayerFormula], ranked: NDArray[np.intp]
) -> tuple[int, float]:
    """The nearest class that could hold such a layer, and the layer's work over the work it would have there.

    With dimensions that no layer has together (64 filters in 3 groups) a class is passed over; NaN where all are.
    """
    for which in ranked.tolist():
        moved = {**layer, **{name: value for name, value in formulas[which].fixed.items() if name in layer}}
        try:
            kind.check(moved)
        except BadValue:
            continue
        return which, _work(kind, precision, layer) / _work(kind, precision, moved)
    return int(ranked[0]), math.nan


def _work(kind: LayerKind, precision: Precision, layer: Dimensions) -> int:
    """What a layer's time goes with: multiply-accumulates, or the bytes it moves where it has none."""
    return kind.macs(layer) or kind.bytes_moved(layer, precision)


def _evaluate(
    formula: LayerFormula, kind: LayerKind, layers: Sequence[Dimensions], kept: float
) -> tuple[Floats, Floats | float]:
    """Seconds of layers of a kind by one formula, and the shares that are streamed, shape (layers,); 0 where none are.

    Layers that multiply answer to the speed of their reference as wholes: its weights come from beyond the caches, too.
    """
    try:
        with np.errstate(all="ignore"):  # what is not finite is told apart afterwards
            quantities = Quantities(kind, formula.precision, layers)
            if kind.macs(layers[0]):
                weights = np.array([kind.weight_bytes(layer, formula.precision) for layer in layers], dtype=np.float64)
                return formula.less_cached(formula.seconds(quantities), kept * weights), 0.0
            return formula.streamed(quantities)
    except KeyError as error:
        problem = f"a formula of {formula.layer} speaks of the dimension {error}, which {formula.layer} does not have"
        raise BadFile(problem, "fit the model again with 'blackthorn fit'") from error


def _checked(seconds: float, inside: bool, reference: Reference | None, streamed: float) -> Answer:
    """Formulas are non-negative by construction; a file edited by hand may not be, and no time is below nothing."""
    if not math.isfinite(seconds) or seconds < 0.0:
        return UNKNOWN
    return seconds, "fitted" if inside else "extrapolated", reference, streamed


def coverage(layers: Iterable[LayerPrediction]) -> Coverage:
    """How much of a prediction is measured, carried further, and missing.

    A network without any multiply-accumulates counts as wholly unknown where one of its layers is.
    """
    seconds: dict[Source, float] = defaultdict(float)
    macs: dict[Source, int] = defaultdict(int)
    for layer in (layer for layer in layers if layer.times):
        seconds[layer.source] += layer.seconds or 0.0
        macs[layer.source] += layer.macs
    time, work = seconds["fitted"] + seconds["extrapolated"], sum(macs.values())
    missing = macs["unknown"] / work if work else float("unknown" in macs)
    return Coverage(seconds["fitted"] / (time or 1.0), seconds["extrapolated"] / (time or 1.0), missing)


def prediction_json(prediction: Prediction) -> dict[str, Any]:
    """A prediction as `predict --json` prints it; times in milliseconds, null where unknown."""
    between = prediction.between_kernels
    return {
        "schema": PREDICTION_SCHEMA,
        "model": prediction.model,
        "device": prediction.device,
        "latency_ms": milliseconds(prediction.seconds),
        "layers_ms": milliseconds(prediction.layer_seconds),
        "between_kernels_ms": None if between is None or between.seconds is None else milliseconds(between.seconds),
        "coverage": msgspec.to_builtins(prediction.coverage),
        "coverage_basis": COVERAGE_BASIS,
        "layers": [_layer_json(layer) for layer in prediction.layers],
    }


def _layer_json(layer: LayerPrediction) -> dict[str, Any]:
    return {
        "name": layer.name,
        "kind": layer.kind,
        "latency_ms": None if layer.seconds is None else milliseconds(layer.seconds),
        "source": layer.source,
        "dimensions": layer.dimensions,
        "times": layer.times,
    }
