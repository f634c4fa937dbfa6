"""Figure 6: how long the commands take, as whole processes."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from blackthorn.storage import find_models, shipped_models
from tests.bench.tables import Row
from tests.networks import light_networks

RUNS = 9


def as_installed(folder: Path) -> dict[str, str]:
    """An environment in which modules are compiled once, into `folder`, as an installed package's are."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(folder)}


def wall_seconds(arguments: Sequence[str], folder: Path) -> float:
    """The median wall time of the command over some runs, the first left out; modules are compiled into `folder`."""
    taken = []
    environment = as_installed(folder)
    for _ in range(RUNS + 1):
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-m", "blackthorn", *arguments], check=True, capture_output=True, env=environment)
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken[1:])


def commands_timed() -> Iterator[Row]:
    """`--help`, and `predict` of ResNet-50 with a shipped model."""
    model = str(find_models([shipped_models()])[0])
    for what, arguments, limit in (
        ("blackthorn --help", ["--help"], 0.2),
        ("predict of ResNet-50", ["predict", str(light_networks()["light_resnet50"]), "--device", model], 0.6),
    ):
        with tempfile.TemporaryDirectory() as folder:
            seconds = wall_seconds(arguments, Path(folder))
        yield Row("6", f"{what}, wall time", f"< {limit} s", f"{seconds:.3f} s", seconds < limit)
