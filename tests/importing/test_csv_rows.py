"""Tables: how columns become dimensions, and what is said of rows that are no layer."""

from pathlib import Path

import pytest

from blackthorn.errors import BadFile, BadValue, BlackthornError, UnknownName
from blackthorn.importing import Cell, ImportedLayer, TableMapping, parse_cell
from blackthorn.importing.csv_rows import read_table, table_layers

CELLS = {"filters": Cell("out"), "channels": Cell("in"), "seconds": Cell("ms")}


def layers(text: str, **changed: object) -> list[ImportedLayer]:
    columns, rows = read_table(text, Path("t.csv"))
    told = {"kind": "conv2d", "cells": CELLS, "held": {"size": 28}, "where": {}, "unit": 1e-3, "precision": "fp32"}
    assert columns
    return list(table_layers(rows, TableMapping(**{**told, **changed})))


def dimensions(layer: ImportedLayer) -> dict[str, int]:
    assert layer.probe is not None, layer.problem
    return layer.probe.dimensions


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_columns_become_dimensions_and_the_rest_is_held_or_usual(delimiter: str) -> None:
    (layer,) = layers("out,in,ms\n32,16,1.5\n".replace(",", delimiter), precision="fp16")
    assert layer.seconds == pytest.approx(1.5e-3)
    assert layer.name == "row 2"
    found = dimensions(layer)
    assert (found["filters"], found["channels"], found["height"], found["width"], found["kernel"]) == (32, 16, 28, 28, 3)
    assert layer.probe is not None
    assert layer.probe.precision == "fp16"


def test_a_number_is_taken_out_of_a_cell_that_holds_several() -> None:
    cells = {"channels": Cell("shape", 3), "height": Cell("shape", 1), "seconds": Cell("ms")}
    (layer,) = layers("shape,ms\n-1x56x48x64,2\n", cells=cells, held={"width": 48})
    found = dimensions(layer)
    assert (found["channels"], found["height"], found["width"]) == (64, 56, 48)


def test_sizes_of_layers_without_padding_follow_their_outputs() -> None:
    cells = {**CELLS, "size": Cell("size"), "output_size": Cell("after"), "stride": Cell("stride")}
    text = "out,in,ms,size,after,stride\n8,8,1,35,17,2\n8,8,1,35,18,2\n8,8,1,73,71,1\n"
    assert [dimensions(layer)["height"] for layer in layers(text, cells=cells, held={})] == [34, 35, 71]
    assert [dimensions(layer)["width"] for layer in layers(text, cells=cells, held={})] == [34, 35, 71]


def test_only_rows_that_have_these_values_count() -> None:
    found = layers("out,in,ms,gpu\n8,8,1,a b\n16,8,2,c\n24,8,3,a b\n", where={"gpu": "a b"})
    assert [layer.name for layer in found] == ["row 2", "row 4"]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("8,8,", "'' under ms is not a number"),
        ("8,8,fast", "'fast' under ms is not a number"),
        ("1x2,8,1", "'1x2' under out is not a number"),
        ("8.5,8,1", "8.5 under out is not a whole number"),
        ("inf,8,1", "inf under out is not a whole number"),
        ("8,8,-1", "-0.001 s is no time that a layer takes"),
        ("8,8,nan", "nan s is no time that a layer takes"),
        ("0,8,1", "filters=0 is too small"),
    ],
)
def test_a_row_that_is_no_layer_says_why_and_the_others_stay(row: str, problem: str) -> None:
    bad, good = layers(f"out,in,ms\n{row}\n8,8,1\n")
    assert (bad.probe, bad.problem) == (None, problem)
    assert good.probe is not None


def test_times_may_be_written_with_exponents() -> None:
    assert layers("out,in,ms\n8,8,1.5e-02\n")[0].seconds == pytest.approx(1.5e-5)


def test_whole_numbers_may_be_written_as_fractions() -> None:
    assert dimensions(layers("out,in,ms\n64.0,8,1\n")[0])["filters"] == 64


def test_columns_are_named_as_they_stand_or_with_a_place() -> None:
    columns = ("a", "b[2]")
    assert parse_cell("a", columns) == Cell("a")
    assert parse_cell("a[0]", columns) == Cell("a", 0)
    assert parse_cell("b[2]", columns) == Cell("b[2]")
    with pytest.raises(UnknownName, match="no column named 'c'"):
        parse_cell("c", columns)


@pytest.mark.parametrize(
    ("changed", "error", "why"),
    [
        ({"cells": {"filters": Cell("out")}}, BadValue, "which column holds the time"),
        ({"cells": {**CELLS, "fliters": Cell("out")}}, UnknownName, "did you mean 'filters'"),
        ({"kind": "conv2e"}, UnknownName, "did you mean 'conv2d'"),
        ({"held": {"channels": 3}}, BadValue, "channels is both in a column and held"),
        ({"where": {"in": "9"}}, BadValue, "no row of the table"),
        ({"kind": "bitwise", "cells": {"seconds": Cell("ms")}, "held": {}, "precision": "fp16"}, BadValue, "fp16"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused(changed: dict, error: type[BlackthornError], why: str) -> None:
    with pytest.raises(error, match=why):
        layers("out,in,ms\n8,8,1\n", **changed)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no rows"),
        ("a,b\n", "no rows"),
        ("a,b\n1\n", "row 2"),
        ("a,b\n1,2,3\n", "row 2"),
        (f"a,b\n{'9' * 200_000},1\n", "as a table"),
    ],
)
def test_a_damaged_table_is_refused(text: str, why: str) -> None:
    with pytest.raises(BadFile, match=why):
        read_table(text, Path("t.csv"))
