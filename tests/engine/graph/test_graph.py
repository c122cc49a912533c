"""Searches along a graph."""

import pytest
import torch

from seqattr.engine.graph.graph import INPUT, Graph, Ref, Step


@pytest.fixture
def graph() -> Graph:
    """x -> a -> b -> sum(b, a) -> top; the sizes of a and a tensor go into what no base plays a part in."""
    steps = (
        Step("a", "aten.relu.default", (Ref(INPUT),)),
        Step("size", "aten.sym_size.int", (Ref("a"), 0)),
        Step("made", "aten.relu.default", (Ref("weight"),)),
        Step("b", "aten.tanh.default", (Ref("a"),)),
        Step("sum", "aten.add.Tensor", (Ref("b"), Ref("a"))),
        Step("top", "aten.mul.Tensor", (Ref("sum"), Ref("made"))),
    )
    return Graph(steps, {"weight": torch.ones(1)}, ("top",))


def test_downstream_is_everything_that_a_value_has_a_part_in(graph: Graph) -> None:
    assert [step.name for step in graph.downstream("b")] == ["sum", "top"]
    assert sorted(step.name for step in graph.downstream("a")) == ["b", "size", "sum", "top"]
    assert not list(graph.downstream("top"))


def test_upstream_is_everything_that_a_value_is_made_of(graph: Graph) -> None:
    assert graph.upstream("sum") == {"sum", "b", "a", INPUT}
    assert graph.upstream("made") == {"made", "weight"}
    assert graph.upstream(INPUT) == {INPUT}


def test_readers_of_a_shape_read_no_number(graph: Graph) -> None:
    assert [step.name for step in graph.consumers()["a"]] == ["size", "b", "sum"]
    assert [step.name for step in graph.active_readers("a")] == ["b", "sum"]
    assert graph.active_readers("top") == []


def test_activations_are_the_arguments_that_depend_on_the_bases(graph: Graph) -> None:
    assert graph.activations()["sum"] == ["b", "a"]
    assert graph.activations()["top"] == ["sum"]
    assert graph.activations()["made"] == []


def test_origins_lie_before_what_only_passes_something_on(graph: Graph) -> None:
    origins = graph.origins(lambda step: step.op != "aten.relu.default")
    assert origins == {INPUT: INPUT, "a": "a", "b": "a", "sum": "a", "top": "a"}
    assert set(graph.origins(lambda step: True).values()) == {INPUT}
    assert all(name == origin for name, origin in graph.origins(lambda step: False).items())


def test_a_closure_grows_in_the_graphs_order_or_against_it(graph: Graph) -> None:
    def reads_one(step: Step, names: set[str]) -> bool:
        return not names.isdisjoint(step.refs())

    assert graph.closure(reads_one, start=["b"]) == {"b", "sum", "top"}
    assert graph.closure(reads_one, start=["b"], backwards=True) == {"b", "sum"}
    assert graph.closure(lambda step, names: False, start=["b"]) == {"b"}


def test_what_is_found_once_is_kept(graph: Graph) -> None:
    asked = []
    for _ in range(2):
        assert graph.once("a number", lambda: asked.append(1) or 7) == 7
    assert len(asked) == 1
    assert graph.activations() is graph.activations()
    assert graph.by_name() is graph.by_name()
