"""A small network, a prediction of it, and a timing, with numbers that are easy to add up."""

from blackthorn.records import Coverage, LayerPrediction, Network, NetworkLayer, NetworkTiming, Prediction, TimedLayer

NETWORK = Network(
    "net",
    (
        NetworkLayer("conv", "Conv", "conv2d", {"filters": 8}, 100, "fp32", ("conv", "relu")),
        NetworkLayer("reorder", "ReorderOutput", None, None, 0),
        NetworkLayer("pool", "MaxPool", None, None, 0, "fp32", ("pool",)),
        NetworkLayer("twin", "Conv", "conv2d", {"filters": 8}, 100, "fp32", ("twin",)),
    ),
)
PREDICTION = Prediction(
    "net",
    "board",
    5e-3,
    Coverage(1.0, 0.0, 0.0),
    (
        LayerPrediction("conv", "conv2d", 3e-3, "fitted", {"filters": 8}, 100),
        LayerPrediction("reorder", "ReorderOutput", None, "unknown", None, 0),
        LayerPrediction("pool", "MaxPool", None, "unknown", None, 0),
        LayerPrediction("twin", "conv2d", 2e-3, "fitted", {"filters": 8}, 100),
    ),
)
TIMING = NetworkTiming(
    "net",
    "board",
    seconds=1e-2,
    spread=0.02,
    grade="settled",
    reference_seconds=5e-4,
    calls=40,
    layers=(
        TimedLayer("z_nchwc", "Conv", ("conv", "relu"), 4e-3),
        TimedLayer("ReorderOutput", "ReorderOutput", (), 1e-3),
        TimedLayer("pool", "MaxPool", ("pool",), 2e-3),
        TimedLayer("cast", "Cast", ("elsewhere",), 5e-4),
    ),
)
