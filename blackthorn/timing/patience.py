"""How long a machine that is slow for now is waited for."""


class Patience:
    """Seconds for which a slow machine may still be waited for.

    Waiting spends them, and all other time gives as many back, up to the whole: a machine that changes its speed again and
    again is waited for half of all time at most, and one that has slowed down for good is waited for once.

    Args:
        whole: how long is waited at most at a stretch.
        now: the clock.
    """

    def __init__(self, whole: float, now: float) -> None:
        self._whole = whole
        self._left = whole
        self._told = now

    def regain(self, now: float) -> None:
        """The time up to now was not spent on waiting."""
        self._left = min(self._whole, self._left + now - self._told)
        self._told = now

    def spend(self, now: float) -> bool:
        """The time up to now was; whether any is left."""
        self._left = max(0.0, self._left - (now - self._told))
        self._told = now
        return self._left > 0.0
