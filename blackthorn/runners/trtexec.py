"""TensorRT through its program trtexec, where TensorRT's Python package is missing, as on JetPack 5.

A process builds a probe and times many calls of it in a row; `call` hands these times out one after the other, and the next
process, with the engine that the first one saved, is started where they run out. So the clock here is the GPU's: it counts
what the calls took that were handed out, and nothing of builds and starts. Nothing can be timed between two such calls, so
there is no reference: a GPU whose clocks are not locked drifts unseen.
"""

import tempfile
from collections import deque
from pathlib import Path
from typing import ClassVar

from blackthorn.errors import BadValue, BlackthornError
from blackthorn.layers import LayerKind, layer_kind
from blackthorn.onnx_graph import Fusions
from blackthorn.records import Device, Probe
from blackthorn.runners.base import CallTimes, LoadedProbe, Runner
from blackthorn.runners.host import describe_host, slug
from blackthorn.runners.system_files import ROOT
from blackthorn.runners.trt_fusions import TENSORRT_FUSIONS
from blackthorn.runners.trt_probes import is_of_eight_bits, tensorrt_model
from blackthorn.runners.trtexec_files import own_share, read_calls
from blackthorn.runners.trtexec_log import SELECTED, details_of, told_by, version_told_by
from blackthorn.runners.trtexec_program import TrtexecProgram, find_program
from blackthorn.storage.blobs import cache_folder
from blackthorn.storage.disk import make_folder, write_errors

TIME_LIMIT = 900.0
"""Seconds for a run: a large layer's engine takes minutes on a small board."""
WARM_UP_MS = 200
"""Milliseconds of calls that do not count, trtexec's own choice: clocks come up to speed in them."""
FIRST_CALLS = 400
"""Calls timed by the first process: as many as a steady layer needs. Each further process times twice as many."""
MISSING = (
    "the runner 'trtexec' needs TensorRT's program trtexec, which is not found; install TensorRT (on a Jetson: "
    "sudo apt install tensorrt), or add the folder of trtexec to PATH."
)


class TrtexecProbe(LoadedProbe):
    """A probe as an engine in a folder of its own, and the times of calls that were not handed out yet.

    Args:
        runner: counts the time of calls.
        program: trtexec.
        probe: what it is.
        profiled: whether to keep the times of calls.
    """

    def __init__(self, runner: "TrtexecRunner", program: TrtexecProgram, probe: Probe, *, profiled: bool) -> None:
        self._runner = runner
        self._program = program
        self._title = probe.key
        self._profiled = profiled
        self._folder = tempfile.TemporaryDirectory(prefix="blackthorn-")
        self._waiting: deque[float] = deque()
        self._calls = FIRST_CALLS
        self._wall: list[float] = []
        try:
            self._share = self._build(probe)
        except BaseException:
            self.close()
            raise

    def call(self) -> float:
        if not self._waiting:
            self._calls *= 2
            self._time([f"--loadEngine={self._file('engine')}"])
        seconds = self._waiting.popleft()
        self._runner.spend(seconds)
        if self._profiled:
            self._wall.append(seconds)
        return seconds

    def finish(self) -> CallTimes:
        if not self._profiled:
            return CallTimes((), ())
        return CallTimes(self._wall, [self._share * seconds for seconds in self._wall])

    def close(self) -> None:
        self._folder.cleanup()

    def _build(self, probe: Probe) -> float:
        """Build the engine and time its first calls; gives the share of a call that is the layer's own.

        The probe holds a single layer: of several convolutions of one input TensorRT makes one.
        """
        kind = layer_kind(probe.layer)
        model, profile, layers = self._file("model"), self._file("profile"), self._file("layers")
        with write_errors(model):
            model.write_bytes(_single(kind, probe))
        building = self._program.building(probe.precision, self._runner.timing_cache(), of_bytes=is_of_eight_bits(probe))
        files = [f"--exportProfile={profile}", f"--exportLayerInfo={layers}", "--separateProfileRun"]
        self._time([f"--onnx={model}", f"--saveEngine={self._file('engine')}", *building, *files])
        return 1.0 if kind.timed_by_call else own_share(profile, layers, self._title)

    def _time(self, arguments: list[str]) -> None:
        """Let trtexec time calls, and keep their times to be handed out."""
        times = self._file("times")
        timing = self._program.timing(self._calls, WARM_UP_MS)
        self._program.run([*arguments, *timing, f"--exportTimes={times}"], self._title)
        self._waiting.extend(read_calls(times, WARM_UP_MS, self._title))

    def _file(self, what: str) -> Path:
        return Path(self._folder.name) / f"probe.{what}"


class TrtexecRunner(Runner):
    """TensorRT by trtexec.

    Args:
        threads: 1, since layers run on the GPU.
        affinity: none, for the same reason.
        program: trtexec; where it is found by itself if None.
        time_limit: seconds after which a build is given up.
        root: where the system's files are.

    Raises:
        BadValue: threads or CPUs were chosen.
        BlackthornError: there is no trtexec.
    """

    name: ClassVar[str] = "trtexec"
    summary: ClassVar[str] = "TensorRT on an NVIDIA GPU by its program trtexec"

    def __init__(
        self,
        threads: int = 1,
        affinity: tuple[int, ...] = (),
        *,
        program: Path | None = None,
        time_limit: float = TIME_LIMIT,
        root: Path = ROOT,
    ) -> None:
        if threads != 1 or affinity:
            raise BadValue("trtexec runs layers on the GPU, which has no threads or CPUs to choose", "leave both out")
        path = program or find_program()
        if path is None:
            problem, remedy = MISSING.rstrip(".").split("; ", 1)
            raise BlackthornError(problem, remedy)
        self._program = TrtexecProgram(path, time_limit)
        self._root = root
        self._device: Device | None = None
        self._time = 0.0

    @classmethod
    def lacks(cls) -> str | None:
        return None if find_program() is not None else MISSING

    @classmethod
    def fusions(cls, device: Device) -> Fusions:  # noqa: ARG003 (the same on all)
        return TENSORRT_FUSIONS

    def device(self) -> Device:
        if self._device is None:
            self._device = self._described()
        return self._device

    def load(self, probe: Probe, *, profiled: bool = True) -> TrtexecProbe:
        return TrtexecProbe(self, self._program, probe, profiled=profiled)

    def clock(self) -> float:
        return self._time

    def spend(self, seconds: float) -> None:
        """Count a call that was handed out."""
        self._time += seconds

    def timing_cache(self) -> Path:
        """The file in which TensorRT keeps how fast its kernels were, so that later engines are built fast.

        One a version; TensorRT itself sets aside what another GPU left there.
        """
        cache = cache_folder()
        make_folder(cache)
        return cache / f"trtexec-{self._program.version or 'unknown'}.cache"

    def _described(self) -> Device:
        """The GPU as trtexec tells it while it builds a network that does nothing, and the board where it has a name."""
        with tempfile.TemporaryDirectory(prefix="blackthorn-") as folder:
            model = Path(folder) / "idle.onnx"
            model.write_bytes(layer_kind("dispatch").onnx_model({"nodes": 1}, "fp32"))
            log = self._program.run([f"--onnx={model}", *self._program.building_only()], "a network that does nothing")
        told, version = told_by(log), version_told_by(log)
        host = describe_host(self._root)
        gpu = told.get(SELECTED) or "unknown NVIDIA GPU"
        on_board = "jetson" in host.hardware.lower()
        return Device(
            name=slug(f"{host.name if on_board else ''} {gpu} {self.name}"),
            runner=self.name,
            hardware=f"{gpu}, {host.hardware}" if on_board else gpu,
            threads=1,
            versions={"tensorrt": version} if version else {},
            details={**host.details, **details_of(told)},
        )


def _single(kind: LayerKind, probe: Probe) -> bytes:
    """A probe that holds its layer once; of what is timed by its call, the whole."""
    return kind.onnx_model(probe.dimensions, probe.precision) if kind.timed_by_call else tensorrt_model(probe, copies=1)
