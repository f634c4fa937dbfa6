"""Dimensions as a person writes them: what repeats another dimension, or is 1 as usual, goes without saying."""

from collections.abc import Iterator, Mapping

from blackthorn.layers import layer_kinds
from blackthorn.records import Dimensions

USUAL = 1
"""The value that goes without saying of a dimension that has it by default: strides, dilations, groups, batch."""


def dimension_text(layer: str, dimensions: Dimensions) -> str:
    """The telling dimensions of a layer or of a class of layers, such as `filters=64 channels=3 height=224 kernel=7 stride=2`.

    Args:
        layer: name of the layer kind.
        dimensions: all of its dimensions, or those that a class has fixed.
    """
    return " ".join(f"{name}={value}" for name, value in _telling(layer, dimensions))


def range_text(ranges: Mapping[str, tuple[int, int]]) -> str:
    """What was measured of the dimensions that move: `filters 1 to 1024, channels 16 to 512`."""
    return ", ".join(f"{name} {low} to {high}" for name, (low, high) in ranges.items())


def _telling(layer: str, dimensions: Dimensions) -> Iterator[tuple[str, int]]:
    kind = layer_kinds().get(layer)
    if kind is None:  # the package that knows it is not installed here
        yield from dimensions.items()
        return
    for dimension in kind.dimensions:
        value, default = dimensions.get(dimension.name), dimension.default
        own = USUAL if default == USUAL else None
        usual = dimensions.get(default) if isinstance(default, str) else own
        if value not in (None, usual):
            yield dimension.name, value
