"""What formulas over a class of layers speak of, and how it follows from the layers' dimensions."""

import numpy as np
import pytest

from blackthorn.formulas import Border
from blackthorn.layers import Quantities, layer_kind, vocabulary
from blackthorn.layers.windows import border, same_pads
from blackthorn.records import BYTES_MOVED, OUTPUT_SIZES, POSITIONS

POINTWISE, WINDOW = {"kernel": 1, "kernel_width": 1}, {"kernel": 3, "kernel_width": 3}
IMAGE = ("height", "width")


@pytest.mark.parametrize(
    ("layer", "moved", "fixed", "free"),
    [
        ("conv2d", ("filters", "height", "width"), POINTWISE, ("filters", POSITIONS)),
        ("conv2d", ("filters", "height", "width"), WINDOW, ("filters", "height", "width")),
        ("conv2d", ("filters", "height"), {**POINTWISE, "width": 7}, ("filters", "height")),
        ("conv2d", ("filters", "kernel", "height", "width"), {"kernel_width": 1}, ("filters", "kernel", "height", "width")),
        ("lstm", ("steps", "hidden"), {}, ("steps", "hidden", "state")),
        ("conv2d", IMAGE, {**POINTWISE, "stride": 2, "stride_width": 2}, ("output_height", "output_width")),
        ("conv2d", ("filters", *IMAGE), {**POINTWISE, "stride": 1, "stride_width": 3}, ("filters", "height", "output_width")),
        ("conv2d", IMAGE, {**WINDOW, "stride": 2, "stride_width": 2}, IMAGE),
        ("conv2d", IMAGE, {"stride": 2, "stride_width": 2}, IMAGE),
        ("average_pool3d", ("depth", *IMAGE), {"kernel": 2, "stride": 2}, ("output_depth", *IMAGE)),
        ("max_pool1d", ("channels", "length"), {"kernel": 3, "stride": 3}, ("channels", "output_length")),
        ("max_pool2d", IMAGE, {"kernel": 2, "kernel_width": 3, "stride": 1, "stride_width": 2}, ("height", "output_width")),
        ("depthwise_conv2d", IMAGE, {**WINDOW, "stride": 2, "stride_width": 2}, ("output_height", "output_width")),
        ("depthwise_conv2d", IMAGE, WINDOW, IMAGE),
    ],
)
def test_formulas_speak_of_the_positions_or_the_sizes_of_a_result_where_these_alone_count(
    layer: str, moved: tuple[str, ...], fixed: dict[str, int], free: tuple[str, ...]
) -> None:
    spoken = vocabulary(layer_kind(layer), moved, fixed)
    assert (spoken.free, spoken.derived) == (free, (BYTES_MOVED,))


@pytest.mark.parametrize(("layer", "moved"), [("conv2d", ("filters",)), ("conv2d", ("height", "width")), ("lstm", ("hidden",))])
def test_along_one_dimension_alone_bytes_say_nothing_more(layer: str, moved: tuple[str, ...]) -> None:
    assert vocabulary(layer_kind(layer), moved, POINTWISE).derived == ()


OF_THREE, OF_SEVEN = Border(2, 2 / 3), Border(6, 12 / 7)


@pytest.mark.parametrize(
    ("layer", "moved", "fixed", "borders"),
    [
        ("conv2d", ("filters", "height", "width"), WINDOW, {"height": OF_THREE, "width": OF_THREE}),
        ("conv2d", ("filters", "height", "width"), {"kernel": 1, "kernel_width": 7}, {"width": OF_SEVEN}),
        ("conv2d", ("filters", "width"), WINDOW, {"width": OF_THREE}),
        ("conv2d", ("height", "kernel"), {"kernel_width": 3}, {}),
        ("conv2d", ("height", "width"), POINTWISE, {}),
        ("depthwise_conv2d", ("height",), {**WINDOW, "dilation": 2}, {"height": Border(4, 4 / 3)}),
        ("conv1d", ("length",), {"kernel": 2}, {"length": Border(1, 0.5)}),
        ("max_pool2d", ("height", "width"), {"kernel": 3, "kernel_width": 2}, {"height": OF_THREE, "width": Border(1, 0.5)}),
        ("average_pool3d", ("depth",), {"kernel": 3}, {"depth": OF_THREE}),
        ("dense", ("outputs",), {}, {}),
    ],
)
def test_a_window_that_is_known_has_a_border(
    layer: str, moved: tuple[str, ...], fixed: dict[str, int], borders: dict[str, Border]
) -> None:
    assert vocabulary(layer_kind(layer), moved, fixed).borders == borders


@pytest.mark.parametrize("dilation", [1, 2, 3])
@pytest.mark.parametrize("kernel", [2, 3, 4, 5, 7])
def test_a_border_is_what_the_padding_makes(kernel: int, dilation: int) -> None:
    (before, after), size = same_pads([kernel], [dilation]), 50
    starts = range(-before, size + after - dilation * (kernel - 1))
    covered = [sum(0 <= start + dilation * tap < size for tap in range(kernel)) for start in starts]
    at_border = [count for count in covered if count < kernel]
    assert len(covered) == size
    assert len(at_border) == border(kernel, dilation).until
    assert border(kernel, dilation).within(size) == pytest.approx(sum(at_border) / kernel)


def test_positions_are_those_of_the_result() -> None:
    conv2d = layer_kind("conv2d")
    layers = [conv2d.complete({"kernel": 1, "stride": stride, "height": 7, "width": 10}) for stride in (1, 2)]
    assert Quantities(conv2d, "fp32", layers)[POSITIONS].tolist() == [70.0, 20.0]


def test_sizes_of_a_result_are_by_axis() -> None:
    conv2d = layer_kind("conv2d")
    layer = conv2d.complete({"kernel": 1, "stride": 2, "stride_width": 3, "height": 7, "width": 13})
    quantities = Quantities(conv2d, "fp32", [layer])
    assert [quantities[OUTPUT_SIZES[name]].tolist() for name in IMAGE] == [[4.0], [5.0]]
    pool = layer_kind("max_pool3d")
    layer = pool.complete({"kernel": 2, "stride": 2, "depth": 4, "height": 7, "width": 10})
    quantities = Quantities(pool, "fp32", [layer])
    assert [quantities[OUTPUT_SIZES[name]].tolist() for name in ("depth", *IMAGE)] == [[2.0], [4.0], [5.0]]


def test_a_dimension_that_counts_twice_has_both_names() -> None:
    lstm = layer_kind("lstm")
    quantities = Quantities(lstm, "fp32", [lstm.complete({"hidden": 96})])
    assert np.array_equal(quantities["state"], quantities["hidden"])
