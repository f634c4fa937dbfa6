"""Tables of a network's layers: what each takes and its share of the whole, all of them in order or the slowest first."""

from collections.abc import Iterator, Sequence

import msgspec

from blackthorn.cli.tables import percent, shortened, table
from blackthorn.units import readable_time

LONGEST_NAME = 40
"""Characters of a name in a table; exporters write paths of modules, of which both ends tell most."""


class LayerRow(msgspec.Struct, frozen=True):
    """One layer of such a table: its name, two cells about it, what it takes, and cells about that behind its share."""

    name: str
    about: tuple[str, str]
    seconds: float
    notes: tuple[str, ...] = ()


def layer_table(titles: Sequence[str], rows: Sequence[LayerRow], total: float, top: int | None) -> Iterator[str]:
    """The lines of a table.

    Args:
        titles: of the columns: name, two cells about the layer, latency, share, notes.
        rows: the layers in the order in which they run.
        total: seconds of the whole that shares are of.
        top: only so many layers, the slowest first; None for all in order.
    """
    shown = rows if top is None else sorted(rows, key=lambda row: -row.seconds)[:top]
    yield from table(titles, [_cells(row, total) for row in shown], right=(3, 4))
    if len(shown) < len(rows):
        yield f"... and {len(rows) - len(shown)} faster layers"


def _cells(row: LayerRow, total: float) -> tuple[str, ...]:
    share = percent(row.seconds / (total or 1.0))
    return (shortened(row.name, LONGEST_NAME), *row.about, readable_time(row.seconds), share, *row.notes)
