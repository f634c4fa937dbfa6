import pytest

from blackthorn.cli.dimension_text import dimension_text, range_text
from blackthorn.layers import layer_kind


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({}, "filters=64 channels=64 height=32 kernel=3"),
        ({"height": 7}, "filters=64 channels=64 height=7 kernel=3"),
        ({"width": 7}, "filters=64 channels=64 height=32 width=7 kernel=3"),
        ({"stride": 2}, "filters=64 channels=64 height=32 kernel=3 stride=2"),
        ({"stride_width": 2}, "filters=64 channels=64 height=32 kernel=3 stride_width=2"),
        ({"kernel": 1, "batch": 8}, "filters=64 channels=64 height=32 kernel=1 batch=8"),
    ],
)
def test_what_goes_without_saying_is_left_out(given: dict[str, int], text: str) -> None:
    assert dimension_text("conv2d", layer_kind("conv2d").complete(given)) == text


def test_a_follower_whose_leader_moves_is_told() -> None:
    assert dimension_text("conv2d", {"filters": 1, "width": 32, "kernel": 1, "stride": 1}) == "filters=1 width=32 kernel=1"


def test_a_layer_kind_that_is_not_installed_here_is_told_in_full() -> None:
    assert dimension_text("their_layer", {"alpha": 1, "beta": 2}) == "alpha=1 beta=2"


def test_ranges_are_told_in_words() -> None:
    assert range_text({"filters": (1, 1024), "channels": (16, 512)}) == "filters 1 to 1024, channels 16 to 512"
