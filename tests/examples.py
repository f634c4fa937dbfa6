"""One plain example of each record, for tests that need just any."""

from blackthorn.formulas import Constant, Linear, Step
from blackthorn.layers import layer_kind
from blackthorn.records import Device, FittedModel, LayerFormula, Measurement, Probe, Range, SweepHeader
from blackthorn.sweeping import SweepPlan

DEVICE = Device(name="board-onnxruntime-1", runner="onnxruntime", hardware="board", threads=1)
PLAN = SweepPlan("conv2d", {"filters": Range(1, 64)}, {"channels": 16, "height": 8})


def a_header(plan: SweepPlan = PLAN, device: Device = DEVICE) -> SweepHeader:
    return plan.header(device, None, created_at="2025-01-01T00:00:00+00:00", made_by="blackthorn 0.1.0")


def a_probe(filters: int, plan: SweepPlan = PLAN) -> Probe:
    return plan.probe_at({"filters": filters})


def a_measurement(filters: int, reference_seconds: float | None = 2e-3) -> Measurement:
    """As on a machine with blocks of 16 filters."""
    seconds = 1e-3 + (filters - 1) // 16 * 5e-4
    return Measurement(a_probe(filters), seconds, seconds, reference_seconds, 0.01, 10, "settled", "2025-01-01T00:00:00+00:00")


def a_model() -> FittedModel:
    fixed = {name: value for name, value in layer_kind("conv2d").complete({}).items() if name not in ("filters", "channels")}
    formula = Step("filters", 32, Constant(1e-4), Linear("channels", Constant(4e-5), Constant(2e-6)))
    layer = LayerFormula(
        layer="conv2d",
        precision="fp32",
        fixed=fixed,
        ranges={"filters": (1, 1024), "channels": (1, 512)},
        formula=formula,
        text=formula.text(1e3),
        points=40,
        rmspe=1.5,
        rmspe_cross_validated=2.5,
        residuals=(0.01, -0.02),
    )
    return FittedModel(DEVICE, (layer,), "2025-01-01T00:00:00+00:00", "blackthorn 0.1.0")
