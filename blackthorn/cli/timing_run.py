"""From the options of `measure` and `validate` to timed networks."""

import logging
import math
from collections.abc import Sequence
from pathlib import Path

from blackthorn.cli import values
from blackthorn.cli.model_choice import choose_model
from blackthorn.cli.runner_choice import make_runner
from blackthorn.onnx_graph import read_network
from blackthorn.prediction import predict
from blackthorn.records import FittedModel, NetworkTiming
from blackthorn.runners import Runner, fusions_on
from blackthorn.timing import Timer
from blackthorn.truth import Validation, check_same_device, measure, network_policy, validate

log = logging.getLogger(__name__)


def timed(network: Path, threads: int, affinity: str | None, shapes: Sequence[str], seconds: float) -> NetworkTiming:
    """Time a network; the arguments are the command's options as they were written."""
    with _runner(threads, affinity) as runner, Timer(runner, network_policy(seconds)) as timer:
        return measure(network, timer, values.shapes(shapes))


def validated(
    networks: Sequence[Path], device: str | None, threads: int, affinity: str | None, shapes: Sequence[str], seconds: float
) -> list[Validation]:
    """Predict networks and time them; all are predicted first, so that what cannot be read is refused at once."""
    runner = _runner(threads, affinity)
    _, model = choose_model(device, threads)
    check_same_device(model.device.name, runner.device().name)
    given, nominal = values.shapes(shapes), _nominal(model, runner)
    read = [read_network(path, given, fusions_on(model.device)) for path in networks]
    predictions = [predict(network, model) for network in read]
    found = []
    with runner, Timer(runner, network_policy(seconds)) as timer:
        timer.expect(nominal or math.inf)
        for path, network, prediction in zip(networks, read, predictions, strict=True):
            log.info("timing %s", path)
            found.append(validate(network, prediction, measure(path, timer, given).at_speed(nominal)))
    return found


def _runner(threads: int, affinity: str | None) -> Runner:
    cpus = values.whole_numbers(affinity, "--affinity") if affinity is not None else ()
    return make_runner(None, threads, cpus, (), None)


def _nominal(model: FittedModel, runner: Runner) -> float | None:
    """What the reference takes at the model's speed; None where the model was made with another reference or with none."""
    reference = runner.reference()
    if reference is None or reference.key != model.reference:
        log.warning("the fitted model has no speed that timings could be stated at; they are stated as they were taken")
        return None
    return model.reference_seconds
