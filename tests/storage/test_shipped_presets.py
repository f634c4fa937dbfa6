"""The presets that come along: they can be carried out, are in the wheel, and leave no kind of layer out."""

from pathlib import Path

import pytest

from blackthorn.layers import layer_kinds
from blackthorn.storage import find_preset
from blackthorn.storage.presets import shipped_presets
from blackthorn.sweeping import SweepPlan

PYPROJECT = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
PRESETS = sorted(shipped_presets())


def test_every_kind_of_layer_is_swept_by_a_preset() -> None:
    swept = {planned.layer for name in PRESETS for planned in find_preset(name).sweeps}
    assert swept == set(layer_kinds())


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_in_the_wheel(name: str) -> None:
    assert f'"sweeps/{name}.json" = "blackthorn/sweeps/{name}.json"' in PYPROJECT


@pytest.mark.parametrize("name", [name for name in PRESETS if name != "cnn"])
def test_a_preset_can_be_carried_out_within_minutes(name: str) -> None:
    preset = find_preset(name)
    assert preset.name == name
    assert preset.points <= 600
    assert preset.minutes <= 10
    for planned in preset.sweeps:
        SweepPlan(planned.layer, planned.axes, planned.fixed, planned.precision, planned.points).check()
