"""What is worth measuring: law by law, on a line of layers."""

import numpy as np

from blackthorn.fitting.evidence import CLOCK_SECONDS
from blackthorn.selection.doubt import Believed, Doubt

PLACES = np.arange(1.0, 257.0)
EVERY = np.ones(256, dtype=bool)


def believed(places: np.ndarray, seconds: float = 1e-3, noise: float = 0.01) -> Believed:
    """Layers whose time is one coefficient times a constant."""
    count = len(places)
    return Believed((places,), np.ones((count, 1)), np.full(count, noise), np.full(count, seconds))


def shrinks(*known: float, noise: float = 0.01) -> np.ndarray:
    return Doubt((PLACES,), EVERY).shrinks(believed(PLACES), believed(np.array(known), noise=noise), 0.05)


def test_most_is_learnt_where_nothing_is_near():
    best = PLACES[shrinks(1.0, 2.0, 4.0).argmax()]
    assert best > 32.0


def test_what_does_not_come_does_not_count():
    only_small = Doubt((PLACES,), PLACES <= 4.0).shrinks(believed(PLACES), believed(np.array([64.0])), 0.05)
    assert PLACES[only_small.argmax()] <= 4.0


def test_nothing_is_learnt_where_a_layer_was_measured():
    score = shrinks(16.0, noise=1e-4)
    assert score[15] < 0.01
    assert score.max() == 1.0


def test_less_is_learnt_from_noisy_measurements():
    doubt, known = Doubt((PLACES,), EVERY), believed(np.array([1.0, 256.0]))
    noise = np.where(PLACES < 16.0, 1.0, 0.01)
    noisy = Believed((PLACES,), np.ones((len(PLACES), 1)), noise, np.full(len(PLACES), 1e-3))
    assert PLACES[doubt.shrinks(noisy, known, 0.05).argmax()] >= 16.0


def test_short_layers_count_less():
    counts = Believed((PLACES[:3],), np.ones((3, 1)), np.ones(3), CLOCK_SECONDS * np.array([1e1, 1e2, 1e5])).counts()
    assert counts[0] < 0.25
    assert 0.5 < counts[1] < 0.95
    assert counts[2] > 0.99
