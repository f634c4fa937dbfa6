"""Windows that slide over an image: how many positions they take, and the zero padding that gives these."""

from collections.abc import Sequence


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
