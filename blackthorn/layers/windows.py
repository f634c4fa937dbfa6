"""Windows that slide over an image: how many positions they take, and the zero padding and border that these make."""

from collections.abc import Sequence

from blackthorn.formulas import Border


def positions(size: int, stride: int) -> int:
    """Output positions of a same-padded window: ceil(size / stride)."""
    return -(-size // stride)


def same_padded(size: int, output: int, stride: int) -> int:
    """The input size at which a same-padded layer has this output.

    Work follows the output; a layer without padding (AlexNet's first, 224 -> 54 by stride 4) does the work of a
    same-padded one on 216.
    """
    return size if positions(size, stride) == output else output * stride


def same_pads(kernels: Sequence[int], dilations: Sequence[int]) -> list[int]:
    """ONNX `pads` (all begins, then all ends) of same-padded windows, the larger half at the end."""
    spans = [dilation * (kernel - 1) for kernel, dilation in zip(kernels, dilations, strict=True)]
    return [span // 2 for span in spans] + [span - span // 2 for span in spans]


def border(kernel: int, dilation: int = 1) -> Border:
    """The border of same-padded windows wider than one.

    Of a stride only the first position of every step is taken, so that it is about so many sizes wide all the same.
    """
    before, after = (kernel - 1) // 2, kernel // 2
    return Border(dilation * (kernel - 1), dilation * (before * (before + 1) + after * (after + 1)) / (2 * kernel))
