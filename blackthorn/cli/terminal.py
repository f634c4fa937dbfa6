"""Whether anybody looks on while a command works."""

import logging
import sys


def is_watched() -> bool:
    """Whether standard error is a terminal that a bar can be drawn on, with no log between."""
    return sys.stderr.isatty() and not logging.getLogger().isEnabledFor(logging.INFO)
