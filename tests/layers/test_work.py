"""Multiply-accumulates and bytes of every kind against counts made by hand."""

from fractions import Fraction

import pytest

from blackthorn.layers import layer_kind
from tests.layers.points import KINDS

BYTE = Fraction(1, 4)
"""A number of 8 bits, as a part of one of single precision."""
COUNTS = {
    "conv2d": ("filters=6 channels=4 height=9 width=8 kernel=3 kernel_width=1 stride=2 stride_width=1 groups=2",
               6 * 5 * 8 * 2 * 3, 4 * 72 + 6 * 40 + 6 * 6 + 6),
    "depthwise_conv2d": ("channels=4 height=9 width=8 kernel=3 stride=2", 4 * 5 * 4 * 9, 4 * 72 + 4 * 20 + 36 + 4),
    "conv1d": ("filters=6 channels=4 length=9 kernel=3 stride=2", 6 * 5 * 12, 36 + 30 + 72 + 6),
    "conv_transpose2d": ("filters=6 channels=4 height=3 width=2 kernel=2 stride=2", 24 * 6 * 4, 24 + 6 * 24 + 4 * 6 * 4 + 6),
    "dense": ("rows=2 inputs=3 outputs=5", 30, 6 + 10 + 15 + 5),
    "matmul": ("batch=2 rows=3 inner=4 columns=5", 120, 24 + 40 + 30),
    "max_pool2d": ("channels=4 height=9 width=8 kernel=3 stride=2", 0, 4 * 72 + 4 * 20),
    "average_pool2d": ("channels=4 height=9 width=8 kernel=3 stride=2", 0, 4 * 72 + 4 * 20),
    "global_average_pool2d": ("channels=4 height=9 width=8", 0, 4 * 72 + 4),
    "batch_norm": ("channels=4 height=9 width=8", 0, 2 * 4 * 72 + 4 * 4),
    "lrn": ("channels=4 height=9 width=8 window=5", 0, 2 * 4 * 72),
    "softmax": ("rows=3 columns=5", 0, 30),
    "layer_norm": ("rows=3 columns=5", 0, 30 + 10),
    "instance_norm": ("rows=3 columns=5", 0, 30 + 6),
    "reduce": ("rows=3 columns=5", 0, 15 + 3),
    **dict.fromkeys(("relu", "sigmoid", "gelu", "elu", "softplus", "reshape"), ("elements=10", 0, 20)),
    "prelu": ("elements=10", 0, 20 + 1),
    "cast": ("elements=10", 0, 10 + 20),
    "add": ("elements=10", 0, 30),
    "add_broadcast": ("rows=3 columns=5", 0, 30 + 3),
    "concat": ("runs=3 run_length=5", 0, 30),
    "split": ("runs=3 run_length=5", 0, 30),
    "slice": ("runs=3 run_length=5", 0, 30 + 15),
    "pad": ("runs=3 run_length=5", 0, 9 + 15),
    "gather": ("runs=3 run_length=5", 0, 30 + 6),
    "transpose": ("rows=3 columns=5 run_length=2 batch=2", 0, 120),
    "resize_nearest": ("channels=2 height=5 width=4", 0, 2 * 6 + 2 * 20),
    "resize_linear": ("channels=2 height=5 width=4", 0, 2 * 6 + 2 * 20),
    "lstm": ("hidden=3 inputs=5 steps=7 directions=2", 7 * 2 * 4 * 3 * 8, 35 + 7 * 2 * 3 + 2 * (12 * 5 + 12 * 3 + 24)),
    "gru": ("hidden=3 inputs=5 steps=7 directions=1", 7 * 3 * 3 * 8, 35 + 7 * 3 + 9 * 5 + 9 * 3 + 18),
    "reorder_input": ("channels=20 height=5 width=4", 0, 2 * 400),
    "reformat": ("channels=20 height=5 width=4", 0, 2 * 400),
    "reorder_output": ("channels=20 height=5 width=4", 0, 2 * 400),
    "where": ("rows=3 columns=8", 0, 8 * BYTE + 48 + 1),
    "expand": ("runs=3 copies=4 run_length=5", 0, 15 + 60),
    "reverse_sequence": ("runs=3 run_length=5", 0, 30),
    "sum": ("elements=10 inputs=4", 0, 50),
    "arg_max": ("rows=3 columns=5", 0, 15 + 6),
    "top_k": ("rows=3 columns=5 kept=2", 0, 15 + 6 + 12),
    "one_hot": ("rows=3 columns=5", 0, 6 + 2 + 15),
    "reduce_columns": ("batch=2 rows=3 columns=5", 0, 30 + 10),
    "cumulative_sum": ("rows=3 columns=5", 0, 30),
    "cast_short": ("elements=8", 0, 8 * BYTE + 8),
    "gather_elements": ("elements=10", 0, 10 + 20 + 10),
    "scatter_elements": ("elements=10 updates=3", 0, 10 + 6 + 3 + 10),
    "gather_nd": ("runs=3 run_length=5", 0, 30 + 6),
    "scatter_nd": ("runs=3 run_length=5 rows=4", 0, 20 + 6 + 15 + 20),
    "attention": ("steps=5 width=4 heads=2 head_size=3 batch=2", 2 * 5 * 6 * (12 + 10), 2 * 5 * 4 + 4 * 18 + 18 + 60),
    "multi_head_attention": ("queries=5 keys=7 heads=2 head_size=3", 2 * 5 * 7 * 6, 2 * 30 + 2 * 42),
    "resize_cubic": ("channels=2 height=5 width=4", 0, 2 * 6 + 2 * 20),
    **dict.fromkeys(("depth_to_space", "space_to_depth"), ("channels=2 height=5 width=4 block=3", 0, 2 * 2 * 20 * 9)),
    **dict.fromkeys(("max_pool1d", "average_pool1d"), ("channels=4 length=9 kernel=3 stride=2", 0, 36 + 20)),
    **dict.fromkeys(("max_pool3d", "average_pool3d"),
                    ("channels=4 depth=3 height=9 width=8 kernel=3 stride=2", 0, 4 * 3 * 72 + 4 * 2 * 20)),
    "global_pool": ("rows=3 columns=5", 0, 15 + 3),
    "conv3d": ("filters=6 channels=4 depth=3 height=9 width=8 kernel=3 stride=2 groups=2", 6 * 2 * 20 * 2 * 27,
               4 * 3 * 72 + 6 * 40 + 6 * 2 * 27 + 6),
    "quantize": ("elements=8", 0, 8 + 8 * BYTE),
    "dynamic_quantize": ("elements=8", 0, 8 + 8 * BYTE + 1 + BYTE),
    "dequantize": ("elements=8", 0, 8 * BYTE + 8),
    **dict.fromkeys(("dense_int8", "dense_uint8"), ("rows=2 inputs=3 outputs=6", 36, (6 + 12 + 18) * BYTE)),
    "matmul_uint8": ("batch=2 rows=3 inner=4 columns=6", 144, (24 + 48 + 36) * BYTE),
    **dict.fromkeys(("conv2d_int8", "conv2d_uint8"),
                    ("filters=6 channels=4 height=9 width=8 stride=2", 6 * 20 * 36, (4 * 72 + 6 * 20 + 6 * 36) * BYTE + 6)),
    **dict.fromkeys(("integer_conv2d_int8", "integer_conv2d_uint8"),
                    ("filters=6 channels=4 height=9 width=8 stride=2", 6 * 20 * 36, (4 * 72 + 6 * 36) * BYTE + 6 * 20)),
    **dict.fromkeys(("depthwise_conv2d_int8", "depthwise_conv2d_uint8"),
                    ("channels=4 height=9 width=8 stride=2", 4 * 20 * 9, (4 * 72 + 4 * 20 + 36) * BYTE + 4)),
    **dict.fromkeys(("conv1d_int8", "conv1d_uint8"),
                    ("filters=6 channels=4 length=9 kernel=3 stride=2", 6 * 5 * 12, (36 + 30 + 72) * BYTE + 6)),
    "add_int8": ("elements=8", 0, 24 * BYTE),
    "sigmoid_int8": ("elements=8", 0, 16 * BYTE),
    "concat_int8": ("runs=3 run_length=5", 0, 30 * BYTE),
    "global_average_pool2d_int8": ("channels=4 height=9 width=8", 0, (4 * 72 + 4) * BYTE),
    "trilu": ("rows=3 columns=5", 0, 30),
    "bitwise": ("elements=8", 0, 24 * BYTE),
    **dict.fromkeys(("random_uniform", "random_normal"), ("elements=10", 0, 20)),
    "rotary_embedding": ("rows=3 pairs=4", 0, 48 + 24),
    "grid_sample": ("channels=4 height=9 width=8", 0, 2 * 4 * 72 + 2 * 72),
    "stft": ("frames=3 length=8", 0, 16 + 8 + 3 * 5 * 2),
    **dict.fromkeys(("max_pool2d_int8", "average_pool2d_int8", "channels_last_max_pool2d_int8"),
                    ("channels=4 height=9 width=8 kernel=3 stride=2", 0, (4 * 72 + 4 * 20) * BYTE)),
    "softmax_int8": ("rows=3 columns=4", 0, 24 * BYTE),
    "dispatch": ("nodes=50", 0, 2),
    "lstm_int8": ("hidden=3 inputs=5 steps=7 directions=2", 7 * 2 * 4 * 3 * 8,
                  35 + 7 * 2 * 3 + 2 * ((12 * 5 + 12 * 3) * BYTE + 24)),
}  # fmt: skip
"""Dimensions, multiply-accumulates, and single-precision numbers read or written; an int64 counts as two of them."""


HOLD_WHOLE_NUMBERS = (
    *("arg_max", "cast", "cast_short", "gather", "gather_elements", "gather_nd", "one_hot", "scatter_elements", "scatter_nd"),
    *("top_k", "where"),
)
"""Kinds whose bytes are not all fractions'."""


def test_every_kind_is_counted() -> None:
    assert sorted(COUNTS) == KINDS


@pytest.mark.parametrize("name", KINDS)
def test_work_is_what_a_hand_counts(name: str) -> None:
    text, macs, numbers = COUNTS[name]
    kind = layer_kind(name)
    dimensions = kind.complete({word.split("=")[0]: int(word.split("=")[1]) for word in text.split()})
    assert kind.macs(dimensions) == macs
    assert kind.bytes_moved(dimensions, "fp32") == 4 * numbers
    if "fp16" in kind.precisions and name not in HOLD_WHOLE_NUMBERS:
        assert kind.bytes_moved(dimensions, "fp16") == 2 * numbers


def test_whole_numbers_are_as_long_in_half_precision() -> None:
    assert layer_kind("cast").bytes_moved({"elements": 10}, "fp16") == 10 * 8 + 10 * 2
