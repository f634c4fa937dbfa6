"""Plans: what moves, what stays, and what is refused before anything is measured."""

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackthorn.errors import BadValue, UnknownName
from blackthorn.layers import layer_kind
from blackthorn.records import Probe, Range
from blackthorn.storage import find_preset, open_sweep
from blackthorn.sweeping import SweepPlan, sweep_path
from tests.examples import DEVICE, a_header
from tests.strategies import QUICK

CONV = layer_kind("conv2d")


def plan(
    *axes: str,
    layer: str = "conv2d",
    full: bool = False,
    limit: int | None = None,
    most_macs: int | None = None,
    **fixed: int,
) -> SweepPlan:
    """A plan over axes as the command line has them: `filters=1:64:16`."""
    ranges = {}
    for axis in axes:
        name, _, values = axis.partition("=")
        ranges[name] = Range(*map(int, values.split(":")))
    return SweepPlan(layer, ranges, fixed, full=full, limit=limit, most_macs=most_macs)


GOOD = {
    "one axis": plan("filters=1:1024"),
    "two axes": plan("filters=1:1024", "channels=16:512:16", height=16),
    "a shorthand": plan("size=4:224"),
    "a dimension that leads another": plan("kernel=1:11:2"),
    "a dimension that follows another": plan("width=4:64", height=32),
    "both of a pair apart": plan("height=4:64", "width=4:64"),
    "one of a pair held": plan("height=4:64", width=7),
    "groups": plan("filters=4:64:4", groups=4),
    "a single point": plan("filters=5:5"),
    "beyond the usual range": plan("filters=1:9000"),
}

BAD = {
    "no axis": (plan(), "a sweep needs a dimension to move"),
    "inverted": (plan("filters=64:1"), "filters=64:1 is empty; write the lower end first: filters=LOW:HIGH"),
    "step 0": (plan("filters=1:64:0"), "has the step 0"),
    "step below 0": (plan("filters=64:1:-1"), "has the step -1"),
    "below the lowest": (plan("filters=0:64"), "filters=0:64 begins too low; begin at 1 or above"),
    "moved and fixed": (plan("filters=1:64", filters=3), "filters is both fixed and moved by filters"),
    "moved by its shorthand and fixed": (plan("size=4:64", width=3), "width is both fixed and moved by size"),
    "moved and fixed by its shorthand": (plan("height=4:64", size=3), "height is both fixed and moved by height"),
    "moved twice": (plan("size=4:64", "height=1:2"), "height is both moved by size and moved by height"),
    "fixed too low": (plan("filters=1:64", kernel=0), "kernel=0 is too small"),
    "off the groups": (plan("filters=1:64", groups=4), "groups=4 does not divide filters=1"),
    "off the groups after a step": (plan("filters=4:64", groups=4), "groups=4 does not divide filters=5"),
    "fixed off the groups": (plan("height=1:64", groups=3), "groups=3 does not divide filters=64"),
    "too large from the beginning": (plan("filters=16:1024", most_macs=1_000), "has more than 1000 multiply-accumulates"),
    "no points": (plan("filters=1:64", limit=0), "at most 0 points"),
    "full and endless": (plan("filters=1:1024", "channels=1:1024", full=True), "the full sweep has 1048576 points"),
}


@pytest.mark.parametrize("name", GOOD)
def test_plans_that_can_be_carried_out(name: str) -> None:
    GOOD[name].check()


@pytest.mark.parametrize("name", BAD)
def test_plans_that_cannot(name: str) -> None:
    wrong, message = BAD[name]
    with pytest.raises(BadValue, match=message):
        wrong.check()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (plan("filters=1:9", layer="conv2"), "no layer kind named 'conv2'; did you mean 'conv2d'"),
        (plan("filter=1:9"), "no dimension of conv2d named 'filter'; did you mean 'filters'"),
        (plan("filters=1:9", chanels=3), "no dimension of conv2d named 'chanels'; did you mean 'channels'"),
    ],
)
def test_unknown_names_come_with_the_nearest(wrong: SweepPlan, message: str) -> None:
    with pytest.raises(UnknownName, match=message):
        wrong.check()


def test_a_full_sweep_of_a_few_points_of_a_large_grid_is_allowed() -> None:
    plan("filters=1:1024", "channels=1:1024", full=True, limit=100).check()
    plan("filters=1:1024", "channels=1:1024").check()


@pytest.mark.parametrize(
    ("name", "moved"),
    [
        ("one axis", {"filters"}),
        ("two axes", {"filters", "channels"}),
        ("a shorthand", {"height", "width"}),
        ("a dimension that leads another", {"kernel", "kernel_width"}),
        ("a dimension that follows another", {"width"}),
        ("both of a pair apart", {"height", "width"}),
        ("one of a pair held", {"height"}),
    ],
)
def test_fixed_are_the_dimensions_with_one_value_throughout(name: str, moved: set[str]) -> None:
    fixed = GOOD[name].fixed_dimensions()
    assert set(fixed) == {dimension.name for dimension in CONV.dimensions} - moved
    grid = itertools.product(*(values.values()[:3] for values in GOOD[name].axes.values()))
    for values in grid:
        point = dict(zip(GOOD[name].axes, values, strict=True))
        dimensions = GOOD[name].probe_at(point).dimensions
        assert fixed.items() <= dimensions.items()


def test_a_shorthand_moves_all_that_it_stands_for() -> None:
    dimensions = plan("size=4:64", filters=8).probe_at({"size": 9}).dimensions
    assert (dimensions["height"], dimensions["width"], dimensions["filters"]) == (9, 9, 8)


def test_a_follower_moves_along_unless_it_is_held() -> None:
    assert GOOD["a dimension that leads another"].probe_at({"kernel": 5}).dimensions["kernel_width"] == 5
    assert GOOD["one of a pair held"].probe_at({"height": 5}).dimensions["width"] == 7


@QUICK
@given(st.sampled_from(sorted(set(GOOD) - {"groups"})), st.data())
def test_a_probe_is_found_at_the_point_that_it_was_made_from(name: str, data: st.DataObject) -> None:
    point = {axis: data.draw(st.sampled_from(values.values())) for axis, values in GOOD[name].axes.items()}
    probe = GOOD[name].probe_at(point)
    assert GOOD[name].point_of(probe) == point


def test_probes_elsewhere_are_not_on_the_grid() -> None:
    aligned = plan("channels=16:64:16", kernel=3)
    assert aligned.point_of(plan("channels=1:9").probe_at({"channels": 32})) == {"channels": 32}
    assert aligned.point_of(plan("channels=1:9").probe_at({"channels": 17})) is None
    assert aligned.point_of(plan("channels=1:9").probe_at({"channels": 80})) is None
    assert aligned.point_of(plan("channels=1:9", kernel=1).probe_at({"channels": 32})) is None
    assert plan("size=1:9").point_of(plan("height=1:9", width=3).probe_at({"height": 4})) is None
    assert plan("filters=1:9", groups=2).point_of(plan("filters=1:9").probe_at({"filters": 3})) is None


def test_the_usual_layer_of_a_sweep_tells_its_speed() -> None:
    assert plan("filters=1:9", size=8).usual().dimensions["filters"] == CONV.dimension("filters").default


@pytest.mark.parametrize("values", [Range(64, 2048), Range(1000, 4_000_000, 1000)])
def test_the_usual_layer_of_a_sweep_that_moves_memory_moves_enough(values: Range) -> None:
    """4 bytes for each number read and written, whatever the range: sweeps over several ranges share a file."""
    sweep = SweepPlan("relu", {"elements": values})
    assert sweep.usual().dimensions == {"elements": 100_000}
    added = SweepPlan("add_broadcast", {"columns": values}, {"rows": 1})
    assert added.usual().dimensions == {"rows": 1, "columns": 16_384}


def test_the_usual_layer_has_no_more_weights_than_a_near_cache_holds() -> None:
    both = SweepPlan("dense", {"outputs": Range(1, 4096), "inputs": Range(1, 4096)})
    assert both.usual().dimensions == {"outputs": 256, "inputs": 512, "rows": 1}
    outputs = SweepPlan("dense", {"outputs": Range(1, 4096)}, {"inputs": 4096})
    assert outputs.usual().dimensions == {"outputs": 32, "inputs": 4096, "rows": 1}
    assert SweepPlan("dense", {"rows": Range(1, 64)}).usual().dimensions == {"outputs": 1024, "inputs": 1024, "rows": 1}


def test_the_usual_layer_does_not_grow_along_what_is_no_size() -> None:
    pools = SweepPlan("average_pool2d", {"kernel": Range(1, 7)}, {"channels": 1})
    assert pools.usual() == pools.probe_at({"kernel": 3})
    kept = SweepPlan("top_k", {"kept": Range(1, 100)}, {"columns": 100})
    assert kept.usual().dimensions["kept"] <= 100


@pytest.mark.parametrize("name", ["cnn", "int8", "sequence", "vision"])
def test_sweeps_of_a_preset_that_share_a_file_share_a_reference(name: str) -> None:
    references: dict[Path, Probe] = {}
    for planned in find_preset(name).sweeps:
        planned_sweep = SweepPlan(planned.layer, planned.axes, planned.fixed, planned.precision)
        reference = planned_sweep.usual()
        assert references.setdefault(sweep_path(Path(), a_header(planned_sweep)), reference) == reference


def test_the_usual_layer_of_what_goes_by_between_kernels_is_the_usual_one() -> None:
    assert SweepPlan("dispatch", {"nodes": Range(1, 8)}).usual().dimensions == {"nodes": 64}


def test_a_header_says_what_the_sweep_shares() -> None:
    reference = CONV.probe_at({})
    header = GOOD["two axes"].header(DEVICE, reference, "2025-01-01T00:00:00+00:00", "blackthorn 0.1.0")
    assert (header.layer, header.axes, header.precision) == ("conv2d", ("filters", "channels"), "fp32")
    assert header.device == DEVICE
    assert header.fixed["height"] == header.fixed["width"] == 16
    assert header.reference == reference
    assert (header.created_at, header.made_by) == ("2025-01-01T00:00:00+00:00", "blackthorn 0.1.0")
    assert a_header().reference is None


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("one axis", "conv2d-filters-at-channels64-height32-kernel3-fp32.jsonl"),
        ("two axes", "conv2d-filters,channels-at-height16-kernel3-fp32.jsonl"),
        ("a shorthand", "conv2d-size-at-filters64-channels64-kernel3-fp32.jsonl"),
        ("one of a pair held", "conv2d-height-at-filters64-channels64-width7-kernel3-fp32.jsonl"),
        ("groups", "conv2d-filters-at-channels64-height32-kernel3-groups4-fp32.jsonl"),
    ],
)
def test_names_of_sweep_files(name: str, file: str) -> None:
    assert sweep_path(Path("sweeps"), a_header(GOOD[name])) == Path("sweeps/board-onnxruntime-1") / file


@st.composite
def any_plan(draw: st.DrawFn) -> SweepPlan:
    """Plans over few dimensions and values, so that many of them nearly agree."""
    names = draw(
        st.sampled_from([("filters",), ("height",), ("size",), ("height", "width"), ("filters", "height"), ("kernel",)])
    )
    moved = {"height", "width"} if names == ("size",) else set(names)
    free = sorted({"filters", "height", "width", "kernel", "kernel_width", "batch"} - moved)
    return SweepPlan(
        "conv2d", dict.fromkeys(names, Range(1, 9)), draw(st.dictionaries(st.sampled_from(free), st.integers(1, 2)))
    )


@QUICK
@given(st.lists(any_plan(), min_size=2, max_size=12))
def test_two_sweeps_share_a_name_exactly_when_they_are_the_same(plans: list[SweepPlan]) -> None:
    for one, other in itertools.combinations(map(a_header, plans), 2):
        same = (one.axes, one.fixed) == (other.axes, other.fixed)
        assert (sweep_path(Path(), one) == sweep_path(Path(), other)) == same


def test_the_name_tells_a_held_follower_from_one_that_moves_along() -> None:
    held, moving = plan("height=1:9", width=1), plan("height=1:9")
    assert sweep_path(Path(), a_header(held)) != sweep_path(Path(), a_header(moving))


def test_a_named_file_can_be_made(tmp_path: Path) -> None:
    for good in GOOD.values():
        header = a_header(good)
        with open_sweep(sweep_path(tmp_path, header), header) as file:
            assert file.path.is_file()
    assert len(list(tmp_path.rglob("*.jsonl"))) == len({sweep_path(tmp_path, a_header(good)) for good in GOOD.values()})


@given(st.integers(1, 1024), st.integers(1, 1024))
@QUICK
def test_layers_that_are_too_large_are_refused_and_no_others(filters: int, channels: int) -> None:
    bounded = plan("filters=1:1024", "channels=1:1024", size=8, kernel=3, most_macs=9 * 8 * 8 * 10_000)
    point = {"filters": filters, "channels": channels}
    assert bounded.allows(point) is (filters * channels <= 10_000)
    if bounded.allows(point):
        assert bounded.probe_at(point).dimensions["filters"] == filters
    else:
        with pytest.raises(BadValue, match="multiply-accumulates; allow larger layers, or choose lower ranges"):
            bounded.probe_at(point)


def test_what_no_layer_is_is_not_too_large() -> None:
    assert plan("filters=4:64", groups=4, most_macs=10**9).allows({"filters": 7})


def test_a_range_may_end_in_layers_that_are_too_large() -> None:
    plan("filters=1:1024", most_macs=1_000_000).check()
