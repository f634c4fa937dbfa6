"""A device that plays given formulas, with seeded noise, outliers and drift: what fitting and selection are proved on.

All chance comes from hashes of the seed and the point, so the same runner gives the same answers in any order, on any
computer and under any version of Python. Its clock is its own: a simulated second takes no time.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import ClassVar

from blackthorn.errors import BadValue, NotMeasured
from blackthorn.formulas import Formula
from blackthorn.layers import Quantities, layer_kinds
from blackthorn.records import Device, Probe
from blackthorn.runners.base import CallTimes, LoadedProbe, Runner

REFERENCE = Probe("reference", {})
REFERENCE_SECONDS = 1e-3
"""What the reference takes at the nominal speed: about as long as a real one."""
DRIFT_PERIOD = 500
"""Calls in which the speed goes up and down once: slow against one measurement, fast against a sweep."""
HEAT_PERIOD, HOT = 4000, 1.4
"""Calls in which the device cools down and heats up once, and how many times as long it takes while it is hot."""
HASH_BITS = 53
"""Bits of a hash that become a fraction: as many as a float holds."""


class SimulatedRunner(Runner):
    """Plays formulas.

    Args:
        formulas: seconds over dimensions, by layer kind; dimensions that a formula does not name do not matter.
        noise: relative standard deviation of a measurement: a factor that a point keeps however often it is called.
        jitter: relative standard deviation of a call.
        outliers: probability that a point is an outlier, which it stays.
        outlier_factor: by how much an outlier is too slow, from and to.
        drift: relative amplitude of a slow change of speed, which the reference shows, too.
        heat: share of all calls through which the device is hot: it says so, and takes `HOT` times as long.
        seed: another seed, other chances.
        title: the device is named `simulated-TITLE`.

    Raises:
        BadValue: an amount of chance that cannot be.
    """

    name: ClassVar[str] = "simulated"
    summary: ClassVar[str] = "plays given formulas with seeded noise"

    def __init__(
        self,
        formulas: Mapping[str, Formula],
        *,
        noise: float = 0.0,
        jitter: float = 0.0,
        outliers: float = 0.0,
        outlier_factor: tuple[float, float] = (1.3, 3.0),
        drift: float = 0.0,
        heat: float = 0.0,
        seed: int = 0,
        title: str = "formulas",
    ) -> None:
        chances = {"noise": noise, "jitter": jitter, "outliers": outliers, "drift": drift, "heat": heat}
        for name, chance in chances.items():
            if not 0 <= chance < 1:
                raise BadValue(f"{name}={chance} cannot be", "choose at least 0 and less than 1")
        self._formulas = dict(formulas)
        self._chances = chances
        self._outlier_factor = outlier_factor
        self._seed = seed
        self._title = title
        self._calls = 0
        self._time = 0.0
        self._was_hot = False

    @classmethod
    def lacks(cls) -> str | None:
        return None

    def device(self) -> Device:
        told = {name: str(chance) for name, chance in self._chances.items()} | {"seed": str(self._seed)}
        formulas = {f"formula of {layer}": formula.text() for layer, formula in self._formulas.items()}
        return Device(
            name=f"simulated-{self._title}", runner=self.name, hardware="formulas", threads=1, details=told | formulas
        )

    def reference(self, layer: Probe | None = None) -> Probe | None:  # noqa: ARG002 (all layers slow down alike)
        return REFERENCE if self._chances["drift"] > 0 else None

    def load(self, probe: Probe, *, profiled: bool = True) -> LoadedProbe:
        keeping: list[float] | None = [] if profiled else None
        if probe == REFERENCE:
            return _SimulatedProbe(self, probe.key, REFERENCE_SECONDS, 0.0, keeping)
        seconds = self.true_seconds(probe) * self._persistent_factor(probe)
        return _SimulatedProbe(self, probe.key, seconds, self._chances["jitter"], keeping)

    def clock(self) -> float:
        return self._time

    def throttled_by(self) -> Sequence[str]:
        was_hot, self._was_hot = self._was_hot, False
        return ("heat",) if was_hot else ()

    def true_seconds(self, probe: Probe) -> float:
        """What the formula says, without any chance.

        Raises:
            NotMeasured: there is no formula for the layer kind.
            BadValue: the formula names a dimension that the probe lacks, or gives no positive time.
        """
        if probe.layer not in self._formulas:
            known = ", ".join(sorted(self._formulas)) or "none"
            raise NotMeasured(
                f"the simulated device has no formula for {probe.layer}", f"add one to those of its file: {known}"
            )
        try:
            kind = layer_kinds().get(probe.layer)
            point = Quantities(kind, probe.precision, [probe.dimensions]) if kind else probe.dimensions
            seconds: float = self._formulas[probe.layer].evaluate(point).item()
        except KeyError as error:
            raise BadValue(f"the formula names {error}, which {probe.key} lacks", "use dimensions of the layer kind") from error
        if not 0 < seconds < math.inf:
            raise BadValue(f"the formula gives {seconds} s at {probe.key}", "simulate formulas that are positive everywhere")
        return seconds

    def _persistent_factor(self, probe: Probe) -> float:
        """What chance does to a point for good."""
        factor = math.exp(self._chances["noise"] * self._normal("noise", probe.key))
        if self._uniform("outlier", probe.key) < self._chances["outliers"]:
            least, most = self._outlier_factor
            factor *= least + (most - least) * self._uniform("outlier factor", probe.key)
        return factor

    def _spend(self, seconds: float, jitter: float, call: str) -> float:
        """Let one call pass; what it took."""
        pace = 1 + self._chances["drift"] * math.sin(2 * math.pi * self._calls / DRIFT_PERIOD)
        taken = seconds * pace * (math.exp(jitter * self._normal("jitter", call)) if jitter else 1.0)
        if self._calls % HEAT_PERIOD >= (1 - self._chances["heat"]) * HEAT_PERIOD:
            taken *= HOT
            self._was_hot = True
        self._calls += 1
        self._time += taken
        return taken

    def _uniform(self, purpose: str, key: str) -> float:
        """A fraction that only the seed, the purpose and the key decide; never 0 or 1."""
        digest = hashlib.sha256(f"{self._seed}|{purpose}|{key}".encode()).digest()
        return math.ldexp((int.from_bytes(digest[:8], "big") >> (64 - HASH_BITS)) + 0.5, -HASH_BITS)

    def _normal(self, purpose: str, key: str) -> float:
        """The same as a standard normal number."""
        return NormalDist().inv_cdf(self._uniform(purpose, key))


class _SimulatedProbe(LoadedProbe):
    """A point of a simulated device; `calls` keeps the times, None where nobody asks for them."""

    def __init__(self, runner: SimulatedRunner, key: str, seconds: float, jitter: float, calls: list[float] | None) -> None:
        self._runner = runner
        self._key = key
        self._seconds = seconds
        self._jitter = jitter
        self._calls = calls
        self._made = 0

    def call(self) -> float:
        taken = self._runner._spend(self._seconds, self._jitter, f"{self._key}|{self._made}")
        self._made += 1
        if self._calls is not None:
            self._calls.append(taken)
        return taken

    def finish(self) -> CallTimes:
        times = tuple(self._calls or ())
        return CallTimes(times, times)

    def close(self) -> None:
        """Nothing is held."""
