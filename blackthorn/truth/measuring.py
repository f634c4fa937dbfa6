"""Times a whole network: end to end without the profiler, its kernels with it, and a reference probe around every call.

Wall time and kernel times are taken in turn within one window, so that a machine that changes its speed changes both. The
references of layer classes can take their turns in it, too, so that predictions can be stated at the speeds of that window.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from blackthorn.records import NetworkTiming, Probe, TimedLayer
from blackthorn.runners.network import NetworkTimes, Shapes
from blackthorn.timing import Round, Timer, TimingPolicy, speed, trimmed_mean

Floats = NDArray[np.float64]

UNDISTURBED = 0.10
"""How much longer than the fast ones an undisturbed call may take, relative: noise is 5 %, a slow stretch costs more."""
FAST = 0.1
"""The share of calls that count as the fast ones."""
PATIENCE = 0.05
"""Share of the time for which a slow machine is waited for: it can be spent many times over, once before every call."""


def network_policy(seconds: float) -> TimingPolicy:
    """How to time whole networks, each for so many seconds at most."""
    return TimingPolicy(most_seconds=seconds, patience=PATIENCE)


def measure(path: Path, timer: Timer, input_shapes: Shapes, references: Sequence[Probe] = ()) -> NetworkTiming:
    """Time a network.

    Args:
        path: its ONNX file.
        timer: open; its policy says for how long. Three rounds of calls are made however long they last.
        input_shapes: shapes of inputs by name, for those that the file leaves open.
        references: layers that are timed in the same window, each once.

    Raises:
        BadFile: the file cannot be read.
        UnknownName, BadValue: the shapes do not fit its inputs.
        NotMeasured: the timer's runner cannot run it, or one of the references.
    """
    with ExitStack() as held:
        loaded = held.enter_context(timer.runner.load_network(path, input_shapes))
        beside = [held.enter_context(timer.load_reference(probe)) for probe in references]
        wall, profiled, *others = timer.rounds(loaded.call, loaded.call_profiled, *(one.time for one in beside))
        times = loaded.finish()
    walls = np.array([entry.wall for entry in wall])
    counts = _undisturbed(walls)
    lower, middle, upper = np.quantile(walls, (0.25, 0.5, 0.75)).tolist()
    reference = speed(wall)
    return NetworkTiming(
        model=path.stem,
        device=timer.runner.device().name,
        seconds=float(np.median(walls[counts])),
        spread=(upper - lower) / middle,
        grade=timer.grade(trimmed_mean([entry.wall / entry.reference for entry in wall]), wall),
        reference_seconds=None if timer.reference is None else reference,
        calls=sum(entry.calls for entry, is_counted in zip(wall, counts, strict=True) if is_counted),
        layers=_layers(times, profiled, reference),
        speeds={probe.key: _seconds(rounds, reference) for probe, rounds in zip(references, others, strict=True)},
    )


def _seconds(rounds: Sequence[Round], reference: float) -> float:
    """What a call took on average, at the speed at which the reference takes so many seconds."""
    return trimmed_mean([entry.wall / entry.reference for entry in rounds]).mean * reference


def _undisturbed(walls: Floats) -> NDArray[np.bool_]:
    """Which rounds ran at full speed throughout: those that took about as long as the fast ones.

    The references before and after a long call cannot tell when the machine slows down in the middle of it. The times
    themselves are looked at, not their ratios to the references: a low ratio may come from a reference that was disturbed.
    """
    return walls <= (1 + UNDISTURBED) * np.quantile(walls, FAST)


def _layers(times: NetworkTimes, rounds: Sequence[Round], reference: float) -> tuple[TimedLayer, ...]:
    """What each executed node took on average, at the speed at which the reference takes so many seconds."""
    each = np.array([times.seconds[entry.first : entry.first + entry.calls].mean(axis=0) for entry in rounds])
    columns = each[_undisturbed(np.array([entry.wall for entry in rounds]))].T.tolist()
    scale = reference / speed(rounds)
    return tuple(
        TimedLayer(*node, max(trimmed_mean(column).mean * scale, 0.0))
        for node, column in zip(times.executed, columns, strict=True)
    )
