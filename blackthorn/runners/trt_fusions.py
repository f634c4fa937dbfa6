"""What TensorRT 8.5 to 11 makes of a network on a GPU with tensor cores.

Sources: the fusions that its developer guide lists; profiles of networks in half precision that trtexec wrote with TensorRT
10, which also tell where images are copied: AlexNet and ResNet-18, held against these rules in the tests, and layers of YOLO
engines as others published them.

The precision is that of the file's tensors: an engine of half precision built from a file of single precision is told as one
of single precision.

TensorRT tries several ways and keeps the fastest, so that now and then a fusion is left out that is told here. Not told at all:
the kernels that its second compiler (Myelin) cuts attention, normalisations and loops into, and the shape calls before
them; layouts of images of single precision and of 8 bits; activations other than Relu and Clip that 8-bit convolutions take
in; copies that Split and Slice can do without.
"""

from collections.abc import Callable

from blackthorn.onnx_graph.fusion import (
    Chain,
    Drop,
    Fold,
    Fuse,
    FuseAll,
    Fusions,
    JoinInPlace,
    Match,
    Pattern,
    Reformat,
    Repeat,
    Widen,
)
from blackthorn.runners.fusion_conditions import (
    DOES_NOTHING,
    input_beside,
    is_biased_product,
    pads_with_zeros,
    without_activation,
)
from blackthorn.runners.trt_conditions import (
    adds_an_earlier_image,
    adds_any_image,
    averages_images,
    in_one_turn,
    input_if_in_order,
    is_by_channel,
    is_jitted,
    is_jitted_sum,
    is_linear,
    only_input,
    turns_known_axes,
    with_a_sum,
)

CONVOLUTIONS = "Conv|ConvTranspose"
_ACTIVATIONS = (
    "Celu|Clip|Elu|Gelu|HardSigmoid|HardSwish|LeakyRelu|Mish|Relu|Selu|Sigmoid|Softplus|Softsign|Tanh|ThresholdedRelu"
)
_OF_ONE = "Abs|Acos|Acosh|Asin|Asinh|Atan|Atanh|Ceil|Cos|Cosh|Erf|Exp|Floor|Log|Neg|Reciprocal|Round|Sign|Sin|Sinh|Sqrt|Tan"
_OF_TWO = "Add|Div|Max|Min|Mul|Pow|Sub|Sum"
POINT_WISE = f"{_ACTIVATIONS}|{_OF_ONE}|{_OF_TWO}"
"""What the guide calls point-wise: neighbours of these run as one."""
POOLS = frozenset({"AveragePool", "GlobalAveragePool", "GlobalMaxPool", "LpPool", "MaxPool"})
LAYOUT_KEPT = frozenset(POINT_WISE.split("|")) | {"BatchNormalization", "Concat", "Pad", "PRelu", "Resize", "Slice", "Split"}
"""Operators that take images in any layout."""
RESHAPES = frozenset({"Flatten", "Reshape", "Squeeze", "Unsqueeze"})


def _takes_in(last: str, operators: str) -> Fuse:
    """A node takes in what is done to its result by constants alone; it is told which as an attribute."""
    return Fuse(
        Pattern(f"c = {operators}(rest...)  y = {last}(c, REST...)"),
        "c",
        where=without_activation,
        attributes=lambda match: {"activation": match.nodes["y"].op_type},
    )


def _adds(last: str, where: Callable[[Match], bool]) -> Fuse:
    """A convolution takes in a sum with another image."""
    return Fuse(Pattern(f"c = Conv(rest...)  {last}"), "c", where=where, attributes=with_a_sum)


_SIMPLER: Fusions = (
    Drop(
        {
            **DOES_NOTHING,
            "Concat": only_input,
            "Transpose": input_if_in_order,
            "Pow": input_beside(1, either_side=False),
        }
    ),
    Repeat("DequantizeLinear"),
)

_LISTED_BY_THE_GUIDE = FuseAll(
    (
        Fuse(Pattern(f"p = Pad(x, PADS...)  y = {CONVOLUTIONS}(p, rest...)"), where=pads_with_zeros),
        Fuse(Pattern(f"c = {CONVOLUTIONS}(x, W, BIAS...)  y = BatchNormalization(c, REST...)"), "c", where=is_linear),
        Fuse(
            Pattern(f"c = {CONVOLUTIONS}|BatchNormalization(x, W, REST...)  y = Add|Sub|Mul|Div(c, S)"),
            "c",
            where=is_by_channel,
        ),
        _adds("d = DequantizeLinear(z, SCALE...)  y = Add|Sum(c, d)", adds_an_earlier_image),
        _adds("y = Add|Sum(c, z)", adds_an_earlier_image),
        _adds("y = Add|Sum(c, z)", adds_any_image),
        _takes_in("Relu|Clip", f"{CONVOLUTIONS}|BatchNormalization"),
        Fuse(Pattern("m = MatMul(x, w)  y = Add(m, b)"), "m", "Gemm", ("x", "w", "b"), is_biased_product),
        Fuse(Pattern("y = ReduceMean(x, rest...)"), becomes="GlobalAveragePool", reads=("x",), where=averages_images),
        Fuse(
            Pattern("t = Transpose(x)  y = Transpose(t)"),
            reads=("x",),
            where=turns_known_axes,
            attributes=in_one_turn,
        ),
        Fuse(Pattern("s = Softmax(x)  y = Log(s)"), "s", "LogSoftmax"),
        Fuse(Pattern("a = Abs(x)  y = ReduceSum(a, rest...)"), becomes="ReduceL1"),
        Fuse(Pattern("s = Mul(x, x)  y = ReduceSum(s, rest...)"), becomes="ReduceSumSquare"),
        Fuse(Pattern("s = ReduceSumSquare(x, rest...)  y = Sqrt(s)"), "s", "ReduceL2"),
        Fuse(Pattern("e = Exp(x)  s = ReduceSum(e, rest...)  y = Log(s)"), "s", "ReduceLogSumExp"),
        Fuse(Pattern("s = ReduceSum(x, rest...)  y = Log(s)"), "s", "ReduceLogSum"),
    )
)

_LEFT = "d = DequantizeLinear(x, XS, XZ)"
_BOTH = f"{_LEFT}  v = DequantizeLinear(W, WS, WZ)"
_ROUNDED = "y = QuantizeLinear(c, YS, YZ)"
_QUANTISED_READS = ("x", "XS", "XZ", "W", "WS", "WZ")

_OF_EIGHT_BITS = FuseAll(
    (
        Fuse(Pattern(f"{_BOTH}  c = Conv(d, v, BIAS...)  {_ROUNDED}"), "c", "QLinearConv", (*_QUANTISED_READS, "YS", "YZ")),
        Fuse(Pattern(f"{_BOTH}  c = MatMul(d, v)  {_ROUNDED}"), "c", "QLinearMatMul", (*_QUANTISED_READS, "YS", "YZ")),
        Fuse(Pattern(f"{_BOTH}  c = Gemm(d, v, BIAS...)  {_ROUNDED}"), "c", "QGemm", _QUANTISED_READS),
        Fuse(Pattern(f"{_LEFT}  c = AveragePool|GlobalAveragePool|MaxPool(d)  {_ROUNDED}"), "c"),
    )
)
"""Products whose sides are 8-bit numbers, by the names of ONNX's operators that do the same."""

_OF_EIGHT_BITS_WITHIN = FuseAll(
    (
        Fuse(Pattern(f"{_BOTH}  y = Conv(d, v, BIAS...)"), becomes="ConvInteger", reads=("x", "W", "XZ", "WZ")),
        Fuse(Pattern(f"{_BOTH}  y = MatMul(d, v)"), becomes="MatMulIntegerToFloat", reads=("x", "W", "XS", "WS", "XZ", "WZ")),
        Fuse(Pattern(f"{_BOTH}  y = Gemm(d, v, BIAS...)"), becomes="QGemm", reads=_QUANTISED_READS),
    )
)
"""The same where the results stay fractions."""

_GENERATED = FuseAll(
    (
        Fuse(Pattern(f"c = Conv(rest...)  y = {POINT_WISE}(c, REST...)"), "c", where=is_jitted),
        Fuse(Pattern(f"c = Conv(rest...)  y = {_OF_TWO}(c, z)"), "c", where=is_jitted_sum),
        Fuse(Pattern(f"c = Conv(rest...)  y = {_OF_TWO}(z, c)"), "c", where=is_jitted_sum),
        _takes_in(POINT_WISE, "Gemm"),
    )
)
"""Kernels that are written as the network is built, for any function of what a convolution or a product gives."""

TENSORRT_FUSIONS: Fusions = (
    *_SIMPLER,
    _LISTED_BY_THE_GUIDE,
    _OF_EIGHT_BITS,
    _OF_EIGHT_BITS_WITHIN,
    Fold(),
    Widen("Conv"),
    Chain(frozenset(POINT_WISE.split("|"))),
    _GENERATED,
    Reformat(POOLS | {"Conv", "ConvTranspose"}, LAYOUT_KEPT, RESHAPES),
    JoinInPlace(),
)
"""In the order in which TensorRT takes its steps, as its log tells them."""
