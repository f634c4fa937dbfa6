"""The module `pycuda.driver`, played by `nvidia_script`."""

import itertools
from types import SimpleNamespace

import numpy as np
import nvidia_script
from nvidia_script import LAUNCH_SECONDS

if nvidia_script.script.no_driver:
    raise ImportError("libcuda.so.1: cannot open shared object file: No such file or directory")


class Error(Exception):
    """Any error of CUDA."""


class LogicError(Error):
    """Something that was asked wrongly, or of a device that is not there."""


class MemoryError(Error):  # noqa: A001 (pycuda's own name)
    """Too little memory."""


device_attribute = SimpleNamespace(L2_CACHE_SIZE="l2", MULTIPROCESSOR_COUNT="sm")
host_alloc_flags = SimpleNamespace(DEVICEMAP=2)
_ATTRIBUTES = {"l2": 4 * 2**20, "sm": 16}
BYTES_PER_SECOND = 10e9
_handles = itertools.count(1000, 8)


def _script():
    return nvidia_script.script


def init() -> None:
    if _script().init_error:
        raise LogicError(f"cuInit failed: {_script().init_error}")


def get_version():
    return _script().built_with


def get_driver_version() -> int:
    return _script().driver_version


def mem_get_info():
    return _script().memory - _script().taken, _script().memory


class Context:
    def push(self) -> None:
        _script().note("context push")
        _script().contexts += 1

    def pop(self) -> None:
        _script().note("context pop")
        _script().contexts -= 1
        if _script().alive:
            _script().faults.append(f"the context went before {_script().alive}")

    def detach(self) -> None:
        _script().note("context detach")


class Device:
    def __init__(self, index: int) -> None:
        self.index = index

    @staticmethod
    def count() -> int:
        return _script().devices

    def name(self) -> str:
        return _script().gpu

    def compute_capability(self):
        return _script().capability

    def total_memory(self) -> int:
        return _script().memory

    def get_attribute(self, attribute: str) -> int:
        return _ATTRIBUTES[attribute]

    def retain_primary_context(self) -> Context:
        _script().note("context retain")
        return Context()


class Stream:
    def __init__(self) -> None:
        self.handle = next(_handles)
        self.work = []
        self._script = _script()
        self._script.streams[self.handle] = self
        self._script.hold("stream", self)

    def put(self, what: str, run) -> None:
        """Work that takes the device from one moment to a later one."""
        self._script.computer += LAUNCH_SECONDS
        self._script.note(what)
        self.work.append((self._script.computer, run))

    def synchronize(self) -> None:
        self._script.note("synchronize")
        now = self._script.device
        for since, run in self.work:
            now = run(max(now, since))
        self.work.clear()
        self._script.device = now
        self._script.computer = max(self._script.computer, now)


class Event:
    def __init__(self) -> None:
        self.reached = None
        _script().hold("event", self)

    def record(self, stream: Stream) -> None:
        def reach(now: float) -> float:
            self.reached = now
            return now

        stream.put("event", reach)

    def time_since(self, earlier: "Event") -> float:
        assert self.reached is not None, "the event was not waited for"
        assert earlier.reached is not None
        return (self.reached - earlier.reached) * 1e3


class Allocation:
    def __init__(self, size: int) -> None:
        self._script = _script()
        self._size = size
        self._address = next(_handles) << 20
        self._script.taken += size
        self._script.hold("memory", self)

    def __int__(self) -> int:
        assert self._size, "the memory was freed"
        return self._address

    def free(self) -> None:
        assert self._size, "the memory was freed twice"
        self._script.taken -= self._size
        self._size = 0


def mem_alloc(size: int) -> Allocation:
    if _script().taken + size > _script().memory:
        raise MemoryError("cuMemAlloc failed: out of memory")
    return Allocation(size)


def memcpy_htod(memory: Allocation, content) -> None:
    assert memory._size >= content.nbytes
    _script().note("copy in")


def memcpy_htod_async(memory: Allocation, content, stream: Stream) -> None:
    assert memory._size >= content.nbytes
    stream.put("copy in", lambda now: now + content.nbytes / BYTES_PER_SECOND)


def memcpy_dtoh_async(content, memory: Allocation, stream: Stream) -> None:
    assert memory._size >= content.nbytes
    stream.put("copy back", lambda now: now + content.nbytes / BYTES_PER_SECOND)


def memset_d8_async(address: int, value: int, count: int, stream: Stream) -> None:
    stream.put("flush", lambda now: now + 10e-6)


class _Pinned(np.ndarray):
    def get_device_pointer(self) -> int:
        address = id(self)
        _script().pinned[address] = self
        return address


def pagelocked_empty(shape, dtype, mem_flags: int = 0):
    base = _Pinned(shape, dtype)
    _script().hold("pinned", base)
    return base.view(np.ndarray)


class _Function:
    def prepare(self, types: str) -> None:
        assert types == "PQ"

    def prepared_async_call(self, grid, block, stream: Stream, address, most_ns) -> None:
        state = _script().pinned[int(address)]

        def wait(now: float) -> float:
            if state[0]:
                return max(now, _script().computer)
            state[1] = 1
            return now + int(most_ns) / 1e9

        stream.put("gate", wait)


class _Module:
    def get_function(self, name: str) -> _Function:
        assert name == "wait_until_open"
        return _Function()


def module_from_buffer(content: bytes) -> _Module:
    assert content.strip().startswith(b".version")
    return _Module()
