"""When to stop repeating a timing, and what to think of it."""

import msgspec

from blackthorn.records import GOOD_ERROR


class TimingPolicy(msgspec.Struct, frozen=True):
    """When to stop repeating, and what to think of the result.

    Attributes:
        target_error: relative standard error at which a measurement is good.
        stop_error: the same as it must look from wall times; lower, since kernel times are known only at the end.
        least_rounds: rounds before the error can be believed.
        fewest_rounds: rounds that are taken however long they last.
        most_rounds: rounds after which a probe is left as it is; keeps profiles short.
        most_seconds: time after which a probe is left as it is, in seconds.
        round_seconds: calls of one round together, in seconds: about as long as the reference, shorter than speeds last.
        most_calls: calls of one round; so that profiles of the smallest layers stay short.
        lead_in_seconds: for how long calls are made before a round that do not count, in seconds; none of longer calls.
        warm_up_calls: calls left out at most until two in a row agree.
        settled_within: relative difference at which they agree.
        full_speed_within: the reference may take this much longer than at best: noise is 5 %, the next state 28 % away.
        steady_within: relative difference between the references before and after a round that counts.
        running_at_least: share of a round that counts for which no other process may have the processor.
        others_at_most: processors that others may keep busy, on average, while a measurement is taken that is settled.
        proven_share: share of a round's length for which the machine must have been at full speed before the round: most
            stretches at full speed last milliseconds, and those that have lasted go on.
        patience: share of `most_seconds` for which a slow machine is waited for.
        calibration_seconds: how long the reference is run at first to find its best, in seconds.
        reference_seconds: how long one timing of the reference lasts at least, in seconds, so that clocks tell it well.
    """

    target_error: float = GOOD_ERROR
    stop_error: float = 0.0075
    least_rounds: int = 8
    fewest_rounds: int = 3
    most_rounds: int = 500
    most_seconds: float = 2.0
    round_seconds: float = 2e-3
    most_calls: int = 32
    lead_in_seconds: float = 0.0
    warm_up_calls: int = 5
    settled_within: float = 0.05
    full_speed_within: float = 0.10
    steady_within: float = 0.08
    running_at_least: float = 0.99
    others_at_most: float = 0.25
    proven_share: float = 0.2
    patience: float = 0.5
    calibration_seconds: float = 0.2
    reference_seconds: float = 2e-3
