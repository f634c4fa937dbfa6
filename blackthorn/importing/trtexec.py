"""trtexec's files: times of an engine's layers (`--exportProfile`) and what these layers are (`--exportLayerInfo`)."""

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from blackthorn.errors import BadFile
from blackthorn.importing.decoding import decoded
from blackthorn.importing.engine_layers import EngineLayer, understood
from blackthorn.importing.imported import ImportedLayer
from blackthorn.records import Network, Probe, TimedLayer
from blackthorn.truth.matching import matched
from blackthorn.units import MS_PER_SECOND

DETAILED = "run trtexec again with --profilingVerbosity=detailed, both where the engine is built and where it is run"


class ProfileEntry(msgspec.Struct, frozen=True, rename="camel"):
    """An element of a profile: how many runs it sums up, in the first one, or a layer's mean time in milliseconds."""

    count: int = 0
    name: str = ""
    average_ms: float = 0.0


class Profile(msgspec.Struct, frozen=True):
    """A profile: the file, the runs that it sums up, and its layers in the order in which they ran."""

    path: Path
    runs: int
    layers: tuple[ProfileEntry, ...]


class _LayerInfo(msgspec.Struct, frozen=True, rename="pascal"):
    layers: tuple[EngineLayer | str, ...]


class LayerInfo(msgspec.Struct, frozen=True):
    """A description of an engine: the file, and its layers."""

    path: Path
    layers: tuple[EngineLayer, ...]


def read_profile(text: str, path: Path) -> Profile:
    """A profile as `--exportProfile` wrote it.

    Raises:
        BadFile: it is none.
    """
    entries = decoded(text, tuple[ProfileEntry, ...], path, "a profile of trtexec")
    runs = next((entry.count for entry in entries if entry.count), 0)
    layers = tuple(entry for entry in entries if entry.name)
    if not runs or not layers:
        raise BadFile(f"{path} holds no times of layers", "give the file that trtexec --exportProfile wrote")
    return Profile(path, runs, layers)


def read_layer_info(text: str, path: Path) -> LayerInfo:
    """A description of an engine as `--exportLayerInfo` wrote it.

    Raises:
        BadFile: it is none, or names the layers only.
    """
    layers = decoded(text, _LayerInfo, path, "trtexec's description of an engine").layers
    detailed = tuple(layer for layer in layers if isinstance(layer, EngineLayer))
    if not detailed:
        raise BadFile(f"{path} names the layers of the engine and tells nothing else of them", DETAILED)
    return LayerInfo(path, detailed)


def info_of(profile: Profile, infos: Sequence[LayerInfo]) -> LayerInfo:
    """The description of the engine that a profile is of: that which knows most of its layers by name.

    Raises:
        BadFile: none knows any.
    """
    names = {layer.name for layer in profile.layers}
    shared = [(len(names & {layer.name for layer in info.layers}), info) for info in infos]
    most, best = max(shared, key=lambda entry: entry[0], default=(0, None))
    if best is None or not most:
        raise BadFile(
            f"no file given describes the layers of {profile.path}",
            "give also the file that trtexec --exportLayerInfo wrote of the same engine, made with "
            "--profilingVerbosity=detailed",
        )
    return best


def profiled_layers(profile: Profile, info: LayerInfo, network: Network | None) -> Iterator[ImportedLayer]:
    """The layers of a profile, in order, each with what it is.

    Args:
        profile: their times.
        info: what the engine's layers are.
        network: the network as TensorRT fuses it, to tell layers that the engine's description does not; None if not at hand.
    """
    waiting: dict[str, deque[EngineLayer]] = defaultdict(deque)
    for layer in info.layers:
        waiting[layer.name].append(layer)
    found = [waiting[entry.name].popleft() if waiting[entry.name] else None for entry in profile.layers]
    probes = _probes_by_network(found, network)
    for index, (entry, described) in enumerate(zip(profile.layers, found, strict=True)):
        seconds = entry.average_ms / MS_PER_SECOND
        what = None if described is None else understood(described)
        probe = probes.get(index) if what is None or what.probe is None else what.probe
        problem = "the description of the engine does not hold it" if what is None else what.problem
        yield ImportedLayer(entry.name, seconds, profile.runs, probe, "" if probe else problem)


def _probes_by_network(layers: Sequence[EngineLayer | None], network: Network | None) -> dict[int, Probe]:
    """Layers by their positions, as the network has them, where an engine's layer was made of the same nodes."""
    if network is None:
        return {}
    timed = [TimedLayer(str(index), "", layer.nodes if layer else (), 0.0) for index, layer in enumerate(layers)]
    found: dict[int, Probe] = {}
    for index, (entry, position) in enumerate(matched(timed, network.layers)):
        layer = None if position is None else network.layers[position]
        if entry.nodes and layer is not None and layer.kind is not None and layer.dimensions is not None:
            found[index] = Probe(layer.kind, layer.dimensions, layer.precision)
    return found
