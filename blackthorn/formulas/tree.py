"""What a formula leaves unexplained of whole groups of layers: a regression tree that asks all layers the same questions.

All nodes of a level part their layers by one condition, so that a tree of q questions is 2^q values, and the answers, read as
a number, say which one holds.

Source: Kohavi, "Bottom-up induction of oblivious read-once decision graphs", European Conference on Machine Learning, 1994.
"""

from functools import cached_property

import msgspec
import numpy as np
from numpy.typing import NDArray

from blackthorn.formulas.base import Point
from blackthorn.formulas.switch import Condition

Floats = NDArray[np.float64]


class Question(msgspec.Struct, frozen=True):
    """Whether a condition holds for a dimension of a layer, or for what follows from its dimensions."""

    dimension: str
    condition: Condition


class ObliviousTree(msgspec.Struct, frozen=True, dict=True):
    """Values of groups of layers.

    Attributes:
        questions: q of them, whose answers, 1 for yes, are the digits of a binary number, the first one's the highest.
        values: logarithms of measured over predicted time, one for each of 2^q numbers, in their order.
    """

    questions: tuple[Question, ...]
    values: tuple[float, ...]

    def logarithm(self, point: Point) -> Floats:
        """The value of the group that each of an array of points is in, shape (n,).

        Raises:
            KeyError: a dimension is not in `point`.
        """
        place = np.zeros(1, dtype=np.intp)
        for question in self.questions:
            place = 2 * place + question.condition.holds(np.atleast_1d(point[question.dimension]))
        return self._values[place]

    @cached_property
    def _values(self) -> Floats:
        return np.array(self.values)
