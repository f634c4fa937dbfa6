"""A network as a list of layers, read from an ONNX file without its weights.

The file is read by this package's own few rules rather than by the `onnx` package: its shape inference crashes on damaged
files (a Split with too few parts, a LayerNormalization over an axis that is not there), which no handler can catch, and
stops at shape arithmetic; importing it takes longer than all of this.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from blackthorn.onnx_graph.fusion import Fusions, fuse
from blackthorn.onnx_graph.inputs import settle_inputs
from blackthorn.onnx_graph.listing import list_layers
from blackthorn.onnx_graph.loading import load_model
from blackthorn.onnx_graph.resolving import resolve
from blackthorn.onnx_graph.tensors import Shape
from blackthorn.records import Network

__all__ = ["Fusions", "read_network"]

_AS_IN_FILE: Mapping[str, Shape] = MappingProxyType({})


def read_network(
    path: str | os.PathLike[str], input_shapes: Mapping[str, Shape] = _AS_IN_FILE, fusions: Fusions | None = None
) -> Network:
    """The layers of a network in the order in which they run.

    Constants, shape arithmetic, Identity and Dropout are left out, as runtimes leave them out. In place of a node with
    graphs inside (Loop, Scan, an If that is not decided beforehand) the layers of these graphs are listed, each with the
    times that it runs; a loop whose data decide how often it runs is one layer of no kind.

    Args:
        path: the ONNX file.
        input_shapes: shapes of inputs by name, for those that the file leaves open.
        fusions: what the runtime makes of the nodes before it runs them; without it the layers are the nodes of the file.

    Raises:
        BadFile: the file cannot be read, is damaged, or its nodes do not fit together.
        UnknownName: `input_shapes` names no input.
        BadValue: an input's shape is left open, or contradicts the file.
    """
    where = os.fspath(path)
    model = load_model(path)
    inputs = settle_inputs(model.graph, input_shapes, where)
    resolved = resolve(model, inputs, where)
    return Network(Path(path).stem, list_layers(resolved.nodes if fusions is None else fuse(resolved, fusions)))
