"""Times a probe well: warm-up, repeats until the error is small, and a reference probe around every round.

A machine's speed changes while it is measured: two states 19 % apart within minutes, and a state of half the speed for
milliseconds to seconds, while a neighbour uses the other half of the core, were seen. Five things help. (a) Each round of calls
is divided by the reference timed just before and just after it. (b) The reference is a layer of the same class, since others
answer to the same change by other factors (see `records.Reference`). (c) The ratio is the same at all speeds only roughly all
the same (the half-speed state slowed one convolution 1.55 times and another 2.15 times), so rounds are taken at full speed
where that can be had: when the reference takes about as long as it took at its best. (d) Another process on the same processor
takes turns of some milliseconds with this one, mostly within long calls: what the system says of that is taken off, and such
calls, of references too, count only where there are no others. (e) What is timed while others keep processors busy that share
its caches is graded so: layers that fetch much from memory feel more of that than references do.
"""

import logging
import math
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from datetime import datetime, timezone
from types import TracebackType

from typing_extensions import Self

from blackthorn.records import Grade, Measurement, Probe
from blackthorn.runners.base import CallTimes, Runner
from blackthorn.timing.estimates import Estimate, trimmed_mean
from blackthorn.timing.policy import TimingPolicy
from blackthorn.timing.reference import LoadedReference
from blackthorn.timing.rounds import Round, called, speed

log = logging.getLogger(__name__)

REMEMBERED = 64
"""Measurements over which the best reference is remembered, so that a machine that slowed down for good is believed."""


class _Turn:
    """One of the things that are called in turn: how, how many calls lead in to a round and make one, and its rounds so far.

    `proof` is how long the machine must have been at full speed before a round, in seconds; `made` counts all calls.
    """

    def __init__(self, call: Callable[[], float], lead_in: int, a_round: int, proof: float, made: int) -> None:
        self.call = call
        self.lead_in = lead_in
        self.a_round = a_round
        self.proof = proof
        self.made = made
        self.rounds: list[Round] = []


class Timer:
    """Times one probe after another on a runner that is open; a context manager that holds the reference from its first use.

    Args:
        runner: what times a call.
        reference: what is timed around every round; None on a device that does not drift.
        policy: when to stop.
    """

    def __init__(self, runner: Runner, reference: Probe | None, policy: TimingPolicy | None = None) -> None:
        self._runner = runner
        self._probe = reference
        self._policy = policy or TimingPolicy()
        self._reference: LoadedReference | None = None
        self._held = ExitStack()
        self._bests: deque[float] = deque([math.inf], maxlen=REMEMBERED)
        self._expected = math.inf
        self._throttled_by: Sequence[str] = ()
        self._others = 0.0

    def expect(self, earlier: Iterable[Measurement]) -> None:
        """Believe that the reference can take as little as it did beside earlier measurements here."""
        speeds = (measurement.reference_seconds for measurement in earlier)
        full_speed = min((speed for speed in speeds if speed is not None), default=math.inf)
        self._bests.append(full_speed)
        self._expected = min(self._expected, full_speed)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._held.close()
        self._reference = None

    def load_reference(self, probe: Probe) -> LoadedReference:
        """Make a layer ready that tells how fast the machine is for its class.

        Raises:
            BlackthornError: it cannot be built.
        """
        return LoadedReference(self._runner.load(probe, profiled=False), self._runner, self._policy)

    def _begin(self) -> None:
        """Load the reference and find its best, if that was not done yet."""
        if self._probe is None or self._reference is not None:
            return
        self._reference = self._held.enter_context(self.load_reference(self._probe))
        end = self._runner.clock() + self._policy.calibration_seconds
        while self._runner.clock() < end:
            self._time_reference()

    def _time_reference(self) -> float:
        """Seconds that the reference takes now; 1 where there is none, so that ratios are the times themselves."""
        if self._reference is None:
            return 1.0
        seconds = self._reference.time()
        self._expected = min(self._expected, seconds)
        return seconds

    def await_full_speed(self, seconds: float) -> bool:
        """Run the reference until it takes about as little as it ever did here, for so long at most; whether it does so.

        Raises:
            BlackthornError: the reference cannot be built.
        """
        self._begin()
        reference = self._await_full_speed(self._policy.reference_seconds, self._runner.clock() + seconds)
        return self._is_full_speed(reference)

    def measure(self, probe: Probe) -> Measurement:
        """Time a probe.

        Raises:
            BlackthornError: the probe cannot be built or timed.
        """
        recalled = self._runner.recall(probe)
        if recalled is not None:
            return recalled
        self._begin()
        with self._runner.load(probe) as loaded:
            (rounds,) = self.rounds(loaded.call)
            times = loaded.finish()
        return self._measurement(probe, rounds, times)

    @property
    def runner(self) -> Runner:
        """What it times on."""
        return self._runner

    @property
    def reference(self) -> Probe | None:
        """What is timed around every round."""
        return self._probe

    def rounds(self, *calls: Callable[[], float]) -> list[list[Round]]:
        """Call things as `cycles` does; gives the rounds that count: those at one, full and steady speed, the same for all."""
        return self.at_full_speed(self.cycles(*calls))

    def cycles(self, *calls: Callable[[], float]) -> list[list[Round]]:
        """Call things round by round, each in turn, until the error of all is small enough or the time is over.

        Args:
            calls: what runs each thing once and gives its wall seconds.

        Returns:
            All rounds of each thing, as many of one as of another: those at the same place were taken one after the other.

        Raises:
            BlackthornError: the reference cannot be built.
        """
        self._begin()
        self._runner.throttled_by()  # forgets what was before
        self._runner.contention()
        end = self._runner.clock() + self._policy.most_seconds
        turns = [self._warm_up(call) for call in calls]
        reference = self._await_full_speed(turns[0].proof, end)
        while not self._enough([turn.rounds for turn in turns], end):
            for turn in turns:
                before = reference if self._is_full_speed(reference) else self._await_full_speed(turn.proof, end)
                reference = self._take_round(turn, before)
        self._throttled_by = self._runner.throttled_by()
        self._others = self._runner.contention()
        return [turn.rounds for turn in turns]

    def at_full_speed(self, series: Sequence[Sequence[Round]]) -> list[list[Round]]:
        """Of rounds of several things, those through which the machine was steadily as fast as in the fastest of all."""
        fastest = self._fastest(series)
        return [self._best_rounds(rounds, fastest) for rounds in series]

    def _warm_up(self, call: Callable[[], float]) -> _Turn:
        """Call until two calls agree, and see how many calls a round needs."""
        previous, made, settled, spent = math.inf, 0, False, math.inf
        while not settled and made < self._policy.warm_up_calls:
            begin = self._runner.clock()
            seconds = call()
            spent = min(spent, max(self._runner.clock() - begin, seconds))
            settled = abs(seconds - previous) <= self._policy.settled_within * seconds
            previous = seconds
            made += 1
        a_round = max(1, min(self._policy.most_calls, math.ceil(self._policy.round_seconds / spent)))
        lead_in = int(self._policy.lead_in_seconds / spent)
        return _Turn(call, lead_in, a_round, self._policy.proven_share * a_round * spent, made)

    def _take_round(self, turn: _Turn, before: float) -> float:
        """One more round; gives the reference after it."""
        for _ in range(turn.lead_in):
            turn.call()
        turn.made += turn.lead_in
        calls = called(turn.call, self._runner.waited, turn.a_round, turn.a_round, self._policy.running_at_least)
        after = self._time_reference()
        turn.rounds.append(Round(turn.made, calls, before, after))
        turn.made += turn.a_round
        return after

    def _is_full_speed(self, reference: float) -> bool:
        """Whether the reference takes about as long as at its best, or as can be had for now."""
        return reference <= (1 + self._policy.full_speed_within) * self._expected

    def _await_full_speed(self, proof: float, end: float) -> float:
        """Run the reference until it was at full speed for `proof` seconds, or the time is over; the last it took."""
        since = self._runner.clock()
        patience_ends = since + self._policy.patience * self._policy.most_seconds
        while True:
            reference = self._time_reference()
            now = self._runner.clock()
            if not self._is_full_speed(reference):
                since = now
                if now >= patience_ends:
                    self._expected = reference  # believed until a faster one is seen
            elif now - since >= proof or self._reference is None:
                return reference
            if now >= end:
                return reference

    def _enough(self, series: Sequence[Sequence[Round]], end: float) -> bool:
        """Whether to stop."""
        least = min(map(len, series))
        over = self._runner.clock() >= end or least >= self._policy.most_rounds
        if over and least >= self._policy.fewest_rounds:
            return True
        fastest = self._fastest(series)
        return all(self._is_known(self._at_speed(rounds, fastest)) for rounds in series)

    def _is_known(self, rounds: Sequence[Round]) -> bool:
        """Whether rounds tell a wall time well enough."""
        ratios = [entry.wall / entry.reference for entry in rounds]
        return len(ratios) >= self._policy.least_rounds and trimmed_mean(ratios).relative_error <= self._policy.stop_error

    def _is_steady(self, entry: Round) -> bool:
        """Whether the machine was the same all through a round, and ours."""
        return entry.unsteadiness <= self._policy.steady_within and self._is_ours(entry)

    def _is_ours(self, entry: Round) -> bool:
        return entry.running >= self._policy.running_at_least

    def _fastest(self, series: Sequence[Sequence[Round]]) -> float:
        """What the reference took in the fastest of all steady rounds."""
        return min((entry.reference for rounds in series for entry in rounds if self._is_steady(entry)), default=math.inf)

    def _at_speed(self, rounds: Sequence[Round], fastest: float) -> list[Round]:
        """The rounds through which the machine kept that speed."""
        slowest = (1 + self._policy.full_speed_within) * fastest
        return [entry for entry in rounds if self._is_steady(entry) and entry.reference <= slowest]

    def _best_rounds(self, rounds: Sequence[Round], fastest: float) -> list[Round]:
        """The rounds at that speed; where they are too few, those with the fastest references, uninterrupted ones first."""
        chosen = self._at_speed(rounds, fastest)
        if len(chosen) >= self._policy.fewest_rounds:
            return chosen
        return sorted(rounds, key=lambda entry: (not self._is_ours(entry), entry.reference))[: self._policy.least_rounds]

    def _measurement(self, probe: Probe, rounds: Sequence[Round], times: CallTimes) -> Measurement:
        """What the rounds say."""
        kernel = trimmed_mean([entry.kernel(times) / entry.reference for entry in rounds])
        wall = trimmed_mean([entry.wall / entry.reference for entry in rounds])
        reference = speed(rounds)
        return Measurement(
            probe=probe,
            seconds=kernel.mean * reference,
            wall_seconds=wall.mean * reference,
            reference_seconds=None if self._probe is None else reference,
            relative_error=kernel.relative_error,
            calls=sum(len(entry.calls.numbers) for entry in rounds),
            grade=self.grade(kernel, rounds),
            taken_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        )

    def grade(self, estimate: Estimate, rounds: Sequence[Round]) -> Grade:
        """What to think of what the latest rounds say.

        They are drifting also where the machine was slower all along than in the last ones.
        """
        reference = speed(rounds)
        self._bests.append(reference)
        if self._throttled_by:
            log.info("throttled by: %s", ", ".join(self._throttled_by))
            return "throttled"
        is_noisy = estimate.relative_error > self._policy.target_error
        slow = reference > (1 + self._policy.full_speed_within) * min(self._bests)
        if not is_noisy and (slow or not all(map(self._is_steady, rounds))):
            return "drifting"
        if self._others > self._policy.others_at_most:
            return "contended"
        return "noisy" if is_noisy else "settled"
