"""What a back end does with a whole network: it calls it, with and without its own profiler."""

import abc
from collections.abc import Mapping
from types import TracebackType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from typing_extensions import Self

from blackthorn.records import Transfers

Shapes = Mapping[str, tuple[int, ...]]
"""Shapes of inputs by name."""


class ExecutedNode(NamedTuple):
    """What a runtime runs in one go.

    Attributes:
        name: what the runtime calls it.
        operator: which of the runtime's kernels it is.
        nodes: names of the ONNX nodes that became it, in the order of the file; none where the runtime put it in by itself.
    """

    name: str
    operator: str
    nodes: tuple[str, ...]


class NetworkTimes(NamedTuple):
    """Kernel seconds of everything that runs, in order, in every profiled call: shape (calls, executed nodes)."""

    executed: tuple[ExecutedNode, ...]
    seconds: NDArray[np.float64]


class LoadedNetwork(abc.ABC):
    """A network ready to be called; a context manager that frees what it holds."""

    @abc.abstractmethod
    def call(self) -> float:
        """Run the network once as a program would; wall seconds."""

    @abc.abstractmethod
    def call_profiled(self) -> float:
        """Run it once under the profiler; wall seconds, the profiler's own work among them."""

    def transfers(self) -> Transfers | None:
        """What inputs and results take on the way to the device and back, no part of `call`; None where they need none."""
        return None

    @abc.abstractmethod
    def finish(self) -> NetworkTimes:
        """All profiled calls so far; no call may follow."""

    @abc.abstractmethod
    def close(self) -> None:
        """Free the network; harmless when repeated."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
