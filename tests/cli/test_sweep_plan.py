"""Which quantities a sweep's selector weighs its points by."""

import pytest

from blackthorn.cli.sweep_plan import make_selector
from blackthorn.records import BYTES_MOVED, Range
from blackthorn.selection.adaptive import AdaptiveSelector
from blackthorn.sweeping import SweepPlan

SIZES = Range(4, 64)


@pytest.mark.parametrize(
    ("axes", "weighed"),
    [
        ({"channels": SIZES}, False),
        ({"size": SIZES}, True),
        ({"channels": SIZES, "height": SIZES}, True),
    ],
)
def test_points_are_weighed_by_what_formulas_speak_of(axes: dict[str, Range], weighed: bool) -> None:
    selector = make_selector(SweepPlan("max_pool2d", axes, {"kernel": 2}, limit=12))
    assert isinstance(selector, AdaptiveSelector)
    while (point := selector.ask()) is not None:
        selector.tell(point, 1e-6, 0.01)
    assert (BYTES_MOVED in selector.fits()[0].structure) == weighed
