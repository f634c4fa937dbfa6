"""The name of a sweep's file: short, and another one for every sweep."""

from collections.abc import Iterator
from pathlib import Path

from blackthorn.layers import layer_kind
from blackthorn.records import SweepHeader
from blackthorn.storage import device_folder


def sweep_path(folder: Path, header: SweepHeader) -> Path:
    """Where a sweep is kept: `FOLDER/DEVICE/conv2d-filters,channels-at-height32-kernel3-fp32.jsonl`.

    Two sweeps of one device share a name exactly when they share layer kind, axes, fixed dimensions and precision.

    Raises:
        UnknownName: there is no such layer kind.
    """
    held = "-".join(f"{name}{value}" for name, value in _worth_naming(header))
    parts = [header.layer, ",".join(header.axes), *(["at", held] if held else []), header.precision]
    return device_folder(folder, header.device.name) / f"{'-'.join(parts)}.jsonl"


def _worth_naming(header: SweepHeader) -> Iterator[tuple[str, int]]:
    """The fixed dimensions that cannot be told from the rest.

    A dimension of its own is left out at 1, since one that is missing for being moved is among the axes. A dimension that
    follows another one is left out where it repeats that one's fixed value; where the other one moves, it is named at any
    value, since missing means that it moves along.
    """
    for dimension in layer_kind(header.layer).dimensions:
        value = header.fixed.get(dimension.name)
        usual = header.fixed.get(dimension.default) if isinstance(dimension.default, str) else 1
        if value is not None and value != usual:
            yield dimension.name, value
