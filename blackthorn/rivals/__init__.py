"""Models to hold blackthorn's formulas against, each fitted to the same timings; blackthorn's own among them.

One file a rival. The family is closed: what a comparison says should mean the same everywhere.
"""

from collections.abc import Mapping
from types import MappingProxyType

from blackthorn.errors import UnknownName
from blackthorn.rivals.base import CannotFit, Model, Rival
from blackthorn.rivals.dense_grid import DenseGrid
from blackthorn.rivals.formulas import Formulas, FormulasAlone
from blackthorn.rivals.gradient_boosting import GradientBoosting
from blackthorn.rivals.mixed import Mixed
from blackthorn.rivals.published import Published
from blackthorn.rivals.random_forest import RandomForest
from blackthorn.rivals.refined_roofline import RefinedRoofline
from blackthorn.rivals.roofline import Roofline
from blackthorn.rivals.statistical import Statistical
from blackthorn.rivals.timed_layers import TimedLayers, timed_layers

_ALL: tuple[Rival, ...] = (
    Formulas(),
    FormulasAlone(),
    Published(),
    Roofline(),
    RefinedRoofline(),
    Statistical(),
    Mixed(),
    RandomForest(),
    GradientBoosting(),
    DenseGrid(),
)
RIVALS: Mapping[str, Rival] = MappingProxyType({found.name: found for found in _ALL})
"""Every rival by its name, in the order in which they are shown."""

__all__ = ["RIVALS", "CannotFit", "Model", "Rival", "TimedLayers", "rival", "timed_layers"]


def rival(name: str) -> Rival:
    """The rival of that name.

    Raises:
        UnknownName: there is none.
    """
    if name not in RIVALS:
        raise UnknownName("model", name, RIVALS)
    return RIVALS[name]
