"""How far explanations move beside a slow twin, on models that cannot tell the difference, and as judged."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from seqattr.engine.capture.model import Model
from seqattr.evaluate import continuity, variations
from seqattr.evaluate.continuity import judge, measure
from seqattr.evaluate.judgement import Summaries
from seqattr.evaluate.measured import Measured, summarise
from seqattr.evaluate.question import Question
from seqattr.evaluate.variations import MUTATED, REVERSE, SHIFT, SUBSTITUTIONS
from seqattr.support.progress import silent
from seqattr.support.ranks import spearman
from tests.helpers.sequences import LENGTH, one_hot, shuffled

METHODS = ("deeplift", "gradient")


class BothStrands(nn.Module):
    """The same for a sequence and its reverse complement: what one strand answers, plus the other."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv1d(4, 5, 5), nn.ReLU(), nn.MaxPool1d(20), nn.Flatten(), nn.Linear(5, 2)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x) + self.body(x.flip(-2, -1))


@pytest.fixture(scope="module")
def question() -> Question:
    torch.manual_seed(0)
    x = one_hot(3)
    return Question(Model(BothStrands().double(), x), x, shuffled(x, 2), METHODS, seeds=2)


@pytest.fixture(scope="module")
def rows(question: Question) -> dict[str, list[Measured]]:
    return {method: measure(question, method, silent) for method in (*METHODS, "random", "gc-content")}


def of(rows: list[Measured], metric: str, step: str) -> np.ndarray:
    return np.stack([row.values for row in rows if (row.metric, row.step) == (metric, step)])


@pytest.mark.parametrize("method", METHODS)
def test_both_strands_alike_are_explained_alike(rows: dict[str, list[Measured]], method: str) -> None:
    assert of(rows[method], "change", REVERSE) == pytest.approx(0, abs=1e-12)
    assert of(rows[method], "output", REVERSE) == pytest.approx(0, abs=1e-12)
    assert of(rows[method], "spearman", REVERSE) == pytest.approx(1, abs=0.02)  # equal ones may change places


def test_references_go_along(question: Question) -> None:
    """Against others the same model's contributions would differ."""
    for one in variations.variations(question):
        if one.step != MUTATED:
            assert torch.equal(one.read_back(one.sequences.sum(1)), question.sequences.sum(1))
            assert one.references is not None
            assert question.references is not None
            spans = one.references.flip(2) if one.step == REVERSE else one.references
            assert torch.equal(one.read_back(spans), question.references)


def slow(question: Question, method: str, bases: int) -> tuple[list[list[float]], list[list[float]]]:
    """Change and rank correlation of a shift, base by base."""
    assert question.references is not None
    x, r = question.sequences, question.references
    x2, r2 = (torch.cat([t[..., -bases:], t[..., :-bases]], -1) for t in (x, r))
    before = question.explain(method, question.model, x, r)
    after = question.explain(method, question.model, x2, r2)
    changes, orders = [], []
    for c, d in zip(before.tolist(), after.tolist(), strict=True):
        pairs = [
            ([one[i] for i in range(LENGTH - bases)], [two[i + bases] for i in range(LENGTH - bases)])
            for one, two in zip(c, d, strict=True)
        ]
        norm = [[sum(v * v for v in side) ** 0.5 for side in pair] for pair in pairs]
        apart = [sum((p - q) ** 2 for p, q in zip(*pair, strict=True)) ** 0.5 for pair in pairs]
        changes.append([2 * a / (p + q) for a, (p, q) in zip(apart, norm, strict=True)])
        orders.append([spearman(np.array(p), np.array(q)) for p, q in pairs])
    return changes, orders


@pytest.mark.parametrize("method", [*METHODS, "random"])
def test_shifts_beside_their_definition(
    question: Question, rows: dict[str, list[Measured]], method: str
) -> None:
    for bases in variations.SHIFTS:
        mine = [row for row in rows[method] if row.step == SHIFT and row.at == bases]
        changes, orders = slow(question, method, bases)
        assert of(mine, "change", SHIFT) == pytest.approx(np.array(changes), abs=1e-12)
        assert of(mine, "spearman", SHIFT) == pytest.approx(np.array(orders), abs=1e-12)


def test_output_moves_beside_their_definition(question: Question, rows: dict[str, list[Measured]]) -> None:
    assert question.references is not None
    f = question.model.predict
    x, r = question.sequences, question.references
    usual = torch.stack([(f(one[None])[0] - f(pool).mean(0)).abs() for one, pool in zip(x, r, strict=True)])
    for bases in variations.SHIFTS:
        wanted = (f(x.roll(bases, -1)) - f(x)).abs() / usual.mean(0)
        mine = [row for row in rows["gradient"] if row.step == SHIFT and row.at == bases]
        assert of(mine, "output", SHIFT) == pytest.approx(wanted.T.numpy(), abs=1e-12)


def test_slopes_are_changes_by_the_way_that_sequences_went(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(continuity, "STAYS", np.inf)
    torch.manual_seed(0)
    x = one_hot(2)
    asked = Question(Model(BothStrands().double(), x), x, None, ("gradient",), seeds=1)
    got, varied = measure(asked, "gradient", silent), variations.variations(asked)
    changes = [of(got, "change", step) for step in (SHIFT, REVERSE, MUTATED)]
    order = [(v.step, v.at) for v in varied]
    assert order == [*((SHIFT, k) for k in variations.SHIFTS), (REVERSE, 0), (MUTATED, 0)]
    by_variation = np.concatenate(changes).reshape(len(varied), 2, 2)  # variations, targets, sequences
    slopes = [
        [c / ((one.sequences[i] - x[i]) ** 2).sum().sqrt().item() for i, c in enumerate(values)]
        for one, two in zip(varied, by_variation, strict=True)
        for values in two
    ]
    slopes_of = np.array(slopes).reshape(len(varied), 2, 2)
    assert of(got, "lipschitz max", "") == pytest.approx(slopes_of.max(0), abs=1e-12)
    assert of(got, "lipschitz mean", "") == pytest.approx(slopes_of.mean(0), abs=1e-12)
    assert of(got, "mean change", "") == pytest.approx(by_variation.mean(0), abs=1e-12)


def test_a_flank_that_does_not_matter_is_mutated() -> None:
    """Of a model that reads nothing behind its 16th base, some bases behind it; N's stay."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(4 * 40, 1)).double()
    with torch.no_grad():
        net[1].weight.view(4, 40)[:, 16:] = 0
    x = one_hot(3, 40)
    x[0, :, 30:36] = 0
    asked = Question(Model(net, x), x, None, ("gradient",), seeds=3)
    mutants = [one for one in variations.variations(asked) if one.step == MUTATED]
    for one in mutants:
        changed = (one.sequences != x).any(1)
        assert changed.sum(1).tolist() == [SUBSTITUTIONS] * 3
        assert not changed[:, :16].any()
        assert torch.equal(one.sequences.sum(1), x.sum(1))
        assert torch.equal(one.same, ~changed & (x.sum(1) > 0))
    assert len({one.sequences.numpy().tobytes() for one in mutants}) == 3
    got = measure(asked, "gradient", silent)
    assert of(got, "output", MUTATED) == pytest.approx(0, abs=1e-12)
    assert of(got, "change", MUTATED) == pytest.approx(0, abs=1e-12)


def test_neither_batch_size_nor_company_changes_a_number(rows: dict[str, list[Measured]]) -> None:
    torch.manual_seed(0)
    x = one_hot(3)
    r = shuffled(x, 2)
    model = Model(BothStrands().double(), x)
    small = Question(model, x, r, METHODS, seeds=2, batch_size=1)
    for row, other in zip(rows["deeplift"], measure(small, "deeplift", silent), strict=True):
        assert row[:2] + row[3:] == other[:2] + other[3:]
        assert row.values == pytest.approx(other.values, abs=1e-12, nan_ok=True)


def test_the_first_sequences_alone_are_varied(monkeypatch: pytest.MonkeyPatch, question: Question) -> None:
    monkeypatch.setattr(variations, "MOST", 2)
    asked = Question(question.model, question.sequences, question.references, METHODS, seeds=2)
    for row in measure(asked, "gradient", silent):
        assert np.isfinite(row.values).tolist() == [True, True, False]


def summaries_of(**moves: float) -> Summaries:
    spread = np.linspace(-0.01, 0.01, 20)
    return Summaries(
        [
            row
            for method, move in moves.items()
            for row in summarise(method, [Measured("mean change", "t", move + spread)])
        ]
    )


def test_judged_beside_random_numbers_and_the_steadiest() -> None:
    known = summaries_of(deeplift=0.1, gradient=0.3, saliency=1.2, random=1.4)
    assert [judge(name, known).passes for name in known.methods] == [True, True, False, False]
    assert "1.20 of its size (1.20 to 1.20)" in judge("saliency", known).basis


def test_where_the_steadiest_jumps_the_next_may_too() -> None:
    known = summaries_of(deeplift=0.8, gradient=1.1, random=1.4)
    assert [judge(name, known).passes for name in ("deeplift", "gradient")] == [True, True]


def test_who_is_asked_alone_is_held_against_random_numbers() -> None:
    alone = summaries_of(saliency=1.2, random=1.4)
    assert [judge(name, alone).passes for name in ("saliency", "random")] == [False, False]


def test_where_all_jump_none_passes() -> None:
    known = summaries_of(saliency=1.4, deeplift=1.38, random=1.4)
    assert [judge(name, known).passes for name in ("saliency", "deeplift", "random")] == [False] * 3


def test_what_ignores_the_model_is_told_to_prove_nothing() -> None:
    known = Summaries([*summaries_of(deeplift=0.2, random=1.4), *summaries_of(**{"gc-content": 0.02})])
    assert "ignores the model" in judge("gc-content", known).sentence


def test_where_the_output_always_moves_nothing_is_said() -> None:
    assert judge("deeplift", Summaries([])).passes is None


def test_it_is_drawn(rows: dict[str, list[Measured]]) -> None:
    found = Summaries([one for method, some in rows.items() for one in summarise(method, some)])
    shift, others = continuity.draw(found)
    assert len(shift.figure.axes) == 2
    assert [axes.get_title() for axes in others.figure.axes] == [SHIFT, REVERSE, MUTATED]
