"""What formulas over a class of layers speak of, and how it follows from the layers' dimensions."""

import numpy as np
import pytest

from blackthorn.layers import Quantities, Vocabulary, layer_kind, vocabulary
from blackthorn.records import BYTES_MOVED, POSITIONS

POINTWISE, WINDOW = {"kernel": 1, "kernel_width": 1}, {"kernel": 3, "kernel_width": 3}


@pytest.mark.parametrize(
    ("layer", "moved", "fixed", "free"),
    [
        ("conv2d", ("filters", "height", "width"), POINTWISE, ("filters", POSITIONS)),
        ("conv2d", ("filters", "height", "width"), WINDOW, ("filters", "height", "width")),
        ("conv2d", ("filters", "height"), {**POINTWISE, "width": 7}, ("filters", "height")),
        ("conv2d", ("filters", "kernel", "height", "width"), {"kernel_width": 1}, ("filters", "kernel", "height", "width")),
        ("lstm", ("steps", "hidden"), {}, ("steps", "hidden", "state")),
    ],
)
def test_formulas_speak_of_positions_where_their_number_alone_counts(
    layer: str, moved: tuple[str, ...], fixed: dict[str, int], free: tuple[str, ...]
) -> None:
    assert vocabulary(layer_kind(layer), moved, fixed) == Vocabulary(free, (BYTES_MOVED,))


@pytest.mark.parametrize(("layer", "moved"), [("conv2d", ("filters",)), ("conv2d", ("height", "width")), ("lstm", ("hidden",))])
def test_along_one_dimension_alone_bytes_say_nothing_more(layer: str, moved: tuple[str, ...]) -> None:
    assert vocabulary(layer_kind(layer), moved, POINTWISE).derived == ()


def test_positions_are_those_of_the_result() -> None:
    conv2d = layer_kind("conv2d")
    layers = [conv2d.complete({"kernel": 1, "stride": stride, "height": 7, "width": 10}) for stride in (1, 2)]
    assert Quantities(conv2d, "fp32", layers)[POSITIONS].tolist() == [70.0, 20.0]


def test_a_dimension_that_counts_twice_has_both_names() -> None:
    lstm = layer_kind("lstm")
    quantities = Quantities(lstm, "fp32", [lstm.complete({"hidden": 96})])
    assert np.array_equal(quantities["state"], quantities["hidden"])
