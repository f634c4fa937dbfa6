"""What a back end does: it loads one probe at a time and calls it; when to call and when to stop is not its business."""

import abc
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import ClassVar

import msgspec
from typing_extensions import Self

from blackthorn.errors import NotMeasured
from blackthorn.onnx_graph import Fusions
from blackthorn.records import Device, Measurement, Probe
from blackthorn.runners.network import LoadedNetwork, Shapes


class CallTimes(msgspec.Struct, frozen=True):
    """Seconds of every call of a loaded probe so far, in order, for one layer of the probe (all copies' mean).

    `wall` has the call's own overhead taken off; `kernel` is the runtime's own account of the layer's kernels, and equals
    `wall` where the runtime keeps none. `usual` is what the kernels of a call take without those among them that took far
    longer than their fellows in it, as those do within which another process had the processor; empty where nobody tells.
    """

    wall: Sequence[float]
    kernel: Sequence[float]
    usual: Sequence[float] = ()


class LoadedProbe(abc.ABC):
    """A probe ready to be called; a context manager that frees what it holds."""

    @abc.abstractmethod
    def call(self) -> float:
        """Run the probe once; wall seconds of one layer of it, the call's overhead taken off."""

    @abc.abstractmethod
    def finish(self) -> CallTimes:
        """All calls so far; no call may follow.

        Kernel times come only here, since runtimes write their profile when it ends.
        """

    @abc.abstractmethod
    def close(self) -> None:
        """Free the probe; harmless when repeated."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class Runner(abc.ABC):
    """A back end, found by name; a context manager that holds the device while it is open."""

    name: ClassVar[str]
    summary: ClassVar[str]
    """One line for `blackthorn devices`."""
    times_footprints: ClassVar[bool] = False
    """Whether it can leave the weights of small networks in caches; others empty these, or know of none."""

    @classmethod
    @abc.abstractmethod
    def lacks(cls) -> str | None:
        """Why it cannot run here, ending in the remedy; None when it can. Cheap: imports nothing heavy."""

    @classmethod
    def fusions(cls, device: Device) -> Fusions | None:  # noqa: ARG003 (an optional hook)
        """What it makes of a network before it runs it on a device; None where it runs every node as it stands."""
        return None

    @abc.abstractmethod
    def device(self) -> Device:
        """What it runs on."""

    @abc.abstractmethod
    def load(self, probe: Probe, *, profiled: bool = True) -> LoadedProbe:
        """Build the probe and make it ready.

        Args:
            probe: what to build.
            profiled: keep the times of all calls; without it `finish` gives none, and any number of calls can be made, as
                the long-lived reference needs.

        Raises:
            BlackthornError: the probe cannot be built or does not fit the device.
        """

    def load_network(self, path: Path, input_shapes: Shapes) -> LoadedNetwork:  # noqa: ARG002 (an optional ability)
        """Make a whole network ready.

        Args:
            path: its ONNX file.
            input_shapes: shapes of inputs by name, for those that the file leaves open.

        Raises:
            NotMeasured: this back end times layers only, or cannot run the network.
            BlackthornError: the file cannot be read, or the shapes do not fit it.
        """
        raise NotMeasured(f"the runner '{self.name}' does not time whole networks", "use the runner 'onnxruntime'")

    def reference(self, layer: Probe | None = None) -> Probe | None:  # noqa: ARG002 (an optional hook)
        """The probe that tells how fast the machine is for layers like this one; None on a device that does not drift.

        Args:
            layer: the usual one of its class; None where whole networks are to be timed.
        """
        return None

    def recall(self, probe: Probe) -> Measurement | None:  # noqa: ARG002 (an optional hook)
        """The measurement of a probe where this runner holds one already, so that nothing needs timing.

        Raises:
            NotMeasured: the runner only recalls, and does not hold this one.
        """
        return None

    def warnings(self) -> Sequence[str]:
        """What makes timings unsteady here, each a sentence that ends in the remedy."""
        return ()

    def throttled_by(self) -> Sequence[str]:
        """What has slowed the device down since this was last asked, each as a few words; none where nobody can tell."""
        return ()

    def waited(self) -> float:
        """The share of the time since this was last asked for which it had work and other processes had its processor.

        0 where nobody can tell.
        """
        return 0.0

    def contention(self) -> float:
        """How many processors others kept busy since this was last asked, of those that share caches and memory with its own.

        0 where nobody can tell, or layers take as long all the same.
        """
        return 0.0

    def clock(self) -> float:
        """Seconds on the device's clock, which runs on while probes are called; only differences mean anything."""
        return time.perf_counter()

    def open(self) -> None:  # noqa: B027 (an optional hook)
        """Take the device."""

    def close(self) -> None:  # noqa: B027 (an optional hook)
        """Let the device go; harmless when repeated."""

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
