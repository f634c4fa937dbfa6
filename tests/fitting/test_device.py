"""From the sweeps of a device to its fitted model."""

import itertools

import msgspec
import numpy as np
import pytest

from blackthorn.errors import NotMeasured, WrongDevice
from blackthorn.fitting import fit_device
from blackthorn.fitting.class_formula import best_of, fit_class, points_of
from blackthorn.fitting.classes import LayerClass, full_speeds, layer_classes
from blackthorn.fitting.kernels import fit_points
from blackthorn.fitting.leaving_out import LeftOut, cross_validation, rmspe
from blackthorn.fitting.lockstep import finished
from blackthorn.formulas import Constant, Linear, Step
from blackthorn.layers import Quantities, layer_kind
from blackthorn.records import POSITIONS, Measurement, Range, Reference, Sweep
from blackthorn.sweeping import SweepPlan
from tests.examples import DEVICE

STAIRS = Step("filters", 16, Constant(2e-4), Constant(1e-4))
ROWS = Linear("channels", Constant(2e-6), Constant(4e-6))
PLANE = Step("filters", 16, Linear("channels", Constant(1e-5), Constant(1e-6)), ROWS)


def a_sweep(formula, axes, fixed=None, slow=1.0, device=DEVICE):
    """A sweep of a full grid on a device that takes what the formula says, times `slow`, and so does its reference."""
    plan = SweepPlan("conv2d", axes, fixed or {"height": 8})
    names = list(axes)
    grid = np.stack(np.meshgrid(*[values.values() for values in axes.values()]), axis=-1).reshape(-1, len(names))
    measurements = []
    for row in grid.tolist():
        probe = plan.probe_at(dict(zip(names, row, strict=True)))
        seconds = slow * formula.evaluate(Quantities(plan.kind, plan.precision, [probe.dimensions])).item()
        measurements.append(Measurement(probe, seconds, seconds, 1e-3 * slow, 0.01, 8, "settled", "2025-01-01T00:00:00+00:00"))
    header = plan.header(device, plan.usual(), "2025-01-01T00:00:00+00:00", "test")
    return Sweep(header, tuple(measurements))


def test_one_class_one_formula():
    model = fit_device([a_sweep(STAIRS, {"filters": Range(1, 96)})], "now", "test")
    (layer,) = model.layers
    assert layer.formula.evaluate({"filters": np.array([1, 16, 17, 96])}) == pytest.approx([2e-4, 2e-4, 3e-4, 7e-4], rel=1e-3)
    assert layer.ranges == {"filters": (1, 96)}
    assert layer.fixed["channels"] == 64
    assert layer.points == len(layer.residuals) == 96
    assert layer.rmspe < 0.1
    assert layer.text.startswith("latency in ms = 0.2 + (filters - 1) // 16 * 0.1")


def test_layers_timed_within_small_footprints_tell_what_caches_save():
    sweep = a_sweep(PLANE, {"filters": Range(64, 512, 64), "channels": Range(64, 512, 64)}, {"size": 7, "kernel": 1})
    kind, cost = layer_kind("conv2d"), 2e-10
    rest, near = [], []

    def within(measured, probe):
        footprint = kind.footprint_bytes(probe.dimensions, "fp32", probe.footprint)
        kept = np.clip(3 - np.log2(footprint / 2**20), 0, 1)  # all is kept of 4 MiB, and nothing of 8
        saved = cost * kind.weight_bytes(probe.dimensions, "fp32") * kept
        return msgspec.structs.replace(measured, probe=probe, seconds=measured.seconds - saved)

    for measured in sweep.measurements:
        probe = measured.probe
        weights = kind.weight_bytes(probe.dimensions, "fp32")
        rest.append(within(measured, probe))
        if weights >= 2**19:
            near += [within(measured, msgspec.structs.replace(probe, footprint=size)) for size in (2, 4, 8, 16)]
    model = fit_device([msgspec.structs.replace(sweep, measurements=(*rest, *near))], "now", "test")
    (layer,) = model.layers
    assert layer.points == len(rest)
    assert layer.saved == pytest.approx(cost, rel=0.02)
    assert model.cached is not None
    assert model.cached.kept == pytest.approx([1, 1, 0, 0, 0], abs=0.01)
    assert layer.rmspe < 0.2


def test_sweeps_taken_at_different_speeds_agree():
    fast = a_sweep(STAIRS, {"filters": Range(1, 96, 2)})
    slow = a_sweep(STAIRS, {"filters": Range(2, 96, 2)}, slow=1.3)
    model = fit_device([fast, slow], "now", "test")
    (layer,) = model.layers
    assert layer.reference == Reference(layer_kind("conv2d").probe_at({"height": 8}), pytest.approx(1e-3))
    assert layer.rmspe < 0.1
    assert layer.formula.evaluate({"filters": 1}) == pytest.approx(2e-4, rel=1e-3)


def test_dimensions_that_no_sweep_moves_part_the_classes():
    sweeps = [a_sweep(STAIRS, {"filters": Range(1, 64)}, {"kernel": kernel}) for kernel in (1, 3)]
    model = fit_device(sweeps, "now", "test")
    assert [layer.fixed["kernel"] for layer in model.layers] == [1, 3]


def test_sweeps_along_different_axes_make_one_formula():
    lines = [
        a_sweep(PLANE, {"filters": Range(1, 256)}, {"channels": 64, "height": 8}),
        a_sweep(PLANE, {"channels": Range(1, 256)}, {"filters": 64, "height": 8}),
        a_sweep(PLANE, {"filters": Range(16, 256, 48), "channels": Range(16, 256, 48)}),
    ]
    (layer,) = fit_device(lines, "now", "test").layers
    assert set(layer.ranges) == {"filters", "channels"}
    corner = {"filters": np.array([200]), "channels": np.array([130])}
    assert layer.formula.evaluate(corner) == pytest.approx(PLANE.evaluate(corner), rel=0.01)


def test_a_formula_of_matrix_products_is_over_positions():
    conv2d = layer_kind("conv2d")
    work = Linear("filters", Constant(0.0), Constant(3e-7))
    blocks = Step(POSITIONS, 16, Linear("filters", Constant(1e-5), Constant(1e-7)), work)
    axes = {"filters": Range(8, 128, 24), "height": Range(4, 40, 5), "width": Range(5, 41, 6)}
    (layer,) = fit_device([a_sweep(blocks, axes, {"kernel": 1})], "now", "test").layers
    assert layer.ranges == {"filters": (8, 128), "height": (4, 39), "width": (5, 41)}
    at = Quantities(conv2d, "fp32", [conv2d.complete({"filters": 60, "height": 7, "kernel": 1})])
    assert layer.seconds(at) == pytest.approx(blocks.evaluate(at), rel=0.01)


def test_two_devices_are_not_mixed():
    other = msgspec.structs.replace(DEVICE, name="another-board")
    sweeps = [a_sweep(STAIRS, {"filters": Range(1, 8)}, device=device) for device in (DEVICE, other)]
    with pytest.raises(WrongDevice, match=f"another-board, {DEVICE.name}"):
        fit_device(sweeps, "now", "test")


def test_nothing_measured_is_said():
    with pytest.raises(NotMeasured, match="no sweeps"):
        fit_device([], "now", "test")
    empty = msgspec.structs.replace(a_sweep(STAIRS, {"filters": Range(1, 2)}), measurements=())
    with pytest.raises(NotMeasured, match="hold no measurement"):
        fit_device([empty], "now", "test")


def test_a_single_point_is_fitted_and_admits_no_cross_validation():
    (layer,) = fit_device([a_sweep(STAIRS, {"filters": Range(5, 5)})], "now", "test").layers
    assert layer.formula == Constant(pytest.approx(2e-4, rel=1e-6))
    assert layer.points == 1


def test_unsure_measurements_weigh_less():
    sweep = a_sweep(STAIRS, {"filters": Range(1, 16)})
    unsure = msgspec.structs.replace(sweep.measurements[0], relative_error=0.04)
    points = points_of(layer_classes([msgspec.structs.replace(sweep, measurements=(unsure, *sweep.measurements[1:]))])[0])
    assert sorted(set(points.weights)) == pytest.approx([1 / 4, 1.0])


def test_left_out_errors_exceed_those_of_the_fit_on_noisy_data():
    sweep = a_sweep(STAIRS, {"filters": Range(1, 60, 3)})
    rng = np.random.default_rng(0)
    noisy = tuple(
        msgspec.structs.replace(m, seconds=m.seconds * (1 + 0.05 * rng.standard_normal())) for m in sweep.measurements
    )
    points = points_of(layer_classes([msgspec.structs.replace(sweep, measurements=noisy)])[0])
    best = fit_points(points)[0]
    inside = rmspe(best.predict(points.dimensions) / points.seconds - 1.0)
    assert rmspe(finished(cross_validation(points, [best]))[0].residuals) > inside > 0.0


def test_a_formula_tells_how_well_its_timings_are_known():
    sweep = a_sweep(STAIRS, {"filters": Range(1, 32)})
    half_known = tuple(
        msgspec.structs.replace(m, relative_error=0.07 if number % 2 else 0.01) for number, m in enumerate(sweep.measurements)
    )
    (layer,) = fit_device([msgspec.structs.replace(sweep, measurements=half_known)], "now", "test").layers
    assert layer.timing_error == pytest.approx(5.0)


def test_without_a_reference_there_is_no_full_speed():
    sweep = a_sweep(STAIRS, {"filters": Range(1, 4)})
    bare = tuple(msgspec.structs.replace(m, reference_seconds=None) for m in sweep.measurements)
    for header in (sweep.header, msgspec.structs.replace(sweep.header, reference=None)):
        assert full_speeds([Sweep(header, bare)]) == {}
        (layer,) = fit_device([Sweep(header, bare)], "now", "test").layers
        assert layer.reference is layer.timing_error is None


def test_classes_are_stated_by_their_own_references():
    kernels = {1: 0.7, 3: 1.4}
    sweeps = [a_sweep(STAIRS, {"filters": Range(1, 64)}, {"kernel": kernel}, slow) for kernel, slow in kernels.items()]
    model = fit_device(sweeps, "now", "test")
    assert [layer.reference.probe.dimensions["kernel"] for layer in model.layers] == [1, 3]
    assert [layer.reference.seconds for layer in model.layers] == pytest.approx([0.7e-3, 1.4e-3])


def test_a_reference_that_was_measured_as_a_layer_tells_full_speed():
    sweep = a_sweep(STAIRS, {"filters": Range(1, 96, 2)}, slow=1.4)
    own = msgspec.structs.replace(sweep.measurements[0], probe=sweep.header.reference, seconds=4e-4, reference_seconds=1e-3)
    key = sweep.header.reference.key
    assert full_speeds([sweep])[key].seconds == pytest.approx(1.4e-3)
    assert full_speeds([Sweep(sweep.header, (own, *sweep.measurements))])[key].seconds == pytest.approx(1e-3)
    slower = msgspec.structs.replace(own, reference_seconds=2e-3)
    assert full_speeds([Sweep(sweep.header, (slower, *sweep.measurements))])[key].seconds == pytest.approx(1.4e-3)


def test_sweeps_of_one_class_beside_different_references_agree_at_full_speed():
    sweep = a_sweep(STAIRS, {"filters": Range(1, 96, 2)})
    other = a_sweep(STAIRS, {"filters": Range(2, 96, 2)})
    elsewhere = msgspec.structs.replace(other.header, reference=layer_kind("conv2d").probe_at({"height": 16}))
    thrice = tuple(msgspec.structs.replace(m, reference_seconds=3e-3) for m in other.measurements)
    (layer,) = fit_device([sweep, Sweep(elsewhere, thrice)], "now", "test").layers
    assert layer.rmspe < 0.1
    assert layer.reference.probe in (sweep.header.reference, elsewhere.reference)


def test_formulas_may_speak_of_the_bytes_that_a_layer_moves():
    sweep = a_sweep(PLANE, {"filters": Range(16, 256, 48), "channels": Range(16, 256, 48)})
    slow_beyond = 400_000
    measurements = []
    for measurement in sweep.measurements:
        moved = layer_kind("conv2d").bytes_moved(measurement.probe.dimensions, "fp32")
        seconds = measurement.seconds * (1.0 if moved <= slow_beyond else 1.6)
        measurements.append(msgspec.structs.replace(measurement, seconds=seconds))
    (layer,) = fit_device([msgspec.structs.replace(sweep, measurements=tuple(measurements))], "now", "test").layers
    assert "bytes_moved <=" in layer.text
    assert set(layer.ranges) == {"filters", "channels"}
    probes = [measurement.probe.dimensions for measurement in measurements]
    predicted = layer.formula.evaluate(Quantities(layer_kind("conv2d"), "fp32", probes))
    errors = predicted / np.array([measurement.seconds for measurement in measurements]) - 1.0
    assert np.quantile(np.abs(errors), 0.9) < 0.03


def test_a_dimension_may_count_twice_in_a_layers_work() -> None:
    """A state of twice the numbers takes four times the time: no line or stairs along `hidden` alone say so."""
    kind = layer_kind("lstm")
    sizes = itertools.product((16, 48, 128, 320, 512), (32, 256), (1, 16))
    probes = [kind.probe_at({"hidden": hidden, "inputs": inputs, "steps": steps}) for hidden, inputs, steps in sizes]
    measured = []
    for probe in probes:
        seconds = 1e-5 + 1e-10 * kind.macs(probe.dimensions)
        measured.append(Measurement(probe, seconds, seconds, None, 0.01, 8, "settled", "2025-01-01T00:00:00+00:00"))
    layer = fit_class(LayerClass("lstm", "fp32", {"directions": 1, "batch": 1}, tuple(measured)))
    assert layer.rmspe < 1.0
    assert set(layer.ranges) == {"hidden", "inputs", "steps"}
    assert "state" not in layer.text


@pytest.mark.parametrize(("errors", "chosen"), [((0.020, 0.021), 0), ((0.02, 0.01), 1), ((0.01, 0.02), 0)])
def test_a_longer_description_has_to_predict_left_out_points_better(errors, chosen):
    (group,) = layer_classes([a_sweep(PLANE, {"filters": Range(16, 64, 16), "channels": Range(1, 4)})])
    found = fit_points(points_of(group))[:3]
    signs = np.where(np.arange(len(group.measurements)) % 3, 1.0, -1.1)
    alone = [LeftOut((), error * signs) for error in (*errors, 1.0)]
    fit, left_out = best_of(points_of(group), list(zip(found, alone, strict=True)))
    assert fit is found[chosen]
    assert abs(left_out.residuals).max() == pytest.approx(1.1 * errors[chosen])
