"""ONNX Runtime's own profiles (`SessionOptions.enable_profiling`): what each node of every run took.

A profile tells operators and shapes, and no attributes. With the network beside it every kernel finds its layer by the name of
its node; without it, only kinds that shapes tell are found.

Times hold what the profiler itself takes between its two looks at the clock: 2 to 8 us a node, as long as small layers take.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from blackthorn.errors import BadFile
from blackthorn.importing.decoding import decoded
from blackthorn.importing.imported import ImportedLayer
from blackthorn.importing.reading import probe_by_shapes
from blackthorn.layers.products import PRODUCT_OPERATORS
from blackthorn.layers.shapes import Shape
from blackthorn.onnx_graph.loading import load_model
from blackthorn.onnx_graph.messages import Graph, Node
from blackthorn.records import Network, NetworkLayer, OnnxNode, Precision, Probe, TimedLayer
from blackthorn.runners.ort_graph import executed_nodes
from blackthorn.runners.ort_providers import CPU, KERNEL_EVENT
from blackthorn.runners.ort_session import CUT_OFF_US, FRACTIONS, RUN_EVENT
from blackthorn.timing import trimmed_mean
from blackthorn.truth.matching import matched
from blackthorn.units import US_PER_SECOND

PRECISIONS: Mapping[str, Precision] = {"float16": "fp16", "float": "fp32"}
"""By ONNX Runtime's names of element types."""
FEWEST_FOR_ERROR = 3
"""Timed runs from which on their scatter tells anything."""

MATRIX_RANK = 2

TensorTypes = tuple[dict[str, tuple[int, ...]], ...]
"""Inputs or outputs of a node: each one's shape under the name of its element type."""


class _Arguments(msgspec.Struct, frozen=True):
    """What is read of an event's arguments; numbers stand there as texts."""

    op_name: str = ""
    provider: str = ""
    parameter_size: str = "0"
    input_type_shape: TensorTypes = ()
    output_type_shape: TensorTypes = ()


class Event(msgspec.Struct, frozen=True):
    """A line of a profile; times in whole microseconds."""

    cat: str
    name: str
    ts: int
    dur: int
    args: _Arguments = _Arguments()

    @property
    def node(self) -> str:
        """The node whose kernel it times."""
        return self.name.removesuffix(KERNEL_EVENT)


class Kernel(msgspec.Struct, frozen=True):
    """A node of the optimised graph, and what it took every time that it ran."""

    event: Event
    seconds: tuple[float, ...]


def read_kernels(text: str, path: Path) -> list[Kernel]:
    """The kernels of a profile in the order in which they first ran; of several runs the first warmed up and is left out.

    Raises:
        BadFile: it is no profile, or holds no kernel's time.
    """
    events = decoded(text, tuple[Event, ...], path, "a profile of ONNX Runtime")
    runs = sorted(event.ts for event in events if event.cat == "Session" and event.name == RUN_EVENT)
    timed = [event for event in events if event.cat == "Node" and event.name.endswith(KERNEL_EVENT)]
    warm = [event for event in timed if len(runs) < 2 or event.ts >= runs[1]]
    kernels: dict[tuple[object, ...], list[Event]] = {}
    for event in sorted(warm, key=lambda event: event.ts):
        shapes = (*event.args.input_type_shape, *event.args.output_type_shape)
        kernels.setdefault((event.node, event.args.op_name, str(shapes)), []).append(event)
    if not kernels:
        raise BadFile(f"{path} holds no kernel's time", "run the session at least once before end_profiling()")
    return [Kernel(same[0], tuple((each.dur + CUT_OFF_US) / US_PER_SECOND for each in same)) for same in kernels.values()]


def is_blocked(kernels: Sequence[Kernel]) -> bool:
    """Whether the runtime ran convolutions in blocks of channels, as it does on x86."""
    return any(kernel.event.node.endswith("_nchwc") or kernel.event.args.op_name == "ReorderInput" for kernel in kernels)


def kernel_layers(kernels: Sequence[Kernel], model: Path | None, network: Network | None) -> Iterator[ImportedLayer]:
    """The kernels as layers, in order.

    Args:
        kernels: of one profile.
        model: the network's ONNX file; None if not at hand.
        network: the layers that ONNX Runtime makes of it; given where `model` is.

    Raises:
        BadFile: the network's file cannot be read.
    """
    found = _layers_of(kernels, model, network) if model is not None and network is not None else {}
    for index, kernel in enumerate(kernels):
        event = kernel.event
        estimate = trimmed_mean(kernel.seconds)
        probe, problem = _understood(event, found.get(index), has_network=model is not None)
        known = len(kernel.seconds) >= FEWEST_FOR_ERROR
        error = estimate.relative_error if known else None
        yield ImportedLayer(event.node, estimate.mean, len(kernel.seconds), probe, problem, error)


def _understood(event: Event, layer: NetworkLayer | None, *, has_network: bool) -> tuple[Probe | None, str]:
    """What a kernel is, or why that is not known."""
    arguments = event.args
    if arguments.provider not in ("", CPU.full_name):
        return None, f"it ran on {arguments.provider}, of which the profile tells the launch and not the kernel"
    if layer is not None and layer.kind is not None and layer.dimensions is not None:
        return Probe(layer.kind, layer.dimensions, layer.precision), ""
    probe = probe_by_shapes(_node(event), _precision(arguments), _result(arguments))
    if probe is not None:
        return probe, ""
    if has_network:
        return None, f"no kind of layer is this {arguments.op_name}"
    return None, f"a profile does not tell the attributes of {arguments.op_name}; give the network with --model"


def _layers_of(kernels: Sequence[Kernel], model: Path, network: Network) -> dict[int, NetworkLayer]:
    """The network's layers by the positions of their kernels."""
    ran = tuple(Node(kernel.event.node, kernel.event.args.op_name, "", (), (), {}) for kernel in kernels)
    executed = executed_nodes(load_model(model).graph, Graph(ran, (), (), {}, {}))
    timed = [TimedLayer(node.name, node.operator, node.nodes, 0.0) for node in executed]
    places = enumerate(place for _, place in matched(timed, network.layers))
    return {index: network.layers[place] for index, place in places if place is not None}


def _node(event: Event) -> OnnxNode:
    """A kernel as an ONNX node without attributes."""
    arguments = event.args
    inputs, outputs = _shapes(arguments.input_type_shape), _shapes(arguments.output_type_shape)
    if arguments.op_name in PRODUCT_OPERATORS and inputs and outputs:
        inputs, weighted = _sides(inputs[0], inputs[1] if len(inputs) > 1 else None, outputs[0])
    else:
        weighted = arguments.parameter_size.isdigit() and int(arguments.parameter_size) > 0
    return OnnxNode(
        name=event.node,
        op_type=arguments.op_name,
        inputs=inputs,
        outputs=outputs,
        attributes={},
        constant=(False,) + (weighted,) * max(0, len(inputs) - 1),
        elements=tuple(_element(types) for types in arguments.input_type_shape),
    )


def _sides(left: Shape | None, right: Shape | None, result: Shape | None) -> tuple[tuple[Shape | None, ...], bool]:
    """The sides of a matrix product, and whether the right one is weights.

    Weights that the runtime packs beforehand are left out of profiles; then what stands in their place, if anything, is a bias
    of one axis. A right side of two axes is weights, too: products of two activations, as in attention, have more.
    """
    if not left or not result:
        return (left, right), False
    if right is None or len(right) < MATRIX_RANK:
        return (left, (left[-1], result[-1])), True
    return (left, right), len(right) == MATRIX_RANK


def _shapes(types: TensorTypes) -> tuple[tuple[int, ...] | None, ...]:
    return tuple(next(iter(entry.values()), None) for entry in types)


def _element(entry: Mapping[str, object]) -> str:
    """An element type as numpy names it."""
    name = next(iter(entry), "")
    return FRACTIONS.get(name, name)


def _result(arguments: _Arguments) -> str:
    return _element(arguments.output_type_shape[0]) if arguments.output_type_shape else ""


def _precision(arguments: _Arguments) -> Precision:
    """That of the fractions that a node gives or takes."""
    names = (name for entry in (*arguments.output_type_shape[:1], *arguments.input_type_shape) for name in entry)
    return next((PRECISIONS[name] for name in names if name in PRECISIONS), "fp32")
