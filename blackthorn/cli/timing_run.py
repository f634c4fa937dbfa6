"""From the options of `measure` and `validate` to timed networks."""

import logging
from collections.abc import Sequence
from pathlib import Path

from blackthorn.cli import defaults, values
from blackthorn.cli.engine_options import Given
from blackthorn.cli.model_choice import choose_model
from blackthorn.cli.network_progress import shown_networks
from blackthorn.cli.runner_choice import make_runner
from blackthorn.errors import BadValue
from blackthorn.onnx_graph import read_network
from blackthorn.prediction import predict
from blackthorn.records import NetworkTiming, Probe
from blackthorn.runners import Runner, fusions_on
from blackthorn.timing import Timer
from blackthorn.truth import Candidate, Series, check_same_device, measure, network_policy, validate_all

log = logging.getLogger(__name__)

PLAYERS = ("recorded", "simulated")
"""Runners that play times of layers."""


def timed(
    network: Path,
    runner: str | None,
    provider: str | None,
    threads: int,
    affinity: str | None,
    shapes: Sequence[str],
    seconds: float,
    engine: Given,
) -> NetworkTiming:
    """Time a network; the arguments are the command's options as they were written."""
    given = values.shapes(shapes)
    with (
        _runner(runner, provider, threads, affinity, engine) as here,
        Timer(here, here.reference(), network_policy(seconds)) as timer,
        shown_networks(1, seconds) as watcher,
    ):
        watcher.begin(network)
        return measure(network, timer, given)


def validated(
    networks: Sequence[Path],
    device: str | None,
    runner: str | None,
    provider: str | None,
    threads: int,
    affinity: str | None,
    shapes: Sequence[str],
    seconds: float,
    engine: Given,
) -> Series:
    """Predict networks and time them; all are predicted first, so that what cannot be read is refused at once."""
    here = _runner(runner, provider, threads, affinity, engine)
    name = here.device().name
    _, model = choose_model(device, name)
    check_same_device(model.device.name, name)
    given = values.shapes(shapes)
    read = [read_network(path, given, fusions_on(model.device)) for path in networks]
    candidates = [Candidate(path, network, predict(network, model)) for path, network in zip(networks, read, strict=True)]

    def timed_beside(path: Path, references: Sequence[Probe]) -> NetworkTiming:
        log.info("timing %s beside %d references", path, len(references))
        return measure(path, timer, given, references)

    with (
        here,
        Timer(here, here.reference(), network_policy(seconds)) as timer,
        shown_networks(len(networks), seconds) as watcher,
    ):
        return validate_all(candidates, timed_beside, watcher)


def _runner(name: str | None, provider: str | None, threads: int, affinity: str | None, engine: Given) -> Runner:
    """The back end of that name, which times something by itself.

    Raises:
        BadValue: it only plays what others timed.
    """
    if name in PLAYERS:
        raise BadValue(f"the runner '{name}' does not time whole networks", f"use the runner '{defaults.RUNNER}'")
    return make_runner(name, threads, values.cpus(affinity), (), None, provider, engine)
