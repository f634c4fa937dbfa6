"""A walk over a network in the order in which it runs, telling the shapes of everything that goes in and out of its nodes.

What is the same in every run (weights, shape arithmetic) is worked out on the way; calls of the file's own functions, and
branches that are decided beforehand, are replaced by what they hold.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec
import numpy as np

from blackthorn.errors import BadFile
from blackthorn.onnx_graph.decoding import DEEPEST_NESTING, MOST_NODES
from blackthorn.onnx_graph.frames import Frame
from blackthorn.onnx_graph.loops import Repetitions
from blackthorn.onnx_graph.messages import AttributeValue, Function, Graph, Model, Node
from blackthorn.onnx_graph.rules import MISFITS, Call
from blackthorn.onnx_graph.stepping import agreed, decision, step
from blackthorn.onnx_graph.tensors import UNKNOWN, Tensor, elements, readable_shape
from blackthorn.onnx_graph.work import macs

STANDARD_DOMAINS = ("", "ai.onnx", "com.microsoft")
"""Whose operators the rules speak of; others may give the same names other meanings."""
MOST_TIMES = 2**53
"""A layer that runs more often than this, in loops within loops of a damaged file, counts as so many times."""
PASS_THROUGH = frozenset(("Dropout", "Identity"))
"""Operators that a runtime takes out: outside of training they do nothing."""


class ResolvedNode(msgspec.Struct, frozen=True):
    """A node and what is known of its tensors.

    Attributes:
        name: from the file, or made of operator and position; inside functions and branches after that of the call.
        op_type: the operator, its domain before it unless that is a standard one.
        attributes: by name, references already replaced.
        inputs: None where left out.
        outputs: never empty.
        macs: multiply-accumulates; of nodes with graphs inside, those of the largest, in all its passes where they are known.
        also_reads: identities of tensors that it needs besides its inputs: what graphs inside take from around them, and what
            a fused node adds to its result.
        members: names of the nodes of the file that became it.
        bodies: graphs inside that run in its place; none where its data decide how often they do.
    """

    name: str
    op_type: str
    attributes: Mapping[str, AttributeValue]
    inputs: tuple[Tensor | None, ...]
    outputs: tuple[Tensor, ...]
    macs: int
    also_reads: tuple[int, ...] = ()
    members: tuple[str, ...] = ()
    bodies: tuple["Body", ...] = ()

    @property
    def reads(self) -> tuple[int, ...]:
        """Identities of everything it needs, repeated where it needs something twice."""
        return (*(tensor.identity for tensor in self.inputs if tensor is not None), *self.also_reads)

    @property
    def folded(self) -> bool:
        """Whether a runtime works it out once and for all, or takes it out."""
        return self.op_type in PASS_THROUGH or self.outputs[0].constant


class Resolved(msgspec.Struct, frozen=True):
    """Every node of a network in the order in which they run, folded ones included, and the identities of its results."""

    nodes: tuple[ResolvedNode, ...]
    results: frozenset[int]


class Body(msgspec.Struct, frozen=True):
    """A graph inside a node, and how often it runs when the node does.

    Of the branches of an If whose data decide, the one with most work counts as the one that runs; the others run 0 times.
    """

    graph: Resolved
    times: int


def running(nodes: Iterable[ResolvedNode], times: int = 1) -> Iterator[tuple[ResolvedNode, int]]:
    """What runs, and how often: in place of nodes with graphs inside what these hold, and nothing that is folded."""
    for node in nodes:
        if node.folded:
            continue
        if not node.bodies:
            yield node, times
        for body in node.bodies:
            yield from running(body.graph.nodes, min(times * body.times, MOST_TIMES))


Walked = tuple[list[ResolvedNode], tuple[Tensor, ...]]
"""Nodes as they run, and what they give together."""


def resolve(model: Model, inputs: Mapping[str, Tensor], where: str) -> Resolved:
    """Every node of a network in order.

    Args:
        model: the network.
        inputs: its inputs, shapes settled.
        where: the file, for messages.

    Raises:
        BadFile: nodes are out of order, form a circle, or do not fit together.
    """
    walk = _Walk(model.functions, where)
    frame = Frame(walk.known({**inputs, **model.graph.weights}), declared=model.graph.declared)
    with np.errstate(all="ignore"):  # a damaged file may ask for 1 / 0; what follows from it fits nothing and is refused
        nodes = walk.through(model.graph.nodes, frame)
    results = (frame.own.get(name) or UNKNOWN for name in model.graph.outputs)
    return Resolved(tuple(nodes), frozenset(tensor.identity for tensor in results))


class _Walk:
    """One walk; counts its steps, since functions that call functions can ask for endless ones."""

    def __init__(self, functions: Mapping[tuple[str, str], Function], where: str) -> None:
        self._functions = functions
        self._where = where
        self._steps = 0
        self._repetitions = Repetitions()
        self._identities = itertools.count(1)

    def known(self, tensors: Mapping[str, Tensor | None]) -> dict[str, Tensor | None]:
        """Tensors by name, those of no identity given one."""
        return {
            name: tensor if tensor is None or tensor.identity else self._identified(tensor) for name, tensor in tensors.items()
        }

    def through(self, nodes: Sequence[Node], frame: Frame) -> list[ResolvedNode]:
        """The nodes of one graph; what they give joins the frame."""
        if frame.depth > DEEPEST_NESTING:
            raise self._bad(f"it nests functions and graphs more than {DEEPEST_NESTING} deep")
        resolved: list[ResolvedNode] = []
        for index, node in enumerate(nodes):
            self._steps += 1
            if self._steps > MOST_NODES:
                raise self._bad(f"it runs more than {MOST_NODES} nodes")
            name = f"{frame.prefix}{node.name_at(index)}"
            inside, outputs = self._node(node, name, frame)
            self._bind(node, name, outputs, frame)
            resolved.extend(inside)
        return resolved

    def _node(self, node: Node, name: str, frame: Frame) -> Walked:
        inputs = tuple(self._input(wanted, name, frame) for wanted in node.inputs)
        call = Call(_qualified(node), inputs, frame.attributes(node), max(1, len(node.outputs)))
        function = self._functions.get((node.domain, node.op_type))
        if function is not None:
            return self._inside(function, frame.of_function(function, call, name))
        graphs = {key: value for key, value in call.attributes.items() if isinstance(value, Graph)}
        if not graphs:
            return self._plain(node, call, name)
        branch = graphs.get(f"{decision(call)}_branch")
        if branch is not None:
            return self._inside(branch, self._graph_frame(branch, name, frame))
        if "body" in graphs:
            return self._repeated(call, name, graphs["body"], frame)
        return self._around(
            call,
            name,
            [self._perhaps(graph, self._graph_frame(graph, f"{name}/{key}", frame)) for key, graph in graphs.items()],
        )

    def _repeated(self, call: Call, name: str, body: Graph, frame: Frame) -> Walked:
        """A node that runs one graph many times."""
        inner = self._graph_frame(body, name, frame)
        repetition = self._repetitions.of(call, body, inner)
        if repetition is None:
            return self._around(call, name, [self._perhaps(body, inner)])
        while True:
            nodes, given = self._perhaps(body, inner.holding(self.known(repetition.handed)))
            loosened = repetition.loosened(given)
            if loosened == repetition:
                break
            repetition = loosened
        outputs = (repetition.outputs(given) + (UNKNOWN,) * call.output_count)[: call.output_count]
        fits = bool(given) and repetition.passes is not None
        return self._made(call, name, outputs, [((nodes, given), repetition.passes if fits else None)])

    def _plain(self, node: Node, call: Call, name: str) -> Walked:
        """An operator by its rules; one of a domain that has none gives something unknown."""
        outputs, work = (UNKNOWN,) * call.output_count, 0
        try:
            if node.domain in STANDARD_DOMAINS:
                outputs = step(call)
                work = macs(call, outputs[0].shape)
        except MISFITS as error:
            shapes = ", ".join("none" if tensor is None else readable_shape(tensor.shape) for tensor in call.inputs)
            raise self._bad(f"node '{name}' ({call.op_type}) does not fit its inputs ({shapes}): {error}") from error
        return self._one(call, name, outputs, work)

    def _inside(self, body: Function | Graph, inner: Frame) -> Walked:
        """What replaces a call of a function, or an If whose branch is decided."""
        nodes = self.through(body.nodes, inner)
        return nodes, tuple(inner.own.get(output) or UNKNOWN for output in body.outputs)

    def _perhaps(self, body: Graph, inner: Frame) -> Walked:
        """A graph that need not run: nothing is known of one that does not fit, such as the branch for another input size."""
        try:
            return self._inside(body, inner)
        except BadFile:
            return [], ()

    def _around(self, call: Call, name: str, bodies: Sequence[Walked]) -> Walked:
        """A node that chooses among its graphs, or runs one; a branch that does not fit is never chosen."""
        fitting = [body for body in bodies if body[1]]
        if call.op_type == "If" and len(fitting) == 1:
            return fitting[0]
        if call.op_type != "If" or not fitting:
            return self._made(call, name, (UNKNOWN,) * call.output_count, [(body, None) for body in bodies])
        dearest = max(range(len(fitting)), key=lambda which: _cost(fitting[which][0]))
        counted = [(body, int(which == dearest)) for which, body in enumerate(fitting)]
        return self._made(call, name, agreed([results for _, results in fitting]), counted)

    def _made(self, call: Call, name: str, outputs: Iterable[Tensor], inside: Sequence[tuple[Walked, int | None]]) -> Walked:
        """A node with graphs inside, and how often each of them runs, None where nothing tells."""
        needed = {identity for (nodes, results), _ in inside for identity in _needed_inside(nodes, results)}
        bodies = tuple(
            Body(Resolved(tuple(nodes), frozenset(tensor.identity for tensor in results)), times)
            for (nodes, results), times in inside
            if times is not None
        )
        work = max((_cost(nodes)[0] * (1 if times is None else times) for (nodes, _), times in inside), default=0)
        work = min(work, MOST_TIMES)
        return self._one(call, name, outputs, work, tuple(sorted(needed)), bodies)

    def _one(
        self,
        call: Call,
        name: str,
        outputs: Iterable[Tensor],
        work: int,
        also_reads: tuple[int, ...] = (),
        bodies: tuple[Body, ...] = (),
    ) -> Walked:
        """A node that gives new tensors."""
        given = tuple(map(self._identified, outputs))
        return [ResolvedNode(name, call.op_type, call.attributes, call.inputs, given, work, also_reads, (name,), bodies)], given

    def _identified(self, tensor: Tensor) -> Tensor:
        return msgspec.structs.replace(tensor, identity=next(self._identities))

    def _graph_frame(self, graph: Graph, name: str, frame: Frame) -> Frame:
        inner = frame.of_graph(graph, name)
        return msgspec.structs.replace(inner, own=self.known(inner.own))

    def _input(self, wanted: str, name: str, frame: Frame) -> Tensor | None:
        try:
            return frame.find(wanted) if wanted else None
        except KeyError as error:
            raise self._bad(f"node '{name}' reads '{wanted}' before anything gives it") from error

    def _bind(self, node: Node, name: str, outputs: Sequence[Tensor], frame: Frame) -> None:
        """Put what a node gives in sight."""
        for index, output in enumerate(node.outputs):
            if output in frame.own:
                raise self._bad(f"node '{name}' gives '{output}', which is there already")
            if output:
                known = frame.best_known(output, outputs[index] if index < len(outputs) else UNKNOWN)
                frame.own[output] = known if known.identity else self._identified(known)

    def _bad(self, problem: str) -> BadFile:
        return BadFile(f"{self._where} cannot run: {problem}", "export the network again, or check its --input-shape")


def _needed_inside(nodes: Iterable[ResolvedNode], results: Iterable[Tensor]) -> Iterable[int]:
    """What the nodes and results of a graph refer to, in it or around it; what is in it nobody else ever asks for."""
    return itertools.chain((tensor.identity for tensor in results), *(node.reads for node in nodes))


def _cost(nodes: Iterable[ResolvedNode]) -> tuple[int, int]:
    """By what the dearer of two branches is told: multiply-accumulates, and where they have as many, numbers written."""
    work, written = 0, 0
    for node in nodes:
        if not node.folded:
            work += node.macs
            written += sum(elements(tensor.shape) for tensor in node.outputs if tensor.shape is not None)
    return work, written


def _qualified(node: Node) -> str:
    return node.op_type if node.domain in STANDARD_DOMAINS else f"{node.domain}.{node.op_type}"
