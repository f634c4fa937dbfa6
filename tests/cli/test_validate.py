"""`blackthorn validate` on real networks, by a model that was not made for this computer: only what is said is looked at."""

import math
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

import click
import msgspec
import pytest

from blackthorn.cli import timing_run
from blackthorn.cli.exits import DEFECT, INTERRUPTED
from blackthorn.cli.model_choice import this_device
from blackthorn.cli.validation_table import validation_lines
from blackthorn.layers import layer_kind
from blackthorn.records import NetworkTiming, Probe, Reference
from blackthorn.storage import write_model
from blackthorn.truth import Failure, Series, timing_json, validate, validation_json
from tests.cli.conftest import Say
from tests.examples import a_model
from tests.networks import light_networks, write_network
from tests.truth.examples import NETWORK, PREDICTION, TIMING

pytest.importorskip("onnxruntime")

SQUEEZENET, SHUFFLENET = (light_networks()[name] for name in ("light_squeezenet", "light_shufflenet"))
QUICKLY = "--seconds 0.1"
DONE = Series(1, (validate(NETWORK, PREDICTION, TIMING),))


@pytest.fixture
def with_model(say: Say) -> Say:
    """Runs command lines in a folder that holds a fitted model of this machine."""
    write_this_machines_model(this_device())
    return say


@pytest.fixture
def magic(tmp_path: Path) -> Path:
    """A network with an operator that no runtime has."""
    return write_network(tmp_path, "(float[2] x) => (float[2] y) { y = local.Magic(x) }")


def scripted(ended_by: BaseException | None) -> Callable[..., NetworkTiming]:
    """Times SqueezeNet in no time; at any other network raises an error, or presses Ctrl-C where there is none."""

    def timed(path: Path, *_: object) -> NetworkTiming:
        if path != SQUEEZENET:
            if ended_by is not None:
                raise ended_by
            signal.raise_signal(signal.SIGINT)
        return msgspec.structs.replace(TIMING, device=this_device())

    return timed


@pytest.fixture
def timed_until_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while the first network that is not SqueezeNet is timed."""
    monkeypatch.setattr(timing_run, "measure", scripted(None))


def write_this_machines_model(device: str) -> None:
    model = a_model()
    (layer,) = model.layers
    beside = msgspec.structs.replace(layer, reference=Reference(layer_kind("conv2d").probe_at({"filters": 16}), 1e-3))
    own = msgspec.structs.replace(model.device, name=device)
    write_model(Path(f"fitted_models/{device}.json"), msgspec.structs.replace(model, device=own, layers=(beside,)))


def test_programs_get_networks_layers_and_figures(with_model: Say) -> None:
    found = with_model(f"validate {SQUEEZENET} {SHUFFLENET} {QUICKLY} --json").json
    assert [network["model"] for network in found["networks"]] == ["light_squeezenet", "light_shufflenet"]
    errors = [abs(network["error_pct"]) for network in found["networks"]]
    assert found["mape_pct"] == pytest.approx(sum(errors) / 2)
    assert found["worst_pct"] == pytest.approx(max(errors))
    for network in found["networks"]:
        assert 0 < network["measured_ms"] < math.inf
        assert network["error_pct"] == pytest.approx(100 * (network["predicted_ms"] / network["measured_ms"] - 1))
        assert 0 < network["coverage"] < 1
        assert network["between_kernels_ms"] == pytest.approx(network["measured_ms"] - network["kernel_ms"])
        assert sum(layer["measured_ms"] or 0 for layer in network["layers"]) == pytest.approx(network["kernel_ms"])
    squeezenet = found["networks"][0]["layers"]
    assert sum(layer["kind"] == "conv2d" and layer["error_pct"] is not None for layer in squeezenet) == 26


def test_people_get_kinds_networks_and_a_summary(with_model: Say) -> None:
    said = with_model(f"validate {SQUEEZENET} {QUICKLY}").out
    lines = said.splitlines()
    assert lines[0] == f"on {this_device()}"
    assert any(line.startswith("between kernels ") for line in lines)
    assert any(line.startswith("light_squeezenet ") for line in lines)
    assert lines[-2].startswith("networks: mean absolute error ")
    assert lines[-1].startswith("layers: mean absolute error ")
    assert "layer of" not in said


def test_layers_are_listed_where_wanted() -> None:
    lines = list(validation_lines(DONE, by_layer=True))
    table = [click.unstyle(line).split() for line in lines[2:8]]
    assert table[0] == ["layer", "of", "net", "kind", "measured", "predicted", "error"]
    assert table[1] == ["conv", "conv2d", "4", "ms", "3", "ms", "-25.0", "%"]
    assert table[2] == ["reorder", "ReorderOutput", "1", "ms", "unknown"]
    assert table[4] == ["twin", "conv2d", "merged", "2", "ms"]


def test_a_network_is_listed_with_what_its_call_is_made_of() -> None:
    lines = [click.unstyle(line) for line in validation_lines(DONE, by_layer=False)]
    titles = lines.index("network  measured  kernels  between kernels  predicted    error  coverage  timing")
    assert lines[titles + 1] == "net         10 ms   7.5 ms           2.5 ms       5 ms  -50.0 %    53.3 %  settled"
    assert "networks: mean absolute error 50.0 %, worst 50.0 %" in lines


def test_errors_of_all_visits_are_listed_where_there_are_several() -> None:
    (done,) = DONE.validations
    several = msgspec.structs.replace(done, visit_errors=(-0.51, -0.45, -0.5))
    lines = [click.unstyle(line) for line in validation_lines(Series(2, (several, done)), by_layer=False)]
    rows = [" ".join(line.split()) for line in lines if line.startswith(("network ", "net "))]
    assert rows[0] == "network measured kernels between kernels predicted error of visits coverage timing"
    assert rows[1] == "net 10 ms 7.5 ms 2.5 ms 5 ms -50.0 % -51.0 % to -45.0 % 53.3 % settled"
    assert rows[2] == "net 10 ms 7.5 ms 2.5 ms 5 ms -50.0 % -50.0 % to -50.0 % 53.3 % settled"


def test_every_visit_is_timed_and_said(with_model: Say) -> None:
    said = with_model(f"validate {SQUEEZENET} {SHUFFLENET} {QUICKLY} --visits 2 --json")
    assert [len(network["visit_errors_pct"]) for network in said.json["networks"]] == [2, 2]
    assert [line.split(": ")[:2] for line in said.err.splitlines() if " of 4: " in line] == [
        [f"{place} of 4", name] for place, name in enumerate(("light_squeezenet", "light_shufflenet") * 2, start=1)
    ]


def test_what_no_profile_tells_is_not_made_up() -> None:
    timing = msgspec.structs.replace(TIMING, layers=())
    series = Series(1, (validate(NETWORK, PREDICTION, timing),))
    lines = [click.unstyle(line) for line in validation_lines(series, by_layer=False)]
    assert lines[2:4] == [
        "network  measured  kernels  between kernels  predicted    error  coverage  timing",
        "net         10 ms        -                -       5 ms  -50.0 %         -  settled",
    ]
    assert not any(line.startswith(("kind", "layers:")) for line in lines)
    (network,) = validation_json(series)["networks"]
    assert [network[key] for key in ("kernel_ms", "between_kernels_ms", "coverage")] == [None] * 3
    assert validation_json(series)["kinds"] == []
    assert timing_json(timing)["kernel_ms"] is None


def test_kernels_that_take_longer_than_the_call_leave_less_than_nothing_between() -> None:
    (done,) = DONE.validations
    short = msgspec.structs.replace(done, measured=7e-3)
    assert any(" -500 us " in line for line in validation_lines(Series(1, (short,)), by_layer=False))


@pytest.mark.parametrize(
    ("planned", "failed", "said"),
    [
        (2, 1, "; 1 of 2: 1 could not be run"),
        (4, 0, "; 1 of 4: 3 left untimed"),
        (4, 1, "; 1 of 4: 1 could not be run, 2 left untimed"),
    ],
)
def test_figures_say_which_networks_they_leave_out(planned: int, failed: int, said: str) -> None:
    failures = (Failure(Path("magic.onnx"), "no; mend it."),) * failed
    lines = validation_lines(Series(planned, DONE.validations, failures), by_layer=False)
    assert f"networks: mean absolute error 50.0 %, worst 50.0 %{said}" in lines


def test_without_any_layer_to_compare_there_is_no_figure_of_layers() -> None:
    nothing = validate(NETWORK, PREDICTION, msgspec.structs.replace(TIMING, layers=()))
    assert not any(line.startswith("layers:") for line in validation_lines(Series(1, (nothing,)), by_layer=False))


def test_predictions_are_stated_at_the_speed_of_the_moment(with_model: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    def predicted(slow: float) -> float:
        def timed(path: Path, timer: object, shapes: object, references: Sequence[Probe]) -> NetworkTiming:
            speeds = {probe.key: slow * 1e-3 for probe in references}
            return msgspec.structs.replace(TIMING, device=this_device(), speeds=speeds)

        monkeypatch.setattr(timing_run, "measure", timed)
        (network,) = with_model(f"validate {SQUEEZENET} --json").json["networks"]
        assert network["measured_ms"] == pytest.approx(10.0)
        return float(network["predicted_ms"])

    assert predicted(1.5) == pytest.approx(1.5 * predicted(1.0))


def test_a_model_without_references_is_used_as_it_is(with_model: Say) -> None:
    path = Path(f"fitted_models/{this_device()}.json")
    model = a_model()
    write_model(path, msgspec.structs.replace(model, device=msgspec.structs.replace(model.device, name=this_device())))
    assert with_model(f"validate {SQUEEZENET} {QUICKLY} --json").code == 0


def test_the_model_is_that_of_so_many_threads(with_model: Say) -> None:
    assert this_device(2) in with_model(f"validate {SQUEEZENET} --threads 2").refusal
    write_this_machines_model(this_device(2))
    assert with_model(f"validate {SQUEEZENET} --threads 2 {QUICKLY} --json").code == 0


def test_a_model_of_another_device_is_refused(with_model: Say) -> None:
    write_model(Path("board.json"), a_model())
    refusal = with_model(f"validate {SQUEEZENET} --device board.json").refusal
    assert "the fitted model is of board-onnxruntime-1" in refusal
    assert this_device() in refusal


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("", "Missing argument"),
        ("nowhere.onnx", "cannot read nowhere.onnx"),
        (f"{SQUEEZENET} nowhere.onnx", "cannot read nowhere.onnx"),
        (f"{SQUEEZENET} --device nowhere.json", "there is no file nowhere.json"),
        (f"{SQUEEZENET} --input-shape dat=1,3,224,224", "no input"),
    ],
)
def test_what_cannot_be_validated_is_refused_before_anything_is_timed(
    with_model: Say, monkeypatch: pytest.MonkeyPatch, line: str, complaint: str
) -> None:
    monkeypatch.setattr(timing_run, "Timer", None)
    assert complaint in with_model(f"validate {line}").refusal


def test_a_network_that_cannot_run_is_refused_in_one_sentence(with_model: Say, magic: Path) -> None:
    assert "ONNX Runtime cannot run" in with_model(f"validate {magic}").refusal


def test_a_network_that_cannot_run_leaves_the_others_as_they_are(with_model: Say, magic: Path) -> None:
    said = with_model(f"validate {magic} {SQUEEZENET} {QUICKLY}")
    refusal, line = said.err.splitlines()
    assert said.code == 2
    assert refusal.startswith(f"blackthorn: ONNX Runtime cannot run {magic} ")
    assert line.startswith("2 of 2: light_squeezenet: ")
    assert "; 1 of 2: 1 could not be run\n" in said.out


def test_programs_are_told_why_a_network_could_not_run(with_model: Say, magic: Path) -> None:
    said = with_model(f"validate {SQUEEZENET} {magic} {QUICKLY} --json")
    assert said.code == 2
    assert [network["model"] for network in said.json["networks"]] == ["light_squeezenet"]
    (failed,) = said.json["failed"]
    assert (failed["model"], failed["file"]) == ("net", str(magic))
    assert f"blackthorn: {failed['reason']}" in said.err.splitlines()


@pytest.mark.usefixtures("timed_until_ctrl_c")
def test_an_interrupt_prints_what_is_done(with_model: Say) -> None:
    said = with_model(f"validate {SQUEEZENET} {SHUFFLENET}")
    assert said.code == INTERRUPTED
    assert said.err.splitlines()[-1] == "blackthorn: interrupted."
    assert "; 1 of 2: 1 left untimed\n" in said.out
    assert "\nlight_squeezenet " in said.out


@pytest.mark.usefixtures("timed_until_ctrl_c")
def test_programs_are_told_of_an_interrupt(with_model: Say) -> None:
    said = with_model(f"validate {SQUEEZENET} {SHUFFLENET} --json")
    assert said.code == INTERRUPTED
    assert said.json["interrupted"] is True
    assert [network["model"] for network in said.json["networks"]] == ["light_squeezenet"]


@pytest.mark.usefixtures("timed_until_ctrl_c")
def test_an_interrupt_with_nothing_done_says_only_that(with_model: Say) -> None:
    said = with_model(f"validate {SHUFFLENET} {SQUEEZENET}")
    assert (said.code, said.out) == (INTERRUPTED, "")
    assert said.err.endswith("blackthorn: interrupted.\n")


def test_a_defect_loses_nothing_that_is_done(with_model: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing_run, "measure", scripted(ZeroDivisionError("division by zero")))
    said = with_model(f"validate {SQUEEZENET} {SHUFFLENET} --json")
    assert said.code == DEFECT
    assert "a defect of blackthorn (ZeroDivisionError" in said.err
    assert [network["model"] for network in said.json["networks"]] == ["light_squeezenet"]
    assert said.json["interrupted"] is False
