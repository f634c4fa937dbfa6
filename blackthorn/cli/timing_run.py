"""From the options of `measure` and `validate` to timed networks."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from blackthorn.cli import defaults, values
from blackthorn.cli.engine_options import Given
from blackthorn.cli.model_choice import choose_model
from blackthorn.cli.network_progress import shown_networks
from blackthorn.cli.runner_choice import make_runner
from blackthorn.cli.timing_options import SECONDS
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


class Asked(NamedTuple):
    """On what and how long networks are to be timed: options of `measure` and `validate` as they were written."""

    runner: str | None = None
    provider: str | None = None
    threads: int = 1
    affinity: str | None = None
    shapes: Sequence[str] = ()
    seconds: float = SECONDS
    visits: int = 1
    engine: Given = {}


def timed(network: Path, asked: Asked) -> NetworkTiming:
    """Time a network."""
    given = values.shapes(asked.shapes)
    with (
        _runner(asked) as here,
        Timer(here, here.reference(), network_policy(asked.seconds)) as timer,
        shown_networks(1, asked.seconds) as watcher,
    ):
        watcher.begin(network)
        return measure(network, timer, given)


def validated(networks: Sequence[Path], device: str | None, asked: Asked) -> Series:
    """Predict networks and time them; all are predicted first, so that what cannot be read is refused at once."""
    here = _runner(asked)
    name = here.device().name
    _, model = choose_model(device, name)
    check_same_device(model.device.name, name)
    given = values.shapes(asked.shapes)
    read = [read_network(path, given, fusions_on(model.device)) for path in networks]
    candidates = [Candidate(path, network, predict(network, model)) for path, network in zip(networks, read, strict=True)]

    def timed_beside(path: Path, references: Sequence[Probe]) -> NetworkTiming:
        log.info("timing %s beside %d references", path, len(references))
        return measure(path, timer, given, references)

    with (
        here,
        Timer(here, here.reference(), network_policy(asked.seconds)) as timer,
        shown_networks(len(networks) * asked.visits, asked.seconds) as watcher,
    ):
        return validate_all(candidates, timed_beside, watcher, asked.visits)


def _runner(asked: Asked) -> Runner:
    """The back end that is asked for, which times something by itself.

    Raises:
        BadValue: it only plays what others timed.
    """
    if asked.runner in PLAYERS:
        raise BadValue(f"the runner '{asked.runner}' does not time whole networks", f"use the runner '{defaults.RUNNER}'")
    return make_runner(asked.runner, asked.threads, values.cpus(asked.affinity), (), None, asked.provider, asked.engine)
