"""Seconds inside, milliseconds and microseconds only where a person reads."""

MS_PER_SECOND = 1e3
US_PER_SECOND = 1e6
SECONDS_PER_MINUTE = 60.0


def milliseconds(seconds: float) -> float:
    """Seconds as milliseconds."""
    return seconds * MS_PER_SECOND


def readable_time(seconds: float) -> str:
    """A latency as a person writes it: three significant figures, in us, ms or s."""
    if seconds < 1e-3:
        return f"{seconds * US_PER_SECOND:.3g} us"
    if seconds < 1.0:
        return f"{seconds * MS_PER_SECOND:.3g} ms"
    return f"{seconds:.3g} s"


def readable_duration(seconds: float) -> str:
    """A waiting time as a person says it: `8 s`, `3 min 05 s`, `2 h 10 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
