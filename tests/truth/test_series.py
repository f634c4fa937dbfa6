"""Networks one after another: none takes another one down with it, and nothing that was measured is lost."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from blackthorn.errors import BlackthornError, NotMeasured, WrongDevice
from blackthorn.records import NetworkTiming, Probe
from blackthorn.truth import Candidate, Failure, Outcome, Series, Validation, validate_all, validation_json
from tests.truth.examples import NETWORK, PREDICTION, TIMING

REFUSED = NotMeasured("the runtime cannot run it", "leave it out")
MAGIC = Path("elsewhere/magic.onnx")


def candidates(*names: str) -> list[Candidate]:
    return [Candidate(Path(name), msgspec.structs.replace(NETWORK, name=name), PREDICTION) for name in names]


class Script:
    """Times networks as written: a timing, or what is raised; and hears what a watcher hears."""

    def __init__(self, **raised: BaseException) -> None:
        self.raised = raised
        self.heard: list[str] = []

    def timed(self, path: Path, references: Sequence[Probe]) -> NetworkTiming:
        assert not references
        if path.name in self.raised:
            raise self.raised[path.name]
        return TIMING

    def begin(self, path: Path) -> None:
        self.heard.append(f"begin {path}")

    def end(self, outcome: Outcome) -> None:
        self.heard.append(f"end {outcome.model if isinstance(outcome, Validation) else outcome.path}")

    def run(self, *names: str) -> Series:
        return validate_all(candidates(*names), self.timed, self)


def models(series: Series) -> list[str]:
    return [entry.model for entry in series.validations]


def test_every_network_has_its_turn_in_the_order_given() -> None:
    script = Script()
    series = script.run("b", "a")
    assert models(series) == ["b", "a"]
    assert (series.planned, series.failures, series.stopped, series.not_reached) == (2, (), None, 0)
    assert script.heard == ["begin b", "end b", "begin a", "end a"]


@pytest.mark.parametrize("failing", ["a", "b", "c"])
def test_a_network_that_cannot_run_costs_itself_alone(failing: str) -> None:
    script = Script(**{failing: REFUSED})
    series = script.run("a", "b", "c")
    assert models(series) == [name for name in "abc" if name != failing]
    assert series.failures == (Failure(Path(failing), "the runtime cannot run it; leave it out."),)
    assert (series.stopped, series.not_reached) == (None, 0)
    assert script.heard.count(f"end {failing}") == 1


@pytest.mark.parametrize("ended_by", [KeyboardInterrupt(), ZeroDivisionError()])
def test_what_was_done_outlives_an_interrupt_and_a_defect(ended_by: BaseException) -> None:
    series = Script(c=ended_by, a=REFUSED).run("a", "b", "c", "d")
    assert models(series) == ["b"]
    assert len(series.failures) == 1
    assert series.stopped is ended_by
    assert series.interrupted == isinstance(ended_by, KeyboardInterrupt)
    assert series.not_reached == 2


@pytest.mark.parametrize("ended_by", [KeyboardInterrupt(), ZeroDivisionError()])
def test_with_nothing_done_there_is_nothing_to_keep(ended_by: BaseException) -> None:
    with pytest.raises(type(ended_by)):
        Script(a=ended_by).run("a", "b")


def test_predictions_for_another_device_are_a_mistake_of_the_caller() -> None:
    other = [entry._replace(prediction=msgspec.structs.replace(PREDICTION, device="desktop")) for entry in candidates("a")]
    with pytest.raises(WrongDevice) as caught:
        validate_all(other, Script().timed, Script())
    assert isinstance(caught.value, BlackthornError)


def test_programs_are_told_what_failed_and_whether_it_was_interrupted() -> None:
    found = validation_json(Series(3, Script().run("a").validations, (Failure(MAGIC, "no; mend it."),), KeyboardInterrupt()))
    assert found["interrupted"] is True
    assert found["failed"] == [{"model": "magic", "file": str(MAGIC), "reason": "no; mend it."}]
    assert [network["model"] for network in found["networks"]] == ["a"]


def test_without_any_network_there_are_no_figures() -> None:
    found = validation_json(Series(1, (), (Failure(MAGIC, "no; mend it."),)))
    assert (found["networks"], found["kinds"], found["interrupted"]) == ([], [], False)
    assert [found[key] for key in ("mape_pct", "worst_pct", "layer_mape_pct", "layer_rmspe_pct")] == [None] * 4
