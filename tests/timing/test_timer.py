"""The timer on a machine whose every caprice is known: patches of half speed, slowing for good, noise, preemption."""

import itertools
import math
import random
from collections.abc import Callable
from typing import ClassVar

import pytest

from blackthorn.records import Device, Measurement, Probe
from blackthorn.runners import CallTimes, LoadedProbe, Runner
from blackthorn.timing import Timer, TimingPolicy
from tests.examples import a_measurement

REFERENCE = Probe("reference", {})
PROBE = Probe("probe", {"size": 1})
REFERENCE_SECONDS = 5e-4
SECONDS = 1e-3
"""What the probe takes at full speed."""

Pace = Callable[[float], float]
"""What a second at full speed takes at a moment of the clock."""
Call = Callable[[int, float], float]
"""What a call's seconds become, by the number of the call."""


def full_speed(_: float) -> float:
    return 1.0


def as_it_is(_: int, seconds: float) -> float:
    return seconds


class Machine(Runner):
    """A machine with a clock of its own.

    Args:
        pace: how slow it is at a moment.
        sensitivity: the share of a slowdown that the probe feels, where the reference feels all of it.
        call: what happens to single calls of the probe.
        seconds: what the probe takes at full speed.
        drifts: whether it has a reference.
    """

    name: ClassVar[str] = "machine"
    summary: ClassVar[str] = "a machine for tests"

    def __init__(
        self,
        pace: Pace = full_speed,
        sensitivity: float = 1.0,
        call: Call = as_it_is,
        seconds: float = SECONDS,
        *,
        drifts: bool = True,
    ) -> None:
        self.pace = pace
        self.sensitivity = sensitivity
        self.call_effect = call
        self.seconds = seconds
        self.drifts = drifts
        self.now = 0.0
        self.loaded: list[LoadedCall] = []

    @classmethod
    def lacks(cls) -> str | None:
        return None

    def device(self) -> Device:
        return Device("machine", "machine", "none", 1)

    def reference(self, layer: Probe | None = None) -> Probe | None:
        return REFERENCE if self.drifts else None

    def load(self, probe: Probe, *, profiled: bool = True) -> LoadedProbe:
        self.loaded.append(LoadedCall(self, probe, profiled))
        return self.loaded[-1]

    def clock(self) -> float:
        return self.now


class LoadedCall(LoadedProbe):
    """A probe on the machine; its kernel takes 0.9 of the wall time."""

    def __init__(self, machine: Machine, probe: Probe, profiled: bool) -> None:
        self.machine = machine
        self.probe = probe
        self.profiled = profiled
        self.walls: list[float] = []
        self.closed = 0

    def call(self) -> float:
        slowness = self.machine.pace(self.machine.now)
        if self.probe == REFERENCE:
            seconds = REFERENCE_SECONDS * slowness
        else:
            seconds = self.machine.seconds * (1 + self.machine.sensitivity * (slowness - 1))
            seconds = self.machine.call_effect(len(self.walls), seconds)
        self.walls.append(seconds)
        self.machine.now += seconds
        return seconds

    def finish(self) -> CallTimes:
        assert self.profiled
        return CallTimes(self.walls, [0.9 * wall for wall in self.walls])

    def close(self) -> None:
        self.closed += 1


def measure(machine: Machine, policy: TimingPolicy | None = None, probe: Probe = PROBE) -> Measurement:
    with machine, Timer(machine, machine.reference(), policy) as timer:
        return timer.measure(probe)


def ratio(measurement: Measurement) -> float:
    """Kernel seconds at the speed at which the reference takes its nominal time, over the truth."""
    return measurement.at_speed(REFERENCE_SECONDS) / (0.9 * SECONDS)


def half_speed_patches(now: float) -> float:
    """30 ms at full speed, then 90 ms at half speed."""
    return 1.0 if now % 0.12 < 0.03 else 2.0


# A steady machine


def test_a_steady_machine_is_measured_exactly() -> None:
    measurement = measure(Machine())
    assert measurement.seconds == pytest.approx(0.9 * SECONDS)
    assert measurement.wall_seconds == pytest.approx(SECONDS)
    assert measurement.reference_seconds == pytest.approx(REFERENCE_SECONDS)
    assert measurement.relative_error == pytest.approx(0, abs=1e-12)
    assert measurement.grade == "settled"


def test_a_steady_machine_is_measured_fast() -> None:
    machine = Machine()
    with machine, Timer(machine, machine.reference()) as timer:
        timer.measure(PROBE)
        begin = machine.now
        timer.measure(PROBE)
        assert machine.now - begin < 0.06


def test_without_a_reference_the_times_stand_for_themselves() -> None:
    measurement = measure(Machine(drifts=False))
    assert measurement.reference_seconds is None
    assert measurement.seconds == pytest.approx(0.9 * SECONDS)
    assert measurement.grade == "settled"


def test_only_calls_of_the_rounds_count() -> None:
    machine = Machine()
    measurement = measure(machine)
    probe = machine.loaded[1]
    assert TimingPolicy().least_rounds <= measurement.calls < len(probe.walls)


def test_first_calls_in_a_cold_cache_do_not_count() -> None:
    measurement = measure(Machine(call=lambda number, seconds: seconds * (10, 5, 2)[number] if number < 3 else seconds))
    assert ratio(measurement) == pytest.approx(1.0)
    assert measurement.relative_error == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(("lead_in", "longer"), [(0.0, 2.0), (2.5 * SECONDS, 1.0)])
def test_calls_that_lead_in_to_a_round_fill_the_caches_that_the_reference_emptied(lead_in: float, longer: float) -> None:
    machine = Machine()
    last_ended = [0.0]

    def emptied_by_others(_: int, seconds: float) -> float:
        taken = seconds * (1.0 if machine.now == last_ended[0] else 2.0)
        last_ended[0] = machine.now + taken
        return taken

    machine.call_effect = emptied_by_others
    measurement = measure(machine, TimingPolicy(round_seconds=SECONDS, lead_in_seconds=lead_in))
    assert ratio(measurement) == pytest.approx(longer)


def test_short_calls_are_taken_many_at_a_time() -> None:
    machine = Machine(seconds=1e-5)
    assert measure(machine).calls == TimingPolicy().least_rounds * TimingPolicy().most_calls


def test_a_call_longer_than_all_time_is_still_made_a_few_times() -> None:
    measurement = measure(Machine(seconds=3.0))
    assert measurement.calls == TimingPolicy().fewest_rounds
    assert measurement.seconds == pytest.approx(2.7)


# A machine with caprices


def test_patches_of_half_speed_are_waited_out() -> None:
    """A layer that feels less of a slowdown than the reference has another ratio then: 0.55 to 1, had it been counted."""
    measurement = measure(Machine(half_speed_patches, sensitivity=0.1))
    assert ratio(measurement) == pytest.approx(1.0, rel=0.02)
    assert measurement.reference_seconds == pytest.approx(REFERENCE_SECONDS, rel=0.02)
    assert measurement.grade == "settled"


def test_dividing_by_the_reference_takes_slow_drift_out() -> None:
    slow = Machine(lambda now: 1.0 + 0.04 * math.sin(20 * now))
    with slow, Timer(slow, slow.reference()) as timer:
        ratios = [ratio(timer.measure(Probe("probe", {"size": size}))) for size in range(20)]
    assert ratios == pytest.approx([1.0] * 20, rel=0.01)


def mostly_short_patches(now: float) -> float:
    """Full speed for 3 ms of every 20 ms, and for 150 ms of every second."""
    return 1.0 if now % 0.02 < 0.003 or now % 1.0 < 0.15 else 2.0


def long_calls(policy: TimingPolicy) -> tuple[Measurement, int]:
    """A layer of 30 ms on a machine whose patches of full speed are mostly shorter, and how often it was called."""
    machine = Machine(mostly_short_patches, sensitivity=0.1, seconds=30e-3)
    return measure(machine, policy), len(machine.loaded[1].walls)


def test_long_calls_are_kept_for_long_patches_of_full_speed() -> None:
    measurement, made = long_calls(TimingPolicy(most_seconds=4.0))
    assert measurement.at_speed(REFERENCE_SECONDS) == pytest.approx(0.9 * 30e-3, rel=0.02)
    assert measurement.grade == "settled"
    assert made < 0.5 * long_calls(TimingPolicy(most_seconds=4.0, proven_share=0.0))[1]


def test_rounds_through_which_the_speed_changed_are_better_than_none() -> None:
    machine = Machine(lambda now: 1.0 + now % 0.017 * 120, seconds=4e-3)
    measurement = measure(machine, TimingPolicy(most_seconds=0.2))
    assert 0 < measurement.calls <= TimingPolicy().least_rounds
    assert measurement.grade != "settled"


def test_a_machine_that_slowed_down_is_waited_for_once_and_graded() -> None:
    machine = Machine(lambda now: 1.0 if now < 0.3 else 1.5)
    spent = []
    with machine, Timer(machine, machine.reference()) as timer:
        grades = [timer.measure(PROBE).grade]
        machine.now = max(machine.now, 0.3)
        for _ in range(3):
            begin = machine.now
            grades.append(timer.measure(PROBE).grade)
            spent.append(machine.now - begin)
    assert grades == ["settled", "drifting", "drifting", "drifting"]
    assert spent[0] > TimingPolicy().patience * TimingPolicy().most_seconds
    assert max(spent[1:]) < 0.1


def test_a_machine_that_stays_slow_is_believed_at_last() -> None:
    machine = Machine(lambda now: 1.0 if now < 0.3 else 1.5)
    with machine, Timer(machine, machine.reference()) as timer:
        timer.measure(PROBE)
        machine.now = max(machine.now, 0.3)
        grades = [timer.measure(PROBE).grade for _ in range(100)]
    assert grades[0] == "drifting"
    assert grades[-1] == "settled"


def test_full_speed_is_waited_for_no_longer_than_allowed() -> None:
    machine = Machine(lambda now: 1.0 if now < 1.0 or now > 3.0 else 1.5)
    with machine, Timer(machine, machine.reference(), TimingPolicy(patience=1.0)) as timer:
        assert timer.await_full_speed(0.0)
        machine.now = 1.0
        assert not timer.await_full_speed(0.5)
        assert 1.5 <= machine.now < 1.6
        assert timer.await_full_speed(2.0)
        assert 3.0 <= machine.now < 3.1


def test_a_best_that_is_known_from_before_is_held_against_the_machine() -> None:
    machine = Machine()
    with machine, Timer(machine, machine.reference()) as timer:
        timer.expect(
            [a_measurement(1, 3 * REFERENCE_SECONDS), a_measurement(1, REFERENCE_SECONDS / 1.5), a_measurement(1, None)]
        )
        assert timer.measure(PROBE).grade == "drifting"


def test_a_device_that_protects_itself_while_it_is_measured_is_graded_so() -> None:
    machine = Machine()
    asked = iter([["heat of before"], ["heat"], [], [], ["heat of after"], []])
    machine.throttled_by = lambda: next(asked)
    with machine, Timer(machine, machine.reference()) as timer:
        grades = [timer.measure(PROBE).grade for _ in range(3)]
    assert grades == ["throttled", "settled", "settled"]


@pytest.mark.parametrize(("noise", "otherwise"), [(0.0, "settled"), (9.0, "noisy")])
def test_what_is_timed_while_others_keep_processors_busy_is_graded_so(noise: float, otherwise: str) -> None:
    """However well its rounds agree."""
    chance = random.Random(0)
    machine = Machine(call=lambda _, seconds: seconds * (1 + noise * chance.random()))
    asked = iter([1.0, 0.8, 1.0, 0.2])
    machine.contention = lambda: next(asked)
    with machine, Timer(machine, machine.reference()) as timer:
        assert timer.measure(PROBE).grade == "contended"
        assert timer.measure(PROBE).grade == otherwise


class SharedMachine(Machine):
    """A machine whose processor another process has for half of some calls of the probe.

    Args:
        seconds: what the probe takes alone.
        is_shared: which calls.
    """

    name: ClassVar[str] = "shared machine"

    def __init__(self, seconds: float, is_shared: Callable[[int], bool]) -> None:
        super().__init__(call=self.halved, seconds=seconds)
        self.is_shared = is_shared
        self.lost = self.asked = 0.0

    def halved(self, number: int, seconds: float) -> float:
        if not self.is_shared(number):
            return seconds
        self.lost += seconds
        return 2 * seconds

    def waited(self) -> float:
        share = self.lost / (self.now - self.asked) if self.now > self.asked else 0.0
        self.lost, self.asked = 0.0, self.now
        return share


def test_rounds_that_another_process_took_part_in_do_not_count() -> None:
    measurement = measure(SharedMachine(SECONDS, lambda number: number % 20 < 8))
    assert ratio(measurement) == pytest.approx(1.0)
    assert measurement.grade == "settled"


def test_what_another_process_took_is_taken_off_where_it_takes_part_in_all_rounds() -> None:
    measurement = measure(SharedMachine(20e-3, lambda _: True))
    assert measurement.wall_seconds == pytest.approx(20e-3)
    assert measurement.seconds == pytest.approx(0.9 * 40e-3 - 20e-3), (
        "nine tenths of all is in kernels, which hold what is lost"
    )
    assert measurement.grade == "drifting"


@pytest.mark.parametrize(("shares", "taken"), [((0.5,), 0.5), ((0.5, 0.5, 0.5, 0.0), 1.0)])
def test_calls_of_references_that_another_process_takes_part_in_count_only_where_all_are(
    shares: tuple[float, ...], taken: float
) -> None:
    """`shares` are told call by call. Where none is alone, what the other took is taken off."""
    machine = Machine()
    told = itertools.cycle(shares)
    machine.waited = lambda: next(told)
    with machine, Timer(machine, machine.reference()) as timer:
        assert timer.await_full_speed(0.0)
        assert timer._expected == pytest.approx(taken * REFERENCE_SECONDS)


def test_what_a_reference_takes_while_its_caches_fill_does_not_count() -> None:
    """The factors are those that were seen of one after a network."""
    cold = (1.35, 1.26, 1.07, 1.03)
    emptied = [0]

    def filling(number: int, seconds: float) -> float:
        since = number - emptied[-1]
        return seconds * (cold[since] if since < len(cold) else 1.0)

    machine = Machine(call=filling)
    with Timer(machine, None).load_reference(PROBE) as reference:
        made = machine.loaded[0].walls
        for _ in range(3):
            emptied.append(len(made))
            assert reference.time() == pytest.approx(SECONDS)
        calls = len(made)
        assert reference.time() == pytest.approx(SECONDS)
        assert len(made) - calls == 4, "two that agree, and two that count"


def test_preempted_calls_do_not_move_the_measurement() -> None:
    machine = Machine(call=lambda number, seconds: seconds + (4e-3 if number % 13 == 5 else 0))
    measurement = measure(machine)
    assert ratio(measurement) == pytest.approx(1.0, rel=0.01)
    assert max(machine.loaded[1].walls) > 3 * SECONDS


def test_noise_is_averaged_until_the_error_is_small() -> None:
    chance = random.Random(1)
    machine = Machine(call=lambda _, seconds: seconds * chance.uniform(0.9, 1.1))
    measurement = measure(machine)
    assert measurement.grade == "settled"
    assert 0 < measurement.relative_error <= TimingPolicy().target_error
    assert ratio(measurement) == pytest.approx(1.0, abs=4 * TimingPolicy().target_error)
    assert measurement.calls > 2 * TimingPolicy().least_rounds


def test_too_much_noise_is_graded_and_the_time_is_kept() -> None:
    chance = random.Random(2)
    machine = Machine(call=lambda _, seconds: seconds * chance.lognormvariate(0, 1))
    with machine, Timer(machine, machine.reference()) as timer:
        begin = machine.now
        measurement = timer.measure(PROBE)
        assert machine.now - begin == pytest.approx(TimingPolicy().most_seconds, rel=0.2)
    assert measurement.grade == "noisy"
    assert measurement.relative_error > TimingPolicy().target_error


def test_rounds_are_not_taken_without_end() -> None:
    chance = random.Random(3)
    machine = Machine(call=lambda _, seconds: seconds * chance.lognormvariate(0, 1), drifts=False)
    policy = TimingPolicy(most_seconds=math.inf, most_rounds=20)
    with machine, Timer(machine, machine.reference(), policy) as timer, machine.load(PROBE) as loaded:
        (rounds,) = timer.cycles(loaded.call)
    assert len(rounds) == policy.most_rounds


def test_a_speed_that_changes_within_every_round_still_gives_a_measurement() -> None:
    chance = random.Random(4)
    measurement = measure(Machine(lambda _: chance.uniform(1, 2)))
    assert measurement.grade in ("noisy", "drifting")
    assert 0.8 < ratio(measurement) < 1.6


# What it holds


class Remembering(Machine):
    """A machine that has measured the probe before."""

    def recall(self, probe: Probe) -> Measurement | None:
        return Measurement(probe, 1.0, 1.0, None, 0.0, 1, "settled", "2024-01-01T00:00:00+00:00")


def test_what_is_recalled_is_not_timed() -> None:
    machine = Remembering(drifts=False)
    assert measure(machine).seconds == 1.0
    assert machine.loaded == []


def test_the_reference_is_loaded_once_without_a_profile_and_closed() -> None:
    machine = Machine()
    with machine, Timer(machine, machine.reference()) as timer:
        timer.measure(PROBE)
        timer.measure(PROBE)
        assert [loaded.closed for loaded in machine.loaded] == [0, 1, 1]
    assert [loaded.probe for loaded in machine.loaded] == [REFERENCE, PROBE, PROBE]
    assert [loaded.profiled for loaded in machine.loaded] == [False, True, True]
    assert machine.loaded[0].closed == 1


def test_a_probe_that_fails_is_closed() -> None:
    def fail(number: int, seconds: float) -> float:
        if number == 4:
            raise KeyboardInterrupt
        return seconds

    machine = Machine(call=fail)
    with pytest.raises(KeyboardInterrupt):
        measure(machine)
    assert [loaded.closed for loaded in machine.loaded] == [1, 1]


def test_the_time_of_day_is_in_utc() -> None:
    assert measure(Machine()).taken_at.endswith("+00:00")
