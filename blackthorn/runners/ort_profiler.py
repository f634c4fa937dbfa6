"""What ONNX Runtime's profiler adds to the time that it tells of a node, and what it cuts off.

Between the two moments whose difference it gives, the profiler writes down the node's name, shapes and sizes (KernelScope in
ONNX Runtime's sequential executor): 2 to 8 us, as long as small layers take, and by how much changes from second to second
with the machine's speed. It does so for every node alike, so nodes that have nothing to do, called in turn with what is
timed, show how long at that moment.

The first of them find caches full of what ran before, the more so the larger that was: after ShuffleNet the first took 10.6 us,
after DenseNet 21, the third and later ones 3.3. That is no share of every node: nodes without work that were put in between
those of five networks took 3.2 to 4.1 us. Counted in, the first took 0.4 to 2 us too much off every kernel, more in networks
than in probes, which are smaller; and the time between kernels seemed to be 1.5 to 3 us a node, where sessions that ran with
the profiler and then without it told of 0.3 at most, give or take 0.7.

Convolutions leave less of the profiler in the caches than idle nodes do, so that it is slower: from the end of a node to the
begin of the next, 1.24 to 1.5 times as much went by in ShuffleNet and DenseNet-121, and 1.0 to 1.3 times in probes. What it
takes within a node is taken to grow alike. Kernels of ShuffleNet together were 3 to 7 % longer than a call without the profiler
in nine windows, and are 2 to 4 % longer in three; nodes of 19 probes were 0.7 us longer, in the median, and are 0.5 us.

Durations are whole microseconds, cut off. Half a microsecond is lost on average of what scatters by more than one, but a short
kernel takes the same in every call, and loses the same: a relu of 1,500 numbers seemed to take 0.53 us, one of 6,000 0.60,
and the same one built again 0.3 less or more. The moments at which nodes begin are whole microseconds, too, yet each call
begins at another fraction of one, so that the mean time from begin to begin, the pitch, is told to a few hundredths. By their
pitch these two take 0.10 and 0.41 us, as 15,000 numbers, 0.94, and 50,000, 3.09, would have it. What goes by between a node's
end and the next one's begin is known from nodes that take many different times, of which the profiler cuts off half a
microsecond on average.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from types import TracebackType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from typing_extensions import Self

from blackthorn.layers.dispatch import IDLE, SHAPE
from blackthorn.layers.onnx_probe import serialised
from blackthorn.runners.ort_providers import CPU, Provider
from blackthorn.runners.ort_session import CUT_OFF_US, NodeTime, ProfiledSession, Threads
from blackthorn.units import US_PER_SECOND

Floats = NDArray[np.float64]

IDLE_NODES = 8
"""Nodes in a chain that have nothing to do."""
BUSY = "Softplus"
"""Operator that takes long for few numbers, 14 ns each on one x86 core, so that it leaves the caches as they are."""
BUSY_NUMBERS = tuple(2 * step**2 + 1 for step in range(10))
"""Numbers of each node of that operator: whatever one takes, all of them end at different fractions of a microsecond."""
COLD_NODES = 2
"""Nodes of either sort that bring back into the caches what all of that sort use: the first ones that run."""
ENDS = 0.1
"""Share of calls left out at either end, those that were interrupted among them."""
VARIANCE_OF_CUTTING = 1 / 12
"""Squared microseconds by which durations scatter more for being cut down to whole ones."""
FAR_LONGER, INTERRUPTION = 1.5, 20e-6
"""A node took far longer than its fellows if it took so many times as long and so many seconds more: another process on the
same processor has it for milliseconds."""
SLOWEST = 1.5
"""What the profiler takes between the nodes of networks is 1.1 to 1.5 times what it takes between idle ones; what is more, goes
by for other reasons, such as memory that a large result is given."""
LEAST_SHARE = 0.01
"""What is left of a kernel's time is at least this part of the profiler's own: less cannot be told from nothing."""


class Overhead(NamedTuple):
    """Seconds of a node that are not its kernel's: within what the profiler tells of it, and until the next one begins."""

    within: float
    between: float


class Bookkeeping(NamedTuple):
    """How the profiler tells of nodes otherwise than of idle ones.

    Attributes:
        lost: seconds that it cuts off a node on average beyond the half microsecond that was taken into account.
        slowness: how many times as long as around idle nodes it takes to write down what it tells, at least 1.
    """

    lost: float
    slowness: float


USUAL = Bookkeeping(0.0, 1.0)
"""As of idle nodes, as far as is known."""


class IdleNodes:
    """Nodes that have nothing to do, or little, under the profiler; a context manager.

    Args:
        threads: threads and CPUs that sessions work with.
        provider: whose kernels they run.
    """

    def __init__(self, threads: Threads, provider: Provider = CPU) -> None:
        self._session = ProfiledSession(_idle_model(), threads, provider=provider, may_fall_back=True)

    def call(self) -> None:
        """Run them once: right after each call of what is timed."""
        self._session.call()

    def finish(self) -> list[Overhead]:
        """What every node took around every call so far; no call may follow."""
        return list(map(_overhead, self._session.finish()))

    def taken_off(self, calls: Sequence[Sequence[NodeTime]], count: int) -> Floats:
        """What so many nodes took in every call, shape (calls, count), without what the profiler adds; no call may follow."""
        overheads = self.finish()
        within = bookkeeping(calls, overheads).slowness * np.array([overhead.within for overhead in overheads])
        seconds = np.array([[node.seconds for node in nodes] for nodes in calls]).reshape(len(calls), count)
        left: Floats = seconds - within[:, None]
        return left

    def close(self) -> None:
        """Free them; harmless when repeated."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _overhead(nodes: Sequence[NodeTime]) -> Overhead:
    """What the nodes of one call say: all of them go by in the same way, and those that do nothing take nothing else."""
    busy = [node.pitch - node.seconds for node in nodes if node.operator == BUSY][COLD_NODES:]
    idle = [node.pitch for node in nodes if node.operator in IDLE][COLD_NODES:]
    between = usual_mean(np.array(busy))
    return Overhead(usual_mean(np.array(idle)) - between, between)


def usual_mean(seconds: Floats) -> float:
    """The mean of what fellow nodes took in a call without those that took far longer, within which the call was interrupted.

    Args:
        seconds: shape (nodes,); NaN where it is not known, as is the pitch of the last node of all. Below zero
            where more was taken off than a node took, since the profiler was interrupted as it told of idle ones.
    """
    known = seconds[~np.isnan(seconds)]
    if not len(known):
        return math.nan
    usual = max(0.0, float(np.median(known)))
    return float(known[known <= FAR_LONGER * usual + INTERRUPTION].mean())


def bookkeeping(calls: Sequence[Sequence[NodeTime]], overheads: Sequence[Overhead]) -> Bookkeeping:
    """How the profiler tells of some nodes otherwise than of idle ones, by how far from the end of each the next one begins.

    What scatters by a standard deviation of s microseconds has lost up to 0.5 exp(-2 pi^2 s^2) more or less than a half; within
    these bounds the nodes' pitch tells it. What goes by beyond them is how much slower the profiler is there, up to `SLOWEST`.

    Source: Widrow and Kollar, "Quantization noise", 2008: the error of the mean of rounded numbers is a series in their
    characteristic function at multiples of 2 pi, of which the first is all that matters.

    Args:
        calls: some nodes of every call, the same in all of them.
        overheads: what it took of idle nodes around each of these calls.
    """
    pitches, seconds = (np.array([[getattr(n, name) for n in nodes] for nodes in calls]) for name in ("pitch", "seconds"))
    between = np.array([overhead.between for overhead in overheads])
    if not pitches.size or np.isnan(between).any():
        return USUAL
    apart = (pitches - seconds)[:, ~np.isnan(pitches).any(axis=0)]
    if not apart.size:
        return USUAL
    variances = np.maximum(_middle(US_PER_SECOND * seconds).var(axis=0) - VARIANCE_OF_CUTTING, 0.0)
    most = CUT_OFF_US / US_PER_SECOND * float(np.exp(-2.0 * math.pi**2 * variances).mean())
    more = float(_middle(apart.mean(axis=1) - between).mean())
    lost = float(np.clip(more, -most, most))
    later = float(_middle(_middle(apart.T).mean(axis=0) - between).mean()) - lost
    usually = float(_middle(between).mean())
    slowness = min(max(1.0, 1.0 + later / usually), SLOWEST) if usually > 0.0 else 1.0
    return Bookkeeping(lost if apart.shape == pitches.shape else 0.0, slowness)


def _middle(calls: Floats) -> Floats:
    """What was seen in all calls but the ends of them, sorted along the first axis."""
    cut = int(ENDS * len(calls))
    return np.sort(calls, axis=0)[cut : len(calls) - cut]


@lru_cache(maxsize=1)
def _idle_model() -> bytes:
    """Nodes with little to do, each with an input of its own, and a chain of those that have nothing to do."""
    from onnx import TensorProto, helper

    def tensor(name: str, numbers: int) -> Any:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, (*SHAPE[1:], numbers))

    ends = [f"x{place}" for place in range(IDLE_NODES)] + ["y"]
    operators = IDLE * (IDLE_NODES // len(IDLE))
    nodes = [helper.make_node(operator, [ends[n]], [ends[n + 1]], f"idle{n}") for n, operator in enumerate(operators)]
    nodes += [helper.make_node(BUSY, [f"x_{n}"], [f"y_{n}"], f"busy{n}") for n in BUSY_NUMBERS]
    given = [tensor("x0", 1), *(tensor(f"x_{n}", n) for n in BUSY_NUMBERS)]
    results = [tensor("y", 1), *(tensor(f"y_{n}", n) for n in BUSY_NUMBERS)]
    return serialised(helper.make_graph(nodes, "probe", given, results))
