"""What a sweep is to cover: a layer kind, the dimensions that move and how far, and those that stay."""

import math

import msgspec

from blackthorn.errors import BadValue
from blackthorn.layers import LayerKind, layer_kind
from blackthorn.records import Device, Dimensions, Precision, Probe, Range, SweepHeader
from blackthorn.selection import AxisPoint

MOST_FULL_POINTS = 1_000_000
"""Points of a full sweep: at ten a second already more than a day."""

LEAST_MOVED = 2**17
"""Bytes that the usual layer of a kind moves at least which does nothing else: some ten microseconds."""

MOST_WEIGHTS = 2**20
"""Bytes of weights of the usual layer of a kind at most. Copies of larger ones stay in a large cache as long as nothing else is
timed, and only then: beside networks, 1024 dense outputs of 1024 inputs took 1.8 to 2.4 times as long as alone, and 256 of 512
took 1.1 to 1.4 times as long, as the networks' own layers did."""


class SweepPlan(msgspec.Struct, frozen=True):
    """What a sweep is to cover.

    Attributes:
        layer: name of the layer kind.
        axes: the swept dimensions, or shorthands of several moved together, with their values; outermost last.
        fixed: dimensions or shorthands given by the user; all others have the kind's defaults, or follow an axis.
        precision: number format of weights and activations.
        limit: the most points, those already known included; None for as many as it takes.
        full: every point of the grid, instead of the few that are worth most.
        most_macs: multiply-accumulates of the largest layer that is measured; None for no bound. The corner where all ranges
            end together can be a thousand times as large as any layer of a network.
    """

    layer: str
    axes: dict[str, Range]
    fixed: Dimensions = {}
    precision: Precision = "fp32"
    limit: int | None = None
    full: bool = False
    most_macs: int | None = None

    @property
    def kind(self) -> LayerKind:
        """The layer kind; raises `UnknownName` where there is none of that name."""
        return layer_kind(self.layer)

    @property
    def size(self) -> int:
        """Points of the whole grid."""
        return math.prod(len(values.values()) for values in self.axes.values())

    def check(self) -> None:
        """Refuse a plan that cannot be carried out.

        Raises:
            UnknownName: there is no such layer kind, or it has no such dimension.
            BadValue: nothing moves, a dimension both moves and stays, a range is empty or too low, the points do not fit the
                layer kind, or they are too many.
        """
        if not self.axes:
            raise BadValue("a sweep needs a dimension to move", "name one, as in: --dim filters")
        self._check_names()
        for axis, values in self.axes.items():
            self._check_range(axis, values)
        self._check_ends()
        self._check_count()

    def probe_at(self, point: AxisPoint) -> Probe:
        """The probe at a point of the axes.

        Raises:
            BadValue: the kind has no layer with these dimensions, or it is larger than allowed.
        """
        probe = self.kind.probe_at({**self.fixed, **point}, self.precision)
        if self._is_too_large(probe):
            problem = f"{probe.key} has more than {self.most_macs} multiply-accumulates"
            raise BadValue(problem, "allow larger layers, or choose lower ranges")
        return probe

    def allows(self, point: AxisPoint) -> bool:
        """Whether a point of the axes is of no layer that is too large."""
        try:
            return not self._is_too_large(self.kind.probe_at({**self.fixed, **point}, self.precision))
        except BadValue:  # there is no such layer at all, which is for others to tell
            return True

    def _is_too_large(self, probe: Probe) -> bool:
        return self.most_macs is not None and self.kind.macs(probe.dimensions) > self.most_macs

    def usual(self) -> Probe:
        """The layer that tells the machine's speed for this sweep: of its class, with usual values along the axes.

        It does not follow the ranges of the axes, since sweeps over several ranges share a file. Of layers without any work
        but to move memory, the first axis goes on until they move enough to be told from the clock's own error. Where there
        is no such layer (64 filters in 3 groups), that at the beginning of the axes.

        Raises:
            BadValue: the plan cannot be carried out.
        """
        try:
            return self._substantial(self._of_few_weights(self.kind.probe_at(self.fixed, self.precision)))
        except BadValue:
            return self.probe_at({axis: values.low for axis, values in self.axes.items()})

    def _of_few_weights(self, probe: Probe) -> Probe:
        """A layer, or where it has too many weights, one with halves of the axes that these grow with."""
        smaller: Probe | None = probe
        while smaller is not None:
            probe, smaller = smaller, self._with_fewer_weights(smaller)
        return probe

    def _with_fewer_weights(self, probe: Probe) -> Probe | None:
        """A layer with half of the longest axis that has fewer weights for it; None where there is none, or no need of it."""
        weights = self._weights(probe)
        if weights <= MOST_WEIGHTS:
            return None
        lengths = {axis: probe.dimensions[self._members(axis)[0]] for axis in self.axes}
        for axis, length in sorted(lengths.items(), key=lambda entry: -entry[1]):
            if length > 1:
                half = dict.fromkeys(self._members(axis), length // 2)
                halved = self.kind.probe_at({**probe.dimensions, **half}, self.precision)
                if self._weights(halved) < weights:
                    return halved
        return None

    def _weights(self, probe: Probe) -> int:
        """Bytes of weights of a layer."""
        return self.kind.weight_bytes(probe.dimensions, self.precision)

    def _substantial(self, probe: Probe) -> Probe:
        """A layer, or where it hardly moves memory and does nothing else, a longer one along the first axis."""
        kind = self.kind
        if kind.timed_by_call or kind.macs(probe.dimensions):
            return probe
        axis = next(iter(self.axes))
        moved = kind.bytes_moved(probe.dimensions, self.precision)
        while moved < LEAST_MOVED:
            twice = 2 * probe.dimensions[self._members(axis)[0]]
            try:
                longer = kind.probe_at({**self.fixed, axis: twice}, self.precision)
            except BadValue:  # a window larger than the image, for one
                break
            before, moved = moved, kind.bytes_moved(longer.dimensions, self.precision)
            if moved <= before:  # the axis is no size
                break
            probe = longer
        return probe

    def point_of(self, probe: Probe) -> AxisPoint | None:
        """The point of this plan's grid at which a probe lies; None where it lies elsewhere."""
        point = {axis: probe.dimensions.get(self._members(axis)[0], 0) for axis in self.axes}
        if any(value not in self.axes[axis].values() for axis, value in point.items()):
            return None
        try:
            return point if self.probe_at(point).key == probe.key else None
        except BadValue:  # the file was edited: no layer has these dimensions together
            return None

    def header(self, device: Device, reference: Probe | None, created_at: str, made_by: str) -> SweepHeader:
        """The first line of the plan's sweep file.

        Args:
            device: what the timings are taken on.
            reference: the probe timed around every point, if any.
            created_at: UTC time, ISO 8601.
            made_by: program and version.
        """
        return SweepHeader(
            device=device,
            layer=self.layer,
            axes=tuple(self.axes),
            fixed=self.fixed_dimensions(),
            precision=self.precision,
            reference=reference,
            created_at=created_at,
            made_by=made_by,
        )

    def fixed_dimensions(self) -> Dimensions:
        """Every dimension that has one value throughout the sweep: neither an axis moves it, nor does it follow one."""
        moved = self._moved()
        lowest = self.probe_at({axis: values.low for axis, values in self.axes.items()})
        return {name: value for name, value in lowest.dimensions.items() if name not in moved}

    def _members(self, axis: str) -> tuple[str, ...]:
        """The dimensions that an axis moves by its name."""
        return tuple(self.kind.spell_out({axis: 1}))

    def _moved(self) -> set[str]:
        """The dimensions that the axes move, by name or because they follow one that is moved."""
        moved = {member for axis in self.axes for member in self._members(axis)}
        given = self.kind.spell_out(self.fixed)
        for dimension in self.kind.dimensions:  # one that is followed stands before its followers
            if dimension.default in moved and dimension.name not in given:
                moved.add(dimension.name)
        return moved

    def _check_names(self) -> None:
        """Refuse names that are not the kind's, and dimensions that are given twice."""
        taken = dict.fromkeys(self.kind.spell_out(self.fixed), "fixed")
        for axis in self.axes:
            for member in self._members(axis):
                if member in taken:
                    raise BadValue(f"{member} is both {taken[member]} and moved by {axis}", "name it only once")
                taken[member] = f"moved by {axis}"

    def _check_range(self, axis: str, values: Range) -> None:
        """Refuse a range that holds nothing, or less than there can be."""
        if values.step < 1:
            raise BadValue(f"the range {axis}={values} has the step {values.step}", "use a step of at least 1")
        if values.low > values.high:
            raise BadValue(f"the range {axis}={values} is empty", f"write the lower end first: {axis}=LOW:HIGH")
        lowest = max(self.kind.dimension(member).lowest for member in self._members(axis))
        if values.low < lowest:
            raise BadValue(f"the range {axis}={values} begins too low", f"begin at {lowest} or above")

    def _check_ends(self) -> None:
        """Refuse a grid off the layer kind's own, such as filters in steps of one where there are four groups.

        The first, second and last value of each axis show it; single points in between that do not fit are skipped as the sweep
        comes to them. Where layers may not be large, the first of all must be small enough.
        """
        first = {axis: values.low for axis, values in self.axes.items()}
        self.probe_at(first)
        for axis, values in self.axes.items():
            steps = values.values()
            for value in (*steps[1:2], steps[-1]):
                self.kind.probe_at({**self.fixed, **first, axis: value}, self.precision)

    def _check_count(self) -> None:
        """Refuse sweeps that could never end, or never begin."""
        if self.limit is not None and self.limit < 1:
            raise BadValue(f"a sweep of at most {self.limit} points measures nothing", "allow at least 1 point")
        if self.full and min(self.size, self.limit or self.size) > MOST_FULL_POINTS:
            raise BadValue(
                f"the full sweep has {self.size} points", "narrow its ranges, widen their steps, or leave --full out"
            )
