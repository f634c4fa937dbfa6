"""Operators between a DequantizeLinear and a QuantizeLinear, which run on numbers of 8 bits where there are kernels for that.

Exporters write a quantized network as one of fractions in which every tensor is rounded to 8 bits and widened again. What a
kernel for 8 bits reads beside the numbers themselves is their scale and their zero point, and those of its result.
"""

from collections.abc import Mapping, Sequence

import msgspec

from blackthorn.onnx_graph.fusion.wiring import Wiring
from blackthorn.onnx_graph.resolving import ResolvedNode
from blackthorn.onnx_graph.tensors import Tensor

ROUND, WIDEN = "QuantizeLinear", "DequantizeLinear"
PARAMETERS = 3
"""What either of them reads: numbers, scale, zero point."""
Parts = Mapping[str, Tensor | None]
"""Inputs of a kernel by the names that `Kernel.reads` has for them."""


class Kernel(msgspec.Struct, frozen=True):
    """A kernel for numbers of 8 bits.

    Attributes:
        operator: what it is called.
        reads: its inputs in order: x0, s0, z0 are the numbers, scale and zero point of the first input of the operator that it
            stands for, s and z are those of the result, `all` is every input with its scale and zero point.
        plain: places of inputs that are never widened, such as conditions.
    """

    operator: str
    reads: str
    plain: tuple[int, ...] = ()

    def inputs(self, parts: Parts) -> tuple[Tensor | None, ...]:
        """Its inputs, those that are left out at the end cut off."""
        given = [name for name in parts if name not in ("s", "z")]
        names = [name for word in self.reads.split() for name in (given if word == "all" else [word])]
        found = [parts.get(name) for name in names]
        while found and found[-1] is None:
            found.pop()
        return tuple(found)


class Unfold(msgspec.Struct, frozen=True):
    """Weights that are stored in 8 bits are widened in every run, unless a kernel takes them as they are."""

    def apply(self, wiring: Wiring) -> None:
        """Let what follows from them be no constant."""
        varying: set[int] = set()
        for key in wiring.in_order():
            node = wiring.node(key)
            if node.op_type == WIDEN or not varying.isdisjoint(node.reads):
                loose = [msgspec.structs.replace(tensor, constant=False) for tensor in node.outputs if tensor.constant]
                varying.update(tensor.identity for tensor in loose)
                if loose:
                    wiring.redirect({tensor.identity: tensor for tensor in loose})
                    wiring.replace([key], msgspec.structs.replace(wiring.node(key), outputs=tuple(loose)), wiring.place(key))


class MoveRounding(msgspec.Struct, frozen=True):
    """Operators that only move numbers do so in 8 bits: they are widened after it, and rounded before it."""

    operators: frozenset[str]

    def apply(self, wiring: Wiring) -> None:
        """Move all such roundings and widenings, and take out what then undoes itself."""
        for key in wiring.in_order(self.operators):
            self._widen_later(wiring, key)
        for key in reversed(wiring.in_order([ROUND])):
            self._round_earlier(wiring, key)
        for key in wiring.in_order([ROUND]):
            _undo(wiring, key)
        remove_unread(wiring)

    def _widen_later(self, wiring: Wiring, key: int) -> None:
        node, place = wiring.node(key), wiring.place(key)
        widening = _widening(wiring, node.inputs[0])
        numbers = None if widening is None else widening.inputs[0]
        if widening is None or numbers is None or any(tensor.element != node.outputs[0].element for tensor in node.outputs):
            return
        moved = tuple(wiring.new_tensor(numbers, tensor.shape) for tensor in node.outputs)
        wiring.replace([key], msgspec.structs.replace(node, inputs=(numbers, *node.inputs[1:]), outputs=moved), place)
        for before, after in zip(moved, node.outputs, strict=True):
            inputs = (before, *widening.inputs[1:])
            wiring.add(msgspec.structs.replace(widening, inputs=inputs, outputs=(after,)), place)

    def _round_earlier(self, wiring: Wiring, key: int) -> None:
        while True:
            rounding = wiring.node(key)
            giver = None if rounding.inputs[0] is None else wiring.giver(rounding.inputs[0])
            if giver is None or not _is_only_reader(wiring, rounding.inputs[0], key):
                return
            node, place = wiring.node(giver), wiring.place(giver)
            if node.op_type not in self.operators or len(node.outputs) > 1 or node.inputs[0] is None:
                return
            rounded = wiring.new_tensor(rounding.outputs[0], node.inputs[0].shape)
            earlier = msgspec.structs.replace(rounding, inputs=(node.inputs[0], *rounding.inputs[1:]), outputs=(rounded,))
            moved = msgspec.structs.replace(node, inputs=(rounded, *node.inputs[1:]), outputs=rounding.outputs)
            wiring.replace([giver], moved, place)
            key = wiring.replace([key], earlier, place)


class RunInEightBits(msgspec.Struct, frozen=True):
    """Operators whose inputs are widened run on 8 bits.

    Attributes:
        rounded: kernels whose results are of 8 bits, too, by the operator; they take in the rounding that follows.
        widened: kernels whose results are fractions, for where no rounding follows.
    """

    rounded: Mapping[str, Kernel]
    widened: Mapping[str, Kernel]

    def apply(self, wiring: Wiring) -> None:
        """Put in the kernels, and take out the widenings that nothing else reads."""
        for key in wiring.in_order({*self.rounded, *self.widened}):
            node, place = wiring.node(key), wiring.place(key)
            rounding = _rounding_after(wiring, node)
            kernel = (self.widened if rounding is None else self.rounded).get(node.op_type)
            parts = None if kernel is None or "activation" in node.attributes else _widened_parts(wiring, node, kernel)
            if kernel is None or parts is None:
                continue
            follows = [] if rounding is None else [wiring.node(rounding)]
            result = _named("", follows[0].inputs[1:]) if follows else {}
            made = msgspec.structs.replace(
                node,
                op_type=kernel.operator,
                inputs=kernel.inputs({**parts, **result}),
                outputs=follows[0].outputs if follows else node.outputs,
                members=(*node.members, *(member for each in follows for member in each.members)),
            )
            wiring.replace([key] if rounding is None else [key, rounding], made, place)
        remove_unread(wiring)
        for key in wiring.in_order([WIDEN]):
            _widen_for_each(wiring, key)


def remove_unread(wiring: Wiring) -> None:
    """Take out the widenings and roundings that nothing reads any more."""
    for key in reversed(wiring.in_order([WIDEN, ROUND])):
        given = wiring.node(key).outputs[0]
        if not wiring.readers(given) and not wiring.is_result(given):
            wiring.remove(key)


def _widen_for_each(wiring: Wiring, key: int) -> None:
    """What several nodes read is widened for each of them anew."""
    node, place = wiring.node(key), wiring.place(key)
    given = node.outputs[0]
    readers = sorted(wiring.readers(given))
    for reader in readers if wiring.is_result(given) else readers[1:]:
        again, reading = wiring.new_tensor(given), wiring.node(reader)
        inputs = tuple(
            again if tensor is not None and tensor.identity == given.identity else tensor for tensor in reading.inputs
        )
        wiring.add(msgspec.structs.replace(node, outputs=(again,)), place)
        wiring.replace([reader], msgspec.structs.replace(reading, inputs=inputs), wiring.place(reader))


def _undo(wiring: Wiring, key: int) -> None:
    """What is rounded just as it was widened was there before."""
    rounding = wiring.node(key)
    widening = _widening(wiring, rounding.inputs[0])
    if widening is None or wiring.is_result(rounding.outputs[0]) or not _alike(widening, rounding):
        return
    before = widening.inputs[0]
    if before is not None and before.element == rounding.outputs[0].element:
        wiring.redirect({rounding.outputs[0].identity: before})
        wiring.remove(key)
        giver = wiring.giver(before)
        if giver is not None and wiring.node(giver).op_type != ROUND:
            node = wiring.node(giver)
            members = (*node.members, *rounding.members)
            wiring.replace([giver], msgspec.structs.replace(node, members=members), wiring.place(giver))


def _alike(widening: ResolvedNode, rounding: ResolvedNode) -> bool:
    """Whether both have the same scale and zero point."""
    pairs = zip(widening.inputs[1:], rounding.inputs[1:], strict=False)
    return len(widening.inputs) == len(rounding.inputs) and all(_same(left, right) for left, right in pairs)


def _same(left: Tensor | None, right: Tensor | None) -> bool:
    """Whether two tensors are one, or constants of one content."""
    if left is None or right is None:
        return left is right
    if left.identity == right.identity:
        return True
    return left.value is not None and right.value is not None and left.value.tobytes() == right.value.tobytes()


def _widening(wiring: Wiring, tensor: Tensor | None) -> ResolvedNode | None:
    """The node that widens a tensor out of 8 bits by a scale known beforehand; None where there is none."""
    giver = None if tensor is None else wiring.giver(tensor)
    node = None if giver is None else wiring.node(giver)
    return node if node is not None and node.op_type == WIDEN and _is_settled(node.inputs) else None


def _is_settled(inputs: Sequence[Tensor | None]) -> bool:
    """Whether scale and zero point are told, and constant."""
    return len(inputs) > 1 and all(tensor is not None and tensor.constant for tensor in inputs[1:])


def _rounding_after(wiring: Wiring, node: ResolvedNode) -> int | None:
    """The key of the rounding that alone reads what a node gives; None where there is none."""
    given = node.outputs[0]
    if len(node.outputs) > 1 or len(wiring.readers(given)) != 1 or wiring.is_result(given):
        return None
    (key,) = wiring.readers(given)
    follows = wiring.node(key)
    return key if follows.op_type == ROUND and _is_settled(follows.inputs) else None


def _is_only_reader(wiring: Wiring, tensor: Tensor | None, key: int) -> bool:
    return tensor is not None and not wiring.is_result(tensor) and set(wiring.readers(tensor)) == {key}


def _widened_parts(wiring: Wiring, node: ResolvedNode, kernel: Kernel) -> dict[str, Tensor | None] | None:
    """What a kernel reads in place of a node's inputs; None where one of them has not been widened."""
    parts: dict[str, Tensor | None] = {}
    for place, tensor in enumerate(node.inputs):
        widening = _widening(wiring, tensor)
        if place in kernel.plain or tensor is None:
            parts[f"x{place}"] = tensor
        elif widening is None:
            return None
        else:
            parts[f"x{place}"] = widening.inputs[0]
            parts.update(_named(str(place), widening.inputs[1:]))
    return parts


def _named(place: str, scale_and_zero: Sequence[Tensor | None]) -> dict[str, Tensor | None]:
    """A scale and a zero point, left out ones as None, by their names."""
    scale, zero = (*scale_and_zero, None)[: PARAMETERS - 1]
    return {f"s{place}": scale, f"z{place}": zero}
