"""Figure 3.6: damaged networks, read and predicted in a process that may take little memory and little time for each.

`python -m tests.bench.mutated` is that process; it prints what it saw as JSON.
"""

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
from tests.bench.tables import Row
from tests.networks import light_bytes, light_networks, network_bytes
from tests.onnx_graph.mutations import mutated
from tests.onnx_graph.operators import ARITHMETIC, OPERATORS

FILES = 10_000
REAL_SHARE = 5
"""Every fifth file is a damaged real network, the others are single operators."""
ADDRESS_SPACE = 4 * 2**30
LONGEST_SECONDS = 5
MOST_MEMORY = 500 * 2**20
"""Bytes; the `onnx` package, which does the damage in the same process, takes a third of it."""


class Seen(msgspec.Struct):
    """What the process saw.

    Attributes:
        outcomes: how many files were read, or refused with which error.
        faults: what happened besides, with the seed of the file.
        opened: files that were opened besides the damaged one.
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
    process = subprocess.run([sys.executable, "-m", "tests.bench.mutated"], capture_output=True, check=False, text=True)
    if process.returncode:
        yield Row("3.6", f"{FILES} damaged networks", "survived", process.stderr.strip()[-200:], reached=False)
        return
    seen = msgspec.json.decode(process.stdout, type=Seen)
    listed = ", ".join(f"{count} {outcome}" for outcome, count in Counter(seen.outcomes).most_common())
    faults = f"{len(seen.faults)} {'; '.join(seen.faults[:3])}".strip()
    yield Row("3.6", f"{FILES} damaged networks: {listed}", "no other outcome", faults, not seen.faults)
    yield Row("3.6", "slowest of them", f"< {LONGEST_SECONDS} s", f"{seen.slowest:.2f} s", seen.slowest < LONGEST_SECONDS)
    limit = f"< {MOST_MEMORY / 2**20:.0f} MiB"
    yield Row("3.6", "peak memory", limit, f"{seen.peak / 2**20:.0f} MiB", seen.peak < MOST_MEMORY)
    yield Row("3.6", "other files opened", "none", ", ".join(seen.opened[:3]) or "none", not seen.opened)


def main() -> None:
    """Damage, read and predict; print what was seen."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    signal.signal(signal.SIGALRM, _too_long)
    small = [network_bytes(text) for text in (*OPERATORS.values(), *ARITHMETIC.values())]
    real = [light_bytes(name) for name in light_networks()]
    seen, model, operators = Seen(), read_model(find_models([shipped_models()])[0]), sorted(RULES)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "net.onnx"
        predict(
            read_network(light_networks()["light_vgg19"]), model
        )  # whatever is imported late is imported before files are watched
        watching = _watch(seen, path)
        for seed in range(FILES):
            sources = small if seed % REAL_SHARE else real
            path.write_bytes(mutated(sources[seed // REAL_SHARE % len(sources)], operators, seed))
            watching.append(seed)
            _try(path, model, seed, seen)
            watching.clear()
    seen.peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    sys.stdout.write(msgspec.json.encode(seen).decode())


def _too_long(_signal: int, _frame: object) -> None:
    raise TooLong


def _watch(seen: Seen, path: Path) -> list[int]:
    """Note every file opened, other than `path`, while the list given back holds anything: a hook cannot be taken off."""
    watching: list[int] = []

    def opening(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open" and watching and str(arguments[0]) != str(path):
            seen.opened.append(f"{arguments[0]} (seed {watching[0]})")

    sys.addaudithook(opening)
    return watching


def _try(path: Path, model: FittedModel, seed: int, seen: Seen) -> None:
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
        seen.faults.append(f"seed {seed}: {error!r}")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    seen.outcomes[outcome] = seen.outcomes.get(outcome, 0) + 1
    seen.slowest = max(seen.slowest, time.perf_counter() - started)


if __name__ == "__main__":
    main()
