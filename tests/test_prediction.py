"""Predictions: which formula a layer gets, what is carried further, and what is owned up to as unknown."""

import json
import math

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackthorn.errors import BadFile
from blackthorn.formulas import AtMost, Constant, Formula, Hinge, Linear, Step, Switch
from blackthorn.layers import layer_kind
from blackthorn.onnx_graph import read_network
from blackthorn.prediction import at_speeds, coverage, distances, predict, prediction_json, weights_of
from blackthorn.records import (
    CachedWeights,
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
)
from tests.examples import a_model
from tests.networks import light_networks
from tests.strategies import QUICK

CONV = layer_kind("conv2d")
STEPS = Step("filters", 16, Constant(1e-3), Linear("channels", Constant(0.0), Constant(1e-5)))


def a_class(formula: Formula = STEPS, points: int = 10, precision: Precision = "fp32", **fixed: int) -> LayerFormula:
    """Layers of 1 to 256 filters and channels; everything else as by default, or fixed as given."""
    whole = CONV.complete(fixed)
    held = {name: value for name, value in whole.items() if name not in ("filters", "channels") or name in fixed}
    swept = {name: (1, 256) for name in ("filters", "channels") if name not in fixed}
    return msgspec.structs.replace(
        a_model().layers[0], precision=precision, fixed=held, ranges=swept, formula=formula, text="", points=points
    )


def model_of(*classes: LayerFormula) -> FittedModel:
    return msgspec.structs.replace(a_model(), layers=classes)


def a_layer(precision: Precision = "fp32", **dimensions: int) -> NetworkLayer:
    whole = CONV.complete(dimensions)
    return NetworkLayer("layer", "Conv", "conv2d", whole, CONV.macs(whole), precision)


def predicted(model: FittedModel, *layers: NetworkLayer) -> Prediction:
    return predict(Network("net", layers), model)


def only(model: FittedModel, layer: NetworkLayer) -> LayerPrediction:
    (answer,) = predicted(model, layer).layers
    return answer


def test_a_layer_like_the_measured_ones_is_fitted() -> None:
    answer = only(model_of(a_class()), a_layer(filters=40, channels=8))
    assert answer.source == "fitted"
    assert answer.seconds == pytest.approx(1e-3 + 2 * 8e-5)


def caching(saved: float, *kept: float) -> FittedModel:
    """A model whose formula is of weights in memory; caches keep these shares of 1 KiB, 2 KiB, 4 KiB and so on."""
    group = a_class(kernel=1)
    cached = CachedWeights(tuple(1024 * 2**step for step in range(len(kept))), kept)
    return msgspec.structs.replace(model_of(msgspec.structs.replace(group, saved=saved)), cached=cached)


def test_weights_that_caches_keep_are_saved() -> None:
    layer = a_layer(filters=16, channels=8, kernel=1)
    weights = 4 * (16 * 8 + 16)
    network = Network("net", (layer,) * 4)
    assert weights_of(network) == 4 * weights
    model = caching(1e-7, 1.0, 0.5, 0.0)
    assert model.cached is not None
    assert 0.0 < model.cached.share(4 * weights) < 0.5
    alone, several, many = (predicted(model, *[layer] * times).layers[0].seconds for times in (1, 4, 64))
    assert alone == pytest.approx(1e-3 - 1e-7 * weights)
    assert several == pytest.approx(1e-3 - 1e-7 * weights * model.cached.share(4 * weights))
    assert many == pytest.approx(1e-3)


def test_caches_save_no_more_than_fetching_takes() -> None:
    answer = only(caching(1.0, 1.0), a_layer(filters=16, channels=8, kernel=1))
    assert answer.seconds is not None
    assert 0 < answer.seconds < 1e-3


@pytest.mark.parametrize("outside", [{"filters": 257}, {"channels": 300}, {"filters": 1000, "channels": 1000}])
def test_beyond_the_measured_range_the_formula_is_carried_on(outside: Dimensions) -> None:
    layer = a_layer(**outside)
    answer = only(model_of(a_class()), layer)
    assert answer.source == "extrapolated"
    assert answer.seconds == pytest.approx(float(STEPS.evaluate(layer.dimensions or {})))


@pytest.mark.parametrize("inside", [{"filters": 256}, {"channels": 1}, {"filters": 1, "channels": 256}])
def test_the_ends_of_the_measured_range_belong_to_it(inside: Dimensions) -> None:
    assert only(model_of(a_class()), a_layer(**inside)).source == "fitted"


def test_another_class_is_scaled_by_work() -> None:
    layer = a_layer(filters=64, channels=32, kernel=5)
    answer = only(model_of(a_class(kernel=3)), layer)
    alike = CONV.complete({"filters": 64, "channels": 32, "kernel": 3})
    assert answer.source == "extrapolated"
    assert answer.seconds == pytest.approx(float(STEPS.evaluate(alike)) * 25 / 9)


def a_depthwise_class(**fixed: int) -> LayerFormula:
    """Depthwise convolutions that take a microsecond a channel."""
    dimensions = layer_kind("depthwise_conv2d").complete(fixed)
    return msgspec.structs.replace(
        a_class(Linear("channels", Constant(0.0), Constant(1e-6))),
        layer="depthwise_conv2d",
        fixed={name: value for name, value in dimensions.items() if name != "channels"},
        ranges={"channels": (1, 512)},
    )


def test_a_batch_counts_as_more_channels_where_every_channel_is_worked_on_by_itself() -> None:
    layer = NetworkLayer(
        "d", "Conv", "depthwise_conv2d", layer_kind("depthwise_conv2d").complete({"channels": 48, "batch": 6}), 99
    )
    answer = only(model_of(a_depthwise_class()), layer)
    assert (answer.seconds, answer.source) == (pytest.approx(288e-6), "fitted")
    assert answer.dimensions == layer.dimensions


def test_a_batch_that_was_measured_counts_as_it_is() -> None:
    layer = NetworkLayer(
        "d", "Conv", "depthwise_conv2d", layer_kind("depthwise_conv2d").complete({"channels": 48, "batch": 6}), 99
    )
    assert only(model_of(a_depthwise_class(), a_depthwise_class(batch=6)), layer).seconds == pytest.approx(48e-6)


def test_the_nearest_class_answers() -> None:
    model = model_of(a_class(Constant(1.0), height=8), a_class(Constant(2.0), height=32), a_class(Constant(3.0), height=128))
    for height, formula, at in ((9, 1.0, 8), (20, 2.0, 32), (60, 2.0, 32), (70, 3.0, 128), (999, 3.0, 128)):
        layer = a_layer(height=height)
        expected = formula * layer.macs / CONV.macs(CONV.complete({"height": at}))
        assert only(model, layer).seconds == pytest.approx(expected), height


def test_an_exact_class_wins_over_one_whose_range_is_nearer() -> None:
    exact = a_class(Constant(1.0), kernel=3)
    near = msgspec.structs.replace(a_class(Constant(2.0), kernel=5), ranges={"filters": (1, 1024), "channels": (1, 1024)})
    answer = only(model_of(near, exact), a_layer(filters=1000))
    assert (answer.seconds, answer.source) == (1.0, "extrapolated")


def test_of_several_exact_classes_the_one_that_was_measured_there_answers_then_the_one_with_more_points() -> None:
    elsewhere = msgspec.structs.replace(a_class(Constant(1.0), points=99), ranges={"filters": (500, 600), "channels": (1, 9)})
    few, many = a_class(Constant(2.0), points=5), a_class(Constant(3.0), points=50)
    for model in (model_of(elsewhere, few, many), model_of(many, few, elsewhere)):
        assert only(model, a_layer()).seconds == 3.0


def test_classes_that_could_not_hold_such_a_layer_are_passed_over() -> None:
    grouped = msgspec.structs.replace(a_class(Constant(1.0)), fixed={**a_class().fixed, "groups": 3})
    layer = a_layer(filters=64, channels=64, groups=2)
    assert only(model_of(grouped), layer).source == "unknown"
    assert only(model_of(grouped, a_class(Constant(2.0), groups=1)), layer).seconds == pytest.approx(2.0 / 2)


@pytest.mark.parametrize(
    "layer", [a_layer(precision="fp16"), NetworkLayer("s", "Softmax", None, None, 0), NetworkLayer("d", "Gemm", None, None, 99)]
)
def test_what_no_formula_covers_is_unknown(layer: NetworkLayer) -> None:
    answer = only(model_of(a_class()), layer)
    assert (answer.seconds, answer.source) == (None, "unknown")
    assert answer.kind == (layer.kind or layer.op_type)


def test_precisions_have_formulas_of_their_own() -> None:
    model = model_of(a_class(Constant(1.0)), a_class(Constant(2.0), precision="fp16"))
    answers = predicted(model, a_layer(), a_layer(precision="fp16")).layers
    assert [answer.seconds for answer in answers] == [1.0, 2.0]


@pytest.mark.parametrize("value", [-1.0, math.nan, math.inf])
def test_an_impossible_time_is_unknown_and_not_zero(value: float) -> None:
    prediction = predicted(model_of(a_class(Constant(value), kernel=1), a_class(Constant(1.0))), a_layer(kernel=1), a_layer())
    assert [layer.source for layer in prediction.layers] == ["unknown", "fitted"]
    assert prediction.seconds == 1.0
    assert prediction.coverage.unknown == pytest.approx(1 / 10)


def test_a_formula_of_a_strange_dimension_is_refused() -> None:
    with pytest.raises(BadFile, match=r"'depth'.*blackthorn fit"):
        predicted(model_of(a_class(Linear("depth", Constant(0.0), Constant(1.0)))), a_layer())


def test_a_model_without_formulas_knows_nothing() -> None:
    prediction = predicted(model_of(), a_layer())
    assert (prediction.seconds, prediction.coverage.unknown, prediction.coverage.fitted) == (0.0, 1.0, 0.0)


def test_total_is_the_sum_over_what_is_known() -> None:
    layers = [a_layer(filters=n) for n in (1, 16, 17, 300)] + [NetworkLayer("g", "Gemm", None, None, 10)]
    prediction = predicted(model_of(a_class()), *layers)
    assert prediction.seconds == pytest.approx(sum(layer.seconds for layer in prediction.layers if layer.seconds is not None))
    assert (prediction.model, prediction.device) == ("net", a_model().device.name)


def answer(source: str, seconds: float | None, macs: int) -> LayerPrediction:
    return LayerPrediction("l", "conv2d", seconds, source, None, macs)  # type: ignore[arg-type]


def test_coverage_is_of_time_where_it_is_known_and_of_work_where_it_is_not() -> None:
    found = coverage([answer("fitted", 3.0, 10), answer("extrapolated", 1.0, 30), answer("unknown", None, 60)])
    assert (found.fitted, found.extrapolated, found.unknown) == (0.75, 0.25, 0.6)


@pytest.mark.parametrize(
    ("sources", "unknown"), [(["unknown"], 1.0), (["fitted"], 0.0), (["fitted", "unknown"], 1.0), ([], 0.0)]
)
def test_coverage_without_any_work(sources: list[str], unknown: float) -> None:
    assert coverage([answer(source, 0.0, 0) for source in sources]).unknown == unknown


def test_every_layer_is_answered_alone_as_among_others() -> None:
    """Grouping is only for speed."""
    model = model_of(a_class(kernel=1), a_class(kernel=3), a_class(Constant(2.0), kernel=3, height=8), a_class(stride=2))
    kernels, sizes = st.sampled_from([1, 2, 3, 7]), st.integers(1, 400)
    conv = st.builds(
        lambda f, c, k, h, s: a_layer(filters=f, channels=c, kernel=k, height=h, stride=s),
        sizes,
        sizes,
        kernels,
        sizes,
        kernels,
    )

    @QUICK
    @given(st.lists(conv, max_size=12))
    def law(layers: list[NetworkLayer]) -> None:
        prediction = predicted(model, *layers)
        assert list(prediction.layers) == [only(model, layer) for layer in layers]
        assert all(layer.seconds is not None and layer.seconds > 0 for layer in prediction.layers)
        if layers:
            assert prediction.coverage.fitted + prediction.coverage.extrapolated == pytest.approx(1.0)

    law()


def test_distance_counts_ratios_alike_upwards_and_downwards() -> None:
    held = FormulasOfKind((msgspec.structs.replace(a_class(), fixed={"kernel": 4}, ranges={"filters": (10, 100)}),))
    assert held.names == ("filters", "kernel")
    off_fixed, off_range = distances(np.array([[50.0, 2.0], [5.0, 8.0], [200.0, 4.0]]), held)
    assert off_fixed[:, 0] == pytest.approx([math.log(2), math.log(2), 0.0])
    assert off_range[:, 0] == pytest.approx([0.0, math.log(2), math.log(2)])


@pytest.mark.parametrize("name", sorted(light_networks()))
def test_real_networks_are_predicted_whole_and_twice_alike(name: str) -> None:
    network = read_network(light_networks()[name])
    model = model_of(a_class(kernel=1), a_class(kernel=3), a_class(kernel=7, stride=2))
    prediction = predict(network, model)
    assert prediction == predict(network, model)
    assert [layer.source == "unknown" for layer in prediction.layers] == [layer.kind != "conv2d" for layer in network.layers]
    assert prediction.seconds > 0


def test_what_goes_by_between_kernels_is_a_line_of_its_own() -> None:
    dispatch = LayerFormula(
        "dispatch", "fp32", {}, {"nodes": (1, 100)}, Linear("nodes", Constant(1e-5), Constant(1e-6)), "", 8, 0.0, 0.0, ()
    )
    idle, twice = (msgspec.structs.replace(a_layer(), times=times) for times in (0, 2))
    assert predicted(model_of(dispatch), idle, twice, a_layer()).between_kernels.seconds == pytest.approx(1.3e-5)
    found = predicted(model_of(a_class(Constant(0.002)), dispatch), a_layer(), a_layer())
    assert found.between_kernels is not None
    assert found.between_kernels.seconds == pytest.approx(1.2e-5)
    assert found.between_kernels.source == "fitted"
    assert len(found.layers) == 2
    assert found.layer_seconds == pytest.approx(0.004)
    assert found.seconds == pytest.approx(0.004 + 1.2e-5)


def test_a_prediction_is_carried_to_other_speeds_class_by_class() -> None:
    probe = CONV.probe_at({})
    group = msgspec.structs.replace(a_class(Constant(0.002)), reference=Reference(probe, 1e-3))
    found = predicted(model_of(group), a_layer(), NetworkLayer("tail", "Gemm", None, None, 0))
    slower = at_speeds(found, {probe.key: 1.5e-3})
    assert slower.seconds == pytest.approx(1.5 * found.seconds)
    assert slower.layers[0].reference == Reference(probe, 1.5e-3)
    assert slower.layers[1] == found.layers[1]
    assert at_speeds(slower, {probe.key: 1e-3}).seconds == pytest.approx(found.seconds)
    assert at_speeds(found, {}) == found


def test_what_comes_from_beyond_caches_does_not_answer_to_the_speed_of_a_reference() -> None:
    relu = layer_kind("relu")
    reference = Reference(relu.probe_at({}), 1e-3)
    curve = Hinge("elements", 50, Linear("elements", Constant(0.0), Constant(1e-5)), Constant(6e-5))
    group = msgspec.structs.replace(a_class(curve), layer="relu", fixed={}, ranges={"elements": (1, 1000)}, reference=reference)
    model = model_of(group)
    small, large = (Network("n", (NetworkLayer("r", "Relu", "relu", {"elements": size}, 0),)) for size in (40, 100))
    assert predict(small, model).layers[0].streamed == 0.0
    before = predict(large, model)
    assert before.layers[0].streamed == pytest.approx(0.75)
    slow = at_speeds(before, {reference.probe.key: 2e-3})
    assert slow.seconds == pytest.approx(3e-3 + 2 * 1e-3)
    assert slow.layers[0].streamed == pytest.approx(0.6)
    assert at_speeds(slow, {reference.probe.key: 1e-3}).seconds == pytest.approx(before.seconds)


def test_layers_that_multiply_answer_to_their_reference_as_wholes() -> None:
    curve = Hinge("filters", 50, Linear("filters", Constant(0.0), Constant(1e-5)), Constant(6e-5))
    assert only(model_of(a_class(curve)), a_layer(filters=100)).streamed == 0.0


def test_json_is_exactly_what_is_promised() -> None:
    prediction = predicted(model_of(a_class(Constant(0.002))), a_layer(), NetworkLayer("tail", "Gemm", None, None, 0))
    written = json.loads(json.dumps(prediction_json(prediction)))
    assert set(written) == {
        *("schema", "model", "device", "latency_ms", "layers_ms", "between_kernels_ms", "coverage", "coverage_basis", "layers")
    }
    assert (written["layers_ms"], written["between_kernels_ms"]) == (2.0, None)
    assert (written["schema"], written["model"], written["latency_ms"]) == (1, "net", 2.0)
    assert written["coverage"] == {"fitted": 1.0, "extrapolated": 0.0, "unknown": 0.0}
    assert "shares of the predicted time" in written["coverage_basis"]
    first, last = written["layers"]
    fitted = {"name": "layer", "kind": "conv2d", "latency_ms": 2.0, "source": "fitted"}
    assert first == {**fitted, "dimensions": CONV.complete({}), "times": 1}
    unknown = {"name": "tail", "kind": "Gemm", "latency_ms": None, "source": "unknown"}
    assert last == {**unknown, "dimensions": None, "times": 1}


def test_a_layer_counts_as_often_as_it_runs() -> None:
    often, never = (msgspec.structs.replace(a_layer(), times=times) for times in (80, 0))
    prediction = predicted(model_of(a_class(Constant(0.002))), often, never)
    assert [layer.seconds for layer in prediction.layers] == [pytest.approx(0.16), 0.0]
    assert prediction.seconds == pytest.approx(0.16)


def test_what_is_not_counted_is_not_missing() -> None:
    never = NetworkLayer("s", "Softmax", None, None, 0, times=0)
    assert predicted(model_of(a_class(Constant(0.002))), never).coverage.unknown == 0.0


def test_a_formula_may_part_layers_by_the_bytes_that_they_move() -> None:
    cached, beyond = a_layer(filters=16), a_layer(filters=128)
    moved = CONV.bytes_moved(cached.dimensions or {}, "fp32")
    model = model_of(a_class(Switch("bytes_moved", AtMost(moved), Constant(1.0), Constant(2.0))))
    assert [layer.seconds for layer in predicted(model, cached, beyond).layers] == [1.0, 2.0]
