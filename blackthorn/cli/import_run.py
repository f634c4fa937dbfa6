"""One run of `blackthorn import`: options in, sweep files and a report out."""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from blackthorn.cli import values
from blackthorn.cli.dimension_text import dimension_text
from blackthorn.cli.stamp import MADE_BY, now
from blackthorn.cli.sweep_run import fit_command
from blackthorn.cli.tables import percent, shortened, table
from blackthorn.errors import BadValue, UnknownName
from blackthorn.importing import (
    TABLE,
    UNITS,
    Imported,
    ImportedLayer,
    TableMapping,
    TimedNetwork,
    class_sweeps,
    imported_profiles,
    imported_tables,
    parse_cell,
    read_files,
    tool_of,
    write,
)
from blackthorn.layers import layer_kind
from blackthorn.records import Device, Precision, Sweep
from blackthorn.runners.host import slug
from blackthorn.storage import device_folder
from blackthorn.units import milliseconds, readable_time

LONGEST_NAME = 60
"""Characters of a name in a table."""
MOST_NAMED = 3
"""Layers that are named of those left out for one reason; the others are counted."""


class ImportReport(msgspec.Struct, frozen=True):
    """What was imported, and into which files; `left_out` are the layers that could not be."""

    device: Device
    found: Imported
    sweeps: tuple[tuple[Path, Sweep], ...]
    left_out: tuple[ImportedLayer, ...]
    out: Path


def run(
    files: Sequence[Path],
    model: Path | None,
    shapes: Sequence[str],
    kind: str | None,
    columns: Sequence[str],
    held: Sequence[str],
    wanted: Sequence[str],
    unit: str | None,
    precision: Precision | None,
    dims: Sequence[str],
    device_name: str | None,
    runner: str | None,
    details: Sequence[str],
    threads: int,
    out: Path,
) -> ImportReport:
    """Carry out an import; the arguments are the command's options as they were written."""
    given = read_files(files)
    of_tables = {"--kind": kind, "--column": columns, "--at": held, "--where": wanted, "--unit": unit}
    of_tables |= {"--precision": precision, "--runner": runner}
    of_profiles = {"--model": model, "--input-shape": shapes}
    is_table = tool_of(given) == TABLE
    _refuse_idle(of_profiles if is_table else of_tables, "a table" if is_table else "a profile")
    if is_table:
        mapping = partial(_mapping, kind, columns, held, wanted, unit or "ms", precision or "fp32")
        found = imported_tables(given, mapping)
    else:
        found = imported_profiles(given, None if model is None else TimedNetwork(model, values.shapes(shapes)))
    device = _device(found, device_name, runner, values.texts(details, "--detail", "clocks=locked"), threads)
    return _written(found, device, dims, out)


def _mapping(
    kind: str | None,
    columns: Sequence[str],
    held: Sequence[str],
    wanted: Sequence[str],
    unit: str,
    precision: Precision,
    names: tuple[str, ...],
) -> TableMapping:
    """What the rows of a table are, by the options and the names of its columns."""
    if kind is None:
        raise BadValue("it is not said what kind of layer the rows are", "name it as in: --kind conv2d")
    cells = {name: parse_cell(text, names) for name, text in values.texts(columns, "--column", "filters=out_ch").items()}
    where = values.texts(wanted, "--where", "device=nano")
    for name in where:
        if name not in names:
            raise UnknownName("column", name, names)
    return TableMapping(kind, cells, values.assignments(held, "--at"), where, UNITS[unit], precision)


def _written(found: Imported, device: Device, dims: Sequence[str], out: Path) -> ImportReport:
    """The files of what was found."""
    left_out = tuple(layer for layer in found.layers if layer.probe is None or layer.seconds <= 0.0)
    if len(left_out) == len(found.layers):
        first = left_out[0]
        raise BadValue(f"no layer could be imported ({first.name}: {first.problem or 'it takes no time'})", "check the files")
    moved = _moved({layer.probe.layer for layer in found.layers if layer.probe}, dims)
    sweeps = class_sweeps(found.layers, moved, device, now(), f"{MADE_BY}, imported from {found.tool}")
    return ImportReport(device, found, tuple((write(sweep, out), sweep) for sweep in sweeps), left_out, out)


def _moved(layers: Set[str], dims: Sequence[str]) -> set[str]:
    """The dimensions that are named by these or by shorthands; kinds that lack one go without it.

    Raises:
        UnknownName: none of the kinds has it.
    """
    kinds = [layer_kind(layer) for layer in layers]
    known = {name for kind in kinds for name in (*kind.shorthands, *(dimension.name for dimension in kind.dimensions))}
    for name in dims:
        if name not in known:
            raise UnknownName("dimension", name, known)
    return {name for kind in kinds for name in (*dims, *(member for dim in dims for member in kind.shorthands.get(dim, ())))}


def _refuse_idle(options: Mapping[str, object], what: str) -> None:
    for option, given in options.items():
        if given:
            raise BadValue(f"{option} is of no use to {what}", "leave it out")


def _device(found: Imported, name: str | None, runner: str | None, details: Mapping[str, str], threads: int) -> Device:
    """What the layers ran on, as files and options tell it."""
    machine = found.machine
    if name is None and not machine.hardware:
        raise BadValue("the files do not tell what was timed", "name the device as in: --device-name my-board")
    return Device(
        name=name or slug(f"{machine.hardware}-{found.runner}-imported"),
        runner=runner or found.runner or "imported",
        hardware=machine.hardware or name or "",
        threads=threads,
        versions=machine.versions,
        details={**machine.details, **details},
    )


def import_lines(report: ImportReport) -> Iterator[str]:
    """What people read after an import."""
    points = sum(len(sweep.measurements) for _, sweep in report.sweeps)
    taken = len(report.found.layers) - len(report.left_out)
    yield f"{report.device.name}: {taken} of {len(report.found.layers)} layers, {points} points of {len(report.sweeps)} classes"
    yield ""
    rows = [
        (
            sweep.header.layer,
            sweep.header.precision,
            dimension_text(sweep.header.layer, sweep.header.fixed),
            _axes(sweep),
            str(n),
        )
        for _, sweep in report.sweeps
        for n in [len(sweep.measurements)]
    ]
    yield from table(("kind", "precision", "class", "moves", "points"), rows, right=(4,))
    yield from _left_out_lines(report)
    yield ""
    lost, total = _seconds(report.left_out), report.found.seconds
    yield f"sum of all layers {readable_time(total)}, of which {percent(1.0 - lost / (total or 1.0))} is imported"
    yield f"in {device_folder(report.out, report.device.name)}; fit all sweeps with: {fit_command(report.out)}"


def _axes(sweep: Sweep) -> str:
    return " ".join(sweep.header.axes)


def _left_out_lines(report: ImportReport) -> Iterator[str]:
    """Layers that were not imported, by the reason, those first that take longest."""
    reasons: dict[str, list[ImportedLayer]] = defaultdict(list)
    for layer in report.left_out:
        reasons[layer.problem or "it takes no time"].append(layer)
    if reasons:
        yield ""
        yield "not imported:"
    for problem, layers in sorted(reasons.items(), key=lambda entry: -_seconds(entry[1])):
        longest = sorted(layers, key=lambda layer: -layer.seconds)
        named = ", ".join(shortened(layer.name, LONGEST_NAME) for layer in longest[:MOST_NAMED])
        more = f" and {len(layers) - MOST_NAMED} more" if len(layers) > MOST_NAMED else ""
        yield f"  {readable_time(_seconds(layers))}  {named}{more}: {problem}"


def _seconds(layers: Sequence[ImportedLayer]) -> float:
    return math.fsum(layer.seconds for layer in layers)


def import_json(report: ImportReport) -> dict[str, Any]:
    """The same for programs; every layer that was left out is there."""
    return {
        "device": report.device.name,
        "runner": report.device.runner,
        "layers": len(report.found.layers),
        "latency_ms": milliseconds(report.found.seconds),
        "sweeps": [
            {
                "file": str(path),
                "layer": sweep.header.layer,
                "precision": sweep.header.precision,
                "fixed": sweep.header.fixed,
                "axes": list(sweep.header.axes),
                "points": len(sweep.measurements),
            }
            for path, sweep in report.sweeps
        ],
        "not_imported": [
            {"name": layer.name, "latency_ms": milliseconds(layer.seconds), "why": layer.problem or "it takes no time"}
            for layer in report.left_out
        ],
    }
