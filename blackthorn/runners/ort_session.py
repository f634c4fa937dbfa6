"""An ONNX Runtime session that is called many times and tells, per call, what each of its nodes took."""

import math
import re
import tempfile
import time
from bisect import bisect_right
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray
from typing_extensions import Self

from blackthorn.errors import BadValue, NotMeasured, first_line
from blackthorn.runners.network import Shapes
from blackthorn.runners.ort_providers import CPU, KERNEL_EVENT, LOG_FATAL_ONLY, Provider, left_to_cpu, listed
from blackthorn.units import US_PER_SECOND

CUT_OFF_US = 0.5
"""Microseconds that the profiler loses on average: it cuts durations down to whole ones (TimeDiffMicroSeconds). Of a node that
takes the same in every call it is any number from 0 to 1 (see `ort_profiler`)."""
FRACTIONS = {"float": "float32", "float16": "float16", "double": "float64"}
WHOLE = frozenset({"bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"})
"""Element types of inputs: ONNX Runtime's name and numpy's, and those that have one name in both."""
RUN_EVENT = "model_run"
NO_MEMORY = re.compile(r"allocate memory|out of memory|bad_alloc|bad allocation|smaller than requested bytes", re.IGNORECASE)
"""How ONNX Runtime, CUDA and C++ say that memory is used up."""
STOP_SPINNING = "session.force_spinning_stop"
"""Workers sleep as soon as a call ends. Otherwise they spin for another 10 to 50 milliseconds and take CPUs from the session
that is called next: a convolution on two threads took twice its time behind another session's."""
SEPARATE_WEIGHTS = "session.optimized_model_external_initializers_file_name"
"""Weights of a saved graph in another file: a file in protobuf's format takes 2 GB at most."""


class NodeTime(NamedTuple):
    """What one node took in one call, and how long after its begin the next one began; NaN of the last one."""

    node: str
    operator: str
    seconds: float
    pitch: float = math.nan


class Threads(NamedTuple):
    """How many threads work on one node, and on which CPUs (counted from 0; empty: the system chooses)."""

    number: int = 1
    affinity: tuple[int, ...] = ()

    def pool_affinities(self) -> str:
        """ONNX Runtime's session.intra_op_thread_affinities: one CPU, counted from 1, for each thread but the caller's."""
        others = range(1, self.number)
        return ";".join(str(self.affinity[index % len(self.affinity)] + 1) for index in others) if self.affinity else ""


ONE_THREAD = Threads()


class _Arguments(msgspec.Struct):
    """What is read of an event's arguments."""

    op_name: str = ""


class _Event(msgspec.Struct):
    """What is read of a line of a profile; the many other fields are skipped, which is several times faster."""

    cat: str
    name: str
    ts: int
    dur: int
    args: _Arguments


class ProfiledSession:
    """A model made ready, its inputs filled once with fixed-seed numbers, all inputs and outputs bound beforehand.

    A context manager. A call does nothing but run the model: no copy, no allocation of results.

    Args:
        model: a serialised ONNX model, or the path of one.
        threads: threads and CPUs to work with.
        input_shapes: shapes of inputs that the model leaves open.
        title: what errors call the model.
        profiled: keep the times of all nodes; without it `finish` tells nothing, and nothing is ever full.
        optimised: where to save the graph as ONNX Runtime runs it, its weights in a file beside it.
        provider: whose kernels are to run it, and in whose memory inputs and outputs are to lie.
        may_fall_back: nodes that the provider does not take may run on the CPU.
        one_result: outputs of one shape lie in the same memory, each written over the one before.

    Raises:
        BadValue: an input has an open shape and none is given, or is no tensor of numbers.
        NotMeasured: ONNX Runtime cannot load or run the model, or leaves nodes of it to the CPU that the provider should run.
    """

    is_merged: bool = False
    """Whether the provider is known to have compiled nodes into kernels of its own."""

    def __init__(
        self,
        model: bytes | Path,
        threads: Threads = ONE_THREAD,
        input_shapes: Shapes | None = None,
        *,
        title: str = "the model",
        profiled: bool = True,
        optimised: Path | None = None,
        provider: Provider = CPU,
        may_fall_back: bool = False,
        one_result: bool = False,
    ) -> None:
        self._title = title
        self._provider = provider
        self._profiled = profiled
        self._is_checked = not (provider.is_cpu or may_fall_back)
        # Who ran the nodes is in a profile alone, so that the first run at least has one.
        is_told = profiled or self._is_checked
        self._folder = tempfile.TemporaryDirectory(prefix="blackthorn-") if is_told else None
        options = _session_options(threads, self._folder.name if self._folder else None)
        if optimised is not None:
            options.optimized_model_filepath = str(optimised)
            options.add_session_config_entry(SEPARATE_WEIGHTS, f"{optimised.name}.weights")
        self._calls = 0
        try:
            content = model if isinstance(model, bytes) else str(model)
            self._session = _opened(content, options, provider, threads)
            feeds = _inputs(self._session, input_shapes or {})
            self._binding, self._held, self._anew = _bound(self._session, feeds, provider.memory, one_result=one_result)
            if is_told and not profiled:
                self._end_profile()
        except _runtime_errors() as error:
            self.close()
            raise _not_measured(title, error) from error
        except (BadValue, NotMeasured):
            self.close()
            raise

    def call(self) -> float:
        """Run the model once; wall seconds.

        Raises:
            NotMeasured: ONNX Runtime ran it once and cannot do so again.
        """
        run, binding = self._session.run_with_iobinding, self._binding
        for name in self._anew:
            binding.bind_output(name)
        begin = time.perf_counter()
        try:
            run(binding)
        except _runtime_errors() as error:
            raise _not_measured(self._title, error) from error
        end = time.perf_counter()
        self._calls += 1
        return end - begin

    def finish(self) -> list[list[NodeTime]]:
        """The nodes of every call, in the order in which they ran; no call may follow.

        Raises:
            NotMeasured: the profile does not hold all calls, or tells that the CPU ran what the provider should have run.
        """
        if not self._profiled:
            return [[] for _ in range(self._calls)]
        runs = node_times(self._end_profile())
        # The first run is not a call: it found the outputs' shapes while they were bound.
        if len(runs) != self._calls + 1:
            raise NotMeasured(
                f"ONNX Runtime profiled {len(runs) - 1} of {self._calls} calls", "make fewer calls with one session"
            )
        return runs[1:]

    def _end_profile(self) -> bytes:
        """The profile of all runs so far; those that follow have none.

        Raises:
            NotMeasured: the CPU ran what the provider should have run.
        """
        profile = Path(self._session.end_profiling()).read_bytes()
        if self._is_checked:
            self._check_placement(profile)
        return profile

    def _check_placement(self, profile: bytes) -> None:
        """See who ran the nodes.

        Raises:
            NotMeasured: the CPU ran what the provider should have run.
        """
        fallen = left_to_cpu(profile)
        if fallen:
            raise NotMeasured(
                f"the provider '{self._provider.name}' left nodes of {self._title} to the CPU: {listed(fallen)}",
                "choose the provider 'cpu', or leave out what this one cannot run",
            )
        self.is_merged = any(self._provider.is_merged(node.node) for run in node_times(profile) for node in run)

    def close(self) -> None:
        """Free the model and remove the profile; harmless when repeated."""
        self.__dict__.pop("_binding", None)
        self.__dict__.pop("_held", None)
        self.__dict__.pop("_session", None)
        if self._folder is not None:
            self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def node_times(profile: bytes) -> list[list[NodeTime]]:
    """What a profile says of each run: its nodes and their times.

    Args:
        profile: the file that ONNX Runtime wrote, `ts` and `dur` in whole microseconds.

    Raises:
        NotMeasured: it is no such file.
    """
    try:
        events = msgspec.json.decode(profile, type=list[_Event])
    except msgspec.DecodeError as error:
        raise NotMeasured(
            f"the profile that ONNX Runtime wrote cannot be read ({error})", "rename the model's nodes"
        ) from error
    begins = sorted(event.ts for event in events if event.cat == "Session" and event.name == RUN_EVENT)
    runs: list[list[_Event]] = [[] for _ in begins]
    for event in events:
        if event.cat == "Node" and event.name.endswith(KERNEL_EVENT):
            runs[bisect_right(begins, event.ts) - 1].append(event)
    return [list(map(_node_time, run, (*(event.ts for event in run[1:]), math.nan))) for run in runs]


def _node_time(event: _Event, next_begin: float) -> NodeTime:
    seconds, pitch = (event.dur + CUT_OFF_US) / US_PER_SECOND, (next_begin - event.ts) / US_PER_SECOND
    return NodeTime(event.name.removesuffix(KERNEL_EVENT), event.args.op_name, seconds, pitch)


def _opened(content: bytes | str, options: Any, provider: Provider, threads: Threads) -> Any:
    """ONNX Runtime's session; its own way to another provider when one fails is closed."""
    import onnxruntime

    if provider.is_cpu:
        return onnxruntime.InferenceSession(content, options, providers=[provider.full_name])
    chosen = (provider.full_name, provider.options(threads.number))
    return onnxruntime.InferenceSession(content, options, providers=[chosen], enable_fallback=0)


def _session_options(threads: Threads, folder: str | None) -> Any:
    """One node at a time on `threads`; a profile where there is a folder to put it."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads.number
    options.inter_op_num_threads = 1
    options.log_severity_level = LOG_FATAL_ONLY
    options.add_session_config_entry(STOP_SPINNING, "1")
    if threads.pool_affinities():
        options.add_session_config_entry("session.intra_op_thread_affinities", threads.pool_affinities())
    if folder is not None:
        options.enable_profiling = True
        options.profile_file_prefix = str(Path(folder) / "profile")
    return options


def _inputs(session: Any, shapes: Shapes) -> dict[str, NDArray[Any]]:
    """An array for every input of the model.

    Raises:
        BadValue: an input has an open shape and none is given.
    """
    generator = np.random.default_rng(0)
    feeds = {}
    for entry in session.get_inputs():
        shape = shapes.get(entry.name, entry.shape)
        if not all(isinstance(size, int) for size in shape):
            listed = ",".join(str(size) for size in shape)
            raise BadValue(f"input '{entry.name}' has the open shape {listed}", "give whole numbers for all of its sizes")
        feeds[entry.name] = _filled(tuple(shape), entry.type, generator)
    return feeds


def _filled(shape: tuple[int, ...], kind: str, generator: "np.random.Generator") -> NDArray[Any]:
    """Normal numbers where the input takes fractions; zeros and ones where it takes indices or truths.

    Raises:
        BadValue: the input takes texts, sequences or numbers that numpy does not have.
    """
    element = kind.removeprefix("tensor(").removesuffix(")")
    if element in FRACTIONS:
        return generator.standard_normal(shape).astype(FRACTIONS[element])
    if element in WHOLE:
        return generator.integers(0, 2, shape).astype(element)
    raise BadValue(f"an input of type {kind} cannot be filled", "use a model whose inputs are tensors of numbers")


def _bound(
    session: Any, feeds: Mapping[str, NDArray[Any]], memory: str, *, one_result: bool
) -> tuple[Any, list[Any], list[str]]:
    """Inputs and outputs bound to memory of our own, where the provider has its tensors; what holds that memory; and the
    outputs that have none and must be bound anew before every call.

    The outputs' shapes are found by running the model once. Older versions of ONNX Runtime do not hold what is bound.
    """
    from onnxruntime import OrtValue

    binding, held, anew = session.io_binding(), [], []
    for name, array in feeds.items():
        held.append(OrtValue.ortvalue_from_numpy(array, memory))
        binding.bind_ortvalue_input(name, held[-1])
    shared: dict[tuple[object, ...], Any] = {}
    for entry, result in zip(session.get_outputs(), session.run(None, dict(feeds)), strict=True):
        is_as_declared = not entry.shape or len(entry.shape) == np.ndim(result)
        if isinstance(result, np.ndarray) and result.dtype.kind in "fiub" and is_as_declared:
            form = (result.shape, result.dtype) if one_result else (entry.name,)
            if form not in shared:
                shared[form] = OrtValue.ortvalue_from_numpy(result, memory)
            binding.bind_ortvalue_output(entry.name, shared[form])
        else:  # sequences, maps and texts cannot be bound to memory, nor can what the file declares to have other axes
            anew.append(entry.name)
    return binding, [*held, *shared.values()], anew


def _runtime_errors() -> tuple[type[Exception], ...]:
    """What ONNX Runtime raises: exceptions of its own that share no base, and RuntimeError."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    own = [value for value in vars(state).values() if isinstance(value, type) and issubclass(value, Exception)]
    return (RuntimeError, *own)


def _not_measured(title: str, error: Exception) -> NotMeasured:
    """The first line of what ONNX Runtime said, as an error of ours."""
    said = first_line(error)
    if NO_MEMORY.search(said):
        remedy = "close other programs, or leave the largest layers out"
        return NotMeasured(f"there is not enough memory to run {title} ({said})", remedy)
    return NotMeasured(f"ONNX Runtime cannot run {title} ({said})", "check the model, or leave this point out")
