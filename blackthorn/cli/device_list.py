"""The runners and the machine that they run on, as a list."""

from collections.abc import Iterator
from typing import Any

import msgspec

from blackthorn.cli.model_choice import this_device
from blackthorn.cli.tables import table
from blackthorn.runners import runner_classes
from blackthorn.runners.host import Host, describe_host


class RunnerState(msgspec.Struct, frozen=True):
    """A runner: what it is, and what it lacks here, if anything."""

    name: str
    summary: str
    lacks: str | None


class Devices(msgspec.Struct, frozen=True):
    """All runners, the machine, and its name with the runner that is used where none is named."""

    name: str
    host: Host
    runners: tuple[RunnerState, ...]


def describe_devices() -> Devices:
    """What can be measured with here."""
    runners = tuple(RunnerState(name, found.summary, found.lacks()) for name, found in runner_classes().items())
    return Devices(this_device(), describe_host(), runners)


def devices_lines(devices: Devices) -> Iterator[str]:
    """For people."""
    rows = [(runner.name, "no" if runner.lacks else "yes", runner.summary) for runner in devices.runners]
    yield from table(("runner", "runs here", "what it is"), rows)
    yield from (f"{runner.name}: {runner.lacks}" for runner in devices.runners if runner.lacks)
    yield ""
    yield f"this machine: {devices.host.hardware}"
    yield f"  its name in files: {devices.name}"
    yield from (f"  {name}: {value}" for name, value in devices.host.details.items())
    yield from (f"warning: {warning}" for warning in devices.host.warnings)


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
    return {"runners": runners, "this_machine": machine}
