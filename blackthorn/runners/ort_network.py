"""A whole network on ONNX Runtime: one session without the profiler for the wall time, one with it for the kernels."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from blackthorn.errors import BadFile, NotMeasured
from blackthorn.onnx_graph.inputs import settle_inputs
from blackthorn.onnx_graph.loading import load_model
from blackthorn.onnx_graph.messages import Graph
from blackthorn.runners.network import LoadedNetwork, NetworkTimes, Shapes
from blackthorn.runners.ort_graph import executed_nodes
from blackthorn.runners.ort_profiler import IdleNodes
from blackthorn.runners.ort_session import NodeTime, ProfiledSession, Threads


class OnnxRuntimeNetwork(LoadedNetwork):
    """A network in two sessions, since the profiler adds up to a fifth to the wall time of small networks.

    Args:
        path: the ONNX file.
        threads: threads and CPUs to work with.
        input_shapes: shapes of inputs that the file leaves open.

    Raises:
        BadFile: the file cannot be read.
        UnknownName, BadValue: the shapes do not fit its inputs.
        NotMeasured: ONNX Runtime cannot load or run it.
    """

    def __init__(self, path: Path, threads: Threads, input_shapes: Shapes) -> None:
        original = load_model(path).graph
        settle_inputs(original, input_shapes, str(path))  # refuses shapes that do not fit, before ONNX Runtime does
        title = str(path)
        with ExitStack() as opened:
            self._plain = opened.enter_context(ProfiledSession(path, threads, input_shapes, title=title, profiled=False))
            with tempfile.TemporaryDirectory(prefix="blackthorn-") as folder:
                saved = Path(folder) / "optimised.onnx"
                self._profiled = opened.enter_context(
                    ProfiledSession(path, threads, input_shapes, title=title, optimised=saved)
                )
                self._optimised = _saved_graph(saved, title)
            self._executed = executed_nodes(original, self._optimised)
            self._idle = opened.enter_context(IdleNodes(threads))
            self._sessions = opened.pop_all()
        self._title = title

    def call(self) -> float:
        return self._plain.call()

    def call_profiled(self) -> float:
        seconds = self._profiled.call()
        self._idle.call()
        return seconds

    def finish(self) -> NetworkTimes:
        calls = [list(node_times(run, self._optimised)) for run in self._profiled.finish()]
        if any(len(call) != len(self._executed) for call in calls):
            raise NotMeasured(
                f"the profile of {self._title} does not tell all nodes that ONNX Runtime runs",
                "give every node a name of its own",
            )
        return NetworkTimes(self._executed, self._idle.taken_off(calls, len(self._executed)))

    def close(self) -> None:
        self._sessions.close()


def _saved_graph(saved: Path, title: str) -> Graph:
    """The graph as ONNX Runtime runs it.

    Raises:
        NotMeasured: it is empty, since the network gives the same in every run.
    """
    try:
        return load_model(saved).graph
    except BadFile as error:
        problem = f"nothing of {title} is left to run once ONNX Runtime has worked out what is constant"
        raise NotMeasured(problem, "give a network that computes something from its inputs") from error


def node_times(run: Sequence[NodeTime], optimised: Graph) -> Iterator[NodeTime]:
    """The times of a graph's nodes in one call, in order; those of graphs inside its nodes are left out, being part of them."""
    expected = iter(optimised.nodes)
    node = next(expected, None)
    for timed in run:
        if node is not None and timed.operator == node.op_type and node.name in (timed.node, ""):
            yield timed
            node = next(expected, None)
