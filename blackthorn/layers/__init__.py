"""The layer kinds, found by name; other packages add theirs through the entry point group `blackthorn.layers`."""

from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from types import MappingProxyType

from blackthorn.errors import UnknownName
from blackthorn.layers.base import Dimension, LayerKind
from blackthorn.layers.conv2d import Conv2d

_BUILT_IN: tuple[type[LayerKind], ...] = (Conv2d,)

__all__ = ["Dimension", "LayerKind", "layer_kind", "layer_kinds"]


@cache
def layer_kinds() -> Mapping[str, LayerKind]:
    """Every layer kind by its name: the built-in ones, then those of installed packages."""
    kinds = {kind.name: kind() for kind in _BUILT_IN}
    for entry in entry_points(group="blackthorn.layers"):
        kinds.setdefault(entry.name, entry.load()())
    return MappingProxyType(kinds)


def layer_kind(name: str) -> LayerKind:
    """The layer kind of that name.

    Raises:
        UnknownName: there is none.
    """
    kinds = layer_kinds()
    if name not in kinds:
        raise UnknownName("layer kind", name, kinds)
    return kinds[name]
