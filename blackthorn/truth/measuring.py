"""Times a whole network: end to end without the profiler, its kernels with it, and the references of layer classes beside it.

All take turns within one window, so that a machine that changes its speed changes all of them, and what counts of kernels
and references is their ratio to the whole call just before. While a shared computer ran at half its speed for seconds at a
time, these ratios scattered by 1 to 5 %, and ratios of separate averages by 3 to 10 %.
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
OURS = 0.99
"""The share of an undisturbed call for which no other process has the processor."""
FAST = 0.1
"""The share of calls that count as the fast ones."""
PATIENCE = 0.05
"""Share of the time for which a slow machine is waited for: it can be spent many times over, once before every call."""
LEAD_IN = 0.01
"""Seconds of calls before one that counts. Networks are used call after call; after the references of other classes the caches
hold nothing of them: on an AMD EPYC of family 26, calls of ShuffleNet took 2.72, 2.67, 2.62, 2.57 and 2.57 ms, and its first
layer twice as long in the first one."""


def network_policy(seconds: float) -> TimingPolicy:
    """How to time whole networks, each for so many seconds at most."""
    return TimingPolicy(most_seconds=seconds, patience=PATIENCE, lead_in_seconds=LEAD_IN)


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
        wall, profiled, *others = timer.cycles(loaded.call, loaded.call_profiled, *(one.time for one in beside))
        transfers = loaded.transfers()
        times = loaded.finish()
    walls = _walls(wall)
    counts = _undisturbed(wall)
    counted = [entry for entry, is_counted in zip(wall, counts, strict=True) if is_counted]
    lower, middle, upper = np.quantile(walls, (0.25, 0.5, 0.75)).tolist()
    seconds = float(np.median(walls[counts]))
    (best,) = timer.at_full_speed([counted])
    return NetworkTiming(
        model=path.stem,
        device=timer.runner.device().name,
        seconds=seconds,
        spread=(upper - lower) / middle,
        grade=timer.grade(trimmed_mean([entry.wall / entry.reference for entry in best]), best),
        reference_seconds=None if timer.reference is None else speed(best),
        calls=sum(len(entry.calls.numbers) for entry in counted),
        layers=_layers(times, profiled, walls, seconds),
        speeds={one.key: _beside(_walls(each)[counts], walls[counts]) for one, each in zip(references, others, strict=True)},
        transfers=transfers,
    )


def _walls(rounds: Sequence[Round]) -> Floats:
    """Wall seconds of a call in every round."""
    return np.array([entry.wall for entry in rounds])


def _beside(taken: Floats, walls: Floats) -> float:
    """What something short takes while the whole call takes its median, from undisturbed calls and rounds just after them.

    A slow stretch that is shorter than the call lengthens most calls, and only some of the rounds beside them: by all of them,
    predictions of nine networks were 2 % shorter than by undisturbed ones where a third of the calls were disturbed.
    """
    return float(np.median(taken / walls) * np.median(walls))


def _undisturbed(rounds: Sequence[Round]) -> NDArray[np.bool_]:
    """Which rounds ran at full speed throughout: those that took about as long as the fast ones.

    The references before and after a long call cannot tell when the machine slows down in the middle of it. The times
    themselves are looked at, not their ratios to the references: a low ratio may come from a reference that was disturbed.
    Rounds within which other processes had the processor count only where there are no others.
    """
    running = np.array([entry.running for entry in rounds])
    ours = running >= min(OURS, running.max())
    walls = np.where(ours, _walls(rounds), np.inf)
    fast: Floats = np.quantile(walls[ours], FAST)
    return walls <= (1 + UNDISTURBED) * fast


def _layers(times: NetworkTimes, rounds: Sequence[Round], walls: Floats, seconds: float) -> tuple[TimedLayer, ...]:
    """What each executed node takes while the whole call takes so many seconds; never less than nothing.

    Together they take what all of them took in a middling call. Interruptions of microseconds come in every long call, in
    another node each time, so what is trimmed off single nodes summed to 0.6 to 2 % of six networks.
    """
    each = np.array([entry.nodes(times.seconds) for entry in rounds]) / walls[:, None]
    alone = np.array([max(trimmed_mean(share).mean, 0.0) for share in each.T.tolist()])
    together = trimmed_mean(each.sum(axis=1).tolist()).mean
    shares: Floats = alone * max(together, 0.0) / alone.sum() if alone.any() else alone
    return tuple(TimedLayer(*node, share * seconds) for node, share in zip(times.executed, shares.tolist(), strict=True))
