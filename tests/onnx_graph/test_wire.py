"""The wire reader against what the protobuf package writes."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackthorn.onnx_graph import wire
from blackthorn.onnx_graph.loading import load_model
from blackthorn.onnx_graph.messages import AttributeValue
from blackthorn.onnx_graph.wire import WireError, collect, number, read_varint, tag, text
from tests.networks import write_network
from tests.strategies import QUICK

whole_numbers = st.integers(-(2**63), 2**63 - 1)
printable = st.text(max_size=20).filter(str.isprintable)


def attribute_read(folder: Path, name: str, **fields: object) -> AttributeValue:
    """An attribute of a node as read back from a file that protobuf wrote."""

    def add(model) -> None:
        attribute = model.graph.node[0].attribute.add(name=name)
        for field, value in fields.items():
            if isinstance(value, list):
                getattr(attribute, field).extend(value)
            else:
                setattr(attribute, field, value)

    return load_model(write_network(folder, "(float[2] x) => (y) { y = Relu(x) }", add)).graph.nodes[0].attributes[name]


def test_attributes_of_every_type_read_back(tmp_path: Path) -> None:
    @QUICK
    @given(
        st.lists(whole_numbers, max_size=5),
        st.lists(printable, max_size=3),
        st.lists(st.floats(width=32, allow_nan=False), max_size=5),
    )
    def law(ints: list[int], strings: list[str], floats: list[float]) -> None:
        assert attribute_read(tmp_path, "a", type=7, ints=ints) == tuple(ints)
        assert attribute_read(tmp_path, "a", type=8, strings=[s.encode() for s in strings]) == tuple(strings)
        assert attribute_read(tmp_path, "a", type=6, floats=floats) == tuple(floats)
        for value in ints:
            assert attribute_read(tmp_path, "a", type=2, i=value) == value

    law()


@pytest.mark.parametrize(
    ("fields", "value"),
    [
        ({"i": 3}, 3),
        ({"f": 0.5}, 0.5),
        ({"s": b"text"}, "text"),
        ({"ints": [1, 2]}, (1, 2)),
        ({"strings": [b"a"]}, ("a",)),
        ({}, None),
        ({"type": 13, "i": 3}, None),
        ({"type": 2}, None),
        ({"type": 7}, ()),
    ],
    ids=str,
)
def test_files_older_than_attribute_types_and_types_that_are_not_needed(
    fields: dict[str, object], value: object, tmp_path: Path
) -> None:
    assert attribute_read(tmp_path, "a", **fields) == value


@pytest.mark.parametrize(
    "fields", [{"type": 7, "ints": [1] * 20_000}, {"type": 6, "floats": [0.5] * 20_000}], ids=["whole", "fractions"]
)
def test_numbers_one_by_one_and_packed_are_the_same_but_thousands_packed_are_left_alone(
    fields: dict[str, object], tmp_path: Path
) -> None:
    listed = next(value for value in fields.values() if isinstance(value, list))
    assert attribute_read(tmp_path, "a", **fields) == tuple(listed)
    assert wire.numbers(bytes(40_000), 0, 40_000) is None
    assert wire.fractions(bytes(40_000), 0, 40_000) is None
    assert wire.repeated({1: [7], 2: [None]}, 1, 2) is None
    assert wire.repeated({1: [7], 2: [[8, 9]]}, 1, 2) == (7, 8, 9)


def test_packed_numbers_read_back() -> None:
    @QUICK
    @given(st.lists(whole_numbers, max_size=10))
    def law(listed: list[int]) -> None:
        from onnx import TensorProto

        packed = TensorProto(int64_data=listed).SerializeToString()
        found = collect(packed, 0, len(packed), {tag(7): wire.numbers})
        assert found.get(tag(7), [[]]) == [listed]

    law()


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ("kern\u00e9l 中".encode(), "kernél 中"),
        (b"two\nlines\x1b[31m", "two\\nlines\\x1b[31m"),
        (b"\xff\xfe", "\\xff\\xfe"),
        (b"a" * 40_000, "a" * wire.LONGEST_TEXT),
    ],
    ids=["unicode", "control characters", "no utf-8", "a whole file"],
)
def test_texts_can_be_printed(raw: bytes, read: str) -> None:
    assert text(raw, 0, len(raw)) == read


def test_different_texts_stay_different() -> None:
    assert text(b"a\n", 0, 2) != text(b"a\r", 0, 2)
    assert text(b"a\xff", 0, 2) != text(b"a\xfe", 0, 2)


def test_numbers_end_where_they_end() -> None:
    assert read_varint(b"\xac\x02\x01", 0, 3) == (300, 2)
    assert read_varint(b"\xff" * 9 + b"\x01", 0, 10) == (2**64 - 1, 10)
    with pytest.raises(WireError, match="runs past byte 2"):
        read_varint(b"\x80\x80\x01", 0, 2)
    with pytest.raises(WireError, match="has no end"):
        read_varint(b"\xff" * 11, 0, 11)


def test_fields_without_a_reader_are_stepped_over() -> None:
    message = b"\x08\x05" + b"\x12\x03abc" + b"\x1d\0\0\0\0" + b"\x21" + bytes(8) + b"\x08\x07"
    assert collect(message, 0, len(message), {tag(1, wire.VARINT): number}) == {8: [5, 7]}
    assert collect(message, 2, 7, {tag(2): text}) == {18: ["abc"]}


def test_a_message_of_endless_fields_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MOST_FIELDS", 100)
    assert collect(b"\x08\x01" * 100, 0, 200, {}) == {}
    with pytest.raises(WireError, match="one too many"):
        collect(b"\x08\x01" * 101, 0, 202, {})


def test_fields_start_at_one() -> None:
    with pytest.raises(WireError, match="no known kind"):
        collect(b"\0\0", 0, 2, {})
