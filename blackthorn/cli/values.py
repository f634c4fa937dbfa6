"""What users write after options: `height=32,width=32`, `filters=1:1024:8`, `data=1,3,224,224`, `0,1`."""

import math
from collections.abc import Iterable

from blackthorn.errors import BadValue
from blackthorn.records import Range

LARGEST = 2**31 - 1
"""The largest size, as in files: runtimes index with 32 bits."""
THOUSANDS = {"K": 10**3, "M": 10**6, "G": 10**9}
"""What a letter behind an amount multiplies it with."""


def whole_number(text: str, option: str) -> int:
    """A whole number from 0 to `LARGEST`.

    Raises:
        BadValue: the text is none.
    """
    stripped = text.strip()
    if not (stripped.isascii() and stripped.isdigit()):
        raise BadValue(f"'{text}' after {option} is not a whole number", "write digits only, such as 32")
    if len(stripped) > len(str(LARGEST)) or int(stripped) > LARGEST:
        raise BadValue(f"the number after {option} is larger than {LARGEST}", "write a smaller one")
    return int(stripped)


def amount(text: str, option: str) -> int:
    """A positive number, in thousands (K), millions (M) or thousand millions (G) where one of these letters follows it.

    Raises:
        BadValue: the text is none.
    """
    stripped = text.strip().upper()
    factor = THOUSANDS.get(stripped[-1:], 1)
    try:
        value = factor * float(stripped if factor == 1 else stripped[:-1])
    except ValueError:
        value = math.nan
    if not 1.0 <= value < math.inf:
        raise BadValue(f"'{text}' after {option} is no number of 1 or more", "write it as in: 1.5G")
    return round(value)


def percentage(text: str, option: str) -> float:
    """A positive percentage, with or without its sign.

    Raises:
        BadValue: the text is none.
    """
    try:
        value = float(text.strip().removesuffix("%"))
    except ValueError:
        value = math.nan
    if not 0.0 < value < math.inf:
        raise BadValue(f"'{text}' after {option} is not a percentage above 0", "write it as in: 3%")
    return value


def whole_numbers(text: str, option: str) -> tuple[int, ...]:
    """Whole numbers with commas between them."""
    return tuple(whole_number(part, option) for part in text.split(","))


def cpus(affinity: str | None) -> tuple[int, ...]:
    """The processors that `--affinity` names; none where it is not given."""
    return () if affinity is None else whole_numbers(affinity, "--affinity")


def assignments(texts: Iterable[str], option: str) -> dict[str, int]:
    """`NAME=NUMBER,...`, each name once.

    Raises:
        BadValue: a part has another form, or a name comes twice.
    """
    values: dict[str, int] = {}
    for part in (part for text in texts for part in text.split(",")):
        name, value = _split(part, option, "height=32")
        if name in values:
            raise BadValue(f"{option} gives {name} twice", "give it once")
        values[name] = whole_number(value, option)
    return values


def ranges(texts: Iterable[str]) -> dict[str, Range]:
    """`NAME=LOW:HIGH` or `NAME=LOW:HIGH:STEP`, each name once.

    Raises:
        BadValue: a text has another form, or a name comes twice.
    """
    found: dict[str, Range] = {}
    for text in texts:
        name, value = _split(text, "--range", "filters=1:1024")
        bounds = [whole_number(bound, "--range") for bound in value.split(":")]
        if len(bounds) not in (2, 3):
            raise BadValue(f"the range '{text}' has not two or three numbers", "write it as in: --range filters=1:1024:8")
        if name in found:
            raise BadValue(f"--range gives {name} twice", "give it once")
        found[name] = Range(*bounds)
    return found


def shapes(texts: Iterable[str]) -> dict[str, tuple[int, ...]]:
    """`INPUT=1,3,224,224`; names of inputs may hold an equals sign themselves."""
    option, example = "--input-shape", "data=1,3,224,224"
    pairs = (_split(text, option, example) for text in texts)
    return {name: whole_numbers(sizes, option) for name, sizes in pairs}


def texts(given: Iterable[str], option: str, example: str) -> dict[str, str]:
    """`NAME=TEXT`, each name once; the text may hold an equals sign itself.

    Raises:
        BadValue: one has another form, or a name comes twice.
    """
    found: dict[str, str] = {}
    for text in given:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not (name and equals and value):
            raise BadValue(f"'{text}' after {option} is not of the form NAME=VALUE", f"write it as in: {option} {example}")
        if name in found:
            raise BadValue(f"{option} gives {name} twice", "give it once")
        found[name] = value
    return found


def _split(text: str, option: str, example: str) -> tuple[str, str]:
    name, equals, value = text.rpartition("=")
    if not (equals and name.strip() and value.strip()):
        raise BadValue(f"'{text}' after {option} is not of the form NAME=VALUE", f"write it as in: {option} {example}")
    return name.strip(), value.strip()
