"""Building and keeping engines with NVIDIA's own library, for a device that is not here."""

from collections.abc import Callable
from pathlib import Path

import pytest

from blackthorn.errors import DeviceFault, NotMeasured
from blackthorn.layers import layer_kind
from blackthorn.records import Probe
from blackthorn.runners import trt_engines, trt_versions
from blackthorn.runners.trt_engines import BuildOptions, EngineBuilder, Model, told_fault
from blackthorn.runners.trt_network import network_model
from blackthorn.runners.trt_probes import is_of_eight_bits, tensorrt_model
from tests.networks import light_networks
from tests.runners.makers import SMALL, conv2d
from tests.runners.nvidia_wheels import ahead, needs_builder

pytestmark = needs_builder
HALF = layer_kind("conv2d").probe_at(SMALL.dimensions, "fp16")
INT8 = layer_kind("conv2d_int8").probe_at(SMALL.dimensions)
DENSE = layer_kind("dense").probe_at({"inputs": 8, "outputs": 8})


def model_of(probe: Probe) -> Model:
    return Model(probe.key, tensorrt_model(probe), probe.precision, is_of_eight_bits(probe))


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The titles of what was really built."""
    made: list[str] = []
    build = EngineBuilder._build

    def counted(self: EngineBuilder, model: Model) -> bytes:
        made.append(model.title)
        return build(self, model)

    monkeypatch.setattr(EngineBuilder, "_build", counted)
    return made


def test_an_engine_is_taken_from_the_cache_the_second_time(tmp_path: Path, builds: list[str]) -> None:
    first = ahead(tmp_path).engine(model_of(SMALL))
    assert ahead(tmp_path).engine(model_of(SMALL)) == first
    assert len(builds) == 1


@pytest.mark.parametrize("other", [HALF, INT8, DENSE, conv2d(filters=17)], ids=lambda probe: f"{probe.layer} {probe.precision}")
def test_another_probe_or_precision_misses_the_cache(tmp_path: Path, builds: list[str], other: Probe) -> None:
    ahead(tmp_path).engine(model_of(SMALL))
    ahead(tmp_path).engine(model_of(other))
    assert builds == [SMALL.key, other.key]


@pytest.mark.parametrize(
    "again",
    [
        lambda folder: ahead(folder, BuildOptions(workspace_mib=16)),
        lambda folder: ahead(folder, device="another desk"),
        lambda folder: EngineBuilder("tensorrt_rtx", BuildOptions(), {"gpu": "a desk"}, folder, ahead_for=(8, 9)),
    ],
    ids=["workspace", "device", "capability"],
)
def test_other_bounds_or_another_device_miss_the_cache(
    tmp_path: Path, builds: list[str], again: Callable[[Path], EngineBuilder]
) -> None:
    ahead(tmp_path).engine(model_of(SMALL))
    again(tmp_path).engine(model_of(SMALL))
    assert len(builds) == 2


def test_another_version_misses_the_cache(tmp_path: Path, builds: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    ahead(tmp_path).engine(model_of(SMALL))
    monkeypatch.setattr(trt_engines, "library_version", lambda library: "99.1")
    ahead(tmp_path).engine(model_of(SMALL))
    assert len(builds) == 2


def test_a_longer_time_does_not_miss_it(tmp_path: Path, builds: list[str]) -> None:
    ahead(tmp_path).engine(model_of(SMALL))
    ahead(tmp_path, BuildOptions(seconds=1e4)).engine(model_of(SMALL))
    assert len(builds) == 1


def test_a_real_build_is_stopped_when_its_time_is_over(tmp_path: Path) -> None:
    model, _ = network_model(light_networks()["light_resnet50"], {})
    with pytest.raises(NotMeasured, match=r"took longer than 0 s; allow more with --build-timeout"):
        ahead(tmp_path, BuildOptions(seconds=0.0)).engine(model)


def test_a_real_network_is_built(tmp_path: Path) -> None:
    model, names = network_model(light_networks()["light_squeezenet"], {})
    assert len(ahead(tmp_path).engine(model)) > 10_000
    assert names


def test_a_device_that_the_library_does_not_know_is_refused(tmp_path: Path) -> None:
    builder = EngineBuilder("tensorrt_rtx", BuildOptions(), {}, tmp_path, ahead_for=(1, 2))
    with pytest.raises(DeviceFault, match="builds no engines for SM12 devices"):
        builder.engine(model_of(SMALL))


def test_8_bits_by_ranges_alone_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DeviceFault, match="finds no 8 bits by ranges alone"):
        ahead(tmp_path, BuildOptions(implicit=True))


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotMeasured, match="TensorRT"):
        ahead(tmp_path).engine(Model("nothing", b"no model", "fp32"))


def test_a_library_that_does_not_load_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "broken_tensorrt.py").write_text("raise ImportError('libnvinfer.so.11: cannot open shared object file')")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(trt_versions, "MODULES", {"tensorrt": ("broken_tensorrt",)})
    with pytest.raises(DeviceFault, match=r"cannot load its library \(libnvinfer\.so\.11: .*; install the TensorRT"):
        trt_versions.import_library("tensorrt")


@pytest.mark.parametrize(
    ("said", "kind", "message"),
    [
        ("Cuda Runtime (cudaError 2: out of memory)", NotMeasured, "does not fit into the memory"),
        (
            "cudaError 35: CUDA driver version is insufficient for CUDA runtime version",
            DeviceFault,
            "the NVIDIA driver is older",
        ),
        (
            "Serialization (Serialization assertion stdVersionRead failed. Version tag does not match)",
            NotMeasured,
            "another TensorRT",
        ),
        ("something new", NotMeasured, r"TensorRT cannot do it \(something new\)"),
        ("", NotMeasured, r"TensorRT cannot do it \(it does not say why\)"),
        ("x" * 1000, NotMeasured, r"\(x{300}\.\.\.\)"),
    ],
    ids=["memory", "driver", "other engine", "anything", "nothing", "much"],
)
def test_what_tensorrt_says_becomes_a_sentence(said: str, kind: type[Exception], message: str) -> None:
    fault = told_fault("TensorRT cannot do it", "the probe", said, "10.3.0")
    assert type(fault) is kind
    with pytest.raises(kind, match=message):
        raise fault


def test_without_a_driver_the_real_runtime_refuses_and_says_so(tmp_path: Path) -> None:
    builder = ahead(tmp_path)
    plan = builder.engine(model_of(SMALL))
    if builder.library.Runtime(builder.messages.receiver).deserialize_cuda_engine(plan) is not None:
        pytest.skip("there is an NVIDIA driver here")
    assert isinstance(builder.fault("TensorRT cannot load it", "the probe"), DeviceFault)
