"""The shapes of a network's inputs: what the file fixes, and what the user adds."""

from collections.abc import Mapping

from blackthorn.errors import BadValue, UnknownName
from blackthorn.onnx_graph.messages import Graph, ValueInfo
from blackthorn.onnx_graph.tensors import UNDEFINED, Shape, Tensor, elements, possible

IMAGE_SIZE, IMAGE_CHANNELS, OTHER_SIZE = 224, 3, 64
"""What a suggested shape holds where the file leaves it open."""


def settle_inputs(graph: Graph, given: Mapping[str, Shape], where: str) -> dict[str, Tensor]:
    """Every input of a network with its shape; inputs that are also weights are none.

    Args:
        graph: the network.
        given: shapes of inputs by name, for those that the file leaves open.
        where: the file, for messages.

    Raises:
        UnknownName: a given name is no input.
        BadValue: an input stays open, or its shape is impossible or contradicts the file's.
    """
    infos = [info for info in graph.inputs if info.name not in graph.weights]
    for name in given:
        if name not in {info.name for info in infos}:
            raise UnknownName(f"input of {where}", name, [info.name for info in infos])
    _refuse_open([info for info in infos if info.name not in given], where)
    return {info.name: _settled(info, given.get(info.name), where) for info in infos}


def _settled(info: ValueInfo, given: Shape | None, where: str) -> Tensor:
    tensor = info.tensor() if given is None else Tensor(given, info.element)
    if given is not None and not _fits(given, info):
        problem = f"--input-shape {info.name}={_listed(given)} does not fit {where}, where '{info.name}' is {_readable(info)}"
        raise BadValue(problem, f"use for example {_suggestion(info)}")
    if tensor.shape is not None and not possible(tensor.shape):
        raise BadValue(f"input '{info.name}' of {where} would have {elements(tensor.shape)} elements", "give a smaller shape")
    return tensor


def _fits(given: Shape, info: ValueInfo) -> bool:
    """Whether a shape is possible and agrees with all that the file fixes."""
    declared = (None,) * len(given) if info.shape is None else info.shape
    if min(given, default=1) < 1 or len(declared) != len(given):
        return False
    return all(size == to for size, to in zip(declared, given, strict=True) if isinstance(size, int))


def _refuse_open(infos: list[ValueInfo], where: str) -> None:
    """Ask for the shapes of all tensors that the file leaves open, in one sentence that can be copied."""
    open_ones = [info for info in infos if info.element != UNDEFINED and info.tensor().shape is None]
    if open_ones:
        named = " and ".join(f"'{info.name}' the shape {_readable(info)}" for info in open_ones)
        raise BadValue(
            f"{where} leaves sizes open: it gives input {named}",
            f"say which, for example: {' '.join(map(_suggestion, open_ones))}",
        )


def _readable(info: ValueInfo) -> str:
    """A declared shape for people: `batch x 3 x height x width`."""
    if info.shape is None:
        return "of unknown rank"
    return " x ".join("?" if size is None else str(size) for size in info.shape) or "of a single number"


def _listed(shape: Shape) -> str:
    return ",".join(map(str, shape))


def _suggestion(info: ValueInfo) -> str:
    """A shape that the input may well take: a batch of 1, images of the usual size."""
    declared = info.shape if info.shape is not None else (None,) * 4
    is_image = len(declared) == 4
    usual = (1, IMAGE_CHANNELS, IMAGE_SIZE, IMAGE_SIZE) if is_image else (1, *[OTHER_SIZE] * (len(declared) - 1))
    sizes = [size if isinstance(size, int) else by_default for size, by_default in zip(declared, usual, strict=False)]
    return f"--input-shape {info.name}={_listed(tuple(sizes))}"
