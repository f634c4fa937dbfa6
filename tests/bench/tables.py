"""Rows of figures: what was to be reached, what was, and how many seconds it took."""

import platform
import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec

from blackthorn.runners.host import describe_host


class Row(msgspec.Struct, frozen=True):
    """One figure: its number, what it is, its target and what was seen; `reached` is None where there is no target."""

    figure: str
    what: str
    target: str
    seen: str
    reached: bool | None


def machine() -> str:
    """The machine in a line."""
    host = describe_host(Path("/"))
    return f"{host.hardware}, Python {platform.python_version()}"


def write(rows: Iterable[Row]) -> bool:
    """Write rows as they come, aligned; whether all were reached."""
    everything = True
    for row in rows:
        everything &= row.reached is not False
        verdict = {True: "ok  ", False: "MISS", None: "    "}[row.reached]
        sys.stdout.write(f"{verdict} {row.figure:<4} {row.what:<58} target {row.target:<26} seen {row.seen}\n")
        sys.stdout.flush()
    return everything
