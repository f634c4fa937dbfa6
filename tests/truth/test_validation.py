"""A prediction against a timing: nothing is lost, and the parts add up."""

import msgspec
import pytest

from blackthorn.errors import WrongDevice
from blackthorn.records import LayerPrediction, NetworkLayer, Probe, Reference, TimedLayer
from blackthorn.truth import LayerError, Series, references_of, validate, validation_json
from blackthorn.truth.figures import BETWEEN_KERNELS, kind_shares, layer_mape, layer_rmspe, mean_error, worst_error
from tests.truth.examples import NETWORK, PREDICTION, TIMING

VALIDATION = validate(NETWORK, PREDICTION, TIMING)


def test_the_network_as_a_whole() -> None:
    assert VALIDATION.model == "net"
    assert VALIDATION.error == pytest.approx(-0.5)
    assert VALIDATION.between_kernels == pytest.approx(2.5e-3)
    assert VALIDATION.coverage == pytest.approx(4 / 7.5)


def test_every_layer_and_everything_that_ran_is_listed_once() -> None:
    assert VALIDATION.layers == (
        LayerError("conv", "conv2d", 4e-3, 3e-3),
        LayerError("reorder", "ReorderOutput", 1e-3, None),
        LayerError("pool", "MaxPool", 2e-3, None),
        LayerError("twin", "conv2d", None, 2e-3),
        LayerError("cast", "Cast", 5e-4, None),
    )
    assert sum(layer.measured or 0.0 for layer in VALIDATION.layers) == pytest.approx(TIMING.kernel_seconds)
    assert sum(layer.predicted or 0.0 for layer in VALIDATION.layers) == pytest.approx(PREDICTION.seconds)


def test_layers_in_a_loop_are_held_against_the_loop() -> None:
    inside = tuple(
        NetworkLayer(f"loop/{name}", "Relu", "relu", {"elements": 8}, 0, "fp32", (f"loop/{name}",), 9) for name in "ab"
    )
    told = tuple(LayerPrediction(layer.name, "relu", 2e-4, "fitted", {"elements": 8}, 0, 9) for layer in inside)
    network = msgspec.structs.replace(NETWORK, layers=(*inside, *NETWORK.layers))
    prediction = msgspec.structs.replace(PREDICTION, layers=(*told, *PREDICTION.layers))
    timing = msgspec.structs.replace(TIMING, layers=(TimedLayer("loop", "Loop", ("loop",), 5e-4), *TIMING.layers))
    layers = validate(network, prediction, timing).layers
    assert sorted(layer.name for layer in layers) == sorted([*(layer.name for layer in VALIDATION.layers), "loop"])
    assert LayerError("loop", "Loop", 5e-4, pytest.approx(4e-4)) in layers  # type: ignore[arg-type]


def test_a_layer_has_an_error_where_it_has_both_times() -> None:
    assert [layer.error for layer in VALIDATION.layers] == [pytest.approx(-0.25), None, None, None, None]


def test_kinds_and_the_time_between_kernels_add_up_to_the_error() -> None:
    shares = kind_shares([VALIDATION])
    assert sum(share.share for share in shares) == pytest.approx(VALIDATION.error)
    assert sum(share.measured for share in shares) == pytest.approx(VALIDATION.measured)
    assert shares[0].kind == BETWEEN_KERNELS
    assert [abs(share.share) for share in shares] == sorted((abs(share.share) for share in shares), reverse=True)


def test_a_kind_that_took_no_time_and_was_not_predicted_is_left_out() -> None:
    layers = (*VALIDATION.layers, LayerError("relu", "Relu", None, None))
    assert kind_shares([msgspec.structs.replace(VALIDATION, layers=layers)]) == kind_shares([VALIDATION])


def test_long_layers_weigh_more_in_one_figure_and_not_in_the_other() -> None:
    layers = [LayerError("long", "a", 9.0, 9.9), LayerError("short", "a", 1.0, 2.0), LayerError("unknown", "b", 5.0, None)]
    assert layer_mape(layers) == pytest.approx(0.19)
    assert layer_rmspe(layers) == pytest.approx(((0.1**2 + 1.0) / 2) ** 0.5)
    assert layer_mape(layers[2:]) is layer_rmspe(layers[2:]) is None


def test_networks_count_alike() -> None:
    slow = msgspec.structs.replace(VALIDATION, measured=5e-1, predicted=6e-1)
    assert mean_error([VALIDATION, slow]) == pytest.approx(0.35)
    assert worst_error([VALIDATION, slow]) == pytest.approx(0.5)


def test_no_networks_have_no_error() -> None:
    assert mean_error([]) is worst_error([]) is None


def test_another_device_is_refused() -> None:
    other = msgspec.structs.replace(TIMING, device="desktop")
    with pytest.raises(WrongDevice, match="of board, but timings taken here are of desktop"):
        validate(NETWORK, PREDICTION, other)


def test_predictions_are_stated_at_the_speeds_of_the_timing() -> None:
    reference = Reference(Probe("conv2d", {"filters": 8}), 1e-3)
    layers = tuple(msgspec.structs.replace(layer, reference=reference) for layer in PREDICTION.layers)
    prediction = msgspec.structs.replace(PREDICTION, layers=layers)
    assert references_of(prediction) == [reference.probe]
    half = validate(NETWORK, prediction, msgspec.structs.replace(TIMING, speeds={reference.probe.key: 2e-3}))
    assert half.predicted == pytest.approx(2 * VALIDATION.predicted)
    assert half.measured == VALIDATION.measured
    assert validate(NETWORK, prediction, TIMING) == VALIDATION


def test_a_network_that_ran_nothing_is_covered_by_nothing() -> None:
    nothing = validate(NETWORK, PREDICTION, msgspec.structs.replace(TIMING, layers=()))
    assert nothing.coverage == 0.0


def test_programs_get_the_same_in_milliseconds_and_percent() -> None:
    found = validation_json(Series(1, (VALIDATION,)))
    assert (found["failed"], found["interrupted"]) == ([], False)
    assert found["mape_pct"] == found["worst_pct"] == pytest.approx(50.0)
    (network,) = found["networks"]
    assert (network["model"], network["measured_ms"], network["predicted_ms"]) == ("net", 10.0, 5.0)
    assert network["layers"][0]["error_pct"] == pytest.approx(-25.0)
    assert network["layers"][1]["predicted_ms"] is None
    assert msgspec.json.decode(msgspec.json.encode(found)) == found
