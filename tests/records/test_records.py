"""The records themselves: keys, ranges, drift correction, and that they are frozen."""

import itertools

import msgspec
import pytest
from hypothesis import given

from blackthorn.formulas import decode_formula
from blackthorn.records import Device, FittedModel, LayerFormula, Measurement, Probe, Range, Sweep, SweepHeader
from tests.examples import DEVICE, a_header, a_measurement, a_model
from tests.strategies import QUICK, devices, fitted_models, headers, layer_formulas, measurements, probes, ranges, sweeps

RECORDS = {
    Device: devices(),
    Probe: probes(),
    Range: ranges(),
    Measurement: measurements(),
    SweepHeader: headers(),
    Sweep: sweeps(),
    LayerFormula: layer_formulas(),
    FittedModel: fitted_models(),
}


@pytest.mark.parametrize("kind", RECORDS, ids=lambda kind: kind.__name__)
def test_every_record_round_trips_through_json(kind: type) -> None:
    @QUICK
    @given(RECORDS[kind])
    def law(record: object) -> None:
        text = msgspec.json.encode(record)
        assert msgspec.json.decode(text, type=kind, dec_hook=decode_formula) == record
        assert msgspec.json.encode(msgspec.json.decode(text, type=kind, dec_hook=decode_formula)) == text

    law()


@pytest.mark.parametrize(
    "record", [DEVICE, a_measurement(1), a_header(), a_model(), Range(1, 2)], ids=lambda r: type(r).__name__
)
def test_records_are_frozen(record: msgspec.Struct) -> None:
    name = record.__struct_fields__[0]
    with pytest.raises(AttributeError):
        setattr(record, name, None)


@QUICK
@given(ranges())
def test_a_range_holds_its_low_end_and_nothing_beyond_its_high_end(values: Range) -> None:
    held = list(values.values())
    assert held[0] == values.low
    assert values.high - values.step < held[-1] <= values.high
    assert {after - before for before, after in itertools.pairwise(held)} <= {values.step}


def test_a_range_reads_as_it_is_written_on_the_command_line() -> None:
    assert str(Range(1, 1024)) == "1:1024"
    assert str(Range(16, 512, 16)) == "16:512:16"


@QUICK
@given(probes(), probes())
def test_probes_share_a_key_exactly_when_they_are_the_same_point(one: Probe, other: Probe) -> None:
    shuffled = Probe(one.layer, dict(reversed(list(one.dimensions.items()))), one.precision, one.footprint)
    assert shuffled.key == one.key
    assert (one.key == other.key) == (one == other)


def test_a_probe_of_another_precision_is_another_point() -> None:
    probe = a_measurement(3).probe
    assert msgspec.structs.replace(probe, precision="fp16").key != probe.key
    assert msgspec.structs.replace(probe, layer="dense").key != probe.key


def test_at_speed_takes_the_machines_drift_out() -> None:
    slow = msgspec.structs.replace(a_measurement(1), seconds=1.2e-3, reference_seconds=2.4e-3)
    fast = msgspec.structs.replace(a_measurement(1), seconds=1.0e-3, reference_seconds=2.0e-3)
    assert slow.at_speed(2.0e-3) == pytest.approx(fast.at_speed(2.0e-3))
    assert slow.at_speed(2.4e-3) == slow.seconds


@pytest.mark.parametrize(("reference", "nominal"), [(None, 1e-3), (2e-3, None), (None, None)])
def test_at_speed_leaves_seconds_alone_where_nothing_tells_the_speed(reference: float | None, nominal: float | None) -> None:
    measurement = a_measurement(1, reference_seconds=reference)
    assert measurement.at_speed(nominal) == measurement.seconds
