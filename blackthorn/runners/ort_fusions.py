"""What ONNX Runtime's CPU provider makes of a network at its default settings, observed on version 1.32.

Every rule is held against the graphs that ONNX Runtime itself writes (SessionOptions.optimized_model_filepath). It takes its
own steps in the same order: first those that any hardware profits from, then kernels of several nodes, then the layout in
blocks of channels, then what is left over outside of it.

Not told here: transpositions that are moved through other nodes, slices of one tensor that become a Split, whole attention
blocks, and the casts around operators that have no half-precision kernel.
"""

from blackthorn.onnx_graph.fusion import (
    Block,
    Drop,
    Flatten,
    Fold,
    Fuse,
    FuseAll,
    Fusions,
    Merge,
    Pattern,
    SpellOut,
    TakeApart,
    Unfold,
)
from blackthorn.records import Device
from blackthorn.runners.fusion_conditions import (
    DOES_NOTHING,
    adds_an_image,
    adds_equal_shapes,
    flipped,
    has_only_a_sum,
    is_along_last_axis,
    is_bias,
    is_biased_product,
    is_hard_swish,
    is_one_number,
    pads_with_zeros,
    scales_filters,
    shifts_filters,
    swaps_rows_and_columns,
    without_activation,
)
from blackthorn.runners.ort_quantization import BEFORE_KERNELS, KERNELS, LAYOUT

AVX512_BLOCK, OTHER_BLOCK = 16, 8
"""Channels in a block: as many single-precision numbers as a vector of AVX-512, or one of AVX, holds."""
GRANULE = 4
"""Channels that a blocked kernel takes in at a time."""
SHARED_VALUES = 8
"""Constants of up to so many elements are compared by their contents."""

CONV_ACTIVATIONS = "Relu|Sigmoid|Tanh|HardSigmoid"
GEMM_ACTIVATIONS = "Elu|HardSigmoid|LeakyRelu|Relu|Selu|Sigmoid|Softplus|Softsign|Tanh|ThresholdedRelu"


def onnxruntime_fusions(block: int | None) -> Fusions:
    """What ONNX Runtime does to a network where images come in blocks of so many channels; None where there are no blocks."""
    return (
        *ANYWHERE,
        *_WRITTEN_OUT,
        *_KERNELS,
        *(() if block is None else (_blocked(block),)),
        _LEFT_OVER,
        *LAYOUT,
        SpellOut(),
    )


def block_size(device: Device) -> int | None:
    """Channels in a block on a device; None where its processor has no kernels for blocks.

    Sweeps that do not tell the processor were taken on x86 with AVX-512.
    """
    if device.details.get("machine", "x86_64").lower() not in ("amd64", "x86_64"):
        return None
    instructions = device.details.get("instructions", "avx512f").split()
    return AVX512_BLOCK if "avx512f" in instructions else OTHER_BLOCK


def _activated(last: str, operator: str) -> Fuse:
    """An operator takes in one activation; it is told which as an attribute, as ONNX Runtime's own operators are."""
    return Fuse(
        Pattern(f"c = {operator}(rest...)  {last}"),
        "c",
        where=without_activation,
        attributes=lambda match: {"activation": match.nodes["y"].op_type},
    )


ANYWHERE: Fusions = (
    Drop(DOES_NOTHING),
    TakeApart("HardSwish", Pattern("h = HardSigmoid(x)  y = Mul(x, h)"), {"h": {"alpha": 1 / 6, "beta": 0.5}}),
    TakeApart("Mish", Pattern("s = Softplus(x)  t = Tanh(s)  y = Mul(x, t)")),
    Merge(SHARED_VALUES),
    Unfold(),
    Fold(),
    FuseAll(
        (
            Fuse(Pattern("p = Pad(x, PADS...)  y = Conv|AveragePool(p, rest...)"), where=pads_with_zeros),
            Fuse(Pattern("r = Relu(x)  y = Clip(r, LIMITS...)")),
            Fuse(Pattern("c = Conv(x, W, BIAS...)  y = Add(c, S)", either_order=False), "c", where=shifts_filters),
            Fuse(Pattern("c = Conv(x, W, BIAS...)  y = Mul(c, S)", either_order=False), "c", where=scales_filters),
            Fuse(Pattern("c = Conv|ConvTranspose(x, W, BIAS...)  y = BatchNormalization(c, REST...)"), "c"),
            Fuse(Pattern("m = MatMul(x, w)  y = Add(m, b)"), "m", "Gemm", ("x", "w", "b"), is_biased_product),
            Fuse(Pattern("m = MatMul(x, W)  y = BatchNormalization(m, REST...)"), "m", "Gemm"),
            Fuse(Pattern("g = Gemm(x, w)  y = Sum(g, b)", either_order=False), "g", reads=("x", "w", "b")),
            Fuse(Pattern("d = Div(1, x)  y = Mul(d, z)"), "d", reads=("z", "x")),
            Fuse(Pattern("n = Not(x)  y = Where(n, rest...)")),
            Fuse(Pattern("r = Reshape(x, SHAPE...)  y = Reshape(r, SHAPE...)")),
        )
    ),
    Flatten("Gemm"),
    *BEFORE_KERNELS,
)
"""The steps that do not ask whose kernels run: all that is known of other providers than the CPU's."""

_GELU = "a = Div(x, 1.41421356)  e = Erf(a)  g = Add(e, 1)"
_NORMALISED = "v = ReduceMean(p, REST...)  q = Add(v, EPSILON)  r = Sqrt(q)"

_WRITTEN_OUT: Fusions = (
    FuseAll(
        (
            Fuse(Pattern(f"{_GELU}  m = Mul(x, g)  y = Mul(m, 0.5)"), becomes="Gelu", reads=("x",)),
            Fuse(Pattern(f"{_GELU}  m = Mul(x, 0.5)  y = Mul(m, g)"), becomes="Gelu", reads=("x",)),
            Fuse(
                Pattern(
                    f"m = ReduceMean(x, REST...)  d = Sub(x, m)  p = Pow(d, 2)  {_NORMALISED}"
                    "  n = Div(d, r)  s = Mul(n, S)  y = Add(s, B)"
                ),
                becomes="LayerNormalization",
                reads=("x", "S", "B"),
                where=is_along_last_axis,
            ),
        )
    ),
)

_KERNELS: Fusions = (
    FuseAll(
        (
            Fuse(Pattern("t = Transpose(x)  y = Gemm(t, rest...)"), where=swaps_rows_and_columns, attributes=flipped("transA")),
            Fuse(
                Pattern("t = Transpose(x)  y = Gemm(a, t, rest...)"), where=swaps_rows_and_columns, attributes=flipped("transB")
            ),
            _activated(f"y = {GEMM_ACTIVATIONS}(c)", "Gemm"),
            _activated(f"y = {CONV_ACTIVATIONS}|LeakyRelu(c)", "Conv"),
            _activated("y = Clip(c, LIMITS...)", "Conv"),
            Fuse(
                Pattern(f"p = Pow(x, 2)  {_NORMALISED}  n = Div(x, r)  y = Mul(n, S)"),
                becomes="SimplifiedLayerNormalization",
                reads=("x", "S"),
                where=is_along_last_axis,
            ),
        )
    ),
    *KERNELS,
    FuseAll(
        (
            Fuse(
                Pattern("t = Transpose(x)  y = MatMul|FusedMatMul(t, b)"),
                becomes="FusedMatMul",
                where=swaps_rows_and_columns,
                attributes=flipped("transA"),
            ),
            Fuse(
                Pattern("t = Transpose(x)  y = MatMul|FusedMatMul(a, t)"),
                becomes="FusedMatMul",
                where=swaps_rows_and_columns,
                attributes=flipped("transB"),
            ),
            Fuse(Pattern("w = Add(x, B)  y = Gelu(w)"), becomes="BiasGelu", reads=("x", "B"), where=is_bias),
            Fuse(
                Pattern("w = Add(x, z)  y = LayerNormalization(w, S, B)"),
                becomes="SkipLayerNormalization",
                reads=("x", "z", "S", "B"),
                where=adds_equal_shapes,
            ),
            Fuse(Pattern("s = Sigmoid(x)  y = Mul(x, s)"), becomes="QuickGelu", reads=("x",)),
        )
    ),
    FuseAll(
        (
            Fuse(
                Pattern("a = Mul(x, S)  s = Sigmoid(a)  y = Mul(x, s)"), becomes="QuickGelu", reads=("x",), where=is_one_number
            ),
            Fuse(Pattern("s = Mul|Div(x, S)  y = MatMul|FusedMatMul(s, b)"), becomes="FusedMatMul", where=is_one_number),
            Fuse(Pattern("s = Mul|Div(x, S)  y = MatMul|FusedMatMul(a, s)"), becomes="FusedMatMul", where=is_one_number),
            Fuse(Pattern("m = MatMul|FusedMatMul(a, b)  y = Mul|Div(m, S)"), "m", "FusedMatMul", where=is_one_number),
        )
    ),
)

_LEFT_OVER = FuseAll(
    (
        Fuse(Pattern("c = Conv(x, w, b)  y = Add(c, z)"), "c", where=adds_an_image),
        Fuse(Pattern(f"c = Conv(x, w, b)  y = {CONV_ACTIVATIONS}|LeakyRelu(c)"), "c", where=has_only_a_sum),
        Fuse(Pattern("c = Conv(x, w, b)  y = Clip(c, LIMITS...)"), "c", where=has_only_a_sum),
    )
)


def _blocked(size: int) -> Block:
    """The layout in blocks of channels, and what its convolutions take in."""
    joins = (
        Fuse(Pattern("c = Conv(rest...)  y = Add|Sum(c, z)"), "c", where=adds_an_image),
        _activated(f"y = {CONV_ACTIVATIONS}(c)", "Conv"),
        Fuse(
            Pattern("c = Conv(rest...)  h = HardSigmoid(c)  y = Mul(c, h)"),
            "c",
            where=is_hard_swish,
            attributes=lambda _: {"activation": "HardSwish"},
        ),
    )
    works = frozenset((*CONV_ACTIVATIONS.split("|"), "Add", "Gelu", "Mul", "QuickGelu", "Sum"))
    return Block(size, GRANULE, joins, works)
