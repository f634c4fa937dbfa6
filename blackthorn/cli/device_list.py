"""The runners and the machine that they run on, as a list."""

import logging
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from blackthorn.cli.model_choice import this_device
from blackthorn.cli.tables import table
from blackthorn.errors import DeviceFault, MissingPackage
from blackthorn.runners import runner_classes
from blackthorn.runners.host import Host, describe_host
from blackthorn.runners.jetson import describe_jetson
from blackthorn.runners.nvidia_gpu import Gpu, describe_gpu

log = logging.getLogger(__name__)


class RunnerState(msgspec.Struct, frozen=True):
    """A runner: what it is, and what it lacks here, if anything."""

    name: str
    summary: str
    lacks: str | None


class Devices(msgspec.Struct, frozen=True):
    """All runners, the machine, its name with the runner that is used where none is named, and its NVIDIA GPU.

    `gpu` is None where there is none, or nothing that tells of it, and on a Jetson, whose GPU is a part of the machine.
    """

    name: str
    host: Host
    runners: tuple[RunnerState, ...]
    gpu: Gpu | None = None


def describe_devices() -> Devices:
    """What can be measured with here."""
    runners = tuple(RunnerState(name, found.summary, found.lacks()) for name, found in runner_classes().items())
    return Devices(this_device(), describe_host(), runners, _gpu())


def _gpu() -> Gpu | None:
    """The GPU of a PC or server."""
    if describe_jetson() is not None:
        return None
    try:
        return describe_gpu()
    except (DeviceFault, MissingPackage) as error:
        log.info("%s", error)
        return None


def devices_lines(devices: Devices) -> Iterator[str]:
    """For people."""
    rows = [(runner.name, "no" if runner.lacks else "yes", runner.summary) for runner in devices.runners]
    yield from table(("runner", "runs here", "what it is"), rows)
    yield from (f"{runner.name}: {runner.lacks}" for runner in devices.runners if runner.lacks)
    yield ""
    yield f"this machine: {devices.host.hardware}"
    yield f"  its name in files: {devices.name}"
    yield from _detail_lines(devices.host.details)
    if devices.gpu is not None:
        yield f"its GPU: {devices.gpu.hardware}"
        yield from _detail_lines({"driver": devices.gpu.driver, **devices.gpu.details})
    yield from (f"warning: {warning}" for warning in devices.host.warnings)


def _detail_lines(details: Mapping[str, str]) -> Iterator[str]:
    return (f"  {name}: {value}" for name, value in details.items())


def devices_json(devices: Devices) -> dict[str, Any]:
    """For programs."""
    runners = [
        {"name": runner.name, "summary": runner.summary, "runs_here": runner.lacks is None, "lacks": runner.lacks}
        for runner in devices.runners
    ]
    machine = {
        "device": devices.name,
        "hardware": devices.host.hardware,
        "details": devices.host.details,
        "warnings": devices.host.warnings,
    }
    return {"runners": runners, "this_machine": machine, "gpu": devices.gpu}
