"""What every layer kind tells about itself."""

import abc
import math
from collections.abc import Mapping
from typing import ClassVar

import msgspec

from blackthorn.errors import BadValue, UnknownName
from blackthorn.formulas import Border
from blackthorn.layers.onnx_probe import ProbeLayer, probe_model
from blackthorn.records import CachedWeights, Dimensions, OnnxNode, Precision, Probe

COLD_BYTES = 64 * 2**20
"""Bytes that all weight copies of a probe may take together: enough to leave any cache, small enough to build fast."""
FAR_BYTES = 32 * 2**20
"""Bytes of weights that copies have together where that is cheap: more than caches keep for one process. A 3x3 convolution of
192 channels and 320 filters, 7 x 7, took 228 us with copies of 4 MiB, 238 with 8, 271 with 16, 285 with 32 and 296 with 64, and
304 in Inception (45 MB); a last cache of 32 MiB is shared with others."""
CHEAP_BYTES = 64 * 2**20
"""Bytes of results of all copies together up to which more of them cost little."""
CHEAP_MACS = 500_000_000
"""Multiply-accumulates of all copies together up to which more of them cost little: a few milliseconds."""
FEWEST_COPIES = 2
MOST_COPIES = 64
"""Layers of a probe at most where it is cheap to have more: runtimes take time to build each."""


class Dimension(msgspec.Struct, frozen=True):
    """One dimension of a layer kind.

    Attributes:
        name: as the field spells it (STYLE: filters, channels, height, ...).
        default: the value where none is given: a number, or the name of the dimension that it follows.
        lowest, highest: the range that a sweep covers where none is given; no layer may lie below `lowest`.
    """

    name: str
    default: int | str
    lowest: int
    highest: int


class LayerKind(abc.ABC):
    """One kind of layer: its dimensions, its work, its ONNX probe, and how it reads itself from a node."""

    name: ClassVar[str]
    dimensions: ClassVar[tuple[Dimension, ...]]
    shorthands: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """Names that stand for several dimensions moved together: size = height and width."""

    repeated: ClassVar[Mapping[str, str]] = {}
    """Dimensions that count twice in a layer's work, each by the name it has where formulas are fitted the second time."""

    channelwise: ClassVar[str | None] = None
    """The dimension whose every value is worked on by itself, so that a batch of images costs what one with more of it does."""

    fetches_weights: ClassVar[bool] = False
    """Whether its time goes to fetching weights, of which each serves once a row: probes find caches cold, as in a network."""

    usual_copies: ClassVar[int] = 4
    """Layers of a probe: enough where a weight serves many pixels, so that fetching it is a small part of the time."""
    operators: ClassVar[frozenset[str]]
    """ONNX operators that such a layer goes by; what kernels of these names take in a probe is the layer's time."""
    timed_by_call: ClassVar[bool] = False
    """Whether a probe's time is that of the whole call, not that of the layer's kernels."""
    precisions: ClassVar[tuple[Precision, ...]] = ("fp32", "fp16")
    """Those that there are probes for: one alone where numbers of 8 bits are all that matters."""
    gives_whole: ClassVar[bool] = False
    """Whether a layer whose result is whole numbers or truth values can be of this kind."""
    stretch: ClassVar[str | None] = None
    """The dimension that counts numbers next to each other, where a layer's time is that of moving memory.

    Such a kind takes whole numbers, too, counted as the fractions that fill as many bytes: adding takes 0.62 ns a number of
    fp32, 0.66 of int32 and 1.4 of int64; `And` of truth values takes 0.14.
    """

    @abc.abstractmethod
    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        """One such layer as it stands in the probe."""

    @abc.abstractmethod
    def read(self, node: OnnxNode) -> Dimensions | None:
        """The dimensions of a node that is such a layer; None where it is not, or where its shapes are not known."""

    def macs(self, dimensions: Dimensions) -> int:  # noqa: ARG002 (what most kinds say)
        """Multiply-accumulates of one such layer: 0 of those that neither convolve nor multiply matrices."""
        return 0

    def weight_bytes(self, dimensions: Dimensions, precision: Precision) -> int:
        """Bytes of the weights of one such layer."""
        return self.probe_layer(dimensions).weight_bytes(precision)

    def bytes_moved(self, dimensions: Dimensions, precision: Precision) -> int:
        """Bytes of input, weights and output of one such layer, each touched once."""
        return self.probe_layer(dimensions).moved_bytes(precision)

    def flattened(self, fixed: Mapping[str, int]) -> tuple[str, ...]:  # noqa: ARG002 (what most kinds say)
        """The sizes of an image that layers which share these dimensions take as one: only their positions count."""
        return ()

    def by_result(self, fixed: Mapping[str, int]) -> tuple[str, ...]:  # noqa: ARG002 (what most kinds say)
        """The sizes of which those of the result alone count, where layers share these dimensions."""
        return ()

    def borders(self, fixed: Mapping[str, int]) -> Mapping[str, Border]:  # noqa: ARG002 (what most kinds say)
        """The border of the image along each size, where layers that share these dimensions slide a window over it."""
        return {}

    def result_sizes(self, dimensions: Dimensions) -> tuple[int, ...]:
        """The sizes of the image that one such layer gives."""
        return self.probe_layer(dimensions).outputs[0][2:]

    def copies(self, dimensions: Dimensions, precision: Precision, footprint: int = 0) -> int:
        """How many layers the probe holds.

        Several, because a single layer that is repeated finds its weights in the nearest cache, which no layer of a network
        does; only weights too large for any cache need no second copy.

        Args:
            dimensions, precision: of the layer.
            footprint: MiB of weights that all of them have together, as a `Probe` has it.
        """
        layer = self.probe_layer(dimensions)
        weights = layer.weight_bytes(precision)
        if weights > 2 * COLD_BYTES:
            return 1
        copies = FEWEST_COPIES if footprint else self.usual_copies
        if weights and (footprint or not self.fetches_weights):
            cold = math.ceil((footprint * 2**20 or FAR_BYTES) / weights)
            cheap = min(CHEAP_MACS // max(1, self.macs(dimensions)), CHEAP_BYTES // max(1, layer.result_bytes(precision)))
            copies = max(copies, min(cold, cheap, MOST_COPIES))
        return max(FEWEST_COPIES, min(copies, COLD_BYTES // max(1, weights)))

    def footprint_bytes(self, dimensions: Dimensions, precision: Precision, footprint: int = 0) -> int:
        """Bytes of weights that the probe's layers have together; at least `FAR_BYTES` of those that find them in memory."""
        together = self.copies(dimensions, precision, footprint) * self.weight_bytes(dimensions, precision)
        return max(together, FAR_BYTES) if self.fetches_weights and not footprint else together

    def kept_bytes(self, probe: Probe, cached: CachedWeights) -> float:
        """Bytes of the weights of one layer of a probe that caches keep from call to call."""
        together = self.footprint_bytes(probe.dimensions, probe.precision, probe.footprint)
        return cached.share(together) * self.weight_bytes(probe.dimensions, probe.precision)

    def onnx_model(self, dimensions: Dimensions, precision: Precision, footprint: int = 0) -> bytes:
        """The probe: a serialised ONNX model of `copies(...)` such layers, each timed under one of `operators`."""
        return probe_model(self.probe_layer(dimensions), self.copies(dimensions, precision, footprint), precision)

    def check(self, dimensions: Dimensions) -> None:  # noqa: B027 (what most kinds say)
        """Refuse dimensions that no such layer can have together.

        Raises:
            BadValue: with what does not fit.
        """

    def dimension(self, name: str) -> Dimension:
        """The dimension of that name.

        Raises:
            UnknownName: the kind has no such dimension.
        """
        for dimension in self.dimensions:
            if dimension.name == name:
                return dimension
        raise UnknownName(f"dimension of {self.name}", name, [d.name for d in self.dimensions] + list(self.shorthands))

    def spell_out(self, values: Mapping[str, int]) -> Dimensions:
        """Shorthands replaced by the dimensions that they stand for; a dimension given by its own name wins.

        Raises:
            UnknownName: a name is neither a dimension nor a shorthand.
        """
        spelled: Dimensions = {}
        for name, value in values.items():
            for member in self.shorthands.get(name, ()):
                spelled.setdefault(member, value)
        for name, value in values.items():
            if name not in self.shorthands:
                spelled[self.dimension(name).name] = value
        return spelled

    def complete(self, values: Mapping[str, int]) -> Dimensions:
        """All dimensions: the given ones, defaults for the rest, in the kind's order.

        Raises:
            UnknownName: a name is not a dimension of this kind.
            BadValue: a value is below the dimension's lowest, or the values do not fit together.
        """
        spelled = self.spell_out(values)
        full: Dimensions = {}
        for dimension in self.dimensions:
            follows = dimension.default
            default = full[follows] if isinstance(follows, str) else follows
            value = spelled.get(dimension.name, default)
            if value < dimension.lowest:
                raise BadValue(f"{dimension.name}={value} is too small", f"use at least {dimension.lowest}")
            full[dimension.name] = value
        self.check(full)
        return full

    def compact(self, dimensions: Dimensions) -> Dimensions:
        """For people: dimensions that only repeat the one they follow are left out."""
        return {
            d.name: dimensions[d.name]
            for d in self.dimensions
            if not (isinstance(d.default, str) and dimensions[d.name] == dimensions[d.default])
        }

    def probe_at(self, values: Mapping[str, int], precision: Precision = "fp32") -> Probe:
        """The probe at a point.

        Raises:
            UnknownName, BadValue: as `complete` does.
            BadValue: the kind has no probes of that precision.
        """
        if precision not in self.precisions:
            only = self.precisions[0]
            raise BadValue(f"{self.name} works on whole numbers, which {precision} does not change", f"leave it at {only}")
        return Probe(self.name, self.complete(values), precision)
