"""Tables of aligned columns: plain text that pipes and greps well, and costs no import."""

from collections.abc import Iterator, Sequence

import click

GAP = "  "


def table(titles: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> Iterator[str]:
    """The lines of a table, its titles first.

    Args:
        titles: one for each column.
        rows: as many cells each.
        right: the columns that are aligned to the right, counted from 0.
    """
    widths = [max(map(len, column)) for column in zip(titles, *rows, strict=True)]
    yield click.style(_line(titles, widths, right), bold=True)
    for row in rows:
        yield _line(row, widths, right)


def percent(share: float) -> str:
    """A share in percent; what is not nothing never reads 0.0 %."""
    return "< 0.1 %" if 0.0 < share < 0.0005 else f"{100 * share:.1f} %"


def signed_percent(fraction: float) -> str:
    """A difference in percent, its sign always written."""
    return f"{100 * fraction:+.1f} %"


def shortened(text: str, length: int) -> str:
    """A text of at most `length` characters, the middle left out where it is longer."""
    if len(text) <= length:
        return text
    begin = (length - 1) // 2
    return f"{text[:begin]}…{text[len(text) - (length - 1 - begin) :]}"


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[int]) -> str:
    aligned = (
        cell.rjust(width) if column in right else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return GAP.join(aligned).rstrip()
