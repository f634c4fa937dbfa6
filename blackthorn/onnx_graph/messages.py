"""The parts of an ONNX file that matter here, as frozen values: a model holds graphs, graphs hold nodes."""

from collections.abc import Mapping
from typing import Union

import msgspec

from blackthorn.onnx_graph.tensors import UNDEFINED, Tensor

Scalar = int | float | str
AttributeValue = Union[Scalar, tuple[Scalar, ...], Tensor, "Graph", "Reference", None]
"""None stands for what is not needed here: tensor lists, types, lists of thousands of numbers."""


class Reference(msgspec.Struct, frozen=True):
    """An attribute inside a function that takes its value from the call's attribute of that name."""

    name: str


class Node(msgspec.Struct, frozen=True):
    """One operation; an input or output that is left out has an empty name."""

    name: str
    op_type: str
    domain: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, AttributeValue]

    def name_at(self, index: int) -> str:
        """Its name; where it has none, one made of its operator and its position in the graph."""
        return self.name or f"{self.op_type}_{index}"


class ValueInfo(msgspec.Struct, frozen=True):
    """A declared tensor.

    Attributes:
        name: what nodes call it.
        element: ONNX element type; UNDEFINED for what is no tensor (a sequence, a map, an optional).
        shape: per dimension a number, the name of a symbol, or None; None as a whole where the rank is not declared.
    """

    name: str
    element: int = UNDEFINED
    shape: tuple[int | str | None, ...] | None = None

    def tensor(self) -> Tensor:
        """What it says about the tensor: its shape where all dimensions are numbers."""
        sizes = tuple(size for size in self.shape or () if isinstance(size, int))
        whole = self.shape is not None and len(sizes) == len(self.shape)
        return Tensor(sizes if whole else None, self.element)


class Graph(msgspec.Struct, frozen=True):
    """Nodes in the order in which they run.

    Attributes:
        nodes: the operations.
        inputs: declared inputs; older files list weights among them.
        outputs: names of the results.
        weights: constants by name, contents left out where they are many.
        declared: tensors between nodes that the file tells the shape of.
    """

    nodes: tuple[Node, ...]
    inputs: tuple[ValueInfo, ...]
    outputs: tuple[str, ...]
    weights: Mapping[str, Tensor]
    declared: Mapping[str, ValueInfo]


class Function(msgspec.Struct, frozen=True):
    """A composite operator defined in the file itself; `defaults` are attributes that a call may leave out."""

    name: str
    domain: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    nodes: tuple[Node, ...]
    defaults: Mapping[str, AttributeValue]


class Model(msgspec.Struct, frozen=True):
    """A whole file; functions by domain and name."""

    graph: Graph
    functions: Mapping[tuple[str, str], Function]
