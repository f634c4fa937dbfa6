"""Fourier transforms, and the windows and filters that go with them."""

from blackthorn.onnx_graph.rules.call import Call, NotKnownError, Rule, axis_within
from blackthorn.onnx_graph.tensors import Shape

REAL, COMPLEX = 1, 2
"""Sizes of the last dimension of a signal."""


def _bins(length: int, one_sided: bool) -> int:
    """Frequencies of a transform; those of real signals are symmetric, and half of them may be left out."""
    return length // 2 + 1 if one_sided else length


def _fourier(call: Call) -> list[Shape]:
    """(signal, length, axis): the signal cut or padded to that length and transformed, or back."""
    signal, one_sided = call.shape(0), call.number("onesided", 0) != 0
    axis = _transformed_axis(call, len(signal))
    back_to_real = one_sided and call.number("inverse", 0) != 0
    length = call.whole_numbers(1)[0] if call.given(1) else signal[axis]
    if back_to_real and not call.given(1):
        length = 2 * (signal[axis] - 1)
    size = length if back_to_real else _bins(length, one_sided)
    return [(*signal[:axis], size, *signal[axis + 1 : -1], REAL if back_to_real else COMPLEX)]


def _transformed_axis(call: Call, rank: int) -> int:
    """Left out, the axis is 1 before operator set 20 and the last but one since, which is the same for plain signals."""
    if call.given(2):
        return axis_within(call.whole_numbers(2)[0], rank)
    if "axis" not in call.attributes and rank != 3:
        raise NotKnownError
    return axis_within(call.number("axis", 1), rank)


def _short_time_fourier(call: Call) -> list[Shape]:
    """(signal, step, window, frame length): a transform of every frame; a frame is as long as its window."""
    batch, samples, _ = call.shape(0)
    step = call.whole_numbers(1)[0]
    length = call.whole_numbers(3)[0] if call.given(3) else call.shape(2)[0]
    if not 0 < length <= samples or step < 1:
        raise ValueError(f"frames of {length} samples every {step} do not fit into {samples}")
    return [(batch, (samples - length) // step + 1, _bins(length, call.number("onesided", 1) != 0), COMPLEX)]


def _window(call: Call) -> list[Shape]:
    return [(call.whole_numbers(0)[0],)]


def _mel_filters(call: Call) -> list[Shape]:
    """(filters, transform length, ...): how much of every frequency goes into every filter."""
    return [(_bins(call.whole_numbers(1)[0], one_sided=True), call.whole_numbers(0)[0])]


RULES: dict[str, Rule] = {
    "DFT": _fourier,
    "STFT": _short_time_fourier,
    **dict.fromkeys(("BlackmanWindow", "HammingWindow", "HannWindow"), _window),
    "MelWeightMatrix": _mel_filters,
}
