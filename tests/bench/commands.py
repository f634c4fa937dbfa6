"""Figure 6: how long the commands take, as whole processes."""

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence

from blackthorn.storage import find_models, shipped_models
from tests.bench.tables import Row
from tests.networks import light_networks

RUNS = 9


def wall_seconds(arguments: Sequence[str]) -> float:
    """The median wall time of the command over some runs, the first left out."""
    taken = []
    for _ in range(RUNS + 1):
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-m", "blackthorn", *arguments], check=True, capture_output=True)
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken[1:])


def commands_timed() -> Iterator[Row]:
    """`--help`, and `predict` of ResNet-50 with a shipped model."""
    model = str(find_models([shipped_models()])[0])
    for what, arguments, limit in (
        ("blackthorn --help", ["--help"], 0.2),
        ("predict of ResNet-50", ["predict", str(light_networks()["light_resnet50"]), "--device", model], 0.6),
    ):
        seconds = wall_seconds(arguments)
        yield Row("6", f"{what}, wall time", f"< {limit} s", f"{seconds:.3f} s", seconds < limit)
