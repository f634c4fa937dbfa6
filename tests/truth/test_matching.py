"""What ran is given to the layer that it belongs to, whether layers are single nodes or merged ones."""

from collections.abc import Sequence

from blackthorn.records import NetworkLayer, TimedLayer
from blackthorn.truth.matching import matched


def a_layer(operator: str, *nodes: str) -> NetworkLayer:
    return NetworkLayer(nodes[0] if nodes else operator, operator, None, None, 0, "fp32", nodes)


def timed(operator: str, *nodes: str) -> TimedLayer:
    return TimedLayer("any name", operator, nodes, 1e-3)


def positions(ran: Sequence[TimedLayer], layers: Sequence[NetworkLayer]) -> list[int | None]:
    return [index for _, index in matched(ran, layers)]


def test_a_merged_layer_takes_what_any_of_its_nodes_became() -> None:
    layers = [a_layer("Conv", "c", "b", "r"), a_layer("MaxPool", "p")]
    assert positions([timed("Conv", "c", "b", "r"), timed("MaxPool", "p")], layers) == [0, 1]
    assert positions([timed("Conv", "c"), timed("Relu", "r"), timed("MaxPool", "p")], layers) == [0, 0, 1]


def test_of_single_nodes_the_first_takes_what_they_became_together() -> None:
    layers = [a_layer("Conv", "c"), a_layer("BatchNormalization", "b"), a_layer("Relu", "r")]
    assert positions([timed("Conv", "c", "b", "r")], layers) == [0]


def test_a_node_that_is_no_layer_is_passed_over() -> None:
    layers = [a_layer("Conv", "c")]
    assert positions([timed("Conv", "shape arithmetic", "c")], layers) == [0]


def test_what_the_runtime_put_in_is_matched_by_operator_and_order() -> None:
    layers = [a_layer("ReorderInput"), a_layer("Conv", "c"), a_layer("ReorderOutput"), a_layer("ReorderInput")]
    ran = [timed("ReorderInput"), timed("Conv", "c"), timed("ReorderOutput"), timed("ReorderInput"), timed("ReorderInput")]
    assert positions(ran, layers) == [0, 1, 2, 3, None]


def test_a_layer_that_has_nodes_is_not_put_in() -> None:
    assert positions([timed("Transpose")], [a_layer("Transpose", "t")]) == [None]


def test_what_belongs_nowhere_is_told() -> None:
    assert positions([timed("Cast", "elsewhere"), timed("ReorderInput")], [a_layer("Conv", "c")]) == [None, None]
