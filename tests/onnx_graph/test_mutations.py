"""Damaged files: refused with a sentence or read, quickly, and nothing else."""

import time
from collections import Counter
from pathlib import Path

import pytest

from blackthorn.errors import BlackthornError
from blackthorn.onnx_graph import read_network
from blackthorn.onnx_graph.rules import RULES
from tests.networks import light_bytes, light_networks, network_bytes
from tests.onnx_graph.mutations import mutated
from tests.onnx_graph.operators import ARITHMETIC, OPERATORS

LONGEST_SECONDS = 60.0
"""Longer is a hang, on however busy a machine."""


def outcomes(contents: list[bytes], seeds: range, folder: Path) -> Counter[str]:
    """What reading one damaged copy a seed gives; anything but a network or a sentence is raised on."""
    path, found, sentences = folder / "net.onnx", Counter[str](), []
    for seed in seeds:
        path.write_bytes(mutated(contents[seed % len(contents)], sorted(RULES), seed))
        started = time.perf_counter()
        try:
            read_network(path)
            found["read"] += 1
        except BlackthornError as error:
            found[type(error).__name__] += 1
            sentences.append(str(error))
        assert time.perf_counter() - started < LONGEST_SECONDS, seed
    assert [sentence for sentence in sentences if not sentence.isprintable()] == []
    return found


@pytest.mark.parametrize("first", range(0, 600, 200))
def test_damaged_single_operators(first: int, tmp_path: Path) -> None:
    contents = [network_bytes(text) for text in (*OPERATORS.values(), *ARITHMETIC.values())]
    found = outcomes(contents, range(first, first + 200), tmp_path)
    assert found["read"] > 20
    assert found["BadFile"] > 40


@pytest.mark.parametrize("name", sorted(light_networks()))
def test_damaged_real_networks(name: str, tmp_path: Path) -> None:
    found = outcomes([light_bytes(name)], range(8), tmp_path)
    assert found.total() == 8
    assert found["BadFile"] > 0
