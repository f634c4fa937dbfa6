"""Single-layer ONNX models: several copies of one operator, with different weights, side by side over one input."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blackthorn.records import Precision

OPSET = 17
"""Understood by every runtime since 2022 (ONNX Runtime 1.12, TensorRT 8.5)."""
IR_VERSION = 8
PATTERN = 65_521
"""Length of the repeated random pattern that fills weights: a prime, so that no two rows or copies are alike."""


def weight_pattern(shape: Sequence[int], offset: int, precision: Precision) -> NDArray[np.generic]:
    """Repeatable weights around zero, small enough that deep sums stay finite; `offset` makes copies differ.

    Filled from a short pattern: drawing 37 million normal numbers would cost more than timing the layer.
    """
    pattern = np.random.default_rng(0).uniform(-0.05, 0.05, PATTERN)
    dtype = np.float16 if precision == "fp16" else np.float32
    count = int(np.prod(shape))
    return np.resize(np.roll(pattern, offset).astype(dtype), count).reshape(shape)


def parallel_layers(
    operator: str,
    attributes: Mapping[str, Any],
    input_shape: Sequence[int],
    output_shape: Sequence[int],
    parameter_shapes: Sequence[Sequence[int]],
    copies: int,
    precision: Precision,
) -> bytes:
    """A serialised model: input `x`, outputs `y0`, `y1`, ...: each the ReLU of one copy of the operator.

    Args:
        operator: the ONNX operator; it takes `x` and then the parameters.
        attributes: its attributes.
        input_shape, output_shape: of one copy.
        parameter_shapes: of the constant inputs after `x` (weights, bias).
        copies: how many.
        precision: fp32 or fp16 tensors.
    """
    from onnx import TensorProto, helper, numpy_helper

    element = TensorProto.FLOAT16 if precision == "fp16" else TensorProto.FLOAT
    nodes, parameters, outputs = [], [], []
    for copy in range(copies):
        names = [f"p{copy}_{index}" for index in range(len(parameter_shapes))]
        for index, (name, shape) in enumerate(zip(names, parameter_shapes, strict=True)):
            parameters.append(numpy_helper.from_array(weight_pattern(shape, 7919 * copy + index, precision), name))
        nodes.append(helper.make_node(operator, ["x", *names], [f"z{copy}"], f"layer{copy}", **attributes))
        nodes.append(helper.make_node("Relu", [f"z{copy}"], [f"y{copy}"], f"relu{copy}"))
        outputs.append(helper.make_tensor_value_info(f"y{copy}", element, list(output_shape)))
    graph = helper.make_graph(
        nodes, "probe", [helper.make_tensor_value_info("x", element, list(input_shape))], outputs, parameters
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    return bytes(model.SerializeToString())
