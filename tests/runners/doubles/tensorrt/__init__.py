"""TensorRT 8.5 to 11 as the runner sees it, played by `nvidia_script`: what a version lacks is missing here as well."""

import enum
import json
from types import SimpleNamespace

import nvidia_script
from nvidia_script import LAYER_SECONDS, PROFILER_SECONDS

__version__ = nvidia_script.script.version
_VERSION = tuple(int(number) for number in __version__.split("."))
_TYPES = {1: "FLOAT", 6: "INT32", 7: "INT64", 9: "BOOL", 10: "HALF"}


def _script():
    return nvidia_script.script


class ILogger:
    INTERNAL_ERROR, ERROR, WARNING, INFO, VERBOSE = range(5)

    def __init__(self) -> None:
        """As the base class of a listener must be called."""


class IProfiler:
    def __init__(self) -> None:
        """As the base class of a listener must be called."""


class _Names(enum.IntEnum):
    pass


_flags = {}
if _VERSION < (11,):
    _flags["EXPLICIT_BATCH"] = 0
if _VERSION >= (10,):
    _flags["STRONGLY_TYPED"] = 1
NetworkDefinitionCreationFlag = enum.IntEnum("NetworkDefinitionCreationFlag", _flags)
BuilderFlag = enum.IntEnum("BuilderFlag", {"TF32": 5} | ({"FP16": 0, "INT8": 1} if _VERSION < (11,) else {}))
MemoryPoolType = enum.IntEnum("MemoryPoolType", {"WORKSPACE": 0})
ProfilingVerbosity = enum.IntEnum("ProfilingVerbosity", {"LAYER_NAMES_ONLY": 0, "DETAILED": 1})
LayerInformationFormat = enum.IntEnum("LayerInformationFormat", {"ONELINE": 0, "JSON": 1})
TensorIOMode = enum.IntEnum("TensorIOMode", {"NONE": 0, "INPUT": 1, "OUTPUT": 2})
TensorLocation = enum.IntEnum("TensorLocation", {"DEVICE": 0, "HOST": 1})

if _VERSION >= (8, 6):

    class IProgressMonitor:
        def __init__(self) -> None:
            """As the base class of a listener must be called."""


class Dims(list):
    """Sizes."""


class _Bytes:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def __bytes__(self) -> bytes:
        return self._content


class _Tensor:
    def __init__(self, name: str) -> None:
        self.name = name
        self.range = None

    if _VERSION < (11,):

        def set_dynamic_range(self, low: float, high: float) -> None:
            self.range = (low, high)


class _Layer:
    def __init__(self, node) -> None:
        self.node = node
        self._outputs = [_Tensor(name) for name in node.output]
        self.num_outputs = len(self._outputs)

    def get_output(self, index: int) -> _Tensor:
        return self._outputs[index]


class _Network:
    def __init__(self, flags: int) -> None:
        self.flags = flags
        self.model = None
        self.layers: list[_Layer] = []
        self.inputs: list[_Tensor] = []

    @property
    def num_layers(self) -> int:
        return len(self.layers)

    @property
    def num_inputs(self) -> int:
        return len(self.inputs)

    def get_layer(self, index: int) -> _Layer:
        return self.layers[index]

    def get_input(self, index: int) -> _Tensor:
        return self.inputs[index]


class _TimingCache:
    def __init__(self, content: bytes) -> None:
        self.content = content

    def serialize(self) -> _Bytes:
        return _Bytes(self.content)


class _Config:
    def __init__(self) -> None:
        self.flags: set[int] = set()
        self.workspace = None
        self.profiling_verbosity = ProfilingVerbosity.LAYER_NAMES_ONLY
        self._timings = None
        self.profiles = []
        if _VERSION >= (8, 6):
            self.progress_monitor = None

    def set_flag(self, flag: int) -> None:
        self.flags.add(flag)

    def set_memory_pool_limit(self, pool: int, size: int) -> None:
        self.workspace = size

    def create_timing_cache(self, content: bytes) -> _TimingCache:
        return _TimingCache(bytes(content))

    def set_timing_cache(self, cache: _TimingCache, ignore_mismatch: bool) -> bool:
        self._timings = cache
        return True

    def get_timing_cache(self):
        return self._timings

    def add_optimization_profile(self, profile) -> int:
        self.profiles.append(profile)
        return len(self.profiles) - 1


class _Profile:
    def __init__(self) -> None:
        self.shapes = {}

    def set_shape(self, name: str, low: Dims, usual: Dims, high: Dims) -> None:
        assert isinstance(low, Dims)
        assert low == usual == high
        self.shapes[name] = low


class Builder:
    def __init__(self, logger: ILogger) -> None:
        if _script().builder_error:
            logger.log(ILogger.ERROR, _script().builder_error)
            raise TypeError("pybind11::init(): factory function returned nullptr")
        self._logger = logger
        _script().hold("builder", self)

    def create_network(self, flags: int = 0) -> _Network:
        return _Network(flags)

    def create_builder_config(self) -> _Config:
        return _Config()

    def create_optimization_profile(self) -> _Profile:
        return _Profile()

    def build_serialized_network(self, network: _Network, config: _Config):
        script = _script()
        script.note("build")
        script.builds += 1
        script.host_set = {
            "network flags": network.flags,
            "flags": set(config.flags),
            "workspace": config.workspace,
            "ranges": sum(layer.get_output(0).range is not None for layer in network.layers if _VERSION < (11,)),
            "profiles": config.profiles,
        }
        if script.build_error:
            self._logger.log(ILogger.ERROR, script.build_error)
            return None
        monitor = getattr(config, "progress_monitor", None)
        if monitor is not None:
            monitor.phase_start("building", None, script.build_steps)
            if not all(monitor.step_complete("building", step) for step in range(script.build_steps)):
                return None
            monitor.phase_finish("building")
        config._timings.content += f"{len(network.layers)};".encode()
        shapes = config.profiles[0].shapes if config.profiles else {}
        graph = network.model.graph
        weights = {held.name for held in graph.initializer}
        plan = {
            "version": __version__,
            "gpu": script.gpu,
            "layers": [(layer.node.name, layer.node.op_type) for layer in network.layers],
            "inputs": [_declared(value, shapes) for value in graph.input if value.name not in weights],
            "outputs": [_declared(value, {}) for value in graph.output],
        }
        return _Bytes(json.dumps(plan).encode())


def _declared(value, shapes):
    sizes = [size.dim_value if size.HasField("dim_value") else -1 for size in value.type.tensor_type.shape.dim]
    return value.name, _TYPES[value.type.tensor_type.elem_type], list(shapes.get(value.name, sizes))


class _ParserError:
    def __init__(self, index: int, node) -> None:
        self._index = index
        self._node = node

    def desc(self) -> str:
        return f"no importer registered for op: {self._node.op_type}"

    def node(self) -> int:
        return self._index

    if _VERSION >= (10,):

        def node_name(self) -> str:
            return self._node.name


class OnnxParser:
    def __init__(self, network: _Network, logger: ILogger) -> None:
        self._network = network
        self._errors = []

    def parse(self, content: bytes) -> bool:
        import onnx

        return self._take(onnx.load_from_string(content))

    def parse_from_file(self, path: str) -> bool:
        import onnx

        return self._take(onnx.load(path))

    def _take(self, model) -> bool:
        for index, node in enumerate(model.graph.node):
            if node.op_type in _script().refused_operators:
                self._errors.append(_ParserError(index, node))
        weights = {held.name for held in model.graph.initializer}
        self._network.model = model
        self._network.layers = [_Layer(node) for node in model.graph.node]
        self._network.inputs = [_Tensor(value.name) for value in model.graph.input if value.name not in weights]
        return not self._errors

    @property
    def num_errors(self) -> int:
        return len(self._errors)

    def get_error(self, index: int) -> _ParserError:
        return self._errors[index]


class Runtime:
    def __init__(self, logger: ILogger) -> None:
        self._logger = logger
        _script().hold("runtime", self)

    def deserialize_cuda_engine(self, content: bytes):
        plan = json.loads(content)
        if plan["version"] != __version__:
            self._logger.log(ILogger.ERROR, "the engine plan file is not compatible with this version of TensorRT")
            return None
        if plan["gpu"] != _script().gpu:
            self._logger.log(ILogger.ERROR, "the engine was made for a different compute capability")
            return None
        return _Engine(plan, self._logger)


class _Engine:
    def __init__(self, plan, logger: ILogger) -> None:
        self.plan = plan
        self.logger = logger
        self._tensors = {
            name: (mode, element, sizes)
            for mode, key in ((TensorIOMode.INPUT, "inputs"), (TensorIOMode.OUTPUT, "outputs"))
            for name, element, sizes in plan[key]
        }
        _script().hold("engine", self)

    @property
    def num_io_tensors(self) -> int:
        return len(self._tensors)

    def get_tensor_name(self, index: int) -> str:
        return list(self._tensors)[index]

    def get_tensor_mode(self, name: str):
        return self._tensors[name][0]

    def get_tensor_dtype(self, name: str):
        return SimpleNamespace(name=self._tensors[name][1])

    def get_tensor_location(self, name: str):
        return TensorLocation.HOST if name in _script().tensors_on_host else TensorLocation.DEVICE

    def create_execution_context(self):
        if _script().contexts_fail:
            self.logger.log(ILogger.ERROR, "out of memory")
            return None
        return _Context(self)

    def create_engine_inspector(self):
        return _Inspector(self)


class _Inspector:
    def __init__(self, engine: _Engine) -> None:
        self._engine = engine

    def get_engine_information(self, form: int) -> str:
        assert form == LayerInformationFormat.JSON
        layers = [{"Name": name, "LayerType": operator} for name, operator in self._engine.plan["layers"]]
        if _VERSION >= (9,):
            layers = [{**layer, "Metadata": f"[ONNX Layer: {layer['Name']}]"} for layer in layers]
        return json.dumps({"Layers": layers, "Bindings": []})


class _Context:
    def __init__(self, engine: _Engine) -> None:
        self._engine = engine
        self._addresses: dict[str, int] = {}
        self._took: list[float] = []
        self.profiler = None
        self.enqueue_emits_profile = True
        _script().hold("execution context", self)

    def get_tensor_shape(self, name: str) -> Dims:
        mode, _, sizes = self._engine._tensors[name]
        hangs = mode == TensorIOMode.OUTPUT and _script().results_hang_on_numbers
        return Dims([-1] * len(sizes) if hangs else sizes)

    def set_input_shape(self, name: str, shape) -> bool:
        return list(shape) == self._engine._tensors[name][2]

    def get_max_output_size(self, name: str) -> int:
        return 4096

    def set_tensor_address(self, name: str, address: int) -> bool:
        self._addresses[name] = address
        return name not in _script().refused_addresses

    def execute_async_v3(self, stream: int) -> bool:
        script = _script()
        assert set(self._addresses) == set(self._engine._tensors), "tensors without memory"
        script.launches += 1
        script.on_launch(script.launches)
        if script.launch_fails:
            self._engine.logger.log(ILogger.ERROR, "the kernel is not there")
            return False
        lane = script.streams[stream]
        added = 0.0 if self.profiler is None else PROFILER_SECONDS
        self._took = [LAYER_SECONDS * script.pace(script.launches) + added for _ in self._engine.plan["layers"]]
        for seconds in self._took:
            lane.put("kernel", lambda now, seconds=seconds: now + seconds)
        if script.launches_wait:
            lane.synchronize()
        return True

    def report_to_profiler(self) -> bool:
        assert not self.enqueue_emits_profile
        assert not any(stream.work for stream in _script().streams.values()), "the call is not over"
        _script().note("report")
        if _script().profiler_is_silent:
            return False
        for (name, _), seconds in zip(self._engine.plan["layers"], self._took, strict=True):
            self.profiler.report_layer_time(name, seconds * 1e3)
        return True
