"""Which quantities a sweep's selector weighs its points by."""

import pytest

from blackthorn.cli.sweep_plan import make_selector
from blackthorn.fitting.cells import names_of
from blackthorn.records import BYTES_MOVED, POSITIONS, Range
from blackthorn.selection.adaptive import AdaptiveSelector
from blackthorn.sweeping import SweepPlan

SIZES = Range(4, 64)


@pytest.mark.parametrize(
    ("layer", "kernel", "axes", "spoken"),
    [
        ("max_pool2d", 2, {"channels": SIZES}, {"channels"}),
        ("max_pool2d", 2, {"size": SIZES}, {BYTES_MOVED, "output_height", "output_width"}),
        ("max_pool2d", 2, {"channels": SIZES, "height": SIZES}, {BYTES_MOVED, "channels", "output_height"}),
        ("conv2d", 3, {"channels": SIZES, "height": SIZES}, {BYTES_MOVED, "channels", "height"}),
        ("conv2d", 1, {"filters": SIZES, "size": SIZES}, {BYTES_MOVED, "filters", POSITIONS}),
        ("conv2d", 1, {"height": SIZES, "width": SIZES}, {POSITIONS}),
    ],
)
def test_points_are_weighed_by_what_formulas_speak_of(
    layer: str, kernel: int, axes: dict[str, Range], spoken: set[str]
) -> None:
    selector = make_selector(SweepPlan(layer, axes, {"kernel": kernel}, limit=12))
    assert isinstance(selector, AdaptiveSelector)
    while (point := selector.ask()) is not None:
        selector.tell(point, 1e-6, 0.01)
    assert set(names_of(selector.fits()[0].structure)) == spoken
