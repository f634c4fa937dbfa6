"""Figure 16: two runs of the preset, some time apart, say the same of networks.

Each run of this bench makes the preset once, keeps its sweeps in `build/bench/presets`, and is held against the run before it.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path

from blackthorn.cli import preset_run
from blackthorn.fitting import fit_device
from blackthorn.onnx_graph import read_network
from blackthorn.prediction import predict
from blackthorn.runners import fusions_on
from blackthorn.storage import find_sweeps, read_sweep
from tests.bench.tables import Row
from tests.networks import light_networks

FOLDER = Path("build/bench/presets")
APART = 0.02
"""How far two predictions of a network may lie apart, relative."""


def presets_repeated() -> Iterator[Row]:
    """One more run of the preset, and how far its predictions are from those of the run before."""
    before = sorted(FOLDER.glob("*"))[-1:]
    latest = FOLDER / datetime.now(timezone.utc).strftime("%Y-%m-%dT%H-%M-%S")
    made = preset_run.run("cnn", None, None, 1, None, (), None, latest, {})
    yield Row("16", "the preset", "", f"{made.points} points in {made.seconds / 60:.1f} min", None)
    for folder in before:
        first, second = predictions(folder), predictions(latest)
        for name, seconds in second.items():
            apart = seconds / first[name] - 1.0
            seen = f"{1e3 * first[name]:.2f} and {1e3 * seconds:.2f} ms, {100 * apart:+.1f} %"
            yield Row("16", f"{name}, as of {folder.name}", f"within {100 * APART:.0f} %", seen, abs(apart) <= APART)


def predictions(folder: Path) -> Mapping[str, float]:
    """Seconds of the nine light networks by a model fitted to the sweeps of a folder."""
    model = fit_device([read_sweep(path) for path in find_sweeps([folder])], "now", "bench")
    fusions = fusions_on(model.device)
    return {name: predict(read_network(path, {}, fusions), model).seconds for name, path in light_networks().items()}
