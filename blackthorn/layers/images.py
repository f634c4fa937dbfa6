"""Images, between the shape (batch, channels, height, width) that ONNX gives them and dimensions by name."""

from blackthorn.layers.shapes import Shape
from blackthorn.records import Dimensions

IMAGE_SHORTHANDS = {"size": ("height", "width")}


def image_shape(dimensions: Dimensions) -> Shape:
    """(batch, channels, height, width) of the image that dimensions of these names describe."""
    return tuple(dimensions[name] for name in ("batch", "channels", "height", "width"))


def image_dimensions(shape: Shape) -> Dimensions:
    """The same by name, in the order in which kinds have them."""
    batch, channels, height, width = shape
    return {"channels": channels, "height": height, "width": width, "batch": batch}
