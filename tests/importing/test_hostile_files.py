"""Files of other tools with values that cannot be: each is imported as far as it goes or refused in a sentence."""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from blackthorn.errors import BlackthornError
from blackthorn.importing import TimedNetwork, class_sweeps, imported_profiles, read_files, write
from blackthorn.records import Device
from tests.importing.engines import EIGHT, compiled, convolution, tensor, write_engine
from tests.importing.test_ort_profile import event
from tests.networks import write_network

STRANGE = (0, -1, 1, 2**31, 2**70, 0.5, 1e300, "", "x", None, [], {}, [0], [1, 1], [-1, 4, 4, 4], True, "Half", "Int8")
BOARD = Device("board", "trtexec", "a board", 1)
SHAPE = [{"float": [1, 8, 4, 4]}]


def engine(folder: Path) -> list[Path]:
    layers = [
        convolution("/a/Conv", "/Relu"),
        convolution("/b/Conv", Inputs=[tensor(1, 16, 28, 28, form=EIGHT)], groups=2),
        {**convolution("/p"), "Kernel": [], "WindowSize": [2, 2], "PoolingType": "MAX"},
        compiled("g", "gemm", [tensor(1, 512), tensor(512, 10)], tensor(1, 10), "/fc/Gemm"),
        compiled("s", "kgen", [tensor(2, 8), tensor(2, 8)], tensor(2, 8), "/Add"),
    ]
    return list(write_engine(folder, layers, [1.0, 2.0, 3.0, 4.0, 5.0]))


def profile(folder: Path) -> list[Path]:
    path = folder / "profile.json"
    events = [
        event("a", "Conv", [*SHAPE, {"float": [8, 8, 1, 1]}], SHAPE, parameter_size="256"),
        event("b", "Gemm", [{"float": [2, 6]}], [{"float": [2, 5]}]),
        event("c", "MatMul", [*SHAPE, *SHAPE], SHAPE),
        event("d", "Relu", SHAPE, SHAPE),
    ]
    path.write_text(json.dumps([{"cat": "Session", "name": "model_run", "ts": 0, "dur": 9, "args": {}}, *events]))
    return [path]


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The ways to everything inside a JSON value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inside:
        yield (*path, key)
        yield from leaves(each, (*path, key))


def changed(path: Path, chance: random.Random) -> None:
    """Put something strange in one place of a JSON file."""
    content = json.loads(path.read_text())
    *way, last = chance.choice(list(leaves(content)))
    place = content
    for key in way:
        place = place[key]
    place[last] = chance.choice(STRANGE)
    path.write_text(json.dumps(content))


@pytest.mark.parametrize("made", [engine, profile])
def test_no_change_of_a_file_does_worse_than_a_refusal(made: Callable[[Path], list[Path]], tmp_path: Path) -> None:
    chance = random.Random(0)
    network = TimedNetwork(write_network(tmp_path, "(float[1,8,4,4] x) => (y) { y = Relu(x) }"))
    ended: Counter[str] = Counter()
    for turn in range(400):
        paths = made(tmp_path)
        changed(chance.choice(paths), chance)
        try:
            found = imported_profiles(read_files(paths), network if turn % 2 else None)
            for sweep in class_sweeps(found.layers, frozenset(), BOARD, "", ""):
                write(sweep, tmp_path / str(turn))
            ended["imported"] += 1
        except BlackthornError as error:
            ended["refused"] += 1
            ended["in many lines"] += "\n" in str(error)
    assert ended.pop("in many lines") == 0
    assert min(ended["imported"], ended["refused"]) > 20, ended
