"""Times a whole network: end to end without the profiler, its kernels with it, and the reference probe around every call.

Wall time and kernel times are taken in turn within one window, so that a machine that changes its speed changes both.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from blackthorn.records import NetworkTiming, TimedLayer
from blackthorn.runners.network import NetworkTimes, Shapes
from blackthorn.timing import Round, Timer, TimingPolicy, trimmed_mean

Floats = NDArray[np.float64]

UNDISTURBED = 0.10
"""How much longer than the fast ones an undisturbed call may take, relative: noise is 5 %, a slow stretch costs more."""
FAST = 0.1
"""The share of calls that count as the fast ones."""
PATIENCE = 0.05
"""Share of the time for which a slow machine is waited for: it can be spent many times over, once before every call."""
PROVEN_SHARE = 0.05
"""Share of a call for which the machine must have been at full speed before it: long stretches are rare."""


def network_policy(seconds: float) -> TimingPolicy:
    """How to time whole networks, each for so many seconds at most."""
    return TimingPolicy(most_seconds=seconds, patience=PATIENCE, proven_share=PROVEN_SHARE)


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
    fast = _undisturbed([entry.wall for entry in wall])
    seconds = np.array([entry.wall for entry in wall])
    lower, middle, upper = np.quantile(seconds, (0.25, 0.5, 0.75)).tolist()
    references = np.array([end for entry in (*wall, *profiled) for end in (entry.before, entry.after)])
    return NetworkTiming(
        model=path.stem,
        device=timer.runner.device().name,
        seconds=float(np.median(seconds[fast])),
        spread=(upper - lower) / middle,
        grade=timer.grade(trimmed_mean(seconds[fast].tolist()), wall),
        reference_seconds=None if timer.runner.reference() is None else float(np.median(references[_undisturbed(references)])),
        calls=sum(entry.calls for entry, counts in zip(wall, fast, strict=True) if counts),
        layers=_layers(times, profiled),
    )


def _undisturbed(seconds: Sequence[float] | Floats) -> NDArray[np.bool_]:
    """Which of some calls ran at full speed.

    A machine may slow down in the middle of a long call, where a reference before and after cannot tell. What takes about as
    long as the fast ones ran undisturbed; of calls and of references alike, so that they are compared at one speed.
    """
    return np.asarray(seconds) <= (1 + UNDISTURBED) * np.quantile(seconds, FAST)


def _layers(times: NetworkTimes, rounds: Sequence[Round]) -> tuple[TimedLayer, ...]:
    """What each executed node took on average in undisturbed calls."""
    counts = _undisturbed([entry.wall for entry in rounds])
    each = [times.seconds[entry.first : entry.first + entry.calls].mean(axis=0) for entry in rounds]
    columns = np.array(each)[counts].T.tolist()
    return tuple(TimedLayer(*node, trimmed_mean(column).mean) for node, column in zip(times.executed, columns, strict=True))
