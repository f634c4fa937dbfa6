"""The nodes of a network while they are fused: who gives a tensor, who reads it, and what takes whose place."""

import heapq
from collections import Counter, defaultdict
from collections.abc import Collection, Container, Iterable, Mapping

import msgspec

from blackthorn.onnx_graph.resolving import Resolved, ResolvedNode
from blackthorn.onnx_graph.tensors import Tensor


class Wiring:
    """Nodes under keys that stay theirs while others come and go.

    Args:
        network: the nodes and results to begin with; weights and inputs are tensors that no node gives.
    """

    def __init__(self, network: Resolved) -> None:
        self._results = set(network.results)
        self._nodes: dict[int, ResolvedNode] = {}
        self._places: dict[int, int] = {}
        self._by_operator: dict[str, set[int]] = defaultdict(set)
        self._givers: dict[int, int] = {}
        self._readers: dict[int, Counter[int]] = defaultdict(Counter)
        self._keys = 0
        self._identities = max((tensor.identity for node in network.nodes for tensor in node.outputs), default=0)
        for place, node in enumerate(network.nodes):
            self.add(node, place)

    def add(self, node: ResolvedNode, place: int) -> int:
        """Put a node in; its key. `place` is where it would like to run, after everything that it reads."""
        self._keys += 1
        self._places[self._keys] = place
        for tensor in node.outputs:
            self._givers[tensor.identity] = self._keys
        self._connect(self._keys, node)
        return self._keys

    def remove(self, key: int) -> None:
        """Take a node out; who still reads what it gives has to be told otherwise."""
        for tensor in self._nodes[key].outputs:
            if self._givers.get(tensor.identity) == key:
                del self._givers[tensor.identity]
        self._disconnect(key)

    def replace(self, keys: Iterable[int], node: ResolvedNode, place: int) -> int:
        """Put one node in the place of several; its key."""
        for key in keys:
            self.remove(key)
        return self.add(node, place)

    def redirect(self, instead: Mapping[int, Tensor], sparing: Container[int] = ()) -> None:
        """Let nodes read other tensors, and the network give them.

        Args:
            instead: by the identity of the tensor that was read.
            sparing: the keys of nodes that go on reading what they read.
        """
        self._results = {instead[result].identity if result in instead else result for result in self._results}
        for key in {key for identity in instead for key in self._readers[identity] if key not in sparing}:
            node = self._nodes[key]
            self._disconnect(key)
            inputs = tuple(None if tensor is None else instead.get(tensor.identity, tensor) for tensor in node.inputs)
            also = tuple(instead[identity].identity if identity in instead else identity for identity in node.also_reads)
            self._connect(key, msgspec.structs.replace(node, inputs=inputs, also_reads=also))

    def in_order(self, operators: Collection[str] | None = None) -> list[int]:
        """The keys of all nodes, or of those with certain operators, as they would like to run."""
        chosen = self._nodes if operators is None else {key for name in operators for key in self._by_operator[name]}
        return sorted(chosen, key=self._rank)

    def __contains__(self, key: int) -> bool:
        return key in self._nodes

    def node(self, key: int) -> ResolvedNode:
        """The node under a key."""
        return self._nodes[key]

    def place(self, key: int) -> int:
        """Where a node would like to run."""
        return self._places[key]

    def giver(self, tensor: Tensor) -> int | None:
        """The key of the node that gives a tensor; None for weights and inputs."""
        return self._givers.get(tensor.identity)

    def readers(self, tensor: Tensor) -> Mapping[int, int]:
        """The keys of the nodes that read a tensor, and how often each does."""
        return self._readers[tensor.identity]

    def is_result(self, tensor: Tensor) -> bool:
        """Whether the network gives a tensor to its user."""
        return tensor.identity in self._results

    def new_tensor(self, like: Tensor, shape: tuple[int, ...] | None = None) -> Tensor:
        """A tensor of the element type of another, and of its shape unless told."""
        self._identities += 1
        return Tensor(like.shape if shape is None else shape, like.element, identity=self._identities)

    def listed(self) -> list[ResolvedNode]:
        """All nodes, each after those whose tensors it reads, and otherwise where it would like to run."""
        waiting = {key: sum(identity in self._givers for identity in node.reads) for key, node in self._nodes.items()}
        ready = [self._rank(key) for key, count in waiting.items() if count == 0]
        heapq.heapify(ready)
        order = []
        while ready:
            _, key = heapq.heappop(ready)
            order.append(self._nodes[key])
            for tensor in self._nodes[key].outputs:
                for reader, times in self._readers[tensor.identity].items():
                    waiting[reader] -= times
                    if waiting[reader] == 0:
                        heapq.heappush(ready, self._rank(reader))
        return order

    def _connect(self, key: int, node: ResolvedNode) -> None:
        self._nodes[key] = node
        self._by_operator[node.op_type].add(key)
        for identity in node.reads:
            self._readers[identity][key] += 1

    def _disconnect(self, key: int) -> None:
        node = self._nodes.pop(key)
        self._by_operator[node.op_type].remove(key)
        for identity in node.reads:
            self._readers[identity].pop(key, None)

    def _rank(self, key: int) -> tuple[int, int]:
        return self._places[key], key
