"""From an ONNX model to a TensorRT engine: parsed, built within bounds of time and memory, and kept for the next time.

Building takes seconds to minutes, most of it spent trying kernels. So engines are kept by what they are of: the very model, the
precision, the versions and the device. What was found about single kernels is kept beside them (TensorRT's timing cache), for
layers that other engines share.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from blackthorn.errors import BadFile, DeviceFault, NotMeasured
from blackthorn.records import Precision
from blackthorn.runners.network import Shapes
from blackthorn.runners.trt_versions import (
    Deadline,
    Library,
    allow_precision,
    build_for,
    can_be_implicit,
    failed_node,
    give_ranges,
    import_library,
    library_version,
    new_network,
    times_kernels,
)
from blackthorn.storage.blobs import BlobCache, cache_folder

if TYPE_CHECKING:
    import tensorrt

log = logging.getLogger(__name__)

MEBI = 2**20
MOST_ENGINE_BYTES = 2048 * MEBI
"""All engines that are kept: a probe of many weights takes 64 MiB, and boards have 16 GB of storage."""
MOST_TIMING_BYTES = 64 * MEBI
MEMORY_SIGNS = ("out of memory", "outofmemory", "insufficient memory", "memory allocation", "requested size was")
"""What TensorRT's messages hold, in lower case, where there was too little memory."""
DRIVER_SIGNS = ("driver version is insufficient", "cuda initialization failure with error: 35", "forward compatibility")
"""The same where the driver is older than the library."""
OTHER_ENGINE_SIGNS = ("not compatible with this version", "version tag does not match", "different compute", "magic tag")


class BuildOptions(msgspec.Struct, frozen=True):
    """Bounds of a build.

    Attributes:
        workspace_mib: scratch memory that a kernel may take, in MiB; more lets TensorRT try more kernels.
        seconds: how long building one engine may take.
        implicit: layers of 8 bits are built from fractions and ranges, as TensorRT up to 10 can, instead of from the file's
            QuantizeLinear and DequantizeLinear.
    """

    workspace_mib: int = 1024
    seconds: float = 600.0
    implicit: bool = False


class Model(msgspec.Struct, frozen=True):
    """What an engine is to be built from.

    Attributes:
        title: what errors call it.
        content: a serialised ONNX model, or the path of one.
        precision: of its fractions.
        eight_bits: whether some of its numbers have 8 bits.
        input_shapes: shapes of inputs that it leaves open.
    """

    title: str
    content: bytes | Path
    precision: Precision
    eight_bits: bool = False
    input_shapes: Shapes = {}

    def description(self) -> dict[str, str]:
        """What tells it from other models, for the cache."""
        content = self.content if isinstance(self.content, bytes) else self.content.read_bytes()
        return {
            "model": hashlib.sha256(content).hexdigest(),
            "precision": self.precision,
            "shapes": "; ".join(f"{name}: {shape}" for name, shape in sorted(self.input_shapes.items())),
        }

    def node_name(self, place: int) -> str:
        """What the node at a place is called."""
        import onnx

        if isinstance(self.content, bytes):
            nodes = onnx.load_from_string(self.content).graph.node
        else:
            nodes = onnx.load(self.content, load_external_data=False).graph.node
        return str(nodes[place].name or place)


class Messages:
    """The errors that TensorRT told since it was asked last; warnings go to our own log."""

    def __init__(self, trt: Library) -> None:
        self._errors: list[str] = []
        self.receiver: tensorrt.ILogger = _receiver(trt.ILogger, self._errors)

    def take(self) -> str:
        """All of them in one line, forgotten afterwards."""
        said = " / ".join(" ".join(message.split()) for message in self._errors)
        self._errors.clear()
        return said


def _receiver(base: Any, errors: list[str]) -> Any:
    """What TensorRT calls with its messages."""

    class Receiver(base):  # type: ignore[misc]
        def __init__(self) -> None:
            base.__init__(self)

        def log(self, severity: Any, msg: str) -> None:
            """Keep an error, pass on a warning; runs in any thread."""
            if severity <= base.ERROR:
                errors.append(msg)
            elif severity <= base.WARNING:
                log.info("TensorRT: %s", msg)

    return Receiver()


class EngineBuilder:
    """Builds engines for one device, or takes them from the cache; to be closed before the device is let go.

    Args:
        name: the library, as `trt_versions.MODULES` has it.
        options: bounds of a build.
        device: what tells the device from others, by name.
        folder: where engines are kept.
        ahead_for: the compute capability of a device that is not here, where the library can build for such.

    Raises:
        MissingPackage: the library is not installed.
        DeviceFault: it cannot be used here.
    """

    def __init__(
        self,
        name: str,
        options: BuildOptions,
        device: Mapping[str, str],
        folder: Path | None = None,
        ahead_for: tuple[int, int] | None = None,
    ) -> None:
        self.library = import_library(name)
        if options.implicit and not can_be_implicit(self.library):
            raise DeviceFault(
                f"TensorRT {library_version(self.library)} finds no 8 bits by ranges alone",
                "leave out --implicit-int8: layers of 8 bits are then told by QuantizeLinear and DequantizeLinear",
            )
        self.messages = Messages(self.library)
        self.options = options
        self._ahead_for = ahead_for
        built_for = "here" if ahead_for is None else "sm{}{}".format(*ahead_for)
        self._device = {**device, "built_for": built_for, "library": name, "version": library_version(self.library)}
        place = (folder or cache_folder()) / name
        self._engines = BlobCache(place, ".engine", MOST_ENGINE_BYTES)
        self._timings = BlobCache(place, ".timing", MOST_TIMING_BYTES)
        self._builder: tensorrt.Builder | None = None

    def description(self, model: Model) -> dict[str, str]:
        """By what an engine is kept."""
        bounds = {name: str(value) for name, value in msgspec.structs.asdict(self.options).items() if name != "seconds"}
        return {**self._device, **bounds, **model.description()}

    def engine(self, model: Model) -> bytes:
        """A serialised engine of a model.

        Raises:
            NotMeasured: it cannot be parsed or built, or not within the bounds.
            DeviceFault: the library cannot build anything here.
        """
        of = self.description(model)
        kept = self._engines.get(of)
        if kept is not None:
            log.info("the engine of %s was built before", model.title)
            return kept
        built = self._build(model)
        self._engines.put(of, built)
        return built

    def rebuilt(self, model: Model) -> bytes:
        """The same, anew: what was kept turned out to be of another device or version."""
        self._engines.drop(self.description(model))
        return self.engine(model)

    def close(self) -> None:
        """Let TensorRT's builder go; harmless when repeated."""
        self._builder = None

    def fault(self, problem: str, title: str) -> DeviceFault | NotMeasured:
        """What TensorRT's messages mean.

        Args:
            problem: what could not be done, as a sentence about `title` if nothing better is known.
            title: what it was to be done with.
        """
        return told_fault(problem, title, self.messages.take(), library_version(self.library))

    def _opened(self) -> tensorrt.Builder:
        """TensorRT's own builder, made once: that takes a second and memory of the device."""
        if self._builder is None:
            try:
                self._builder = self.library.Builder(self.messages.receiver)
            except (TypeError, RuntimeError) as error:  # pybind's words for a null pointer
                raise self.fault(f"TensorRT cannot begin to build ({error})", "any engine") from error
        return self._builder

    def _build(self, model: Model) -> bytes:
        trt, builder = self.library, self._opened()
        self.messages.take()
        implicit = self.options.implicit and model.eight_bits
        network = new_network(trt, builder, implicit=implicit)
        parser = self._parse(model, network)
        if implicit:
            give_ranges(network)
        config = self._config(builder, model, implicit=implicit)
        self._settle_shapes(builder, config, network, model)
        deadline = Deadline(self.options.seconds)
        deadline.watch(trt, config)
        timings = self._use_timings(config) if times_kernels(trt) else None
        built: tensorrt.IHostMemory | None = builder.build_serialized_network(network, config)
        del parser  # the weights were its own until now
        if built is None:
            if deadline.is_over:
                problem = f"building {model.title} took longer than {self.options.seconds:g} s"
                raise NotMeasured(problem, "allow more with --build-timeout, or leave this point out")
            raise self.fault(f"TensorRT cannot build {model.title}", model.title)
        if timings is not None:
            self._keep_timings(config, timings)
        return bytes(built)

    def _parse(self, model: Model, network: tensorrt.INetworkDefinition) -> tensorrt.OnnxParser:
        """Fill a network from a model; gives the parser, which holds the weights.

        Raises:
            NotMeasured: TensorRT does not know one of its nodes.
        """
        parser = self.library.OnnxParser(network, self.messages.receiver)
        if isinstance(model.content, bytes):
            is_parsed = parser.parse(model.content)
        else:
            if not model.content.is_file():
                raise BadFile(f"there is no file {model.content}", "check the path")
            is_parsed = parser.parse_from_file(str(model.content))
        if not is_parsed:
            raise self._refusal(model, [parser.get_error(index) for index in range(parser.num_errors)])
        return parser

    def _refusal(self, model: Model, errors: list[tensorrt.ParserError]) -> NotMeasured:
        """What the parser stumbled over first."""
        self.messages.take()
        if not errors:
            return NotMeasured(f"TensorRT cannot read {model.title}", "check the file with: python -m onnx.checker FILE")
        first = errors[0]
        reason, node = " ".join(first.desc().split()), failed_node(first)
        name = node if isinstance(node, str) else model.node_name(node)
        return NotMeasured(
            f"TensorRT does not take node '{name}' of {model.title} ({reason})",
            "leave this layer out, or write it with other operators",
        )

    def _config(self, builder: tensorrt.Builder, model: Model, *, implicit: bool) -> tensorrt.IBuilderConfig:
        trt, config = self.library, builder.create_builder_config()
        config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, self.options.workspace_mib * MEBI)
        config.profiling_verbosity = trt.ProfilingVerbosity.DETAILED
        allow_precision(trt, config, model.precision, eight_bits=model.eight_bits, implicit=implicit)
        if self._ahead_for is not None:
            build_for(trt, config, self._ahead_for)
        return config

    def _settle_shapes(
        self,
        builder: tensorrt.Builder,
        config: tensorrt.IBuilderConfig,
        network: tensorrt.INetworkDefinition,
        model: Model,
    ) -> None:
        """Build for the shapes that were given and no others."""
        if not model.input_shapes:
            return
        profile = builder.create_optimization_profile()
        names = {network.get_input(index).name for index in range(network.num_inputs)}
        for name, shape in model.input_shapes.items():
            if name in names:
                exact = self.library.Dims(list(shape))
                profile.set_shape(name, exact, exact, exact)
        config.add_optimization_profile(profile)

    def _use_timings(self, config: tensorrt.IBuilderConfig) -> bytes:
        """Hand over what is known of kernels; it is given as well, to see what is new."""
        known = self._timings.get(self._device) or b""
        config.set_timing_cache(config.create_timing_cache(known), ignore_mismatch=False)
        return known

    def _keep_timings(self, config: tensorrt.IBuilderConfig, before: bytes) -> None:
        """Keep what the build found about kernels."""
        found = bytes(config.get_timing_cache().serialize())
        if found != before:
            self._timings.put(self._device, found)


def told_fault(problem: str, title: str, said: str, version: str) -> DeviceFault | NotMeasured:
    """An error of ours for what TensorRT said of something that it could not do.

    Args:
        problem: what could not be done.
        title: what it was to be done with.
        said: its messages.
        version: its version.
    """
    lower = said.lower()
    if any(sign in lower for sign in MEMORY_SIGNS):
        return NotMeasured(
            f"{title} does not fit into the memory of the device ({shortened(said)})",
            "close other programs, lower --workspace, or leave this point out",
        )
    if any(sign in lower for sign in DRIVER_SIGNS):
        return DeviceFault(
            f"the NVIDIA driver is older than TensorRT {version} needs ({shortened(said)})",
            "update the driver, or install a TensorRT for the driver's CUDA; on a Jetson use the one that JetPack brings",
        )
    if any(sign in lower for sign in OTHER_ENGINE_SIGNS):
        return NotMeasured(
            f"the engine of {title} was built by another TensorRT or for another device ({shortened(said)})",
            f"remove the kept engines below {cache_folder()} and run the same command again",
        )
    return NotMeasured(f"{problem} ({shortened(said) or 'it does not say why'})", "leave this point out")


SHOWN = 300
"""Characters of TensorRT's messages that are shown."""


def shortened(said: str) -> str:
    """The beginning of a message."""
    return said if len(said) <= SHOWN else f"{said[:SHOWN].rstrip()}..."
