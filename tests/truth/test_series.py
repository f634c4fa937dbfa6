"""Networks one after another: none takes another one down with it, and nothing that was measured is lost."""

from collections import Counter
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
    """Times networks as written: a timing, or what is raised from some visit on; and hears what a watcher hears.

    Networks take 1 % longer in the second visit, and 2 % less in the third.
    """

    def __init__(self, from_visit: int = 0, **raised: BaseException) -> None:
        self.raised = raised
        self.from_visit = from_visit
        self.heard: list[str] = []
        self.visits: Counter[str] = Counter()

    def timed(self, path: Path, references: Sequence[Probe]) -> NetworkTiming:
        assert not references
        visit = self.visits[path.name]
        self.visits[path.name] += 1
        if path.name in self.raised and visit >= self.from_visit:
            raise self.raised[path.name]
        return msgspec.structs.replace(TIMING, seconds=TIMING.seconds * (1.0, 1.01, 0.98)[visit])

    def begin(self, path: Path) -> None:
        self.heard.append(f"begin {path}")

    def end(self, outcome: Outcome) -> None:
        self.heard.append(f"end {outcome.model if isinstance(outcome, Validation) else outcome.path}")

    def run(self, *names: str, visits: int = 1) -> Series:
        return validate_all(candidates(*names), self.timed, self, visits)


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


def test_a_network_is_visited_again_when_all_others_were() -> None:
    script = Script()
    series = script.run("a", "b", visits=3)
    assert script.heard == ["begin a", "end a", "begin b", "end b"] * 3
    assert (models(series), series.not_reached) == (["a", "b"], 0)
    errors = [PREDICTION.seconds / (TIMING.seconds * factor) - 1.0 for factor in (1.0, 1.01, 0.98)]
    assert all(entry.errors == pytest.approx(errors) for entry in series.validations)
    assert all(entry.error == pytest.approx(errors[0]) for entry in series.validations)
    assert validation_json(series)["networks"][0]["visit_errors_pct"] == pytest.approx([100.0 * error for error in errors])


def test_a_network_that_fails_is_not_visited_again_and_keeps_the_visits_it_had() -> None:
    script = Script(from_visit=1, a=REFUSED)
    series = script.run("a", "b", visits=3)
    assert script.visits == {"a": 2, "b": 3}
    assert (models(series), series.failures) == (["a", "b"], ())
    assert [len(entry.errors) for entry in series.validations] == [1, 3]


def test_an_interrupt_keeps_the_visits_before_it() -> None:
    series = Script(from_visit=1, b=KeyboardInterrupt()).run("a", "b", visits=3)
    assert (models(series), series.interrupted, series.not_reached) == (["a", "b"], True, 0)
    assert [len(entry.errors) for entry in series.validations] == [2, 1]


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
