"""A whole network on TensorRT: calls as a program makes them, and what TensorRT's profiler tells of the layers."""

from pathlib import Path

import numpy as np

from blackthorn.errors import NotMeasured
from blackthorn.onnx_graph.inputs import settle_inputs
from blackthorn.onnx_graph.loading import load_model
from blackthorn.onnx_graph.messages import Graph
from blackthorn.onnx_graph.tensors import FLOAT16
from blackthorn.records import Precision, Transfers
from blackthorn.runners.network import ExecutedNode, LoadedNetwork, NetworkTimes, Shapes
from blackthorn.runners.trt_engines import Model
from blackthorn.runners.trt_layers import LayerTime, engine_layers, without_profiler
from blackthorn.runners.trt_session import EngineSession


class TensorRtNetwork(LoadedNetwork):
    """A network as an engine.

    Args:
        session: the engine, ready.
        names: names of the file's nodes.
    """

    def __init__(self, session: EngineSession, names: frozenset[str]) -> None:
        self._session = session
        self._layers = engine_layers(session.information(), names)
        self._last = 0.0
        self._calls: list[list[LayerTime]] = []

    def call(self) -> float:
        self._last = self._session.call(blocked=False)
        return self._last

    def call_profiled(self) -> float:
        whole, times = self._session.call_profiled()
        self._calls.append(without_profiler(times, self._last or whole))
        return whole

    def transfers(self) -> Transfers:
        return self._session.transfers()

    def finish(self) -> NetworkTimes:
        executed = tuple(ExecutedNode(*layer) for layer in self._layers)
        places = {layer.name: place for place, layer in enumerate(self._layers)}
        seconds = np.zeros((len(self._calls), len(executed)))
        for call, times in enumerate(self._calls):
            for layer in times:
                if layer.name not in places:
                    raise NotMeasured(
                        f"TensorRT's profiler tells of '{layer.name}', which its inspector does not know",
                        "give every node of the network a name of its own",
                    )
                seconds[call, places[layer.name]] += layer.seconds
        return NetworkTimes(executed, seconds)

    def close(self) -> None:
        self._session.close()


def network_model(path: Path, input_shapes: Shapes) -> tuple[Model, frozenset[str]]:
    """What an engine of a network is built from, and the names of the network's nodes.

    Raises:
        BadFile: the file cannot be read.
        UnknownName, BadValue: the shapes do not fit its inputs.
    """
    graph = load_model(path).graph
    settle_inputs(graph, input_shapes, str(path))
    names = frozenset(node.name for node in graph.nodes if node.name)
    eight_bits = any(node.op_type in ("QuantizeLinear", "DequantizeLinear") for node in graph.nodes)
    return Model(str(path), path, _precision(graph), eight_bits, input_shapes), names


def _precision(graph: Graph) -> Precision:
    """Half where weights are."""
    return "fp16" if any(tensor.element == FLOAT16 for tensor in graph.weights.values()) else "fp32"
