"""One node at work: what a shape rule may ask about it."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from blackthorn.onnx_graph.messages import AttributeValue
from blackthorn.onnx_graph.tensors import Shape, Tensor, Values


class NotKnownError(Exception):
    """What a rule needs is decided only as the network runs."""


MISFITS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What a rule may stumble over. Rules take a node apart as if it were well formed; what breaks says that it is not."""


class Call(msgspec.Struct, frozen=True):
    """An operator with its inputs (None where left out) and attributes.

    Every method raises NotKnownError where the answer depends on the network's data, and one of `MISFITS` where the node
    contradicts itself.
    """

    op_type: str
    inputs: tuple[Tensor | None, ...]
    attributes: Mapping[str, AttributeValue]
    output_count: int

    def given(self, index: int) -> bool:
        """Whether the node has that input."""
        return index < len(self.inputs) and self.inputs[index] is not None

    def tensor(self, index: int) -> Tensor:
        """That input, which must be there."""
        tensor = self.inputs[index]
        if tensor is None:
            raise ValueError(f"input {index} is missing")
        return tensor

    def shape(self, index: int) -> Shape:
        """The shape of an input."""
        shape = self.tensor(index).shape
        if shape is None:
            raise NotKnownError
        return shape

    def shapes(self) -> list[Shape]:
        """The shapes of all inputs that are given."""
        return [self.shape(index) for index in range(len(self.inputs)) if self.given(index)]

    def value(self, index: int) -> Values:
        """The contents of an input."""
        value = self.tensor(index).value
        if value is None:
            raise NotKnownError
        return value

    def whole_numbers(self, index: int) -> list[int]:
        """The contents of an input, flat, as whole numbers."""
        return [int(number) for number in self.value(index).reshape(-1)]

    def number(self, name: str, default: int) -> int:
        """A whole-number attribute."""
        value = self.attributes.get(name, default)
        if not isinstance(value, int):
            raise TypeError(f"attribute {name} is no whole number")
        return value

    def text(self, name: str, default: str) -> str:
        """A text attribute."""
        value = self.attributes.get(name, default)
        if not isinstance(value, str):
            raise TypeError(f"attribute {name} is no text")
        return value

    def numbers(self, name: str, default: Sequence[int]) -> list[int]:
        """An attribute that lists whole numbers; as many as `default` has, unless that is empty."""
        value = self.attributes.get(name, default)
        if not isinstance(value, (tuple, list)):
            raise TypeError(f"attribute {name} is no list")
        listed = [number for number in value if isinstance(number, int)]
        if len(listed) != len(value) or (default and len(listed) != len(default)):
            raise ValueError(f"attribute {name} should list {len(default) or 'only'} whole numbers")
        return listed

    def listed(self, index: int, name: str) -> list[int] | None:
        """Whole numbers that newer operators take as an input and older ones as an attribute; None where left out."""
        if self.given(index):
            return self.whole_numbers(index)
        return self.numbers(name, ()) if name in self.attributes else None


Rule = Callable[[Call], Sequence[Shape | None]]
"""The shapes of a node's outputs, in order; None, or too few, where they are not known."""


def operators(listed: str) -> frozenset[str]:
    """Operator names out of a text that lists them."""
    return frozenset(listed.split())


def axis_within(axis: int, rank: int) -> int:
    """An axis counted from the front; negative ones count from the back."""
    if not -rank <= axis < rank:
        raise ValueError(f"axis {axis} lies outside {rank} dimensions")
    return axis % rank


def axes_within(axes: Sequence[int], rank: int) -> set[int]:
    """Axes counted from the front."""
    return {axis_within(axis, rank) for axis in axes}


def broadcast(*shapes: Shape) -> Shape:
    """The common shape of several by NumPy's rules (https://numpy.org/doc/stable/user/basics.broadcasting.html)."""
    rank = max(map(len, shapes))
    aligned = [(1,) * (rank - len(shape)) + shape for shape in shapes]
    return tuple(_common_size(sizes) for sizes in zip(*aligned, strict=True))


def _common_size(sizes: Sequence[int]) -> int:
    others = {size for size in sizes if size != 1}
    if len(others) > 1:
        raise ValueError(f"sizes {sorted(others)} do not match")
    return others.pop() if others else 1
