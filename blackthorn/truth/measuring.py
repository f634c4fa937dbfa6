"""Times a whole network: end to end without the profiler, its kernels with it, and the reference probe around every call.

Wall time and kernel times are taken in turn within one window, so that a machine that changes its speed changes both.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from blackthorn.records import NetworkTiming, TimedLayer
from blackthorn.runners.network import NetworkTimes, Shapes
from blackthorn.timing import Round, Timer, speed, trimmed_mean


def measure(path: Path, timer: Timer, input_shapes: Shapes) -> NetworkTiming:
    """Time a network.

    Args:
        path: its ONNX file.
        timer: open; its policy says for how long. Three rounds of calls are made however long they last.
        input_shapes: shapes of inputs by name, for those that the file leaves open.

    Raises:
        BadFile: the file cannot be read.
        UnknownName, BadValue: the shapes do not fit its inputs.
        NotMeasured: the timer's runner cannot run it.
    """
    with timer.runner.load_network(path, input_shapes) as loaded:
        wall, profiled = timer.rounds(loaded.call, loaded.call_profiled)
        times = loaded.finish()
    reference = speed(wall)
    ratios = np.array([entry.wall / entry.reference for entry in wall])
    lower, median, upper = (float(value) for value in np.quantile(ratios, (0.25, 0.5, 0.75)))
    drifts = timer.runner.reference() is not None
    return NetworkTiming(
        model=path.stem,
        device=timer.runner.device().name,
        seconds=median * reference,
        spread=(upper - lower) / median,
        grade=timer.grade(trimmed_mean(ratios.tolist()), wall),
        reference_seconds=reference if drifts else None,
        calls=sum(entry.calls for entry in wall),
        layers=_layers(times, _kernel_ratios(times, profiled) * reference),
    )


def _kernel_ratios(times: NetworkTimes, rounds: Sequence[Round]) -> NDArray[np.float64]:
    """What each executed node took, in reference probes."""
    each = [times.seconds[entry.first : entry.first + entry.calls].mean(axis=0) / entry.reference for entry in rounds]
    return np.array([trimmed_mean(column).mean for column in np.array(each).T.tolist()])


def _layers(times: NetworkTimes, seconds: NDArray[np.float64]) -> tuple[TimedLayer, ...]:
    return tuple(TimedLayer(*node, taken) for node, taken in zip(times.executed, seconds.tolist(), strict=True))
