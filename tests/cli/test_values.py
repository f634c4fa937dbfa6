import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackthorn.cli import values
from blackthorn.errors import BadValue
from blackthorn.records import Range

NAMES = st.text("abcdefgh_", min_size=1)
SIZES = st.integers(0, values.LARGEST)


@given(st.dictionaries(NAMES, SIZES, min_size=1))
def test_assignments_are_read_back_as_they_were_written(wanted: dict[str, int]) -> None:
    text = ",".join(f"{name}={value}" for name, value in wanted.items())
    assert values.assignments([text], "--at") == wanted
    assert values.assignments(text.split(","), "--at") == wanted


@given(NAMES, SIZES, SIZES, st.none() | SIZES)
def test_ranges_are_read_back_as_they_were_written(name: str, low: int, high: int, step: int | None) -> None:
    text = f"{name}={low}:{high}" + ("" if step is None else f":{step}")
    assert values.ranges([text]) == {name: Range(low, high, 1 if step is None else step)}


@given(st.dictionaries(st.text("ab=:/.", min_size=1), st.lists(SIZES, min_size=1).map(tuple), min_size=1))
def test_shapes_are_read_back_whatever_the_input_is_called(wanted: dict[str, tuple[int, ...]]) -> None:
    texts = [f"{name}={','.join(map(str, shape))}" for name, shape in wanted.items()]
    assert values.shapes(texts) == wanted


@pytest.mark.parametrize(
    "reads",
    [values.ranges, values.shapes, lambda texts: values.assignments(texts, "--at")],
    ids=["ranges", "shapes", "assignments"],
)
@given(text=st.text() | st.text("a=:,19 -"))
def test_any_text_is_read_or_refused(reads, text: str) -> None:
    with contextlib.suppress(BadValue):
        assert all(reads([text]))


@pytest.mark.parametrize("text", ["", "x", "-1", "1.5", "1e3", "²", "٣", "1_0", "0x10", str(2**31), "9" * 5000])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(BadValue, match="--threads"):
        values.whole_number(text, "--threads")


@pytest.mark.parametrize(
    ("texts", "complaint"),
    [
        (["height=32,height=16"], "height twice"),
        (["height=32", "height=16"], "height twice"),
        (["height"], "NAME=VALUE"),
        (["=3"], "NAME=VALUE"),
        (["height="], "NAME=VALUE"),
        (["height=32,"], "NAME=VALUE"),
    ],
)
def test_what_is_no_assignment_is_refused(texts: list[str], complaint: str) -> None:
    with pytest.raises(BadValue, match=complaint):
        values.assignments(texts, "--at")


@pytest.mark.parametrize(
    ("texts", "complaint"),
    [
        (["filters=1"], "two or three"),
        (["filters=1:2:3:4"], "two or three"),
        (["filters=1:x"], "whole number"),
        (["filters=1:2", "filters=1:3"], "filters twice"),
    ],
)
def test_what_is_no_range_is_refused(texts: list[str], complaint: str) -> None:
    with pytest.raises(BadValue, match=complaint):
        values.ranges(texts)


@pytest.mark.parametrize(("text", "number"), [("1", 1), ("1500", 1500), ("1.5G", 1_500_000_000), ("20 m", 20_000_000)])
def test_amounts_may_end_in_a_letter(text: str, number: int) -> None:
    assert values.amount(text, "--max-macs") == number


@pytest.mark.parametrize("text", ["", "G", "0", "-1M", "nan", "inf", "1T", "1e400", "0.5"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(BadValue, match=r"after --max-macs is no number of 1 or more; write it as in: 1\.5G"):
        values.amount(text, "--max-macs")
