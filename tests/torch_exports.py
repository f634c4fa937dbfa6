"""AlexNet and ResNet-18 as torch exports them from torchvision, written without their weights: those have a shape only.

The names of nodes are the exporter's, so that what a runtime tells of a network exported by torch can be held against these.
"""

from pathlib import Path
from typing import Any

OPSET = 17
IMAGE, CLASSES = (1, 3, 224, 224), 1000


class Export:
    """A network that is written node by node, in half precision.

    Attributes:
        last: the tensor given last, which the next node reads unless told otherwise.
    """

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._weights: list[Any] = []
        self.last = "input"

    def node(self, name: str, *others: str, reads: str = "", **attributes: object) -> str:
        """Add a node whose name ends in its operator; the tensor that it gives."""
        from onnx import helper

        given = f"{name}_output_0"
        self._nodes.append(
            helper.make_node(name.rsplit("/", 1)[1], [reads or self.last, *others], [given], name=name, **attributes)
        )
        self.last = given
        return given

    def convolution(self, name: str, shape: tuple[int, ...], stride: int, padding: int, reads: str = "") -> str:
        """Add a convolution with a bias; `shape` is that of its weights."""
        weights = self._weight(f"{name}.weight", shape), self._weight(f"{name}.bias", shape[:1])
        kernel, around = list(shape[2:]), [padding] * 4
        return self.node(f"{name}/Conv", *weights, reads=reads, kernel_shape=kernel, strides=[stride] * 2, pads=around)

    def dense(self, name: str, inputs: int, outputs: int) -> str:
        """Add a fully connected layer with a bias."""
        weights = self._weight(f"{name}.weight", (outputs, inputs)), self._weight(f"{name}.bias", (outputs,))
        return self.node(f"{name}/Gemm", *weights, transB=1)

    def pool(self, name: str, kernel: int, padding: int = 0) -> str:
        """Add a pool of stride 2 that keeps the largest."""
        return self.node(f"{name}/MaxPool", kernel_shape=[kernel] * 2, strides=[2] * 2, pads=[padding] * 4)

    def write(self, path: Path) -> Path:
        """The network as a file."""
        from onnx import TensorProto, helper

        given = helper.make_tensor_value_info(self.last, TensorProto.FLOAT16, [1, CLASSES])
        image = helper.make_tensor_value_info("input", TensorProto.FLOAT16, IMAGE)
        graph = helper.make_graph(self._nodes, "export", [image], [given], self._weights)
        path.write_bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)]).SerializeToString())
        return path

    def _weight(self, name: str, shape: tuple[int, ...]) -> str:
        from onnx import TensorProto

        self._weights.append(TensorProto(name=name, dims=shape, data_type=TensorProto.FLOAT16))
        return name


def alexnet() -> Export:
    """AlexNet, one image of 224 x 224."""
    export = Export()
    convolutions = {
        0: (3, 64, 11, 4, 2),
        3: (64, 192, 5, 1, 2),
        6: (192, 384, 3, 1, 1),
        8: (384, 256, 3, 1, 1),
        10: (256, 256, 3, 1, 1),
    }
    for place, (channels, filters, kernel, stride, padding) in convolutions.items():
        export.convolution(f"/features/features.{place}", (filters, channels, kernel, kernel), stride, padding)
        export.node(f"/features/features.{place + 1}/Relu")
        if place in (0, 3, 10):
            export.pool(f"/features/features.{place + 2}", 3)
    export.node("/Flatten")
    for place, inputs, outputs in ((1, 9216, 4096), (4, 4096, 4096), (6, 4096, CLASSES)):
        export.dense(f"/classifier/classifier.{place}", inputs, outputs)
        if outputs != CLASSES:
            export.node(f"/classifier/classifier.{place + 1}/Relu")
    return export


def resnet18() -> Export:
    """ResNet-18, one image of 224 x 224; the exporter has folded its normalisations into the convolutions."""
    export = Export()
    export.convolution("/conv1", (64, 3, 7, 7), 2, 3)
    export.node("/relu/Relu")
    export.pool("/maxpool", 3, 1)
    channels = 64
    for stage, filters in enumerate((64, 128, 256, 512), start=1):
        for block in (0, 1):
            _block(export, f"/layer{stage}/layer{stage}.{block}", channels, filters)
            channels = filters
    export.node("/avgpool/GlobalAveragePool")
    export.node("/Flatten")
    export.dense("/fc", 512, CLASSES)
    return export


def _block(export: Export, name: str, channels: int, filters: int) -> None:
    """Two convolutions, and the image that they began with added; where the channels differ it goes through a third."""
    before, stride = export.last, 1 if channels == filters else 2
    export.convolution(f"{name}/conv1", (filters, channels, 3, 3), stride, 1)
    export.node(f"{name}/relu/Relu")
    after = export.convolution(f"{name}/conv2", (filters, filters, 3, 3), 1, 1)
    if channels != filters:
        before = export.convolution(f"{name}/downsample/downsample.0", (filters, channels, 1, 1), 2, 0, reads=before)
    export.node(f"{name}/Add", before, reads=after)
    export.node(f"{name}/relu_1/Relu")
