"""Nodes of damaged or strange files: no kind reads them wrongly, none fails."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackthorn.errors import BadValue
from blackthorn.layers import layer_kind, layer_kinds
from blackthorn.layers.reorder import BLOCKED_DOMAIN
from blackthorn.records import OnnxNode
from tests.layers.points import KINDS
from tests.strategies import THOROUGH

ATTRIBUTES = (
    *("axis", "dilations", "direction", "group", "kernel_shape", "layout", "mode"),
    *("pads", "perm", "size", "strides", "transA", "transB"),
)
shapes = st.none() | st.lists(st.integers(-1, 4), max_size=5).map(tuple)
values = (
    st.integers(-3, 6)
    | st.floats()
    | st.sampled_from(["nearest", "linear", ""])
    | st.booleans()
    | st.lists(st.integers(-2, 5), max_size=5).map(tuple)
    | st.lists(st.sampled_from(["a", 1.5, 0]), max_size=3).map(tuple)
)


def nodes(operators: frozenset[str]) -> st.SearchStrategy[OnnxNode]:
    return st.builds(
        OnnxNode,
        name=st.just("node"),
        op_type=st.sampled_from(sorted(operators)),
        inputs=st.lists(shapes, max_size=4).map(tuple),
        outputs=st.lists(shapes, max_size=2).map(tuple),
        attributes=st.dictionaries(st.sampled_from(ATTRIBUTES), values, max_size=4),
        constant=st.lists(st.booleans(), max_size=4).map(tuple),
        elements=st.lists(st.sampled_from(["float32", "uint8", "int8", ""]), max_size=4).map(tuple),
    )


@pytest.mark.parametrize("name", KINDS)
def test_whatever_a_node_holds_it_is_read_soundly_or_not_at_all(name: str) -> None:
    kind = layer_kind(name)

    @THOROUGH
    @given(nodes(kind.operators | {"Transpose", f"{BLOCKED_DOMAIN}.ReorderInput"}))
    def law(node: OnnxNode) -> None:
        found = kind.read(node)
        assert found is None or (list(found) == [d.name for d in kind.dimensions] and min(found.values()) >= 1)
        if found is not None:
            assert kind.macs(found) >= 0 <= kind.bytes_moved(found, "fp32")

    law()


@pytest.mark.parametrize("name", KINDS)
def test_a_node_of_another_operator_or_of_unknown_shapes_is_of_no_kind(name: str) -> None:
    kind = layer_kinds()[name]
    known = ((1, 4, 5, 5),) * 3
    assert kind.read(OnnxNode("node", "NonMaxSuppression", known, known[:1], {})) is None
    for operator in kind.operators:
        assert kind.read(OnnxNode("node", operator, (None, None, None), (None,), {})) is None
        assert kind.read(OnnxNode("node", operator, (), (), {})) is None
        assert kind.read(OnnxNode("node", operator, ((0, 4, 5, 5),) * 3, ((0, 4, 5, 5),), {})) is None


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        ("conv1d", {"groups": 3}, "groups=3 does not divide filters=64; make filters a multiple of groups"),
        ("conv2d", {"groups": 64}, "groups=64 with as many channels and filters is a .*; use the layer depthwise_conv2d"),
        ("conv_transpose2d", {"groups": 64, "channels": 65}, "groups=64 does not divide channels=65"),
        ("top_k", {"kept": 9, "columns": 5}, "kept=9 is more than columns=5; keep at most 5"),
        ("lrn", {"window": 4}, "window=4 has no channel in its middle; use an odd one, such as 5"),
        ("depthwise_conv2d", {"channels": 1}, "channels=1 is too small; use at least 2"),
    ],
)
def test_dimensions_that_no_layer_has_are_refused(kind: str, values: dict[str, int], message: str) -> None:
    with pytest.raises(BadValue, match=message):
        layer_kind(kind).complete(values)


def test_numbers_of_eight_bits_have_one_precision() -> None:
    quantize = layer_kind("quantize")
    assert quantize.probe_at({"elements": 8}).precision == "fp32"
    with pytest.raises(BadValue, match="quantize works on whole numbers, which fp16 does not change; leave it at fp32"):
        quantize.probe_at({"elements": 8}, "fp16")


@pytest.mark.parametrize(("weights", "kind"), [("int8", "dense_int8"), ("uint8", "dense_uint8"), ("", None)])
def test_the_sign_of_its_weights_tells_what_a_product_is(weights: str, kind: str | None) -> None:
    constant, elements = (False,) + (True,) * 7, ("uint8", "float32", "uint8", weights, "float32", weights)
    node = OnnxNode("node", "QLinearMatMul", ((2, 3), (), (), (3, 5), (), (), (), ()), ((2, 5),), {}, constant, elements)
    found = [name for name in KINDS if layer_kind(name).read(node) is not None]
    assert found == ([] if kind is None else [kind])
