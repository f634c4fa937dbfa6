"""Probes as ONNX models: several copies of one operator side by side, in the cache state that a network leaves them.

In a network the weights of a layer are cold, since all the other layers ran since; its input is warm, since the layer before
has just written it. So copies that have weights differ in them and may read one input; copies without weights get an input
of their own each, written just before. Different inputs also keep runtimes from running equal copies only once.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from blackthorn.records import Precision

OPSET = 17
"""Understood by every runtime since 2022 (ONNX Runtime 1.12, TensorRT 8.5)."""
IR_VERSION = 8
PATTERN = 65_521
"""Length of the repeated random pattern that fills weights: a prime, so that no two rows or copies are alike."""
PRECISION_BYTES: dict[Precision, int] = {"fp32": 4, "fp16": 2}
WHOLE_BYTES = 8
"""Bytes of an int64."""
MICROSOFT = "com.microsoft"
"""Domain of the operators that ONNX Runtime adds to the standard ones."""
WRITER, HARMLESS_THRESHOLD = "ThresholdedRelu", -8.0
"""What writes the input of a copy: with a threshold far below all inputs it changes nothing, and being different for every copy
it is never shared. Neither it nor the reader is an operator of any layer kind."""
READER = "Softsign"
"""What reads the output of a copy, so that the copy writes to memory that the runtime chooses, as inside a network."""
LAYOUT_HOLDER = "MaxPool"
"""With a kernel of 1 it hands its input through in the blocked layout in which convolutional networks run."""
PARAMETER_SHIFT, COPY_SHIFT = 1, 7919
"""How far into the pattern the weights of the next parameter and of the next copy begin."""


class Activations(msgspec.Struct, frozen=True):
    """An input that the layer before has computed: fractions, or whole numbers (int64) below a limit where one is given."""

    shape: tuple[int, ...]
    whole_below: int | None = None

    def bytes(self, precision: Precision) -> int:
        """Bytes in memory."""
        return math.prod(self.shape) * (WHOLE_BYTES if self.whole_below else PRECISION_BYTES[precision])


class Weights(msgspec.Struct, frozen=True):
    """An input that never changes, filled with small numbers that differ between copies."""

    shape: tuple[int, ...]

    def bytes(self, precision: Precision) -> int:
        """Bytes in memory."""
        return math.prod(self.shape) * PRECISION_BYTES[precision]


class Given(msgspec.Struct, frozen=True):
    """An input with contents that say what to do: axes, sizes, scales, indices; the same in all copies."""

    values: NDArray[np.generic]


class LeftOut(msgspec.Struct, frozen=True):
    """An optional input that is not given."""


Input = Activations | Weights | Given | LeftOut


class ProbeLayer(msgspec.Struct, frozen=True):
    """One copy of a layer as an ONNX node.

    Attributes:
        operator: the ONNX operator.
        inputs: what it takes, in order.
        outputs: the shapes of what it gives.
        attributes: its ONNX attributes.
        element_attribute: the attribute that names the element type of the results, where the operator has one.
        domain: of the operator; the standard one if empty.
        shared_input: all copies read the same input, as may those that differ in weights.
        blocked: the input comes in the layout of a preceding convolution, where the runtime has such a layout.
        reader: the operator that takes the outputs; Relu where runtimes fuse it into the layer.
    """

    operator: str
    inputs: tuple[Input, ...]
    outputs: tuple[tuple[int, ...], ...]
    attributes: Mapping[str, Any] = {}
    element_attribute: str = ""
    domain: str = ""
    shared_input: bool = False
    blocked: bool = False
    reader: str = READER

    def weight_bytes(self, precision: Precision) -> int:
        """Bytes of the layer's weights."""
        return sum(given.bytes(precision) for given in self.inputs if isinstance(given, Weights))

    def moved_bytes(self, precision: Precision) -> int:
        """Bytes of inputs, weights and outputs, each touched once."""
        activations = [given for given in self.inputs if isinstance(given, Activations)] + list(map(Activations, self.outputs))
        return sum(given.bytes(precision) for given in activations) + self.weight_bytes(precision)


def weight_pattern(shape: Sequence[int], offset: int, precision: Precision) -> NDArray[np.generic]:
    """Repeatable weights around zero, small enough that deep sums stay finite; `offset` makes copies differ.

    Filled from a short pattern: drawing 37 million normal numbers would cost more than timing the layer.
    """
    pattern = np.random.default_rng(0).uniform(-0.05, 0.05, PATTERN)
    dtype = np.float16 if precision == "fp16" else np.float32
    count = math.prod(shape)
    return np.resize(np.roll(pattern, offset).astype(dtype), count).reshape(shape)


def probe_model(layer: ProbeLayer, copies: int, precision: Precision) -> bytes:
    """A serialised model of copies of a layer: inputs `x0`, `x1`, ...; nodes `layer0`, `layer1`, ...; outputs `y0_0`, ...

    Args:
        layer: what each copy is.
        copies: how many.
        precision: fp32 or fp16 tensors.
    """
    return _ProbeGraph(layer, precision).serialised(copies)


class _ProbeGraph:
    """A probe as it is put together."""

    def __init__(self, layer: ProbeLayer, precision: Precision) -> None:
        self._layer = layer
        self._precision = precision
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._outputs: list[Any] = []

    def serialised(self, copies: int) -> bytes:
        """The whole model as ONNX bytes."""
        from onnx import helper

        for copy in range(copies):
            self._add_copy(copy)
        entering = [
            helper.make_tensor_value_info(f"x{place}", self._element(given), given.shape)
            for place, given in self._activations()
        ]
        graph = helper.make_graph(self._nodes, "probe", entering, self._outputs, self._constants)
        domains = [helper.make_opsetid("", OPSET)]
        if self._layer.domain:
            domains.append(helper.make_opsetid(self._layer.domain, 1))
        model = helper.make_model(graph, opset_imports=domains, ir_version=IR_VERSION)
        return bytes(model.SerializeToString())

    def _activations(self) -> Iterator[tuple[int, Activations]]:
        return ((place, given) for place, given in enumerate(self._layer.inputs) if isinstance(given, Activations))

    def _element(self, given: Activations) -> int:
        from onnx import TensorProto

        whole, fraction = TensorProto.INT64, TensorProto.FLOAT16 if self._precision == "fp16" else TensorProto.FLOAT
        return int(whole if given.whole_below else fraction)

    def _add_copy(self, copy: int) -> None:
        """One layer, what writes its inputs, and what reads its outputs."""
        from onnx import helper

        layer = self._layer
        read = [self._input(given, place, copy) for place, given in enumerate(layer.inputs)]
        written = [f"z{copy}_{index}" for index in range(len(layer.outputs))]
        attributes = dict(layer.attributes)
        if layer.element_attribute:
            attributes[layer.element_attribute] = self._element(Activations(()))
        self._nodes.append(helper.make_node(layer.operator, read, written, f"layer{copy}", domain=layer.domain, **attributes))
        for index, shape in enumerate(layer.outputs):
            output = f"y{copy}_{index}"
            self._add(layer.reader, written[index], output)
            self._outputs.append(helper.make_tensor_value_info(output, self._element(Activations(shape)), shape))

    def _input(self, given: Input, place: int, copy: int) -> str:
        """The name of an input of a copy, which is there afterwards."""
        if isinstance(given, LeftOut):
            return ""
        if isinstance(given, Activations):
            return self._written(given, place, copy)
        if isinstance(given, Given):
            return self._constant(f"g{place}", given.values, new=copy == 0)
        pattern = weight_pattern(given.shape, COPY_SHIFT * copy + PARAMETER_SHIFT * place, self._precision)
        return self._constant(f"p{copy}_{place}", pattern)

    def _written(self, given: Activations, place: int, copy: int) -> str:
        """The activations of a copy: the model's input where it is shared, else written for this copy alone."""
        name, last = f"x{place}", "" if self._layer.shared_input else f"_{copy}"
        if not self._layer.shared_input and given.whole_below:
            # The model's own whole numbers are 0 and 1.
            added = np.random.default_rng(copy).integers(0, given.whole_below - 1, given.shape)
            name = self._add("Add", name, f"w{place}{last}", self._constant(f"a{place}{last}", added))
        elif not self._layer.shared_input:
            name = self._add(WRITER, name, f"w{place}{last}", alpha=HARMLESS_THRESHOLD - copy)
        if self._layer.blocked and (copy == 0 or not self._layer.shared_input):
            self._add(LAYOUT_HOLDER, name, f"b{place}{last}", kernel_shape=[1, 1])
        return f"b{place}{last}" if self._layer.blocked else name

    def _constant(self, name: str, values: NDArray[np.generic], *, new: bool = True) -> str:
        from onnx import numpy_helper

        if new:
            self._constants.append(numpy_helper.from_array(values, name))
        return name

    def _add(self, operator: str, source: str, result: str, *others: str, **attributes: Any) -> str:
        from onnx import helper

        self._nodes.append(helper.make_node(operator, [source, *others], [result], f"{operator} to {result}", **attributes))
        return result
