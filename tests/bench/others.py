"""Figure 17: timings that others took of real devices, as far as they lie beside the checkout.

GPUs' convolutions (batch is a dimension): of each GPU's layers a random half is held out, and models are fitted to 500 of the
other half. A Jetson Nano's convolutions are cross-validated on a random half.
"""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from blackthorn.cli import import_run
from blackthorn.comparison import contests, entries
from blackthorn.fitting import fit_device
from blackthorn.fitting.leaving_out import rmspe
from blackthorn.formulas import Step, Tiles
from blackthorn.records import Sweep
from blackthorn.rivals import RIVALS
from tests.bench.tables import Row

DATA = Path(__file__).parents[3] / "shared" / "data"
GPUS = ("NVIDIA A100 80GB PCIe", "Tesla P100-PCIE-16GB", "Tesla P4")
GPU_COLUMNS = ("filters=cout", "channels=cin", "size=hw", "batch=B", "kernel=kernel", "seconds=latency_ms")
NANO_COLUMNS = ("filters=F", "channels=F", "size=W", "kernel=K", "seconds=layer_ms")
POINTS = 500
OURS, BOOSTING = "blackthorn", "gradient-boosting"


def others_timings_fitted() -> Iterator[Row]:
    """Every device whose timings are there."""
    for name, rows in (("nvidia_gpu_conv/conv.csv", _gpus), ("jetson_nano_tensorrt/marginal_layers.csv", _nano)):
        if (DATA / name).exists():
            yield from rows(DATA / name)
        else:
            yield Row("17", name, "", "is not beside the checkout", None)


def _gpus(table: Path) -> Iterator[Row]:
    for gpu in GPUS:
        whole = _imported(table, GPU_COLUMNS, f"device={gpu}", ("batch",))
        training, held = _halves(whole, np.random.default_rng())
        (contest,) = contests([training], [held], seed=0, shuffled=True)
        found = {
            entry.rival: np.array(entry.errors) for entry in entries([contest], [RIVALS[OURS], RIVALS[BOOSTING]], [POINTS])
        }
        for what, measure in (("RMSPE", rmspe), ("median error", lambda errors: 100.0 * float(np.median(np.abs(errors))))):
            own, theirs = measure(found[OURS]), measure(found[BOOSTING])
            seen = f"{own:.1f} %, {theirs:.1f} %, {len(contest.held_out)} layers"
            yield Row("17", f"{gpu}, {POINTS} points: {what}", f"better than {BOOSTING}", seen, own < theirs)


def _nano(table: Path) -> Iterator[Row]:
    whole = _imported(table, NANO_COLUMNS, "kind=conv", ())
    half, _ = _halves(whole, np.random.default_rng())
    three = [measurement for measurement in half.measurements if measurement.probe.dimensions["kernel"] == 3]
    (layer,) = fit_device([Sweep(half.header, tuple(three))], "now", "bench").layers
    steps = [node for node in layer.formula.walk() if isinstance(node, Step | Tiles) and node.dimension in ("height", "width")]
    seen = f"{layer.points} layers, {layer.rmspe_cross_validated:.1f} %"
    yield Row("17", "Jetson Nano: 3x3, cross-validated", "RMSPE <= 6 %", seen, layer.rmspe_cross_validated <= 6.0)
    yield Row("17", "Jetson Nano: steps of the image", "found", layer.text, bool(steps))


def _imported(table: Path, columns: tuple[str, ...], where: str, dims: tuple[str, ...]) -> Sweep:
    """The largest class of a table of convolutions, as a sweep."""
    with TemporaryDirectory() as folder:
        report = import_run.run(
            [table], None, (), "conv2d", columns, (), (where,), None, None, dims, "device", None, (), 1, Path(folder)
        )
    return max((sweep for _, sweep in report.sweeps), key=lambda sweep: len(sweep.measurements))


def _halves(whole: Sweep, chance: np.random.Generator) -> tuple[Sweep, Sweep]:
    mixed = tuple(whole.measurements[i] for i in chance.permutation(len(whole.measurements)))
    middle = len(mixed) // 2
    return Sweep(whole.header, mixed[:middle]), Sweep(whole.header, mixed[middle:])
