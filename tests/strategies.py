"""Hypothesis strategies for records and formulas: any that our files may hold."""

from collections.abc import Sequence
from typing import get_args

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from blackthorn.formulas import (
    KINDS,
    Alternative,
    AtBorder,
    AtMost,
    Border,
    Condition,
    Constant,
    Correction,
    DivisibleBy,
    Formula,
    GaussianProcess,
    Hinge,
    Linear,
    Missed,
    ObliviousTree,
    Question,
    Step,
    Switch,
    Tiles,
    Tiling,
)
from blackthorn.layers import layer_kind
from blackthorn.records import (
    CachedWeights,
    Device,
    Dimensions,
    FittedModel,
    Grade,
    LayerFormula,
    Measurement,
    Probe,
    Range,
    Reference,
    Sweep,
    SweepHeader,
)

QUICK = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
"""How laws are tried in tests: often enough to find a slip, no deadline since the machine may be busy timing."""

THOROUGH = settings(QUICK, max_examples=200)
"""For laws about input that is mostly refused early."""

DIMENSIONS = ("filters", "channels", "height")

sizes = st.integers(1, 4096)
finite = st.floats(-1e6, 1e6, allow_nan=False)
positive = st.floats(1e-9, 1e3)
names = st.text(min_size=1, max_size=12).filter(str.strip)
texts = st.text(max_size=12)
precisions = st.sampled_from(["fp32", "fp16"])


def constants() -> st.SearchStrategy[Constant]:
    return st.builds(Constant, finite)


def conditions() -> st.SearchStrategy[Condition]:
    return st.builds(AtMost, sizes) | st.builds(DivisibleBy, sizes)


def borders() -> st.SearchStrategy[Border]:
    return st.sampled_from([Border(1, 0.5), Border(2, 2 / 3), Border(4, 6 / 5), Border(6, 12 / 7)])


@st.composite
def tilings(draw: st.DrawFn) -> Tiling:
    width = draw(st.integers(2, 64))
    return Tiling(width, draw(st.integers(0, 64)), draw(st.integers(1, width - 1)))


def nodes(kind: str, inner: st.SearchStrategy[Formula], dimensions: Sequence[str] = DIMENSIONS) -> st.SearchStrategy[Formula]:
    """Formulas whose root is of a kind, by its tag, and whose coefficients come from `inner`."""
    dimension = st.sampled_from(dimensions)
    by_kind: dict[str, st.SearchStrategy[Formula]] = {
        "border": st.builds(AtBorder, dimension, borders(), inner, inner),
        "constant": constants(),
        "hinge": st.builds(Hinge, dimension, sizes, inner, inner),
        "linear": st.builds(Linear, dimension, inner, inner, st.sampled_from([0.0, 2 / 3, 1.0, 12 / 7])),
        "missed": st.builds(Missed, dimension, sizes, inner, inner),
        "step": st.builds(Step, dimension, sizes, inner, inner),
        "switch": st.builds(Switch, dimension, conditions(), inner, inner),
        "tiles": st.builds(Tiles, dimension, tilings(), inner, inner, inner),
    }
    return by_kind[kind]


def formulas(dimensions: Sequence[str] = DIMENSIONS, most_leaves: int = 8) -> st.SearchStrategy[Formula]:
    """Formula trees of every kind over some dimensions."""
    branches = [kind for kind in KINDS if kind != "constant"]
    return st.recursive(
        constants(), lambda inner: st.one_of(*(nodes(kind, inner, dimensions) for kind in branches)), max_leaves=most_leaves
    )


def points(dimensions: Sequence[str] = DIMENSIONS) -> st.SearchStrategy[Dimensions]:
    return st.fixed_dictionaries(dict.fromkeys(dimensions, sizes))


def ranges() -> st.SearchStrategy[Range]:
    return st.builds(lambda low, more, step: Range(low, low + more, step), sizes, st.integers(0, 500), st.integers(1, 64))


def devices() -> st.SearchStrategy[Device]:
    return st.builds(
        Device,
        name=names,
        runner=texts,
        hardware=texts,
        threads=st.integers(1, 256),
        affinity=st.lists(st.integers(0, 255), max_size=3).map(tuple),
        versions=st.dictionaries(texts, texts, max_size=2),
        details=st.dictionaries(texts, texts, max_size=2),
    )


def probes(precision: str = "fp32", **fixed: int) -> st.SearchStrategy[Probe]:
    """Convolutions with any number of filters and channels, in networks of any size."""
    kind = layer_kind("conv2d")
    free = st.fixed_dictionaries({"filters": sizes, "channels": sizes})
    large = free.map(lambda point: kind.probe_at({**point, **fixed}, precision))
    return st.builds(lambda probe, footprint: msgspec.structs.replace(probe, footprint=footprint), large, st.integers(0, 64))


def measurements(probe: st.SearchStrategy[Probe] | None = None) -> st.SearchStrategy[Measurement]:
    return st.builds(
        Measurement,
        probe=probes() if probe is None else probe,
        seconds=positive,
        wall_seconds=positive,
        reference_seconds=st.none() | positive,
        relative_error=st.floats(0, 1),
        calls=st.integers(1, 10**6),
        grade=st.sampled_from(get_args(Grade)),
        taken_at=texts,
    )


def headers() -> st.SearchStrategy[SweepHeader]:
    """Headers of sweeps over filters and channels, at any size and kernel."""
    return st.builds(
        lambda device, precision, size, kernel, reference, stamps: SweepHeader(
            device,
            "conv2d",
            ("filters", "channels"),
            _held({"height": size, "kernel": kernel}),
            precision,
            reference,
            *stamps,
        ),
        devices(),
        precisions,
        sizes,
        st.integers(1, 11),
        st.none() | probes(),
        st.tuples(texts, texts),
    )


def _held(given: Dimensions) -> Dimensions:
    """All dimensions of a convolution but filters and channels."""
    full = layer_kind("conv2d").complete(given)
    return {name: value for name, value in full.items() if name not in ("filters", "channels")}


@st.composite
def sweeps(draw: st.DrawFn) -> Sweep:
    """Sweeps of up to six points, no point twice."""
    header = draw(headers())
    taken = measurements(probes(header.precision, **header.fixed))
    return Sweep(header, tuple(draw(st.lists(taken, max_size=6, unique_by=lambda measurement: measurement.probe.key))))


def layer_formulas() -> st.SearchStrategy[LayerFormula]:
    spans = st.tuples(sizes, sizes).map(lambda ends: (min(ends), max(ends)))
    return st.builds(
        LayerFormula,
        layer=names,
        precision=precisions,
        fixed=st.dictionaries(st.sampled_from(["kernel", "stride", "batch"]), sizes),
        ranges=st.fixed_dictionaries(dict.fromkeys(DIMENSIONS, spans)),
        formula=formulas(),
        text=texts,
        points=st.integers(1, 5000),
        rmspe=positive,
        rmspe_cross_validated=positive,
        residuals=st.lists(finite, max_size=4).map(tuple),
        reference=st.none() | st.builds(Reference, probe=probes(), seconds=positive),
        correction=st.none() | corrections(),
        saved=st.just(0.0) | positive,
        timing_error=st.none() | positive,
    )


def corrections() -> st.SearchStrategy[Correction]:
    """Over filters and channels: up to two other formulas, a process, up to two trees, or some of these."""
    others, trees = (st.lists(one, max_size=2).map(tuple) for one in (alternatives(), oblivious_trees()))
    smooth = st.builds(Correction, others, gaussian_processes(), trees, positive)
    return smooth | st.builds(Correction, others, st.none(), st.tuples(oblivious_trees()), positive)


def alternatives() -> st.SearchStrategy[Alternative]:
    """Other formulas over filters and channels."""
    return st.builds(Alternative, formulas(("filters", "channels")), st.floats(0.05, 0.5))


def gaussian_processes() -> st.SearchStrategy[GaussianProcess]:
    """Over filters and channels, of one to three points."""
    known = st.lists(st.tuples(st.tuples(sizes, sizes), finite), min_size=1, max_size=3)
    return st.builds(
        lambda known, divisor, lengths: GaussianProcess(
            ("filters", "channels"), divisor, lengths, tuple(p for p, _ in known), tuple(w for _, w in known)
        ),
        known,
        st.sampled_from([1, 4, 16]),
        st.tuples(positive, positive),
    )


@st.composite
def oblivious_trees(draw: st.DrawFn) -> ObliviousTree:
    """Of one to three questions about filters and channels."""
    question = st.builds(Question, st.sampled_from(["filters", "channels"]), conditions())
    asked = draw(st.lists(question, min_size=1, max_size=3))
    groups = 2 ** len(asked)
    return ObliviousTree(tuple(asked), tuple(draw(st.lists(finite, min_size=groups, max_size=groups))))


def fitted_models() -> st.SearchStrategy[FittedModel]:
    return st.builds(
        FittedModel,
        device=devices(),
        layers=st.lists(layer_formulas(), max_size=2).map(tuple),
        created_at=texts,
        made_by=texts,
        cached=st.none() | cached_weights(),
    )


def cached_weights() -> st.SearchStrategy[CachedWeights]:
    """Of one to four footprints."""
    found = st.dictionaries(st.integers(1, 2**40), st.floats(0, 1), min_size=1, max_size=4)
    return found.map(lambda kept: CachedWeights(tuple(sorted(kept)), tuple(kept.values())))
