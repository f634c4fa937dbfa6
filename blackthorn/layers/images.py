"""Images, between the shape (batch, channels, height, width) that ONNX gives them and dimensions by name."""

from blackthorn.layers.axes import SIZE, named, numbers
from blackthorn.layers.shapes import Shape
from blackthorn.records import Dimensions

IMAGE_SHORTHANDS = {"size": SIZE}


def image_shape(dimensions: Dimensions) -> Shape:
    """(batch, channels, height, width) of the image that dimensions of these names describe."""
    return numbers(dimensions, ("batch", "channels", *SIZE))


def image_dimensions(shape: Shape) -> Dimensions:
    """The same by name, in the order in which kinds have them."""
    batch, channels, *sizes = shape
    return {"channels": channels, **named(SIZE, sizes), "batch": batch}
