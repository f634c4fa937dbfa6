"""What is wrong with a record although its types are right: times that are not positive, ranges upside down, ...

Each function yields one phrase a fault, so that a reader can name the file and a writer the value. Files are checked when
they are read, since anybody may have edited them, and before they are written, since JSON has no NaN.
"""

import math
from collections.abc import Iterator, Set
from itertools import pairwise

import msgspec

from blackthorn.formulas import Correction, Formula, GaussianProcess, ObliviousTree
from blackthorn.records import (
    BYTES_MOVED,
    OUTPUT_SIZES,
    POSITIONS,
    CachedWeights,
    Device,
    Dimensions,
    FittedModel,
    LayerFormula,
    Measurement,
    SweepHeader,
)

LARGEST = 2**31 - 1
"""The largest dimension, width or threshold: what runtimes index with 32 bits."""

MOST_QUESTIONS = 16
"""Of a tree of a correction: as many as make 65,536 groups."""
DEEPEST_FORMULA = 64
"""Nodes from the root to a leaf: far beyond any fit, far below where walking a tree exhausts the stack."""


def header_faults(header: SweepHeader) -> Iterator[str]:
    """What is wrong with the first line of a sweep file."""
    yield from _device_faults(header.device)
    yield from _dimension_faults(header.fixed)
    if header.reference is not None:
        yield from _dimension_faults(header.reference.dimensions)
    if not header.axes:
        yield "there is no axis"
    if len(set(header.axes)) < len(header.axes):
        yield "an axis is named twice"
    for axis in header.axes:
        if axis in header.fixed:
            yield f"{axis} is both an axis and fixed"


def measurement_faults(measurement: Measurement, header: SweepHeader) -> Iterator[str]:
    """What is wrong with a measurement below this header."""
    yield from _time_faults(measurement)
    probe = measurement.probe
    yield from _dimension_faults(probe.dimensions)
    if not 0 <= probe.footprint <= LARGEST:
        yield f"footprint is {probe.footprint}, not a whole number of MiB"
    if (probe.layer, probe.precision) != (header.layer, header.precision):
        yield f"it is a {probe.layer} in {probe.precision} in a sweep of {header.layer} in {header.precision}"
    for name, value in header.fixed.items():
        if probe.dimensions.get(name) != value:
            yield f"{name} is {probe.dimensions.get(name, 'missing')} in a sweep at {name}={value}"


def model_faults(model: FittedModel) -> Iterator[str]:
    """What is wrong with a fitted model."""
    yield from _device_faults(model.device)
    if model.cached is not None:
        yield from _cached_faults(model.cached)
    for number, layer in enumerate(model.layers, start=1):
        for fault in _layer_faults(layer):
            yield f"{fault} (layer formula {number}, {layer.layer})"


def _cached_faults(cached: CachedWeights) -> Iterator[str]:
    if len(cached.footprints) != len(cached.kept) or not cached.footprints:
        yield f"there are {len(cached.footprints)} footprints and {len(cached.kept)} shares that caches keep"
    if not all(low < high for low, high in pairwise((0, *cached.footprints))):
        yield "the footprints do not ascend"
    if not all(0.0 <= share <= 1.0 for share in cached.kept):
        yield "a share that caches keep is not a number from 0 to 1"


def _device_faults(device: Device) -> Iterator[str]:
    if not device.name.strip():
        yield "the device has no name"
    if not 1 <= device.threads <= LARGEST:
        yield f"the device has {device.threads} threads"


def _time_faults(measurement: Measurement) -> Iterator[str]:
    if not _positive(measurement.seconds):
        yield f"seconds is {measurement.seconds}, not a positive number"
    if not _not_negative(measurement.wall_seconds):
        yield f"wall_seconds is {measurement.wall_seconds}, not a number from 0 up"
    if measurement.reference_seconds is not None and not _positive(measurement.reference_seconds):
        yield f"reference_seconds is {measurement.reference_seconds}, not a positive number"
    if not _not_negative(measurement.relative_error):
        yield f"relative_error is {measurement.relative_error}, not a number from 0 up"
    if measurement.calls < 1:
        yield f"calls is {measurement.calls}, not at least 1"


def _layer_faults(layer: LayerFormula) -> Iterator[str]:
    yield from _dimension_faults(layer.fixed)
    for name, (low, high) in layer.ranges.items():
        if not 1 <= low <= high <= LARGEST:
            yield f"the range of {name} is {low}:{high}"
    if layer.points < 1:
        yield f"points is {layer.points}, not at least 1"
    for name in ("rmspe", "rmspe_cross_validated"):
        if not _not_negative(getattr(layer, name)):
            yield f"{name} is {getattr(layer, name)}, not a number from 0 up"
    if layer.timing_error is not None and not _not_negative(layer.timing_error):
        yield f"timing_error is {layer.timing_error}, not a number from 0 up"
    if not _not_negative(layer.saved):
        yield f"saved is {layer.saved}, not a number from 0 up"
    if not all(math.isfinite(residual) for residual in layer.residuals):
        yield "a residual is not a finite number"
    if layer.reference is not None:
        yield from _dimension_faults(layer.reference.probe.dimensions)
        if not _positive(layer.reference.seconds):
            yield f"its reference takes {layer.reference.seconds} seconds, not a positive number"
    dimensions = {*layer.fixed, *layer.ranges}
    known = {POSITIONS, *dimensions, *(OUTPUT_SIZES[name] for name in dimensions & OUTPUT_SIZES.keys())}
    if layer.correction is not None:
        yield from _correction_faults(layer.correction, {BYTES_MOVED, *known})
    yield from _formula_faults(layer.formula, {BYTES_MOVED, *known})


def _correction_faults(correction: Correction, known: Set[str]) -> Iterator[str]:
    if correction.process is None and not correction.trees and not correction.alternatives:
        yield "the correction says nothing"
    for alternative in correction.alternatives:
        if not 0.0 < alternative.weight <= 1.0:
            yield f"an alternative of the correction has the weight {alternative.weight}, which is no share"
        yield from _formula_faults(alternative.formula, known)
    if correction.process is not None:
        yield from _process_faults(correction.process, known)
    for tree in correction.trees:
        yield from _tree_faults(tree, known)
    if not _not_negative(correction.without):
        yield f"errors without the correction are {correction.without} %"


def _process_faults(process: GaussianProcess, known: Set[str]) -> Iterator[str]:
    if not process.dimensions or not known >= set(process.dimensions):
        yield f"the correction is over {', '.join(process.dimensions) or 'nothing'}"
    if len(process.points) != len(process.weights) or not process.points:
        yield f"the correction has {len(process.points)} points and {len(process.weights)} weights"
    if any(len(point) != len(process.dimensions) for point in process.points):
        yield "a point of the correction has another number of dimensions"
    if not all(1 <= value <= LARGEST for point in process.points for value in point):
        yield "a point of the correction lies where no layer is"
    if not 1 <= process.divisor <= LARGEST:
        yield f"the correction's divisor is {process.divisor}"
    if len(process.lengths) != len(process.dimensions) or not all(map(_positive, process.lengths)):
        yield f"the correction reaches {', '.join(map(str, process.lengths))} octaves along its dimensions"
    if not all(math.isfinite(weight) for weight in process.weights):
        yield "a weight of the correction is not a finite number"


def _tree_faults(tree: ObliviousTree, known: Set[str]) -> Iterator[str]:
    if not 1 <= len(tree.questions) <= MOST_QUESTIONS or len(tree.values) != 2 ** len(tree.questions):
        yield f"a tree of the correction has {len(tree.questions)} questions and {len(tree.values)} values"
    for question in tree.questions:
        yield from _number_faults(question)
        if question.dimension not in known:
            yield f"a tree of the correction asks for the dimension {question.dimension}, which is neither ranged nor fixed"
    if not all(math.isfinite(value) for value in tree.values):
        yield "a value of a tree of the correction is not a finite number"


def _formula_faults(formula: Formula, known: Set[str]) -> Iterator[str]:
    """Level by level, since a tree from a stranger may be deeper than the stack."""
    level = [formula]
    for _ in range(DEEPEST_FORMULA):
        for node in level:
            yield from _number_faults(node)
            dimension = getattr(node, "dimension", None)
            if dimension is not None and dimension not in known:
                yield f"the formula has the dimension {dimension}, which is neither ranged nor fixed"
        level = [child for node in level for child in node.children()]
    if level:
        yield f"the formula is nested more than {DEEPEST_FORMULA} deep"


def _number_faults(node: object) -> Iterator[str]:
    """The numbers of one node, those of a switch's condition with them."""
    if not isinstance(node, msgspec.Struct):
        return
    for name in node.__struct_fields__:
        value = getattr(node, name)
        if (isinstance(value, float) and not math.isfinite(value)) or (isinstance(value, int) and abs(value) > LARGEST):
            yield f"the formula has {name} {value}, out of range"
        if not isinstance(value, Formula):
            yield from _number_faults(value)


def _dimension_faults(dimensions: Dimensions) -> Iterator[str]:
    for name, value in dimensions.items():
        if not 1 <= value <= LARGEST:
            yield f"{name} is {value}, not a whole number from 1 to {LARGEST}"


def _positive(value: float) -> bool:
    return math.isfinite(value) and value > 0.0


def _not_negative(value: float) -> bool:
    return math.isfinite(value) and value >= 0.0
