"""From the options of `measure` and `validate` to timed networks."""

import logging
from collections.abc import Sequence
from pathlib import Path

from blackthorn.cli import values
from blackthorn.cli.model_choice import choose_model
from blackthorn.cli.network_progress import shown_networks
from blackthorn.cli.runner_choice import make_runner
from blackthorn.onnx_graph import read_network
from blackthorn.prediction import predict
from blackthorn.records import NetworkTiming, Probe
from blackthorn.runners import Runner, fusions_on
from blackthorn.timing import Timer
from blackthorn.truth import Candidate, Series, check_same_device, measure, network_policy, validate_all

log = logging.getLogger(__name__)


def timed(
    network: Path, provider: str | None, threads: int, affinity: str | None, shapes: Sequence[str], seconds: float
) -> NetworkTiming:
    """Time a network; the arguments are the command's options as they were written."""
    given = values.shapes(shapes)
    with (
        _runner(provider, threads, affinity) as runner,
        Timer(runner, runner.reference(), network_policy(seconds)) as timer,
        shown_networks(1, seconds) as watcher,
    ):
        watcher.begin(network)
        return measure(network, timer, given)


def validated(
    networks: Sequence[Path],
    device: str | None,
    provider: str | None,
    threads: int,
    affinity: str | None,
    shapes: Sequence[str],
    seconds: float,
) -> Series:
    """Predict networks and time them; all are predicted first, so that what cannot be read is refused at once."""
    runner = _runner(provider, threads, affinity)
    _, model = choose_model(device, threads, provider)
    check_same_device(model.device.name, runner.device().name)
    given = values.shapes(shapes)
    read = [read_network(path, given, fusions_on(model.device)) for path in networks]
    candidates = [Candidate(path, network, predict(network, model)) for path, network in zip(networks, read, strict=True)]

    def timed_beside(path: Path, references: Sequence[Probe]) -> NetworkTiming:
        log.info("timing %s beside %d references", path, len(references))
        return measure(path, timer, given, references)

    with (
        runner,
        Timer(runner, runner.reference(), network_policy(seconds)) as timer,
        shown_networks(len(networks), seconds) as watcher,
    ):
        return validate_all(candidates, timed_beside, watcher)


def _runner(provider: str | None, threads: int, affinity: str | None) -> Runner:
    return make_runner(None, threads, values.cpus(affinity), (), None, provider)
