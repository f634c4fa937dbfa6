"""What every formula can do, and how formulas are written to and read from files."""

import abc
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from blackthorn.errors import BadFile
from blackthorn.formulas.notation import TEXT, Notation

Values = NDArray[np.float64]
Point = Mapping[str, Any]
"""Dimension name to value: a number, or an array; all arrays of one shape."""


class Formula(abc.ABC):
    """A latency in seconds over the dimensions of a layer: a tree whose coefficients are formulas again.

    The kinds of node (`AtBorder`, `Constant`, `Hinge`, `Linear`, `Missed`, `Step`, `Switch`, `Tiles`) are frozen msgspec
    structs, equal by value. A kind of node is found by its tag in `KINDS`.
    """

    __slots__ = ()

    def evaluate(self, point: Point) -> Values:
        """Seconds at a point, or at arrays of points at once (one shape in, the same shape out).

        Raises:
            KeyError: a dimension of the formula is not in `point`.
        """
        seconds = np.asarray(self.varying(point), dtype=np.float64)
        shape = next(filter(None, map(np.shape, point.values())), ())  # that of all arrays of a point
        return seconds if seconds.shape == shape else np.full(shape, seconds)

    @abc.abstractmethod
    def varying(self, point: Point) -> Values | float:
        """`evaluate`, but one number where no dimension moves the seconds: arrays of it cost more than all else."""

    @abc.abstractmethod
    def render(self, notation: Notation, scale: float) -> str:
        """The formula in a notation, its values multiplied by `scale` (1e3 for milliseconds)."""

    @abc.abstractmethod
    def children(self) -> tuple["Formula", ...]:
        """The formulas nested in this one."""

    @abc.abstractmethod
    def scaled(self, factor: float) -> "Formula":
        """The same formula with all of its values multiplied by `factor`."""

    def walk(self) -> Iterator["Formula"]:
        """This node and all below it, depth first."""
        yield self
        for child in self.children():
            yield from child.walk()

    def complexity(self) -> int:
        """How many free numbers the formula holds: its constants, widths, thresholds and divisors."""
        return sum(node.own_numbers for node in self.walk())

    own_numbers: ClassVar[int] = 1
    """Free numbers of the node itself, its children's left out."""

    def text(self, scale: float = 1.0) -> str:
        """The formula as a person would write it; also a valid Python expression."""
        return self.render(TEXT, scale)


class _NodeMeta(msgspec.StructMeta, abc.ABCMeta):
    """Lets a node be both a msgspec struct and an abstract `Formula`."""


class Node(msgspec.Struct, Formula, metaclass=_NodeMeta, frozen=True, tag_field="kind"):
    """What the kinds of node derive from: a formula that is stored as a tagged struct.

    Fields that hold a formula are typed `Formula`, which msgspec hands to `decode_formula`; so a new kind is one file and one
    row in `KINDS`, and no file needs to know all the others.
    """


def decode_formula(expected: type, data: object) -> object:
    """msgspec's `dec_hook` for fields that hold a formula.

    Raises:
        BadFile: the node's kind is not known.
    """
    from blackthorn.formulas import KINDS

    if expected is not Formula:
        raise TypeError(f"cannot decode {expected}")
    kind = data.get("kind") if isinstance(data, dict) else None
    if kind not in KINDS:
        raise BadFile(f"a formula has a node of kind {kind!r}", f"use one of: {', '.join(sorted(KINDS))}")
    return msgspec.convert(data, KINDS[kind], dec_hook=decode_formula)


def formula_schema(expected: type) -> dict[str, Any]:
    """msgspec's `schema_hook` for fields that hold a formula: any of the kinds, by reference."""
    from blackthorn.formulas import KINDS

    if expected is not Formula:
        raise TypeError(f"no schema for {expected}")
    return {"anyOf": [{"$ref": f"#/$defs/{kind.__name__}"} for kind in KINDS.values()]}
