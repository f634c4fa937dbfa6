"""What files say about their making: when, and by what."""

from datetime import datetime, timezone

import blackthorn

MADE_BY = f"blackthorn {blackthorn.__version__}"


def now() -> str:
    """The time in UTC to the second, ISO 8601."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")
