"""Making and reading small sweep files."""

from pathlib import Path

from blackthorn.storage import open_sweep, read_sweep
from tests.examples import a_header, a_measurement


def write(path: Path, *filters: int) -> Path:
    with open_sweep(path, a_header()) as file:
        for number in filters:
            file.append(a_measurement(number))
    return path


def filters_in(path: Path) -> list[int]:
    return [measurement.probe.dimensions["filters"] for measurement in read_sweep(path).measurements]
