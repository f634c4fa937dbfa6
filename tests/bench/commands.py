"""Figure 6: how long the commands take, as whole processes."""

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from blackthorn.onnx_graph import read_network
from blackthorn.prediction import predict
from blackthorn.storage import find_models, read_model, shipped_models
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
    yield library_call(model)


def library_call(model: str) -> Row:
    """The whole of `predict` for a network that is loaded already: of 150 layers, as DenseNet-121 nearly has."""
    network, fitted = read_network(light_networks()["light_densenet121"]), read_model(Path(model))
    network = msgspec.structs.replace(network, layers=network.layers[:150])
    taken = []
    for _ in range(10 * RUNS):
        begin = time.perf_counter()
        predict(network, fitted)
        taken.append(time.perf_counter() - begin)
    milliseconds = 1e3 * statistics.median(taken)
    return Row("-", "library call, 150 layers loaded already", "< 2 ms", f"{milliseconds:.2f} ms", milliseconds < 2.0)
