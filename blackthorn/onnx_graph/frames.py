"""What is in sight at a place of a network: names, arguments, and the file's own word about shapes."""

from collections.abc import Mapping
from itertools import zip_longest
from typing import Optional

import msgspec

from blackthorn.onnx_graph.messages import AttributeValue, Function, Graph, Node, Reference, ValueInfo
from blackthorn.onnx_graph.rules import Call
from blackthorn.onnx_graph.tensors import Tensor, possible


class Frame(msgspec.Struct, frozen=True):
    """One graph or function body while it is walked.

    Attributes:
        own: tensors by name, filled as nodes are walked; None for an input that a call leaves out.
        outer: the frame around it, whose names are in sight too.
        prefix: what stands before the names of its nodes.
        arguments: attributes of the function call around it.
        declared: what the file itself says about its tensors.
        depth: frames and calls around it.
    """

    own: dict[str, Tensor | None]
    outer: Optional["Frame"] = None
    prefix: str = ""
    arguments: Mapping[str, AttributeValue] = {}
    declared: Mapping[str, ValueInfo] = {}
    depth: int = 0

    def find(self, name: str) -> Tensor | None:
        """The tensor of that name here or further out; None for an input that was left out.

        Raises:
            KeyError: nothing in sight bears it.
        """
        frame: Frame | None = self
        while frame is not None:
            if name in frame.own:
                return frame.own[name]
            frame = frame.outer
        raise KeyError(name)

    def best_known(self, name: str, tensor: Tensor) -> Tensor:
        """A tensor as worked out; where that tells no shape, the file's own word stands."""
        if tensor.shape is not None or name not in self.declared:
            return tensor
        said = self.declared[name].tensor()
        if said.shape is None or not possible(said.shape):
            return tensor
        return msgspec.structs.replace(tensor, shape=said.shape, element=tensor.element or said.element)

    def of_function(self, function: Function, call: Call, name: str) -> "Frame":
        """Inside a function only its inputs are in sight."""
        own = dict(zip_longest(function.inputs, call.inputs[: len(function.inputs)]))
        return Frame(own, None, f"{name}/", {**function.defaults, **call.attributes}, {}, self.depth + 1)

    def of_graph(self, graph: Graph, name: str) -> "Frame":
        """Inside a graph everything around it stays in sight; of what a loop hands in only the declaration is known."""
        own: dict[str, Tensor | None] = {info.name: info.tensor() for info in graph.inputs}
        own.update(graph.weights)
        return Frame(own, self, f"{name}/", self.arguments, graph.declared, self.depth + 1)

    def holding(self, tensors: Mapping[str, Tensor | None]) -> "Frame":
        """The same before its nodes are walked, some of its names holding these tensors."""
        return msgspec.structs.replace(self, own={**self.own, **tensors})

    def attributes(self, node: Node) -> Mapping[str, AttributeValue]:
        """A node's attributes, references replaced by the function call's; left out where the call has none."""
        if not any(isinstance(value, Reference) for value in node.attributes.values()):
            return node.attributes
        looked_up = {
            key: self.arguments.get(value.name) if isinstance(value, Reference) else value
            for key, value in node.attributes.items()
        }
        return {key: value for key, value in looked_up.items() if value is not None}
