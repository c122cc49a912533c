"""Plans: what it takes to choose rules, and what follows from the rules that were chosen."""

import sys
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from seqattr.engine.capture.model import Model
from seqattr.engine.graph.graph import INPUT, Graph
from seqattr.engine.ops.kinds import Kind
from seqattr.engine.rules.deeplift import RESCALE, rescale
from seqattr.engine.walk.plan import Plan
from seqattr.engine.walk.rulebook import Rulebook
from seqattr.methods.registry import METHODS


class Residual(nn.Module):
    """Blocks of three steps, convolution, relu and sum; then a dense layer, and functions of its value."""

    def __init__(self, blocks: int) -> None:
        super().__init__()
        self.first, self.last = nn.Conv1d(4, 2, 1), nn.Linear(2, 1)
        self.blocks = nn.ModuleList(nn.Conv1d(2, 2, 1) for _ in range(blocks))

    def forward(self, x: Tensor) -> Tensor:
        h = self.first(x)
        for block in self.blocks:
            h = h + block(torch.relu(h))
        value = self.last(h.mean(2))
        for _ in self.blocks:
            value = torch.tanh(value[:, :] * 0.5 + 1)  # scaled and shifted, far from any weights
        return value


@pytest.fixture(scope="module")
def graphs() -> list[Graph]:
    torch.manual_seed(0)
    return [Model(Residual(blocks), torch.zeros(2, 4, 8)).graph for blocks in (10, 20, 40)]


def calls(graph: Graph, rulebook: Rulebook) -> int:
    """The calls of functions that a plan takes, all of it that is worked out before a walk."""
    number = 0

    def count(frame: Any, event: str, argument: Any) -> None:
        nonlocal number
        number += event in ("call", "c_call")

    plan = Plan(replace(graph), rulebook)  # whose searches are still to do
    sys.setprofile(count)
    try:
        worked_out = plan.rules, plan.by_spectra("plain"), plan.overwriting, plan.products_by_quotients
    finally:
        sys.setprofile(None)
    assert len(worked_out[0]) == len(plan.active - {INPUT})
    return number


@pytest.mark.parametrize("name", [n for n, m in METHODS.items() if m.family in ("relevance", "differences")])
def test_rules_are_chosen_in_a_time_that_grows_with_the_steps_not_with_their_square(
    graphs: list[Graph], name: str
) -> None:
    """Each ten blocks more take as many calls as the ten before: searches go through the graph once."""
    rulebook = METHODS[name].rulebook
    few, more, most = (calls(graph, rulebook) for graph in graphs)
    assert (most - more) == pytest.approx(2 * (more - few), rel=0.1)


def test_spectra_follow_from_what_the_rules_need(graphs: list[Graph]) -> None:
    def directions(**needs: bool) -> set[str]:
        rules = {**RESCALE.rules, Kind.ELEMENTWISE: replace(rescale, **needs)}
        return set(Plan(graphs[0], Rulebook("one rule changed", rules)).by_spectra("plain"))

    assert directions() == {"forward", "back"}
    assert directions(exact=True) == {"back"}
    assert directions(divides=True) == directions(exact=True, divides=True) == set()
    assert directions(wants_parts=True) == {"back"}


def test_parts_are_asked_for_through_rules_that_pass_them(graphs: list[Graph]) -> None:
    """A reader wants them of the output: so do the steps before it, up to the first that has its own."""
    wanted = frozenset(graphs[0].outputs)
    before_weights = [step.name for step in graphs[0].steps if step.op == "aten.linear.default"]
    assert Plan(graphs[0], RESCALE, wanted).split >= {*wanted, *before_weights}
    assert INPUT not in Plan(graphs[0], RESCALE, wanted).split
    rules = {**RESCALE.rules, Kind.ELEMENTWISE: replace(rescale, passes_parts=False)}
    assert Plan(graphs[0], Rulebook("none passes", rules), wanted).split == wanted


def test_without_a_rulebook_a_graph_only_runs_forward(graphs: list[Graph]) -> None:
    plan = Plan(graphs[0])
    assert (plan.rules, plan.split, plan.by_spectra("plain")) == ({}, set(), frozenset())
