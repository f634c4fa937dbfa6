"""Each kind of node at values worked out by hand, and as it is written."""

import msgspec
import numpy as np
import pytest

from blackthorn.errors import BadFile, BadValue
from blackthorn.formulas import (
    KINDS,
    AtBorder,
    AtMost,
    Border,
    Constant,
    DivisibleBy,
    Formula,
    Hinge,
    Linear,
    Missed,
    Step,
    Switch,
    Tiles,
    Tiling,
    decode_formula,
    formula_schema,
    within_knots,
)
from blackthorn.formulas.notation import LATEX, TEXT
from blackthorn.formulas.step import steps_climbed

PUBLISHED = Step(
    "filters",
    32,
    Step("channels", 8, Constant(0.1418e-3), Constant(0.0106e-3)),
    Step("channels", 8, Constant(0.044e-3), Constant(0.0121e-3)),
)
"""Lechner and Jantsch 2021: a convolution on a Jetson Nano, in seconds."""

ALIGNED = Switch("channels", DivisibleBy(16), Constant(1.0), Linear("channels", Constant(2.0), Constant(0.5)))


def test_the_published_formula_has_the_published_slices() -> None:
    blocks = np.arange(0, 128)
    along_channels = PUBLISHED.evaluate({"filters": np.full(128, 1024), "channels": 8 * blocks + 1})
    np.testing.assert_allclose(1e3 * along_channels, 1.5058 + blocks * 0.3857, rtol=1e-3)
    along_filters = PUBLISHED.evaluate({"filters": 32 * blocks + 1, "channels": np.full(128, 128)})
    np.testing.assert_allclose(1e3 * along_filters, 0.3008 + blocks * 0.2255, rtol=1e-3)


def test_the_published_formula_is_written_as_published() -> None:
    assert PUBLISHED.text(1e3) == (
        "0.1418 + (channels - 1) // 8 * 0.0106 + (filters - 1) // 32 * (0.044 + (channels - 1) // 8 * 0.0121)"
    )


def test_a_constant_takes_the_shape_of_the_point() -> None:
    assert Constant(2.0).evaluate({}).shape == ()
    assert Constant(2.0).evaluate({"filters": np.ones((2, 3))}).tolist() == [[2.0] * 3] * 2


def test_a_line() -> None:
    line = Linear("height", Constant(1.0), Constant(0.25))
    assert line.evaluate({"height": [1, 4, 8]}).tolist() == [1.25, 2.0, 3.0]
    assert line.text() == "1 + height * 0.25"


def test_a_line_may_begin_with_rows_that_cost_nothing() -> None:
    padded = Linear("height", Constant(1.0), Constant(3.0), offset=2 / 3)
    assert padded.evaluate({"height": [1, 4]}).tolist() == pytest.approx([2.0, 11.0])
    assert padded.text() == "1 + (height - 0.66667) * 3"
    assert padded.scaled(2.0) == Linear("height", Constant(2.0), Constant(6.0), offset=2 / 3)
    wide = Linear("height", Constant(0.0), Constant(1.0), offset=1.5)
    assert wide.evaluate({"height": [1, 2]}).tolist() == [0.0, 0.5]
    assert wide.text() == "(height - 1.5 if height > 1.5 else 0) * 1"


@pytest.mark.parametrize("offset", [-1.0, float("nan"), float("inf")])
def test_a_line_that_begins_nowhere_is_refused(offset: float) -> None:
    with pytest.raises(BadValue, match="use an offset of 0 or more"):
        Linear("height", Constant(1.0), Constant(1.0), offset)


def test_files_from_before_lines_had_offsets_are_read() -> None:
    line = Linear("height", Constant(1.0), Constant(2.0))
    data = msgspec.to_builtins(line)
    del data["offset"]
    assert decode_formula(Formula, data) == line


def test_a_block_begun_is_a_block_paid() -> None:
    assert steps_climbed([1, 16, 17, 32, 33], 16).tolist() == [0, 0, 1, 1, 2]
    assert Step("filters", 16, Constant(1.0), Constant(0.5)).evaluate({"filters": [1, 16, 17, 33]}).tolist() == [1, 1, 1.5, 2]


def test_a_step_of_width_one_is_a_line() -> None:
    step, line = Step("filters", 1, Constant(3.0), Constant(2.0)), Linear("filters", Constant(1.0), Constant(2.0))
    x = {"filters": np.arange(1, 50)}
    assert step.evaluate(x).tolist() == line.evaluate(x).tolist()


def test_a_hinge_counts_what_lies_beyond_its_knot() -> None:
    hinge = Hinge("bytes_moved", 100, Constant(1.0), Constant(0.5))
    assert hinge.evaluate({"bytes_moved": [1, 100, 101, 104]}).tolist() == [1.0, 1.0, 1.5, 3.0]
    assert hinge.text() == "1 + (bytes_moved - 100 if bytes_moved > 100 else 0) * 0.5"


def test_nothing_is_found_in_a_cache_from_three_times_as_much_on_as_it_keeps() -> None:
    missed = Missed("bytes_moved", 100, Constant(1.0), Linear("height", Constant(0.0), Constant(2.0)))
    moved = [0, 1, 100, 200, 300, 400]
    assert missed.evaluate({"bytes_moved": moved, "height": 4}).tolist() == [1.0, 1.0, 1.0, 7.0, 9.0, 9.0]
    assert missed.text() == "1 + max(min(1.5 * (1 - 100 / bytes_moved), 1), 0) * (height * 2)"
    assert missed.scaled(2.0).evaluate({"bytes_moved": 400, "height": 4}) == 18.0
    assert within_knots(missed) == Constant(1.0)


def test_a_cache_that_keeps_nothing_is_refused() -> None:
    with pytest.raises(BadValue, match="a cache along elements keeps 0; use a knot of at least 1"):
        Missed("elements", 0, Constant(1.0), Constant(1.0))


def test_a_formula_within_its_knots_is_that_of_small_layers() -> None:
    inner = Hinge("height", 3, Constant(2.0), Constant(9.0))
    formula = Step("filters", 4, Hinge("bytes_moved", 10, Constant(1.0), Constant(5.0)), inner)
    assert within_knots(formula) == Step("filters", 4, Constant(1.0), Constant(2.0))
    assert within_knots(PUBLISHED) == PUBLISHED


def test_a_hinge_without_a_knot_is_refused() -> None:
    with pytest.raises(BadValue, match="has its knot at 0; use a knot of at least 1"):
        Hinge("elements", 0, Constant(1.0), Constant(1.0))


OF_SEVEN = Border(until=6, outside=12 / 7)
"""Of a window of 7, 3 of padding at either end."""


def test_a_border_covers_what_windows_have_in_common_with_the_image() -> None:
    for size in range(3, 20):
        windows = [range(start, start + 7) for start in range(-3, size - 3)]
        covered = [sum(0 <= place < size for place in window) for window in windows]
        at_border = [count for count in covered if count < 7] if size > 6 else covered
        assert OF_SEVEN.within(size) == pytest.approx(sum(at_border) / 7)


def test_a_border_costs_by_what_it_covers() -> None:
    row = AtBorder("width", OF_SEVEN, Constant(1.0), Constant(7.0))
    assert row.evaluate({"width": [1, 2, 4, 6, 7, 100]}).tolist() == pytest.approx([1.0, 3.0, 17.0, 31.0, 31.0, 31.0])
    assert row.text() == "1 + max(min(width, 6) - 1.7143, 0) * 7"
    assert row.scaled(2.0) == AtBorder("width", OF_SEVEN, Constant(2.0), Constant(14.0))


@pytest.mark.parametrize("numbers", [(0, 0.0), (2, 2.0), (2, -0.5), (2, float("nan"))])
def test_impossible_borders_are_refused(numbers: tuple[int, float]) -> None:
    with pytest.raises(BadValue, match="impossible; use fewer windows outside than there are positions"):
        Border(*numbers)


TILED = Tiles("width", Tiling(width=6, offset=2, piece=3), Constant(1.0), Constant(10.0), Constant(4.0))


def test_whole_tiles_and_the_pieces_that_they_leave_over() -> None:
    tiling = TILED.tiling
    assert tiling.whole([1, 2, 7, 8, 13, 14]).tolist() == [0, 0, 0, 1, 1, 2]
    assert tiling.pieces([1, 2, 3, 5, 6, 7, 8, 9]).tolist() == [0, 0, 1, 1, 2, 2, 0, 1]
    assert TILED.evaluate({"width": [2, 5, 7, 8, 9, 14]}).tolist() == [1.0, 5.0, 9.0, 11.0, 15.0, 21.0]


def test_tiles_in_words() -> None:
    assert TILED.text() == (
        "1 + ((width - 2) // 6 if width > 2 else 0) * 10 + (((width - 2) % 6 + 2) // 3 if width > 2 else 0) * 4"
    )
    from_the_first = Tiles("width", Tiling(4, 0, 1), Constant(0.0), Constant(2.0), Constant(1.0))
    assert from_the_first.text() == "width // 4 * 2 + width % 4 * 1"


@pytest.mark.parametrize("numbers", [(4, 0, 4), (4, 0, 0), (1, 0, 1), (6, -1, 2)])
def test_impossible_tilings_are_refused(numbers: tuple[int, int, int]) -> None:
    with pytest.raises(BadValue, match="impossible; use pieces of at least 1, wider tiles, and no negative offset"):
        Tiling(*numbers)


def test_a_switch_takes_one_side_or_the_other() -> None:
    assert ALIGNED.evaluate({"channels": [15, 16, 17, 32]}).tolist() == [9.5, 1.0, 10.5, 1.0]
    small = Switch("channels", AtMost(3), Constant(1.0), Constant(2.0))
    assert small.evaluate({"channels": [1, 3, 4]}).tolist() == [1.0, 1.0, 2.0]


def test_a_switch_in_words() -> None:
    assert ALIGNED.text() == "(1 if channels % 16 == 0 else 2 + channels * 0.5)"
    assert Switch("height", AtMost(7), Constant(1.0), Constant(2.0)).text() == "(1 if height <= 7 else 2)"


def test_latex() -> None:
    assert Step("filters", 32, Constant(0.5), Constant(2e-7)).render(LATEX, 1.0) == (
        r"0.5 + \left\lfloor \frac{\mathit{filters} - 1}{32} \right\rfloor \cdot 2 \cdot 10^{-7}"
    )
    assert r"16 \mid \mathit{channels}" in ALIGNED.render(LATEX, 1.0)


@pytest.mark.parametrize(
    ("value", "text", "latex"),
    [
        (0.0, "0", "0"),
        (0.12345678, "0.12346", "0.12346"),
        (-2.5, "-2.5", "-2.5"),
        (1e-7, "1e-7", r"1 \cdot 10^{-7}"),
        (123456.0, "1.2346e5", r"1.2346 \cdot 10^{5}"),
    ],
)
def test_numbers(value: float, text: str, latex: str) -> None:
    assert TEXT.write_number(value) == text
    assert LATEX.write_number(value) == latex


@pytest.mark.parametrize("width", [0, -4])
def test_a_step_needs_a_width(width: int) -> None:
    with pytest.raises(BadValue, match="width"):
        Step("filters", width, Constant(1.0), Constant(1.0))
    with pytest.raises(BadValue, match="divisor"):
        DivisibleBy(width)


def test_files_name_each_kind_by_its_tag() -> None:
    for tag, kind in KINDS.items():
        assert kind.__struct_config__.tag == tag


@pytest.mark.parametrize("data", [{"kind": "cubic"}, {}, 3, None, [], "constant"])
def test_a_node_of_no_kind_is_refused(data: object) -> None:
    with pytest.raises(BadFile, match="kind"):
        decode_formula(Formula, data)


def test_only_formulas_are_decoded_and_described_here() -> None:
    with pytest.raises(TypeError):
        decode_formula(complex, 1)
    with pytest.raises(TypeError):
        formula_schema(complex)


def test_a_fault_deep_in_a_tree_is_found() -> None:
    data = {"kind": "linear", "dimension": "x", "base": {"kind": "constant", "value": 1}, "slope": {"kind": "constant"}}
    with pytest.raises(msgspec.ValidationError, match="value"):
        decode_formula(Formula, data)
