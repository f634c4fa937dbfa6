"""What a probe holds is read as the layer that the probe is of."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackthorn.layers import layer_kind
from blackthorn.onnx_graph import read_network
from blackthorn.records import OnnxNode
from tests.layers.points import KERNELS, REORDERS, points
from tests.strategies import QUICK


@pytest.mark.parametrize("name", [name for name in KERNELS if name not in REORDERS])
def test_a_probes_node_gives_its_dimensions_back(name: str, tmp_path: Path) -> None:
    kind = layer_kind(name)

    @QUICK
    @given(points(kind), st.sampled_from(kind.precisions))
    def law(dimensions: dict[str, int], precision: str) -> None:
        path = tmp_path / "probe.onnx"
        path.write_bytes(kind.onnx_model(dimensions, precision))
        found = [layer for layer in read_network(path).layers if layer.name.startswith("layer")]
        assert len(found) == kind.copies(dimensions, precision)
        for layer in found:
            assert (layer.kind, layer.dimensions, layer.precision) == (name, dimensions, precision)
            assert list(layer.dimensions) == list(dimensions)
            assert layer.macs == kind.macs(dimensions)

    law()


@pytest.mark.parametrize("domain", ["", "com.microsoft.nchwc."])
def test_changes_of_layout_are_read_from_the_plain_side(domain: str) -> None:
    plain, blocked = (1, 20, 7, 9), (1, 32, 7, 9)
    dimensions = {"channels": 20, "height": 7, "width": 9, "batch": 1}
    entering = OnnxNode("in", f"{domain}ReorderInput", (plain,), (blocked,), {})
    leaving = OnnxNode("out", f"{domain}ReorderOutput", (blocked,), (plain,), {"channels": 20})
    assert layer_kind("reorder_input").read(entering) == dimensions
    assert layer_kind("reorder_output").read(leaving) == dimensions
    assert layer_kind("reorder_input").read(leaving) is None


def test_copies_of_images_into_another_layout_are_read_where_they_move_something() -> None:
    def read(*shape: int, operator: str = "Reformat") -> dict[str, int] | None:
        return layer_kind("reformat").read(OnnxNode("copy", operator, (shape,), (shape,), {}))

    assert read(2, 20, 7, 9) == {"channels": 20, "height": 7, "width": 9, "batch": 2}
    assert read(1, 1, 7, 7) is read(1, 20, 1, 1) is read(20, 7) is read(1, 20, 7, 9, operator="Transpose") is None
