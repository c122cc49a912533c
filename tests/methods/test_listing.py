"""What `seqattr methods` and the README say of the methods is what METHODS says, and what they do."""

from itertools import pairwise
from pathlib import Path

import pytest
import torch

from seqattr.engine.capture.model import Model
from seqattr.engine.walk.session import Session
from seqattr.methods.attribution import Explainer, attribute
from seqattr.methods.listing import HEADINGS, markdown, rows
from seqattr.methods.registry import METHODS
from tests.helpers.kinds_of_method import ready
from tests.helpers.pieces import body, conv
from tests.helpers.sequences import LENGTH, one_hot, shuffled

README = Path(__file__).parents[2] / "README.md"
N, R, T = 3, 4, 2
FAMILIES = ["differences", "gradients", "modified backward", "relevance", "learned patterns", "perturbation"]


@pytest.fixture(scope="module")
def model() -> Model:
    torch.manual_seed(0)
    module = body(conv(6, 3, 6), torch.nn.Tanh()).double()
    return Model(module, torch.zeros(2, 4, LENGTH, dtype=torch.float64))


def test_the_readme_holds_the_table() -> None:
    """`python scripts/method_table.py` writes it anew."""
    assert f"\n<!-- seqattr methods --markdown -->\n{markdown()}\n<!-- end -->\n" in README.read_text()


def test_the_command_lists_every_method(run) -> None:
    shown = run("methods").out.splitlines()
    assert shown[0].split("  ")[0] == HEADINGS[0]
    assert [line.split()[0] for line in shown[1:]] == list(METHODS)
    assert run("methods", "--markdown").out == markdown() + "\n"


def test_rows_fit_the_headings_and_nothing_breaks_the_table() -> None:
    for row in rows():
        assert len(row) == len(HEADINGS)
        assert all(cell and "|" not in cell and "\n" not in cell for cell in row)


def test_families_stand_together() -> None:
    families = [method.family for method in METHODS.values()]
    assert list(dict.fromkeys(families))[: len(FAMILIES)] == FAMILIES
    changes = sum(a != b for a, b in pairwise(families))
    assert changes == len(set(families)) - 1


@pytest.mark.parametrize("method", METHODS)
def test_the_cost_is_what_goes_through_the_model(model: Model, method: str) -> None:
    explainer = Explainer(Session(model), ready(model, method))
    x = one_hot(N)
    explainer.attribute(x, shuffled(x, R), 1000)
    cost = METHODS[method].cost
    sizes = {"R": R, "T": T, "L": LENGTH}
    forward, backward = (N * eval(expression, {}, sizes) for expression in cost)
    if METHODS[method].family == "perturbation":  # what an edit leaves as it was is not run
        assert forward / 10 < explainer.session.rows_forward <= forward
        assert explainer.session.rows_backward <= backward
    else:
        assert (explainer.session.rows_forward, explainer.session.rows_backward) == (forward, backward)


@pytest.mark.parametrize("method", METHODS)
def test_references_matter_to_those_that_need_them(model: Model, method: str) -> None:
    x = one_hot(N)
    one, two = (
        attribute(model, x, shuffled(x, R, seed=seed), method=ready(model, method)).contributions
        for seed in (1, 2)
    )
    assert torch.equal(one, two) != METHODS[method].needs_references
