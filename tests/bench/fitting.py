"""Figure 11: how long a whole device takes to be fitted, by all CPUs and by one, and how fast its formulas are."""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from blackthorn.fitting import fit_device, usable_cpus
from blackthorn.records import BYTES_MOVED, OUTPUT_SIZES, POSITIONS, LayerFormula
from blackthorn.storage import find_models, read_model, read_sweep, shipped_models
from tests.bench.tables import Row

SWEEPS = Path(__file__).parents[2] / "sweeps" / "cnn"
"""Of several devices: the first one's are fitted."""
LAYERS = 100_000
RUNS = 5
MOST_BYTES, MOST_POSITIONS = 10**8, 10**4


def fitting_timed() -> Iterator[Row]:
    """Time for the recorded sweeps of the preset, and one core's for every formula of the shipped model over many layers."""
    device = min(folder for folder in SWEEPS.iterdir() if folder.is_dir())
    sweeps = [read_sweep(path) for path in sorted(device.glob("*.jsonl"))]
    processes = usable_cpus()
    begin = time.perf_counter()
    fitted = fit_device(sweeps, "", "", processes)
    seconds = time.perf_counter() - begin
    what = f"fitting {device.name}, {len(fitted.layers)} classes"
    yield Row("11", f"{what}, {processes} processes", "<= 5 s", f"{seconds:.2f} s", seconds <= 5.0)
    begin = time.process_time()
    fit_device(sweeps, "", "")
    yield Row("11", f"{what}, one process", "", f"{time.process_time() - begin:.2f} s of a CPU", None)
    formulas = read_model(find_models([shipped_models()])[0]).layers
    millions = len(formulas) * LAYERS / 1e6 / sum(evaluated(formula) for formula in formulas)
    what = f"evaluating {len(formulas)} formulas, layers a second"
    yield Row("11", what, ">= 2 million", f"{millions:.1f} million", millions >= 2.0)


def evaluated(formula: LayerFormula) -> float:
    """Seconds that a formula, its correction left out, takes for `LAYERS` random layers: the least of some runs."""
    rng = np.random.default_rng(0)
    outputs = {OUTPUT_SIZES[name]: span for name, span in formula.ranges.items() if name in OUTPUT_SIZES}
    spans = {**formula.ranges, **outputs, BYTES_MOVED: (1, MOST_BYTES), POSITIONS: (1, MOST_POSITIONS)}
    layers = {name: rng.integers(low, high + 1, LAYERS).astype(float) for name, (low, high) in spans.items()}
    taken = []
    for _ in range(RUNS):
        begin = time.process_time()
        formula.formula.evaluate(layers)
        taken.append(time.process_time() - begin)
    return min(taken)
