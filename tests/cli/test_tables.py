import click
from hypothesis import given
from hypothesis import strategies as st

from blackthorn.cli.tables import shortened, table


def test_columns_are_aligned_and_carry_no_trailing_blanks() -> None:
    lines = [click.unstyle(line) for line in table(("name", "time"), [("a", "1 ms"), ("longer", "10 ms")], right=(1,))]
    assert lines == ["name     time", "a        1 ms", "longer  10 ms"]


def test_titles_are_emphasised() -> None:
    first, *_ = table(("name",), [("a",)])
    assert first == click.style("name", bold=True)


@given(st.text(), st.integers(3, 60))
def test_a_shortened_text_keeps_its_ends_and_fits(text: str, length: int) -> None:
    short = shortened(text, length)
    assert len(short) <= length
    assert (short == text) == (len(text) <= length) or "…" in text
    assert (short[0], short[-1]) == (text[0], text[-1]) if text else short == ""
