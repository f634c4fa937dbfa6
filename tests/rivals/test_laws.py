"""What holds of every rival, whatever it makes of the timings."""

from functools import cache

import numpy as np
import pytest

from blackthorn.errors import UnknownName
from blackthorn.rivals import RIVALS, CannotFit, Model, Rival, TimedLayers, rival
from blackthorn.rivals.base import FEWEST_POINTS
from tests.rivals.made_up import line_of_filters, made_layers, nested, plane, scattered

CLASSES = {
    "line": line_of_filters(range(1, 200, 9)),
    "plane": plane(range(1, 200, 40), range(1, 130, 32)),
    "scattered": scattered(24),
    "three points": line_of_filters((1, 64, 200)),
}
SHORT = line_of_filters(range(5, 90, 7))

every_rival = pytest.mark.parametrize("entrant", RIVALS.values(), ids=RIVALS.keys())


def fitted(entrant: Rival, layers: TimedLayers) -> Model:
    model = entrant.fit(layers)
    assert not isinstance(model, CannotFit)
    return model


@cache
def fitted_to(entrant: Rival, name: str) -> Model | CannotFit:
    """Fits take long, and no test changes one."""
    return entrant.fit(made_layers(nested, CLASSES[name], noise=0.02))


@every_rival
@pytest.mark.parametrize("name", CLASSES)
def test_predictions_are_positive_and_finite_even_far_from_the_points(entrant: Rival, name: str) -> None:
    model = fitted_to(entrant, name)
    if isinstance(model, CannotFit):
        assert entrant.name == "blackthorn-2021"
        assert model.reason
        return
    far = [{dimension: point[dimension] for dimension in CLASSES[name][0]} for point in scattered(40, seed=1)]
    for asked in (made_layers(nested, CLASSES[name]), made_layers(nested, far)):
        predicted = model.predict(asked)
        assert predicted.shape == (len(asked),)
        assert np.all(np.isfinite(predicted) & (predicted > 0))


@every_rival
def test_the_same_timings_give_the_same_answer(entrant: Rival) -> None:
    asked = made_layers(nested, SHORT)
    models = [fitted(entrant, made_layers(nested, CLASSES["line"], noise=0.02)) for _ in range(2)]
    assert np.array_equal(models[0].predict(asked), models[1].predict(asked))


@every_rival
def test_timings_of_what_is_predicted_are_not_looked_at(entrant: Rival) -> None:
    model = fitted_to(entrant, "line")
    assert not isinstance(model, CannotFit)
    once, twice = made_layers(nested, SHORT), made_layers(lambda dimensions: 7.0 * nested(dimensions), SHORT)
    assert np.array_equal(model.predict(once), model.predict(twice))


@every_rival
def test_a_device_twice_as_slow_is_predicted_twice_as_slow(entrant: Rival) -> None:
    """But for rounding, which may turn a tree's choice between equal splits."""
    asked = made_layers(nested, SHORT)
    once = fitted_to(entrant, "line")
    assert not isinstance(once, CannotFit)
    twice = fitted(entrant, made_layers(lambda dimensions: 2.0 * nested(dimensions), CLASSES["line"], noise=0.02))
    assert twice.predict(asked) == pytest.approx(2.0 * once.predict(asked), rel=0.02)


@every_rival
def test_too_few_points_are_refused_as_a_value(entrant: Rival) -> None:
    refused = entrant.fit(made_layers(nested, line_of_filters((1, 64))))
    assert refused == CannotFit(f"it needs {FEWEST_POINTS} points or more")


@every_rival
def test_every_rival_says_what_it_is(entrant: Rival) -> None:
    assert rival(entrant.name) is entrant
    assert entrant.summary
    assert not entrant.summary.endswith(".")


def test_a_name_that_no_rival_bears_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean 'roofline'"):
        rival("rooflin")


def test_dimensions_that_repeat_another_or_stand_still_are_not_independent() -> None:
    assert made_layers(nested, CLASSES["plane"]).independent() == ("filters", "channels")
    square = made_layers(nested, [{"filters": f, "height": s, "width": s} for f, s in ((1, 8), (9, 16), (17, 8))])
    assert set(square.dimensions) == {"filters", "height", "width"}
    assert square.independent() == ("filters", "height")


def test_layers_are_taken_in_the_order_asked_for() -> None:
    layers = made_layers(nested, line_of_filters((1, 40, 80)))
    turned = layers.at([2, 0])
    assert turned.seconds.tolist() == layers.seconds[[2, 0]].tolist()
    assert [m.probe for m in turned.group.measurements] == [layers.group.measurements[place].probe for place in (2, 0)]
