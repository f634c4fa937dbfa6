"""How long the device works on something, by its own clock: two events on a stream, and nothing of the computer's in between.

The computer takes microseconds to put a kernel on a stream, longer than small kernels run. So a kernel of ours stands first
and waits until everything else is on the stream behind it: then the device never waits for the computer (a blocking start, as
in NVIDIA's nvbench). It waits for a number in memory that both see. The alternative, a wait that the driver itself puts on the
stream (cuStreamWaitValue32), is switched off on many boards; events cannot do it, since only a stream records them.

A kernel that waits for ever would hang the device where something behind it makes the computer wait for the stream, so that it
gives up after a while, and says so.
"""

import logging
from collections.abc import Callable
from typing import Any

from blackthorn.runners.cuda import Gpu, device_errors, seconds_between

log = logging.getLogger(__name__)

Enqueue = Callable[[int], None]
"""Puts work on the stream of that handle."""

MOST_WAITING_NS = 1_000_000_000
"""How long the device waits for the computer: thousands of kernels are on the stream by then."""
OPEN, LATE = 0, 1
"""Which number says that the way is free, and which that the device gave up waiting."""
FLUSHED_CACHES = 2
"""Caches' worth of zeros that push everything else out of one, whatever it replaces first."""
WAIT_NAME = "wait_until_open"
WAIT_KERNEL = f"""
.version 6.0
.target sm_50
.address_size 64

.visible .entry {WAIT_NAME}(.param .u64 gate, .param .u64 most_ns)
{{
    .reg .pred %stop;
    .reg .u32 %state;
    .reg .u64 %address, %most, %begin, %now;

    ld.param.u64 %address, [gate];
    ld.param.u64 %most, [most_ns];
    cvta.to.global.u64 %address, %address;
    mov.u64 %begin, %globaltimer;
look:
    ld.volatile.global.u32 %state, [%address];
    setp.ne.u32 %stop, %state, 0;
    @%stop bra go;
    mov.u64 %now, %globaltimer;
    sub.u64 %now, %now, %begin;
    setp.lt.u64 %stop, %now, %most;
    @%stop bra look;
    mov.u32 %state, 1;
    st.volatile.global.u32 [%address+4], %state;
go:
    ret;
}}
"""
"""One thread, in the assembly language that drivers compile for any device."""


class Gate:
    """A stream stands still from `close_on` to `open`."""

    def __init__(self, gpu: Gpu) -> None:
        self._state, self._address = gpu.mapped(2)
        self._module = gpu.driver.module_from_buffer(WAIT_KERNEL.encode())
        self._kernel = self._module.get_function(WAIT_NAME)
        self._kernel.prepare("PQ")

    def close_on(self, stream: Any) -> None:
        """Let nothing pass that is put on the stream from now on."""
        self._state[:] = 0
        self._kernel.prepared_async_call((1, 1), (1, 1, 1), stream, self._address, MOST_WAITING_NS)

    def open(self) -> None:
        """Let everything pass."""
        self._state[OPEN] = 1

    @property
    def was_late(self) -> bool:
        """Whether the device gave up waiting; to be asked when the stream is done."""
        return bool(self._state[LATE])


class Stopwatch:
    """A stream with two events; to be closed before its device.

    Args:
        gpu: open.
        cold: push everything out of the device's cache before each timing, so that weights come from memory as in a network.

    Raises:
        NotMeasured: there is too little memory.
        DeviceFault: the device does not work.
    """

    def __init__(self, gpu: Gpu, *, cold: bool = True) -> None:
        driver = gpu.driver
        self._driver = driver
        with device_errors(driver):
            self._stream = driver.Stream()
            self._begin, self._end = driver.Event(), driver.Event()
            self._gate: Gate | None = Gate(gpu)
        size = FLUSHED_CACHES * gpu.facts.cache_bytes if cold else 0
        self._filler = gpu.allocate(size, "what empties the cache") if size else None
        self._filler_bytes = size

    @property
    def stream(self) -> Any:
        """The stream."""
        return self._stream

    def run(self, enqueue: Enqueue) -> None:
        """Have the device work, and wait until it is done."""
        with device_errors(self._driver):
            enqueue(self._stream.handle)
            self._stream.synchronize()

    def time(self, enqueue: Enqueue, *, blocked: bool = True) -> float:
        """Seconds that the device works on something.

        Args:
            enqueue: puts it on the stream.
            blocked: let the device begin when everything is on the stream; otherwise at once, as programs do.

        Raises:
            NotMeasured, DeviceFault: the device cannot do it.
        """
        with device_errors(self._driver):
            if self._filler is not None:
                self._driver.memset_d8_async(int(self._filler), 0, self._filler_bytes, self._stream)
            gate = self._gate if blocked else None
            if gate is None:
                self._stream.synchronize()
                return self._between_events(enqueue, None)
            seconds = self._between_events(enqueue, gate)
        if not gate.was_late:
            return seconds
        log.info("the device has to wait for the computer: launch times are among those that follow")
        self._gate = None
        return self.time(enqueue)

    def _between_events(self, enqueue: Enqueue, gate: Gate | None) -> float:
        """The time from one event to the other; whatever goes wrong, the stream moves on and is waited for."""
        try:
            if gate is not None:
                gate.close_on(self._stream)
            self._begin.record(self._stream)
            enqueue(self._stream.handle)
            self._end.record(self._stream)
        finally:
            if gate is not None:
                gate.open()
            self._stream.synchronize()
        return seconds_between(self._begin, self._end)

    def close(self) -> None:
        """Let stream, events and memory go; harmless when repeated."""
        filler = self.__dict__.pop("_filler", None)
        if filler is not None:
            filler.free()
        for name in ("_gate", "_begin", "_end", "_stream"):
            self.__dict__.pop(name, None)
