"""Probes as ONNX models: several copies of one operator side by side, in the cache state that a network leaves them.

In a network the weights of a layer are cold, since all the other layers ran since; its input is warm, since the layer before
has just written it. So copies that have weights differ in them and may read one input; copies without weights get an input
of their own each, written just before. Different inputs also keep runtimes from running equal copies only once. What all copies
give is meant to lie in the same memory, as a network's results lie where others were shortly before.
"""

import math
from collections.abc import Iterator, Mapping
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
WHOLE = "int64"
"""The element type of whole numbers where none is said."""
TRUTH = "bool"
WEIGHT_LIMIT, UNSIGNED_ZERO = 120, 128
"""Weights of 8 bits lie less than the one away from zero, or from the other where they are unsigned."""
MASK_RUN = 64
"""Truth values come in runs of this length, as those that hide padding or the future do: a processor foresees them."""
MICROSOFT = "com.microsoft"
"""Domain of the operators that ONNX Runtime adds to the standard ones."""
WRITER, HARMLESS_THRESHOLD = "ThresholdedRelu", -8.0
"""What writes the input of a copy: with a threshold far below all inputs it changes nothing, and being different for every copy
it is never shared. Neither it nor the reader is an operator of any layer kind."""
READER = "Softsign"
"""What reads the output of a copy, so that the copy writes to memory that the runtime chooses, as inside a network."""
WHOLE_READER = "Cast"
"""What reads it where it is whole numbers or truth values, which also writes those that are not of 64 bits."""
LAYOUT_HOLDER = "MaxPool"
"""With a kernel of 1 it hands its input through in the blocked layout in which convolutional networks run."""
PARAMETER_SHIFT, COPY_SHIFT = 1, 7919
"""How far into the pattern the weights of the next parameter and of the next copy begin."""


class Activations(msgspec.Struct, frozen=True):
    """An input that the layer before has computed: fractions, or whole numbers below a limit where one is given.

    `element` is the type of the whole numbers (or truth values) as numpy names it.
    """

    shape: tuple[int, ...]
    whole_below: int | None = None
    element: str = WHOLE

    def bytes(self, precision: Precision) -> int:
        """Bytes in memory."""
        return math.prod(self.shape) * number_bytes(self.element if self.whole_below else "", precision)


class Weights(msgspec.Struct, frozen=True):
    """An input that never changes, filled with small numbers that differ between copies.

    `element` is int8, uint8, int32 or bool; fractions if empty.
    """

    shape: tuple[int, ...]
    element: str = ""

    def bytes(self, precision: Precision) -> int:
        """Bytes in memory."""
        return math.prod(self.shape) * number_bytes(self.element, precision)


class Given(msgspec.Struct, frozen=True):
    """An input with contents that say what to do: axes, sizes, scales, indices; the same in all copies."""

    values: NDArray[np.generic]


class LeftOut(msgspec.Struct, frozen=True):
    """An optional input that is not given."""


Input = Activations | Weights | Given | LeftOut


def number_bytes(element: str, precision: Precision) -> int:
    """Bytes of one number: of an element type as numpy names it, or a fraction where it is empty."""
    return np.dtype(element).itemsize if element else PRECISION_BYTES[precision]


class ProbeLayer(msgspec.Struct, frozen=True):
    """One copy of a layer as an ONNX node.

    Attributes:
        operator: the ONNX operator.
        inputs: what it takes, in order.
        outputs: the shapes of what it gives.
        elements: the element types of what it gives, as numpy names them; empty for fractions, as are all that are not told.
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
    elements: tuple[str, ...] = ()
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
        return (
            self.weight_bytes(precision)
            + self.result_bytes(precision)
            + sum(given.bytes(precision) for given in self.inputs if isinstance(given, Activations))
        )

    def result_bytes(self, precision: Precision) -> int:
        """Bytes of the layer's outputs."""
        return sum(math.prod(shape) * number_bytes(element, precision) for shape, element in self.results())

    def results(self) -> Iterator[tuple[tuple[int, ...], str]]:
        """Shape and element type of every output."""
        fractions = ("",) * (len(self.outputs) - len(self.elements))
        return zip(self.outputs, self.elements + fractions, strict=True)


def weight_pattern(weights: Weights, offset: int, precision: Precision) -> NDArray[np.generic]:
    """Repeatable weights around zero, small enough that deep sums stay finite; `offset` makes copies differ.

    Filled from a short pattern: drawing 37 million normal numbers would cost more than timing the layer.
    """
    pattern = np.roll(_pattern(weights.element, precision), offset)
    return np.resize(pattern, math.prod(weights.shape)).reshape(weights.shape)


def _pattern(element: str, precision: Precision) -> NDArray[np.generic]:
    """`PATTERN` numbers of an element type, or fractions if it is empty."""
    generator = np.random.default_rng(0)
    if element == TRUTH:
        return np.array(np.arange(PATTERN) // MASK_RUN % 2 == 0)
    if element:
        zero = UNSIGNED_ZERO if element == "uint8" else 0
        return generator.integers(zero - WEIGHT_LIMIT, zero + WEIGHT_LIMIT, PATTERN).astype(element)
    return generator.uniform(-0.05, 0.05, PATTERN).astype(np.float16 if precision == "fp16" else np.float32)


def probe_model(layer: ProbeLayer, copies: int, precision: Precision) -> bytes:
    """A serialised model of copies of a layer: inputs `x0`, `x1`, ...; nodes `layer0`, `layer1`, ...; outputs `y0_0`, ...

    Args:
        layer: what each copy is.
        copies: how many.
        precision: fp32 or fp16 tensors.
    """
    return _ProbeGraph(layer, precision).serialised(copies)


def serialised(graph: Any, domain: str = "") -> bytes:
    """A graph as an ONNX model in bytes; `domain` is that of operators beside ONNX's own, if any."""
    from onnx import helper

    domains = [helper.make_opsetid("", OPSET)]
    if domain:
        domains.append(helper.make_opsetid(domain, 1))
    model = helper.make_model(graph, opset_imports=domains, ir_version=IR_VERSION)
    return bytes(model.SerializeToString())


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
            helper.make_tensor_value_info(f"x{place}", self._element(WHOLE if given.whole_below else ""), given.shape)
            for place, given in self._activations()
        ]
        graph = helper.make_graph(self._nodes, "probe", entering, self._outputs, self._constants)
        return serialised(graph, self._layer.domain)

    def _activations(self) -> Iterator[tuple[int, Activations]]:
        return ((place, given) for place, given in enumerate(self._layer.inputs) if isinstance(given, Activations))

    def _element(self, name: str) -> int:
        """ONNX's number of an element type; of fractions if the name is empty."""
        from onnx import helper

        fraction = "float16" if self._precision == "fp16" else "float32"
        return int(helper.np_dtype_to_tensor_dtype(np.dtype(name or fraction)))

    def _add_copy(self, copy: int) -> None:
        """One layer, what writes its inputs, and what reads its outputs."""
        from onnx import helper

        layer = self._layer
        read = [self._input(given, place, copy) for place, given in enumerate(layer.inputs)]
        written = [f"z{copy}_{index}" for index in range(len(layer.outputs))]
        attributes = dict(layer.attributes)
        if layer.element_attribute:
            attributes[layer.element_attribute] = self._element(next(iter(layer.elements), ""))
        self._nodes.append(helper.make_node(layer.operator, read, written, f"layer{copy}", domain=layer.domain, **attributes))
        for index, (shape, element) in enumerate(layer.results()):
            output = f"y{copy}_{index}"
            if element:
                self._add(WHOLE_READER, written[index], output, to=self._element(""))
            else:
                self._add(layer.reader, written[index], output)
            self._outputs.append(helper.make_tensor_value_info(output, self._element(""), shape))

    def _input(self, given: Input, place: int, copy: int) -> str:
        """The name of an input of a copy, which is there afterwards."""
        if isinstance(given, LeftOut):
            return ""
        if isinstance(given, Activations):
            return self._written(given, place, copy)
        if isinstance(given, Given):
            return self._constant(f"g{place}", given.values, new=copy == 0)
        pattern = weight_pattern(given, COPY_SHIFT * copy + PARAMETER_SHIFT * place, self._precision)
        return self._constant(f"p{copy}_{place}", pattern)

    def _written(self, given: Activations, place: int, copy: int) -> str:
        """The activations of a copy: the model's input where it is shared, else written for this copy alone."""
        name, last, written = f"x{place}", "" if self._layer.shared_input else f"_{copy}", WHOLE
        if not self._layer.shared_input and given.whole_below:
            # The model's own whole numbers are 0 and 1.
            others = np.random.default_rng(copy).integers(0, given.whole_below - 1, given.shape)
            operator, written = ("Less", TRUTH) if given.element == TRUTH else ("Add", WHOLE)
            name = self._add(operator, name, f"w{place}{last}", self._constant(f"a{place}{last}", others))
        elif not self._layer.shared_input:
            name = self._add(WRITER, name, f"w{place}{last}", alpha=HARMLESS_THRESHOLD - copy)
        new = copy == 0 or not self._layer.shared_input
        if given.whole_below and given.element != written:
            name = self._add(WHOLE_READER, name, f"e{place}{last}", new=new, to=self._element(given.element))
        if self._layer.blocked:
            name = self._add(LAYOUT_HOLDER, name, f"b{place}{last}", new=new, kernel_shape=[1, 1])
        return name

    def _constant(self, name: str, values: NDArray[np.generic], *, new: bool = True) -> str:
        from onnx import numpy_helper

        if new:
            self._constants.append(numpy_helper.from_array(values, name))
        return name

    def _add(self, operator: str, source: str, result: str, *others: str, new: bool = True, **attributes: Any) -> str:
        from onnx import helper

        if not new:
            return result
        self._nodes.append(helper.make_node(operator, [source, *others], [result], f"{operator} to {result}", **attributes))
        return result
