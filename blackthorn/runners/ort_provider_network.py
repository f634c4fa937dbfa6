"""A whole network on a provider of ONNX Runtime other than the CPU's: what ran is told by the profile alone.

ONNX Runtime can save no graph that tells which nodes became what once a provider has compiled some. A kernel that bears the
name of a node of the file is that node; any other one was put in or merged by the runtime.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from blackthorn.errors import NotMeasured
from blackthorn.onnx_graph.inputs import settle_inputs
from blackthorn.onnx_graph.loading import load_model
from blackthorn.onnx_graph.messages import Graph
from blackthorn.runners.network import ExecutedNode, LoadedNetwork, NetworkTimes, Shapes
from blackthorn.runners.ort_profiler import IdleNodes
from blackthorn.runners.ort_providers import Provider
from blackthorn.runners.ort_session import NodeTime, ProfiledSession, Threads


class ProviderNetwork(LoadedNetwork):
    """A network in one session without the profiler, and one with it where the profile times kernels.

    Where it times only the calls that start them, as on a GPU, or the provider has compiled nodes into kernels of its own,
    nothing is told but the time of the whole network.

    Args:
        path: the ONNX file.
        threads: threads and CPUs to work with.
        input_shapes: shapes of inputs that the file leaves open.
        provider: whose kernels run it.

    Raises:
        BadFile: the file cannot be read.
        UnknownName, BadValue: the shapes do not fit its inputs.
        NotMeasured: ONNX Runtime cannot load or run it, or leaves nodes of it to the CPU.
    """

    def __init__(self, path: Path, threads: Threads, input_shapes: Shapes, provider: Provider) -> None:
        original = load_model(path).graph
        settle_inputs(original, input_shapes, str(path))
        self._title = str(path)
        self._own = frozenset(node.name_at(index) for index, node in enumerate(original.nodes))
        self._inner = frozenset(_names_inside(original)) - self._own
        with ExitStack() as opened:
            self._plain = opened.enter_context(
                ProfiledSession(path, threads, input_shapes, title=self._title, profiled=False, provider=provider)
            )
            self._profiled: ProfiledSession | None = None
            self._idle: IdleNodes | None = None
            if not (provider.returns_early or self._plain.is_merged):
                self._profiled = opened.enter_context(
                    ProfiledSession(path, threads, input_shapes, title=self._title, provider=provider)
                )
                self._idle = opened.enter_context(IdleNodes(threads, provider))
            self._sessions = opened.pop_all()
        self._calls = 0

    def call(self) -> float:
        return self._plain.call()

    def call_profiled(self) -> float:
        self._calls += 1
        seconds = (self._profiled or self._plain).call()
        if self._idle is not None:
            self._idle.call()
        return seconds

    def finish(self) -> NetworkTimes:
        if self._profiled is None or self._idle is None:
            return NetworkTimes((), np.zeros((self._calls, 0)))
        runs = [[node for node in run if node.node not in self._inner] for run in self._profiled.finish()]
        names = [[node.node for node in run] for run in runs]
        if any(run != names[0] for run in names):
            raise NotMeasured(
                f"the profile of {self._title} tells other nodes of each call", "measure it on the provider 'cpu'"
            )
        executed = tuple(self._executed(node) for node in runs[0]) if runs else ()
        return NetworkTimes(executed, self._idle.taken_off(runs, len(executed)))

    def _executed(self, node: NodeTime) -> ExecutedNode:
        return ExecutedNode(node.node, node.operator, (node.node,) if node.node in self._own else ())

    def close(self) -> None:
        self._sessions.close()


def _names_inside(graph: Graph) -> Iterator[str]:
    """Names of the nodes of loops and branches, which are a part of what the profile tells of the loop or branch."""
    for node in graph.nodes:
        for value in node.attributes.values():
            if isinstance(value, Graph):
                yield from (inner.name_at(index) for index, inner in enumerate(value.nodes))
                yield from _names_inside(value)
