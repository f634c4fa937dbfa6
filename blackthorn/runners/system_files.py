"""The small text files in which Linux tells about itself; what is missing or closed to us is told as None."""

from pathlib import Path

ROOT = Path("/")
"""Where the system's files are; tests hand over a folder of their own."""


def read_text(path: Path) -> str | None:
    """A file without the white space and zeros around it; None where there is none or it is closed to us."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip("\0 \t\r\n")
    except OSError:
        return None


def read_number(path: Path) -> int | None:
    """The whole number that a file holds; None where it holds none."""
    text = read_text(path) or ""
    return int(text) if text.removeprefix("-").isdecimal() and text.isascii() else None


def found_below(root: Path, *patterns: str) -> list[Path]:
    """The files below a root folder that patterns name, in the order of their names; closed folders have none."""
    try:
        return sorted(path for pattern in patterns for path in root.glob(pattern))
    except OSError:
        return []
