"""What holds for every selector: told the same it asks the same, repeats change nothing, asking has no effect."""

import pytest

from blackthorn.formulas import Constant, DivisibleBy, Linear, Step, Switch
from blackthorn.records import Range
from blackthorn.selection.adaptive import AdaptiveSelector
from blackthorn.sweeping import FullSelector

STEPS = Step("filters", 16, Constant(2e-4), Constant(1.8e-4))
SWITCH = Switch("filters", DivisibleBy(8), Linear("filters", Constant(1e-4), Constant(1e-5)), Constant(5e-3))
ROWS = Linear("channels", Constant(1e-4), Constant(1e-6))
PLANE = Step("filters", 16, ROWS, Linear("channels", Constant(0.0), Constant(3e-6)))

SELECTORS = {
    "adaptive line": (lambda: AdaptiveSelector({"filters": Range(1, 256)}, limit=14), STEPS),
    "adaptive switch": (lambda: AdaptiveSelector({"filters": Range(1, 256)}, limit=12), SWITCH),
    "adaptive plane": (lambda: AdaptiveSelector({"filters": Range(1, 128), "channels": Range(1, 64)}, limit=32), PLANE),
    "full": (lambda: FullSelector({"filters": Range(1, 12)}), STEPS),
}


def taken(make, formula):
    """The points that a selector asks for, in order, with what is told."""
    selector, told = make(), []
    while (point := selector.ask()) is not None:
        assert point == selector.ask(), "asking again without telling gives the same answer"
        told.append((point, float(formula.evaluate(point)), 0.01 + 0.02 * (len(told) % 4)))
        selector.tell(*told[-1])
    return told


@pytest.fixture(params=SELECTORS, scope="module")
def run(request):
    make, formula = SELECTORS[request.param]
    return make, taken(make, formula)


def test_no_point_is_asked_twice(run):
    _, told = run
    keys = [tuple(point.values()) for point, *_ in told]
    assert len(keys) == len(set(keys)) > 3


def test_a_resumed_sweep_goes_on_as_if_it_had_never_stopped(run):
    make, told = run
    for known in range(1, len(told)):
        resumed = make()
        for measured in told[:known]:
            resumed.tell(*measured)
        assert resumed.ask() == told[known][0]


def test_telling_twice_changes_nothing(run):
    make, told = run
    once, twice = make(), make()
    for measured in told[:6]:
        once.tell(*measured)
        twice.tell(*measured)
        twice.tell(*measured)
    assert once.ask() == twice.ask()
    assert once.progress() == twice.progress()


def test_a_skipped_point_is_not_asked_for_again(run):
    make, told = run
    selector = make()
    for measured in told[:3]:
        selector.tell(*measured)
    refused = selector.ask()
    selector.skip(refused)
    assert selector.ask() != refused


def test_nothing_is_asked_beyond_the_limit():
    told = taken(lambda: AdaptiveSelector({"filters": Range(1, 1024)}, limit=5), STEPS)
    assert len(told) == 5


def test_a_small_axis_is_measured_whole_and_no_more():
    told = taken(lambda: AdaptiveSelector({"filters": Range(1, 3)}, limit=50), STEPS)
    assert sorted(point["filters"] for point, *_ in told) == [1, 2, 3]


def test_an_axis_of_several_dimensions_moves_them_together():
    selector = AdaptiveSelector({"size": Range(4, 64)}, {"size": ("height", "width")}, limit=8)
    area = Linear("height", Constant(1e-5), Linear("width", Constant(0.0), Constant(1e-7)))
    while (point := selector.ask()) is not None:
        size = point["size"]
        selector.tell(point, float(area.evaluate({"height": size, "width": size})), 0.01)
    predicted = selector.fits()[0].formula().evaluate({"height": 50, "width": 50})
    assert predicted == pytest.approx(area.evaluate({"height": 50, "width": 50}), rel=0.03)


def test_where_neither_end_can_be_measured_the_middle_is_tried():
    selector = AdaptiveSelector({"filters": Range(1, 256)}, limit=14)
    for _ in range(4):
        selector.skip(selector.ask())
    assert 64 < selector.ask()["filters"] < 192
