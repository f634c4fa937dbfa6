"""Seeded damage to network files: lost bytes, swapped attributes, absurd shapes and depths, circles, other operators."""

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from blackthorn.errors import BlackthornError
from blackthorn.onnx_graph import Fusions, read_network
from blackthorn.onnx_graph.rules import RULES

ABSURD = [0, -1, 1, 2, 7, 65, 2**31 - 1, 2**31, -(2**31), 2**40, 2**62, 2**63 - 1, -(2**63), 1_000_003]

ELSEWHERE = ["/etc/passwd", "../../secret", "/dev/zero", "weights.bin"]

Damage = Callable[[Any, random.Random], None]


def mutated(content: bytes, operators: list[str], seed: int) -> bytes:
    """A damaged copy of an ONNX file, the same for the same seed."""
    chance = random.Random(seed)
    if chance.random() < 0.4:
        return _bytes_changed(content, chance)
    from onnx import ModelProto

    model = ModelProto.FromString(content)
    for _ in range(chance.choice([1, 1, 2, 4])):
        chance.choice(DAMAGES)(model.graph, chance)
        if chance.random() < 0.1:
            chance.choice(model.graph.node).op_type = chance.choice(operators)
    if chance.random() < 0.1:
        _nest(model.graph, chance)
    return bytes(model.SerializeToString())


def fused_or_refused(contents: list[bytes], seeds: range, fusions: Fusions, folder: Path) -> Counter[str]:
    """What fusing one damaged copy a seed gives; anything but a network or a sentence is raised on."""
    path, found = folder / "damaged.onnx", Counter[str]()
    for seed in seeds:
        path.write_bytes(mutated(contents[seed % len(contents)], sorted(RULES), seed))
        try:
            read_network(path, fusions=fusions)
            found["fused"] += 1
        except BlackthornError:
            found["refused"] += 1
    return found


def _bytes_changed(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice([1, 1, 2, 5, 20])):
        at = chance.randrange(len(changed))
        kind = chance.randrange(5)
        if kind == 0:
            changed[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            changed[at] = chance.choice([0, 127, 128, 255])
        elif kind == 2:
            del changed[at : at + chance.choice([1, 2, 10])]
        elif kind == 3:
            changed[at:at] = chance.randbytes(chance.choice([1, 2, 9]))
        else:
            changed[at : at + 4] = b"\xff\xff\xff\xff"
        changed = changed or bytearray(b"\0")
    return bytes(changed[: chance.randrange(len(changed))] if chance.random() < 0.1 else changed)


def _attribute(graph: Any, chance: random.Random) -> None:
    attributes = [attribute for node in graph.node for attribute in node.attribute]
    if not attributes:
        return
    attribute = chance.choice(attributes)
    if attribute.ints:
        attribute.ints[chance.randrange(len(attribute.ints))] = chance.choice(ABSURD)
        if chance.random() < 0.3:
            attribute.ints.append(chance.choice(ABSURD))
    elif attribute.type == attribute.STRING:
        attribute.s = chance.choice([b"", b"VALID", b"SAME_UPPER", b"\xff", b"...,ij->k", b"ab,b"])
    elif chance.random() < 0.3:
        attribute.type = chance.randrange(15)
    else:
        attribute.i = chance.choice(ABSURD)


def _contents(graph: Any, chance: random.Random) -> None:
    tensors = [
        *graph.initializer,
        *(attribute.t for node in graph.node for attribute in node.attribute if attribute.HasField("t")),
    ]
    if not tensors:
        return
    tensor = chance.choice(tensors)
    kind = chance.randrange(4)
    if kind == 0 and tensor.dims:
        tensor.dims[chance.randrange(len(tensor.dims))] = chance.choice(ABSURD)
    elif kind == 1:
        tensor.data_type = chance.randrange(25)
    elif kind == 2 and tensor.raw_data:
        tensor.raw_data = chance.randbytes(len(tensor.raw_data))
    else:
        tensor.int64_data[:] = [chance.choice(ABSURD) for _ in tensor.int64_data]


def _input_shape(graph: Any, chance: random.Random) -> None:
    if graph.input:
        dimensions = chance.choice(graph.input).type.tensor_type.shape.dim
        if dimensions and chance.random() < 0.7:
            dimensions[chance.randrange(len(dimensions))].dim_value = chance.choice(ABSURD)
        elif dimensions and chance.random() < 0.5:
            del dimensions[-1]
        else:
            dimensions.add().dim_value = chance.choice(ABSURD)


def _wiring(graph: Any, chance: random.Random) -> None:
    """Circles, inputs and outputs lost or doubled, order changed."""
    node, other = chance.choice(graph.node), chance.choice(graph.node)
    kind = chance.randrange(6)
    if kind == 0 and node.input and other.output:
        node.input[chance.randrange(len(node.input))] = other.output[0]
    elif kind == 1 and node.input:
        del node.input[-1]
    elif kind == 2 and node.output:
        del node.output[-1]
    elif kind == 3:
        node.output.append("another")
    elif kind == 4 and node.input:
        node.input[chance.randrange(len(node.input))] = ""
    else:
        node.attribute.extend(list(other.attribute))


def _missing(graph: Any, chance: random.Random) -> None:
    node = chance.choice(graph.node)
    if node.attribute:
        del node.attribute[chance.randrange(len(node.attribute))]


def _nest(graph: Any, chance: random.Random) -> None:
    """The network in a branch in a branch, deeper than is read; the last damage, since protobuf copies nothing so deep."""
    for _ in range(chance.choice([1, 3, 20, 40])):
        inner = type(graph)()
        inner.CopyFrom(graph)
        del graph.node[:]
        node = graph.node.add(op_type=chance.choice(["If", "Loop", "Scan"]), output=[output.name for output in inner.output])
        node.input.extend(info.name for info in inner.input)
        name = {"If": "then_branch"}.get(node.op_type, "body")
        node.attribute.add(name=name, type=5).g.CopyFrom(inner)


def _elsewhere(graph: Any, chance: random.Random) -> None:
    """A weight whose contents are said to lie in a file that is none of the network's business."""
    tensor = chance.choice(graph.initializer) if graph.initializer else graph.initializer.add(name="elsewhere", data_type=1)
    tensor.data_location = tensor.EXTERNAL
    tensor.ClearField("raw_data")
    tensor.external_data.add(key="location", value=chance.choice(ELSEWHERE))
    tensor.external_data.add(key="offset", value=str(chance.choice(ABSURD)))


DAMAGES: list[Damage] = [_attribute, _attribute, _contents, _contents, _input_shape, _wiring, _missing, _elsewhere]
