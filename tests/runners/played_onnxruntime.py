"""ONNX Runtime with a provider that the installed build lacks, played by its CPU's kernels.

Graphs, runs and profiles are real; only who ran a node, and in whose memory a tensor lies, is made up and kept for the test.
"""

import json
import os
import types
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

onnxruntime = pytest.importorskip("onnxruntime")

CPU = "CPUExecutionProvider"


class PlayedRuntime(types.ModuleType):
    """The module onnxruntime with one more provider.

    Args:
        provider: its full name.
        refuses: operators that it leaves to the CPU.
        starts: whether it can start; if not, ONNX Runtime goes on without it.
        fails: what its start raises, if anything.
        merges: whether it compiles a whole network to one kernel.
    """

    __version__ = "1.99.0"
    cuda_version = "12.8"

    def __init__(
        self,
        provider: str,
        *,
        refuses: Collection[str] = (),
        starts: bool = True,
        fails: str = "",
        merges: bool = False,
    ) -> None:
        super().__init__("onnxruntime")
        self.__spec__ = onnxruntime.__spec__
        self.provider = provider
        self.refuses = refuses
        self.starts = starts
        self.fails = fails
        self.merges = merges
        self.memories: list[str] = []
        self.sessions: list[Mapping[str, str]] = []
        self.blocking: list[str | None] = []
        self.OrtValue = types.SimpleNamespace(ortvalue_from_numpy=self._value)

    def __getattr__(self, name: str) -> Any:
        return getattr(onnxruntime, name)

    def get_available_providers(self) -> list[str]:
        return [self.provider, CPU]

    def preload_dlls(self) -> None:
        print("Failed to load libcudart.so")  # noqa: T201 (as it does)

    def _value(self, array: Any, memory: str = "cpu") -> Any:
        self.memories.append(memory)
        return onnxruntime.OrtValue.ortvalue_from_numpy(array)

    def InferenceSession(  # noqa: N802 (a class there)
        self, content: Any, options: Any, providers: Sequence[Any], enable_fallback: int = 1
    ) -> Any:
        assert enable_fallback == 0, "ONNX Runtime would choose another provider by itself"
        if self.fails:
            raise RuntimeError(self.fails)
        (chosen,) = providers
        name, settings = (chosen, {}) if isinstance(chosen, str) else chosen
        assert name == self.provider
        self.sessions.append(settings)
        self.blocking.append(os.environ.get("CUDA_LAUNCH_BLOCKING"))
        return PlayedSession(self, onnxruntime.InferenceSession(content, options, providers=[CPU]))


class PlayedSession:
    """A session on the CPU that says of itself that it is not."""

    def __init__(self, runtime: PlayedRuntime, real: Any) -> None:
        self._runtime = runtime
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def get_providers(self) -> list[str]:
        return [self._runtime.provider, CPU] if self._runtime.starts else [CPU]

    def end_profiling(self) -> str:
        path = Path(self._real.end_profiling())
        events = json.loads(path.read_text())
        for event in events:
            if event["cat"] == "Node" and event["args"].get("op_name") not in self._runtime.refuses:
                event["args"]["provider"] = self._runtime.provider
                if self._runtime.merges:
                    event["name"] = f"{self._runtime.provider}_part_0_kernel_time"
        path.write_text(json.dumps(events))
        return str(path)
