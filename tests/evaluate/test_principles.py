"""The check of the principles: known functions, a linear program for a network, controls that break them."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from seqattr.engine.capture.model import Model
from seqattr.evaluate.judgement import Judgement, Summaries
from seqattr.evaluate.measured import summarise
from seqattr.evaluate.principles import METRICS, WINDOWS, decision, draw, judge, measure, weights_table
from seqattr.evaluate.question import Question
from seqattr.methods.attribution import attribute
from seqattr.support.progress import silent
from tests.helpers.sequences import LENGTH, one_hot, shuffled
from tests.helpers.slow_principles import members_of, slow_distance
from tests.helpers.zoo import captured


class SumAndProduct(nn.Module):
    """2 x1 + 3 x2 x3, of an A, a C and a G at places in three windows."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.tensor([2.0, 3.0], dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        single, both = self.weights
        return (single * x[:, 0, 1] + both * x[:, 1, 10] * x[:, 2, 19])[:, None]


@pytest.fixture(scope="module")
def known() -> Question:
    """Two sequences with all three, beside references with none."""
    x = one_hot(2)
    for base, place in ((0, 1), (1, 10), (2, 19)):
        x[:, :, place] = torch.eye(4).double()[base]
    references = x.roll(2, dims=1)[:, None]  # another base everywhere
    model = Model(SumAndProduct(), torch.zeros(2, 4, LENGTH, dtype=torch.float64))
    return Question(model, x, references)


def values(question: Question, method: str) -> dict[str, np.ndarray]:
    """By metric, (T, N)."""
    rows = measure(question, method, silent)
    return {metric: np.stack([row.values for row in rows if row.metric == metric]) for metric in METRICS}


@pytest.mark.parametrize(
    ("method", "unallocated"),
    [
        ("deeplift", 0),
        ("integrated-gradients-10", 0),
        ("gradient", 0.6),
        ("occlusion-1", 0.6),
        ("shapley", 0),
        ("ism", 0.6),  # against zeros
    ],
)
def test_of_a_sum_and_a_product(known: Question, method: str, unallocated: float) -> None:
    """The product's 3 of 5, given to both of its members."""
    found = values(known, method)
    np.testing.assert_allclose(found["unallocated"], unallocated, atol=1e-9)
    np.testing.assert_allclose(found["total"], unallocated, atol=1e-9)


@pytest.fixture(scope="module")
def network() -> Question:
    x = one_hot(2)
    return Question(captured("multihead")[1], x, shuffled(x, 3), seed=3)


@pytest.mark.parametrize("method", ["deeplift", "gradient", "lrp-epsilon", "random"])
def test_of_a_network_beside_subsets_and_a_linear_program(network: Question, method: str) -> None:
    """By hand: the first two references, or zeros, all mixtures, alternating sums, and the best division."""
    row, found = 1, values(network, method)
    zeros = method == "lrp-epsilon"
    pool = torch.zeros(1, 4, LENGTH).double() if zeros else network.references[row, :2]
    window = np.arange(LENGTH) * WINDOWS // LENGTH
    games = [slow_game(network.model, network.sequences[row], reference, window) for reference in pool]
    size = np.mean([np.abs(game[1:]).sum(0) for game in games], 0)
    if method == "random":
        bases = network.contributions("random")
    else:
        bases = attribute(
            network.model, network.sequences, network.references[:, :2], method=method
        ).contributions
    for target in range(len(network.names)):
        a = np.bincount(window, weights=bases[target, row].numpy())
        flat = [game[:, target] for game in games]
        gap = abs(np.mean([game[1:].sum() for game in flat]) - a.sum())
        assert found["unallocated"][target, row] == pytest.approx(gap / size[target], abs=1e-9)
        total = gap + (slow_distance(a, flat) - gap) / 2
        assert found["total"][target, row] == pytest.approx(total / size[target], abs=1e-6)


def slow_game(model: Model, x: Tensor, r: Tensor, window: np.ndarray) -> np.ndarray:
    """The dividends of all sets of windows, each by the alternating sum over its subsets."""
    members = members_of(WINDOWS)
    worth = []
    for row in members:
        mixture = r.clone()
        mixture[:, row[window]] = x[:, row[window]]
        worth.append(model.predict(mixture[None])[0].numpy())
    sizes, number = members.sum(1), np.arange(len(members))
    return np.stack(
        [sum((-1) ** (sizes[s] - sizes[t]) * worth[t] for t in number if t & s == t) for s in number]
    )


def test_nothing_hangs_on_batches_or_on_the_other_sequences(network: Question) -> None:
    whole = values(network, "gradient")["total"]
    ones = values(replace(network, batch_size=1, _kept={}), "gradient")["total"]
    last = replace(network, sequences=network.sequences[1:], references=network.references[1:], _kept={})
    np.testing.assert_allclose(ones, whole, rtol=0, atol=1e-12)
    np.testing.assert_allclose(values(last, "gradient")["total"], whole[:, 1:], rtol=0, atol=1e-12)


def test_shared_references_are_those_of_each(network: Question) -> None:
    shared = network.references[0]
    each = shared.expand(2, -1, -1, -1)
    one, other = (
        values(replace(network, references=references, _kept={}), "gradient")["total"]
        for references in (shared, each)
    )
    np.testing.assert_allclose(one, other, rtol=0, atol=1e-12)


def test_a_model_without_effects_gives_no_number(known: Question) -> None:
    absent = known.references[:, 0]
    still = replace(known, sequences=absent, references=absent.roll(1, dims=1)[:, None], _kept={})
    assert np.isnan(values(still, "gradient")["total"]).all()
    assert judged(still, "gradient")["gradient"].passes is None


# --- judged and drawn --------------------------------------------------------------------------


def judged(question: Question, *methods: str) -> dict[str, Judgement]:
    rows = [row for method in methods for row in summarise(method, measure(question, method, silent))]
    return {method: judge(method, Summaries(rows)) for method in methods}


def test_who_keeps_the_principles_passes_and_random_numbers_fail(network: Question) -> None:
    many = one_hot(6)
    question = replace(network, sequences=many, references=shuffled(many, 2), _kept={})
    found = judged(question, "deeplift", "gradient", "random", "gc-content")
    assert {method: one.passes for method, one in found.items()} == {
        "deeplift": True,
        "gradient": None,  # of so few sequences
        "random": False,
        "gc-content": False,
    }
    assert found["deeplift"].basis.startswith("amiss: 0.0% of all effects")


@pytest.mark.parametrize(
    ("unallocated", "misplaced", "passes"),
    [
        (0.0, 0.02, True),
        (0.0, 0.2, False),
        (0.5, 0.0, None),
        (0.5, 0.2, False),
        (9.0, 0.0, False),
        (0.045, 0, None),
    ],
)
def test_who_only_does_not_add_up_is_told_so_unless_nothing_would_be_nearer(
    unallocated: float, misplaced: float, passes: bool | None
) -> None:
    def about(value: float) -> tuple[float, float, float]:
        return value, 0.8 * value, 1.2 * value

    known = {"unallocated": unallocated, "misplaced": misplaced, "total": unallocated + misplaced}
    assert decision({metric: about(value) for metric, value in known.items()})[0] is passes


def test_the_figure_has_a_panel_for_each_target_and_is_cut_at_the_whole(network: Question) -> None:
    methods = ("deeplift", "gradient", "gc-content")
    rows = [row for method in methods for row in summarise(method, measure(network, method, silent))]
    drawing, weights = draw(Summaries(rows))
    panels = drawing.figure.axes
    assert weights.name == "principles_weights"
    assert [axes.get_title() for axes in panels] == list(network.names)
    assert [label.get_text() for label in panels[0].get_yticklabels()] == list(methods)
    assert all(axes.get_xlim()[1] <= 1 for axes in panels)


def test_the_table_of_weights_has_the_theorys_beside_them() -> None:
    columns = weights_table()
    wide = np.array(columns["tolerance"])
    assert (np.abs(np.array(columns["weight"]) - np.array(columns["theory"])) <= wide).all()
    assert set(columns["variable"]) == {"x1", "x2", "x3"}
