"""Figure 10: damaged networks, read and predicted in processes that may take little memory, and little time for each.

`python -m tests.bench.mutated FOLDER` is such a process: it reads every file of the folder and prints what it saw as JSON.
"""

import codecs
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec

from blackthorn.errors import BlackthornError
from blackthorn.onnx_graph import read_network
from blackthorn.onnx_graph.rules import RULES
from blackthorn.prediction import predict
from blackthorn.records import FittedModel
from blackthorn.storage import find_models, read_model, shipped_models
from tests.bench.peak import peak_memory
from tests.bench.tables import Row
from tests.networks import light_bytes, light_networks, network_bytes
from tests.onnx_graph.mutations import mutated
from tests.onnx_graph.operators import ARITHMETIC, OPERATORS

FILES, TOGETHER = 10_000, 1000
"""How many, and how many by one process."""
REAL_SHARE = 5
"""Every fifth file is a damaged real network, the others are single operators."""
ADDRESS_SPACE = 4 * 2**30
LONGEST_SECONDS = 5
MOST_MEMORY = 250 * 2**20


class Seen(msgspec.Struct):
    """What one process saw.

    Attributes:
        outcomes: how many files were predicted, or refused with which error.
        faults: what happened besides, with the name of the file.
        opened: what was opened besides the file at hand.
        slowest: seconds of the file that took longest.
        peak: resident bytes at most.
    """

    outcomes: dict[str, int] = {}
    faults: list[str] = []
    opened: list[str] = []
    slowest: float = 0.0
    peak: int = 0


class TooLong(BaseException):
    """A file took longer than it may; no handler of the code under test catches it."""


def mutations_survived() -> Iterator[Row]:
    """Ten thousand damaged files."""
    all_seen = [_seen_by_a_process(range(first, first + TOGETHER)) for first in range(0, FILES, TOGETHER)]
    outcomes = sum((Counter(seen.outcomes) for seen in all_seen), Counter())
    faults = [fault for seen in all_seen for fault in seen.faults]
    opened = [path for seen in all_seen for path in seen.opened]
    slowest, peak = max(seen.slowest for seen in all_seen), max(seen.peak for seen in all_seen)
    listed = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common())
    yield Row("10", f"{FILES} damaged networks: {listed}", "no fault", f"{len(faults)} {'; '.join(faults[:3])}", not faults)
    yield Row("10", "slowest of them", f"< {LONGEST_SECONDS} s", f"{slowest:.2f} s", slowest < LONGEST_SECONDS)
    limit = f"< {MOST_MEMORY / 2**20:.0f} MiB"
    yield Row("10", "peak memory", limit, f"{peak / 2**20:.0f} MiB", peak < MOST_MEMORY)
    yield Row("10", "other files opened", "none", ", ".join(opened[:3]) or "none", not opened)


def _seen_by_a_process(seeds: range) -> Seen:
    """Damage in this process, since that takes the `onnx` package and its memory, and read in another."""
    small = [network_bytes(text) for text in (*OPERATORS.values(), *ARITHMETIC.values())]
    real = [light_bytes(name) for name in light_networks()]
    operators = sorted(RULES)
    with tempfile.TemporaryDirectory() as folder:
        for seed in seeds:
            sources = small if seed % REAL_SHARE else real
            damaged = mutated(sources[seed // REAL_SHARE % len(sources)], operators, seed)
            Path(folder, f"{seed}.onnx").write_bytes(damaged)
        command = [sys.executable, "-m", "tests.bench.mutated", folder]
        process = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if process.returncode:
        return Seen(faults=[f"seeds from {seeds.start}: the process ended with {process.returncode}"])
    return msgspec.json.decode(process.stdout, type=Seen)


def main(folder: str) -> None:
    """Read and predict every file of a folder; print what was seen."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    signal.signal(signal.SIGALRM, _too_long)
    seen, model = Seen(), read_model(find_models([shipped_models()])[0])
    predict(read_network(light_networks()["light_vgg19"]), model)  # what is imported late is imported before files are watched
    codecs.lookup("unicode_escape")
    at_hand = _watch(seen)
    for path in sorted(Path(folder).iterdir()):
        at_hand[:] = [path]
        _try(path, model, seen)
        at_hand.clear()
    seen.peak = peak_memory()
    sys.stdout.write(msgspec.json.encode(seen).decode())


def _too_long(_signal: int, _frame: object) -> None:
    raise TooLong


def _watch(seen: Seen) -> list[Path]:
    """Note every file opened, other than the one in the list given back, while one is there: a hook cannot be taken off."""
    at_hand: list[Path] = []

    def opening(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open" and at_hand and str(arguments[0]) != str(at_hand[0]):
            seen.opened.append(f"{arguments[0]} for {at_hand[0].name}")

    sys.addaudithook(opening)
    return at_hand


def _try(path: Path, model: FittedModel, seen: Seen) -> None:
    """One file; anything but a prediction or a sentence is a fault."""
    started = time.perf_counter()
    signal.setitimer(signal.ITIMER_REAL, LONGEST_SECONDS)
    try:
        predict(read_network(path), model)
        outcome = "predicted"
    except BlackthornError as error:
        outcome = type(error).__name__
    except (Exception, TooLong) as error:
        outcome = "fault"
        seen.faults.append(f"{path.name}: {error!r}")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    seen.outcomes[outcome] = seen.outcomes.get(outcome, 0) + 1
    seen.slowest = max(seen.slowest, time.perf_counter() - started)


if __name__ == "__main__":
    main(sys.argv[1])
