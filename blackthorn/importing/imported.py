"""What other tools timed, as far as their files tell it: layers, and the machine that they ran on."""

import math

import msgspec

from blackthorn.records import Probe


class ImportedLayer(msgspec.Struct, frozen=True):
    """A layer that another tool timed.

    Attributes:
        name: what the file calls it.
        seconds: its time, in seconds: a mean where the file sums up several calls.
        calls: how many calls are behind it, as far as the file tells; at least 1.
        probe: what it is; None where no kind of layer is like it, or the file does not tell enough.
        problem: why there is no probe.
        relative_error: the standard error of its time as a fraction; None where the file does not tell how calls scattered.
    """

    name: str
    seconds: float
    calls: int
    probe: Probe | None
    problem: str = ""
    relative_error: float | None = None


class Machine(msgspec.Struct, frozen=True):
    """What files tell of the machine; empty where they tell nothing.

    Attributes:
        hardware: its name, for people.
        versions: versions of the runtime and of what it needs.
        details: clocks, memory and the like, by name.
    """

    hardware: str = ""
    versions: dict[str, str] = {}
    details: dict[str, str] = {}


class Imported(msgspec.Struct, frozen=True):
    """What files of one tool hold together.

    Attributes:
        tool: what wrote them, for people.
        runner: the runtime that ran the layers, by the name of a runner; predictions fuse networks as it does.
        layers: in the order of the files.
        machine: what they ran on.
    """

    tool: str
    runner: str
    layers: tuple[ImportedLayer, ...]
    machine: Machine = Machine()

    @property
    def seconds(self) -> float:
        """The sum over all layers."""
        return math.fsum(layer.seconds for layer in self.layers)
