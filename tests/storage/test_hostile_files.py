"""Files that anybody may have made: whatever is in them, one clear sentence or a sound record."""

import contextlib
import math
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackthorn.errors import BadFile, BlackthornError
from blackthorn.records import FittedModel, Sweep
from blackthorn.storage import open_sweep, read_model, read_sweep
from tests.examples import a_header, a_measurement, a_model
from tests.strategies import THOROUGH

SWEEP_LINES = [msgspec.json.encode(record) for record in (a_header(), a_measurement(1), a_measurement(2), a_measurement(3))]
SWEEP = b"".join(line + b"\n" for line in SWEEP_LINES)
MODEL = msgspec.json.encode(a_model())

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-2, 2)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def places_in(data: object) -> list[tuple[object, ...]]:
    """The paths to every value within a piece of JSON."""
    children = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [()] + [(key, *rest) for key, inner in children for rest in places_in(inner)]


@st.composite
def altered(draw: st.DrawFn, text: bytes) -> bytes:
    """JSON with one value, anywhere in it, replaced by anything or taken out."""
    data = msgspec.json.decode(text)
    *way, last = draw(st.sampled_from(places_in(data)[1:]))
    holder = data
    for key in way:
        holder = holder[key]
    if draw(st.booleans()):
        holder[last] = draw(anything)
    else:
        del holder[last]
    return msgspec.json.encode(data)


@st.composite
def scrambled(draw: st.DrawFn, text: bytes) -> bytes:
    """Text with a stretch of it replaced by random bytes."""
    begin = draw(st.integers(0, len(text)))
    end = draw(st.integers(begin, min(len(text), begin + 40)))
    return text[:begin] + draw(st.binary(max_size=20)) + text[end:]


def check_refusal(error: BlackthornError, path: Path) -> None:
    assert type(error) is BadFile
    assert str(path) in str(error)
    assert str(error).endswith(".")
    assert "\n" not in error.problem.replace(str(path), "")
    assert error.remedy


def check_model(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    try:
        model: FittedModel = read_model(path)
    except BlackthornError as error:
        check_refusal(error, path)
        return
    for layer in model.layers:
        assert layer.rmspe >= 0
        middle = {name: (low + high) // 2 for name, (low, high) in layer.ranges.items()}
        assert math.isfinite(float(layer.formula.evaluate({**layer.fixed, **middle})))


def check_sweep(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with contextlib.suppress(BlackthornError), open_sweep(path, a_header()) as file:
        assert read_sweep(path).measurements == file.measurements
    path.write_bytes(content)
    try:
        sweep: Sweep = read_sweep(path)
    except BlackthornError as error:
        check_refusal(error, path)
        return
    assert all(measurement.seconds > 0 for measurement in sweep.measurements)
    assert len({measurement.probe.key for measurement in sweep.measurements}) == len(sweep.measurements)


@pytest.mark.parametrize("check", [check_model, check_sweep])
def test_random_bytes(tmp_path: Path, check: Callable[[Path, bytes], None]) -> None:
    @THOROUGH
    @given(st.binary(max_size=200))
    def law(content: bytes) -> None:
        check(tmp_path / "file", content)

    law()


@THOROUGH
@given(altered(MODEL) | scrambled(MODEL))
def test_a_model_tampered_with(tmp_path: Path, content: bytes) -> None:
    check_model(tmp_path / "model.json", content)


@THOROUGH
@given(st.integers(0, 3), st.data())
def test_a_sweep_with_a_line_tampered_with(tmp_path: Path, number: int, data: st.DataObject) -> None:
    lines = list(SWEEP_LINES)
    lines[number] = data.draw(altered(lines[number]))
    check_sweep(tmp_path / "sweep.jsonl", b"".join(line + b"\n" for line in lines))


@THOROUGH
@given(scrambled(SWEEP))
def test_a_sweep_scrambled(tmp_path: Path, content: bytes) -> None:
    check_sweep(tmp_path / "sweep.jsonl", content)


@pytest.mark.parametrize("number", [b"1e999", b"NaN", b"-Infinity", b"9" * 400, b"9" * 5000, b"-0", b"0.0"])
def test_numbers_that_are_none(tmp_path: Path, number: bytes) -> None:
    path = tmp_path / "sweep.jsonl"
    path.write_bytes(SWEEP.replace(b'"seconds":0.001', b'"seconds":' + number, 1))
    with pytest.raises(BadFile, match="line 2 of"):
        read_sweep(path)
