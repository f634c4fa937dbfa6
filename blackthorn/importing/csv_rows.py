"""Tables of timings: columns are mapped to dimensions of one kind of layer, and rows that are alike are merged later on."""

import contextlib
import csv
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from blackthorn.errors import BadFile, BadValue, UnknownName
from blackthorn.importing.imported import ImportedLayer
from blackthorn.layers import LayerKind, layer_kind
from blackthorn.layers.windows import same_padded
from blackthorn.records import Dimensions, Precision, Probe

SECONDS = "seconds"
"""What the time is called in a mapping; all other names are dimensions."""
OUTPUT = "output_"
"""Before the name of a size: how many positions the layer's output has along it, for layers that are not padded."""
UNITS: Mapping[str, float] = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
SIZES = ("depth", "height", "width", "length")
DELIMITERS = ",;\t"
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
PLACED = re.compile(r"(?P<column>.+)\[(?P<place>\d+)\]")


class Cell(msgspec.Struct, frozen=True):
    """Where a number stands: a column, and, where its cells hold several (`1x56x56x64`), which of them, counted from 0."""

    column: str
    place: int | None = None

    def number(self, row: Mapping[str, str]) -> float:
        """The number in a row.

        Raises:
            BadValue: there is none, or there are several and it is not said which.
        """
        cell = row[self.column].strip()
        numbers = NUMBER.findall(cell)
        with contextlib.suppress(ValueError, IndexError):
            return float(cell if self.place is None else numbers[self.place])
        raise BadValue(f"'{cell}' under {self.column} is not a number", f"name one of several as in: {self.column}[0]")

    def whole(self, row: Mapping[str, str]) -> int:
        """The same as a whole number.

        Raises:
            BadValue: it is none.
        """
        value = self.number(row)
        if not value.is_integer():
            raise BadValue(f"{value:g} under {self.column} is not a whole number", "map a column of whole numbers")
        return int(value)


class TableMapping(msgspec.Struct, frozen=True):
    """What rows of a table are.

    Attributes:
        kind: name of the layer kind.
        cells: where dimensions, sizes of the output and the seconds stand, by their names.
        held: dimensions that all rows share and the table does not tell.
        where: rows that count, by column and value.
        unit: seconds of one unit of time.
        precision: number format of weights and activations.
    """

    kind: str
    cells: Mapping[str, Cell]
    held: Dimensions
    where: Mapping[str, str]
    unit: float
    precision: Precision


def parse_cell(text: str, columns: tuple[str, ...]) -> Cell:
    """A cell as users write it: `COLUMN` or `COLUMN[2]`.

    Raises:
        UnknownName: the table has no such column.
    """
    if text in columns:
        return Cell(text)
    placed = PLACED.fullmatch(text)
    if placed is not None and placed["column"] in columns:
        return Cell(placed["column"], int(placed["place"]))
    raise UnknownName("column", text, columns)


def read_table(text: str, path: Path) -> tuple[tuple[str, ...], list[dict[str, str]]]:
    """The columns of a table and its rows; between cells stand commas, semicolons or tabs, whichever the first line has.

    Raises:
        BadFile: it has no rows, or one of them has more cells than there are columns.
    """
    lines = text.splitlines()
    delimiter = max(DELIMITERS, key=lines[0].count) if lines else ","
    try:
        reader = csv.DictReader(lines, delimiter=delimiter)
        rows = list(reader)
    except csv.Error as error:
        raise BadFile(f"{path} cannot be read as a table: {error}", "save it as CSV") from error
    for number, row in enumerate(rows, start=2):
        if None in row or None in row.values():
            raise BadFile(f"row {number} of {path} has not as many cells as the first one", "save it as CSV again")
    if not rows:
        raise BadFile(f"{path} holds no rows", "give a table with a line of column names and a row a layer")
    return tuple(reader.fieldnames or ()), rows


def table_layers(rows: list[dict[str, str]], mapping: TableMapping) -> Iterator[ImportedLayer]:
    """The rows that count as layers, in order.

    Raises:
        UnknownName: there is no such kind of layer, or it has no such dimension.
        BadValue: the mapping does not say where the time stands, or tells a dimension twice, or no row counts.
    """
    kind = layer_kind(mapping.kind)
    _check(mapping, kind)
    counted = [(number, row) for number, row in enumerate(rows, start=2) if _counts(row, mapping.where)]
    if not counted:
        raise BadValue("no row of the table has these values", "check what stands after --where")
    for number, row in counted:
        yield _layer(f"row {number}", row, mapping, kind)


def _check(mapping: TableMapping, kind: LayerKind) -> None:
    if SECONDS not in mapping.cells:
        raise BadValue("it is not said which column holds the time", "name it as in: --column seconds=time_ms --unit ms")
    dimensions = {name.removeprefix(OUTPUT): 1 for name in mapping.cells if name != SECONDS}
    kind.spell_out(dimensions)
    told = {name for name in mapping.cells if name != SECONDS}
    twice = set(kind.spell_out(mapping.held)) & set(kind.spell_out({name: 1 for name in told if not name.startswith(OUTPUT)}))
    if twice:
        raise BadValue(f"{min(twice)} is both in a column and held at a value", "tell it once")
    kind.probe_at({}, mapping.precision)


def _counts(row: Mapping[str, str], where: Mapping[str, str]) -> bool:
    return all(row[column].strip() == value for column, value in where.items())


def _layer(name: str, row: Mapping[str, str], mapping: TableMapping, kind: LayerKind) -> ImportedLayer:
    try:
        seconds = mapping.cells[SECONDS].number(row) * mapping.unit
    except BadValue as error:
        return ImportedLayer(name, 0.0, 1, None, error.problem)
    if not 0.0 < seconds < math.inf:
        return ImportedLayer(name, 0.0, 1, None, f"{seconds:g} s is no time that a layer takes")
    try:
        told = {key: cell.whole(row) for key, cell in mapping.cells.items() if key != SECONDS}
        probe = Probe(kind.name, _dimensions(told, mapping.held, kind), mapping.precision)
    except BadValue as error:
        return ImportedLayer(name, seconds, 1, None, error.problem)
    return ImportedLayer(name, seconds, 1, probe)


def _dimensions(told: Dimensions, held: Dimensions, kind: LayerKind) -> Dimensions:
    """All dimensions of a row's layer, its sizes such that a padded layer has the same output.

    Raises:
        BadValue: no layer has these dimensions together.
    """
    given = {**held, **{name: value for name, value in told.items() if not name.startswith(OUTPUT)}}
    full = kind.complete(given)
    outputs = kind.spell_out({name.removeprefix(OUTPUT): value for name, value in told.items() if name.startswith(OUTPUT)})
    strides = [name for name in full if name.startswith("stride")]
    steps = dict(zip((name for name in full if name in SIZES), strides, strict=False))
    padded = {name: same_padded(full[name], output, full[steps[name]]) for name, output in outputs.items() if name in steps}
    return kind.complete({**full, **padded})
