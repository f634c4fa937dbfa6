"""Sums of products that are written as letters, as the products of matrices that runtimes make of them.

Of `bhid,bhjd->bhij` the letters b and h, which both sides and the result have, count products; d, which the result lacks, is
summed over; i makes the rows and j the columns. A side whose letters come in another order is transposed before.
"""

import math
from collections.abc import Iterable, Mapping

import msgspec

from blackthorn.onnx_graph.fusion.wiring import Wiring
from blackthorn.onnx_graph.resolving import ResolvedNode
from blackthorn.onnx_graph.tensors import Tensor


class Letters(msgspec.Struct, frozen=True):
    """An equation of two sides: what each of them and the result is indexed by."""

    left: str
    right: str
    result: str

    @property
    def shared(self) -> str:
        """What counts products, in the order of the result."""
        return "".join(letter for letter in self.result if letter in self.left and letter in self.right)

    @property
    def summed(self) -> str:
        """What is summed over, in the order of the left side."""
        return "".join(letter for letter in self.left if letter not in self.result)

    def own(self, side: str) -> str:
        """What a side alone has, in the order of the result."""
        return "".join(letter for letter in self.result if letter in side and letter not in self.shared)


class SpellOut(msgspec.Struct, frozen=True):
    """Every Einsum of two sides becomes a product of matrices, with transpositions where letters are in another order."""

    def apply(self, wiring: Wiring) -> None:
        """Take them all apart; those that are no product of matrices stay."""
        for key in wiring.in_order(["Einsum"]):
            letters = _letters(wiring.node(key))
            if letters is not None:
                _multiply(wiring, key, letters)


def _multiply(wiring: Wiring, key: int, letters: Letters) -> None:
    """Put a product of matrices in the place of an Einsum."""
    node, place = wiring.node(key), wiring.place(key)
    sides, result = [tensor for tensor in node.inputs if tensor is not None], node.outputs[0]
    written = list(zip((letters.left, letters.right, letters.result), (*sides, result), strict=True))
    if any(tensor.shape is None or len(tensor.shape) != len(side) for side, tensor in written):
        return
    sizes = {letter: size for side, tensor in written for letter, size in zip(side, tensor.shape or (), strict=True)}
    shared, summed = letters.shared, letters.summed
    rows, columns = letters.own(letters.left), letters.own(letters.right)
    left = _in_order(wiring, node, sides[0], letters.left, shared + rows + summed, place)
    right = _in_order(wiring, node, sides[1], letters.right, shared + summed + columns, place)
    given = result if letters.result == shared + rows + columns else wiring.new_tensor(result)
    wiring.remove(key)
    product = msgspec.structs.replace(
        node,
        op_type="MatMul",
        attributes={},
        inputs=(_seen(left, sizes, shared, rows, summed), _seen(right, sizes, shared, summed, columns)),
        outputs=(_seen(given, sizes, shared, rows, columns),),
    )
    wiring.add(product, place)
    if given is not result:
        order = tuple((shared + rows + columns).index(letter) for letter in letters.result)
        before = _seen(given, sizes, *(shared + rows + columns))
        wiring.add(ResolvedNode(f"{node.name}/result", "Transpose", {"perm": order}, (before,), (result,), 0), place)


def _in_order(wiring: Wiring, node: ResolvedNode, tensor: Tensor, letters: str, wanted: str, place: int) -> Tensor:
    """A side with its letters in another order, transposed where that differs."""
    if letters == wanted or tensor.shape is None:
        return tensor
    order = tuple(letters.index(letter) for letter in wanted)
    turned = wiring.new_tensor(tensor, tuple(tensor.shape[axis] for axis in order))
    wiring.add(ResolvedNode(f"{node.name}/{letters}", "Transpose", {"perm": order}, (tensor,), (turned,), 0), place)
    return turned


def _seen(tensor: Tensor, sizes: Mapping[str, int], *axes: Iterable[str]) -> Tensor:
    """A tensor under a shape that has one axis for several letters."""
    shape = tuple(math.prod(sizes[letter] for letter in letters) for letters in axes)
    return msgspec.structs.replace(tensor, shape=shape)


def _letters(node: ResolvedNode) -> Letters | None:
    """The equation of an Einsum; None where it is no product of two matrices, or stacks of them."""
    equation = node.attributes.get("equation")
    if not isinstance(equation, str) or "->" not in equation or len(node.inputs) != 2 or "." in equation:
        return None
    sides, _, result = equation.replace(" ", "").partition("->")
    left, _, right = sides.partition(",")
    letters = Letters(left, right, result)
    repeats = any(len(set(side)) < len(side) for side in (left, right, result))
    alone = set(left) ^ set(right)
    if repeats or not letters.summed or not alone <= set(result) or set(letters.summed) & set(result):
        return None
    return letters
