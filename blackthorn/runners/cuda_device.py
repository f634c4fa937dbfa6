"""What a CUDA device is, for sweeps: what CUDA tells of it, what its board or NVIDIA's driver adds, and what slows it down."""

import logging
from collections.abc import Mapping
from pathlib import Path

from blackthorn.errors import DeviceFault, MissingPackage
from blackthorn.records import Device
from blackthorn.runners.cuda import GpuFacts
from blackthorn.runners.host import describe_host, slug
from blackthorn.runners.jetson import describe_jetson
from blackthorn.runners.nvidia_gpu import GpuWatch, describe_gpu
from blackthorn.runners.system_files import ROOT
from blackthorn.runners.throttling import SystemWatch

log = logging.getLogger(__name__)


def describe_device(
    facts: GpuFacts, runner: str, versions: Mapping[str, str], settings: Mapping[str, str], root: Path = ROOT
) -> Device:
    """The device that a runner on CUDA times on.

    Its name holds the board and its power mode on a Jetson, where all GPUs of a family are called the same, else the GPU.

    Args:
        facts: what CUDA tells.
        runner: the runner's name.
        versions: of the runner's libraries.
        settings: of the runner, as far as times depend on them.
        root: where the system's files are.
    """
    host, jetson = describe_host(root), describe_jetson(root)
    whole = facts.name if jetson is None else f"{jetson.model} {jetson.power_mode}"
    return Device(
        name=slug(f"{whole} {runner}"),
        runner=runner,
        hardware=f"{facts.name}, {facts.multiprocessors} multiprocessors; {host.hardware}",
        threads=1,
        versions={**versions, "cuda_driver": facts.driver},
        details={**host.details, **({} if jetson else _driver_details()), **facts.description(), **settings},
    )


def watch(root: Path = ROOT) -> SystemWatch | GpuWatch:
    """Who tells what slows the device down; the computer alone is watched where NVIDIA's driver cannot be asked."""
    try:
        return GpuWatch(root)
    except (DeviceFault, MissingPackage) as error:
        log.info("whether the GPU throttles is not known: %s", error)
        return SystemWatch(root)


def _driver_details() -> dict[str, str]:
    """What NVIDIA's driver tells of a GPU beside CUDA; nothing where it cannot be asked."""
    try:
        return {f"gpu_{name}": value for name, value in describe_gpu().details.items()}
    except (DeviceFault, MissingPackage) as error:
        log.info("clocks and temperature of the GPU are not known: %s", error)
        return {}
