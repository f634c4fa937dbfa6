"""Work put on a stream once, and started as a whole from then on (a CUDA graph): one launch instead of one a kernel.

pycuda has no graphs, so the driver's own functions are called. Source: the CUDA driver API's stream and graph management.
"""

import ctypes
import sys
from typing import Any

from blackthorn.errors import DeviceFault, NotMeasured, first_line
from blackthorn.runners.cuda_timing import Enqueue

DRIVER_LIBRARY = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
THIS_THREAD = 1
"""CU_STREAM_CAPTURE_MODE_THREAD_LOCAL: what other threads do meanwhile does not break the recording."""
_Handle = ctypes.c_void_p


class RecordedWork:
    """A CUDA graph, to be closed before its device.

    Args:
        enqueue: puts the work on a stream.
        stream: the handle of the stream on which it is recorded.
        driver: the driver's library; found by its name unless given.

    Raises:
        NotMeasured: the work cannot be recorded.
        DeviceFault: the driver's library is not found.
    """

    def __init__(self, enqueue: Enqueue, stream: int, driver: Any = None) -> None:
        self._driver = driver or _driver()
        self._runnable = _Handle()
        graph = _Handle()
        try:
            self._record(enqueue, stream, graph)
            self._call("cuGraphInstantiateWithFlags", ctypes.byref(self._runnable), graph, ctypes.c_ulonglong(0))
        finally:
            if graph:
                self._call("cuGraphDestroy", graph)

    def enqueue(self, stream: int) -> None:
        """Put all of it on a stream."""
        self._call("cuGraphLaunch", self._runnable, _Handle(stream))

    def close(self) -> None:
        """Let it go; harmless when repeated."""
        if self._runnable:
            self._driver.cuGraphExecDestroy(self._runnable)
            self._runnable = _Handle()

    def _record(self, enqueue: Enqueue, stream: int, graph: _Handle) -> None:
        """Have work put on a stream that only remembers it; recording ends whatever happens."""
        self._call("cuStreamBeginCapture_v2", _Handle(stream), THIS_THREAD)
        try:
            enqueue(stream)
        finally:
            self._call("cuStreamEndCapture", _Handle(stream), ctypes.byref(graph))

    def _call(self, function: str, *arguments: Any) -> None:
        status = getattr(self._driver, function)(*arguments)
        if status:
            problem = f"CUDA cannot run this as a graph ({function} gave error {status})"
            raise NotMeasured(problem, "leave out --cuda-graph")


def _driver() -> Any:
    try:
        return ctypes.CDLL(DRIVER_LIBRARY)
    except OSError as error:
        problem = f"the library of the NVIDIA driver is not found ({first_line(error)})"
        raise DeviceFault(problem, "add its folder to LD_LIBRARY_PATH, or leave out --cuda-graph") from error
