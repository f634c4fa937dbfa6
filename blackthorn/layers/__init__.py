"""The layer kinds, found by name; other packages add theirs through the entry point group `blackthorn.layers`."""

from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from types import MappingProxyType

from blackthorn.errors import UnknownName
from blackthorn.layers.attention import Attention, MultiHeadAttention
from blackthorn.layers.base import FAR_BYTES, Dimension, LayerKind
from blackthorn.layers.batch_norm import BatchNorm
from blackthorn.layers.binary import Add, AddBroadcast, Bitwise
from blackthorn.layers.columns import CumulativeSum, ReduceColumns
from blackthorn.layers.conv1d import Conv1d
from blackthorn.layers.conv2d import Conv2d
from blackthorn.layers.conv3d import Conv3d
from blackthorn.layers.conv_transpose2d import ConvTranspose2d
from blackthorn.layers.convolution_int8 import (
    Conv1dInt8,
    Conv1dUint8,
    Conv2dInt8,
    Conv2dUint8,
    DepthwiseConv2dInt8,
    DepthwiseConv2dUint8,
    IntegerConv2dInt8,
    IntegerConv2dUint8,
)
from blackthorn.layers.dense import Dense
from blackthorn.layers.depthwise_conv2d import DepthwiseConv2d
from blackthorn.layers.dispatch import Dispatch
from blackthorn.layers.elementwise import Cast, CastShort, Elu, Gelu, PRelu, Relu, Sigmoid, Softplus
from blackthorn.layers.elementwise_int8 import AddInt8, ConcatInt8, SigmoidInt8, SoftmaxInt8
from blackthorn.layers.global_pool import GlobalAveragePool2d
from blackthorn.layers.lrn import Lrn
from blackthorn.layers.masking import Trilu, Where
from blackthorn.layers.matmul import MatMul
from blackthorn.layers.movement import Concat, Gather, Pad, Slice, Split
from blackthorn.layers.pool1d import AveragePool1d, GlobalPool, MaxPool1d
from blackthorn.layers.pool3d import AveragePool3d, MaxPool3d
from blackthorn.layers.pooling import AveragePool2d, MaxPool2d
from blackthorn.layers.pooling_int8 import (
    AveragePool2dInt8,
    ChannelsLastMaxPool2dInt8,
    GlobalAveragePool2dInt8,
    MaxPool2dInt8,
)
from blackthorn.layers.products_int8 import DenseInt8, DenseUint8, MatMulUint8
from blackthorn.layers.quantities import Quantities, Vocabulary, vocabulary
from blackthorn.layers.quantization import Dequantize, DynamicQuantize, Quantize
from blackthorn.layers.random_numbers import RandomNormal, RandomUniform
from blackthorn.layers.ranking import ArgMax, OneHot, TopK
from blackthorn.layers.recurrent import Gru, Lstm
from blackthorn.layers.recurrent_int8 import LstmInt8
from blackthorn.layers.reformat import Reformat
from blackthorn.layers.reorder import ReorderInput, ReorderOutput
from blackthorn.layers.repeating import Expand, ReverseSequence
from blackthorn.layers.reshape import Reshape
from blackthorn.layers.resize import ResizeCubic, ResizeLinear, ResizeNearest
from blackthorn.layers.rotary import RotaryEmbedding
from blackthorn.layers.rows import InstanceNorm, LayerNorm, Reduce, Softmax
from blackthorn.layers.sampling import GridSample
from blackthorn.layers.scattering import GatherElements, GatherNd, ScatterElements, ScatterNd
from blackthorn.layers.shuffling import DepthToSpace, SpaceToDepth
from blackthorn.layers.spectra import ShortTimeFourier
from blackthorn.layers.sums import Sum
from blackthorn.layers.transpose import Transpose

_BUILT_IN: tuple[type[LayerKind], ...] = (
    Conv2d,
    DepthwiseConv2d,
    Dense,
    MatMul,
    MaxPool2d,
    AveragePool2d,
    GlobalAveragePool2d,
    BatchNorm,
    Lrn,
    Softmax,
    LayerNorm,
    InstanceNorm,
    Relu,
    Sigmoid,
    Gelu,
    Elu,
    PRelu,
    Softplus,
    Add,
    AddBroadcast,
    Concat,
    Split,
    Slice,
    Pad,
    Transpose,
    Reshape,
    Gather,
    ResizeNearest,
    ResizeLinear,
    Reduce,
    ConvTranspose2d,
    Conv1d,
    Lstm,
    Gru,
    Cast,
    ReorderInput,
    ReorderOutput,
    ReduceColumns,
    CumulativeSum,
    Sum,
    Where,
    Expand,
    ReverseSequence,
    CastShort,
    ArgMax,
    TopK,
    OneHot,
    GatherElements,
    GatherNd,
    ScatterElements,
    ScatterNd,
    Attention,
    MultiHeadAttention,
    ResizeCubic,
    DepthToSpace,
    SpaceToDepth,
    MaxPool1d,
    AveragePool1d,
    GlobalPool,
    Conv3d,
    MaxPool3d,
    AveragePool3d,
    Quantize,
    DynamicQuantize,
    Dequantize,
    DenseInt8,
    DenseUint8,
    MatMulUint8,
    Conv2dInt8,
    Conv2dUint8,
    DepthwiseConv2dInt8,
    DepthwiseConv2dUint8,
    Conv1dInt8,
    Conv1dUint8,
    IntegerConv2dInt8,
    IntegerConv2dUint8,
    AddInt8,
    SigmoidInt8,
    SoftmaxInt8,
    LstmInt8,
    ConcatInt8,
    GlobalAveragePool2dInt8,
    AveragePool2dInt8,
    MaxPool2dInt8,
    Dispatch,
    ChannelsLastMaxPool2dInt8,
    Trilu,
    Bitwise,
    RandomUniform,
    RandomNormal,
    RotaryEmbedding,
    GridSample,
    ShortTimeFourier,
    Reformat,
)
"""In the order in which they are asked for a node: a mean over whole images is a pool before it is any reduction."""

__all__ = ["FAR_BYTES", "Dimension", "LayerKind", "Quantities", "Vocabulary", "layer_kind", "layer_kinds", "vocabulary"]


@cache
def layer_kinds() -> Mapping[str, LayerKind]:
    """Every layer kind by its name: the built-in ones, then those of installed packages."""
    kinds = {kind.name: kind() for kind in _BUILT_IN}
    for entry in entry_points(group="blackthorn.layers"):
        kinds.setdefault(entry.name, entry.load()())
    return MappingProxyType(kinds)


def layer_kind(name: str) -> LayerKind:
    """The layer kind of that name.

    Raises:
        UnknownName: there is none.
    """
    kinds = layer_kinds()
    if name not in kinds:
        raise UnknownName("layer kind", name, kinds)
    return kinds[name]
