"""Figure 9: how long a network takes to be read and predicted, and how much memory that takes."""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from blackthorn.onnx_graph import read_network
from blackthorn.prediction import predict
from blackthorn.storage import find_models, read_model, shipped_models
from tests.bench.commands import as_installed
from tests.bench.large_file import with_weights_inside
from tests.bench.tables import Row
from tests.networks import light_networks

RUNS = 5
LAYERS = 150
MEBIBYTE = 2**20


class Run(msgspec.Struct, frozen=True):
    """What one process took: wall seconds and peak resident bytes."""

    seconds: float
    peak: int


def predicted_alone(path: Path, model: Path, folder: Path) -> Run:
    """`blackthorn predict` in a process of its own, its modules compiled beforehand as an installed package's are.

    Args:
        path: the network.
        model: the fitted model.
        folder: where compiled modules are kept.
    """
    command = [sys.executable, "-m", "tests.bench.peak", "blackthorn", "predict", str(path), "--device", str(model)]
    begin = time.perf_counter()
    ended = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=as_installed(folder), check=True)
    return Run(time.perf_counter() - begin, int(ended.stderr))


def usual(path: Path, model: Path, folder: Path) -> Run:
    """The median time and the highest peak of some runs, the first left out."""
    runs = [predicted_alone(path, model, folder) for _ in range(RUNS + 1)][1:]
    return Run(statistics.median(run.seconds for run in runs), max(run.peak for run in runs))


def reading_timed() -> Iterator[Row]:
    """Small and large files through the command, and the library alone."""
    model = find_models([shipped_models()])[0]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small = usual(light_networks()["light_resnet50"], model, folder / "compiled")
        yield Row("9", "predict of ResNet-50, wall time", "< 0.5 s", f"{small.seconds:.3f} s", small.seconds < 0.5)
        large = folder / "vgg19.onnx"
        with_weights_inside(light_networks()["light_vgg19"], large)
        run, size = (
            usual(large, model, folder / "compiled"),
            f"predict of VGG-19, {large.stat().st_size / 1e6:.0f} MB of weights",
        )
        yield Row("9", f"{size}, wall time", "< 1.5 s", f"{run.seconds:.3f} s", run.seconds < 1.5)
        yield Row("9", f"{size}, peak memory", "< 250 MiB", f"{run.peak / MEBIBYTE:.0f} MiB", run.peak < 250 * MEBIBYTE)
    yield library_call(model)


def library_call(model: Path) -> Row:
    """The whole of `predict` for a network that is loaded already: of 150 convolutions, those of two real ones."""
    fitted, names = read_model(model), ("light_densenet121", "light_resnet50")
    networks = [read_network(light_networks()[name]) for name in names]
    known = [layer for network in networks for layer in network.layers if layer.kind is not None]
    network = msgspec.structs.replace(networks[0], layers=tuple(known[:LAYERS]))
    taken = []
    for _ in range(100):
        begin = time.perf_counter()
        predict(network, fitted)
        taken.append(time.perf_counter() - begin)
    milliseconds = 1e3 * statistics.median(taken)
    what = f"library call, {len(network.layers)} convolutions loaded already"
    return Row("9", what, "< 2 ms", f"{milliseconds:.2f} ms", milliseconds < 2.0)
