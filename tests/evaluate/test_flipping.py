"""Orders and what replaces bases, and curves against loops and the closed form of a linear model."""

import numpy as np
import pytest
import torch

from seqattr.evaluate import flipping
from seqattr.evaluate.flipping import Flips
from tests.helpers.questions import LENGTH, linear_model, part_of, question, small_model, weights_of

KNOWN = np.array([[True, True, False, True, True]])


def test_the_largest_score_goes_first_and_an_unknown_base_never():
    ranks = flipping.ranks_of(np.array([[0.1, 3.0, 9.0, -2.0, 1.0]]), np.zeros((1, 5)), KNOWN)
    assert ranks.tolist() == [[2, 0, 4, 3, 1]]
    assert flipping.inverse(ranks, KNOWN).tolist() == [[1, 3, 4, 0, 2]]


def test_equal_scores_are_in_the_order_of_chance_and_rounding_makes_no_order():
    scores, chance = np.array([[1.0, 1.0 + 1e-13, 0.0, 1.0, 0.5]]), np.array([[0.9, 0.5, 0.2, 0.1, 0.3]])
    assert flipping.ranks_of(scores, chance, np.ones_like(KNOWN)).tolist() == [[2, 1, 4, 0, 3]]


@pytest.mark.parametrize("number", [1, 7, 25, 200, 1001])
def test_a_share_and_its_mirror_image_are_all_bases(number):
    counts = flipping.counts_of(np.ones((1, number), bool))[0]
    early = len(flipping.EARLY)
    assert (counts[:early] + counts[-early:][::-1] == number).all()
    assert (np.diff(counts) >= 0).all()
    assert abs(counts[early - 1] - 0.2 * number) <= 0.5


@pytest.mark.parametrize("name", flipping.REPLACEMENTS)
def test_a_replacement_is_of_bases_and_hangs_on_the_sequence_alone(name):
    asked = question(small_model(), number=5)
    others = flipping.REPLACEMENTS[name](asked, "gradient")
    assert others.shape[0] == 5
    assert others.shape[1] in (1, 2)
    columns = others.sum(3)
    assert ((columns == 1) | (columns == 0)).all()
    alone = flipping.REPLACEMENTS[name](part_of(asked, slice(3, 4)), "gradient")
    assert torch.equal(alone[0], others[3])


def test_what_each_replacement_promises():
    asked = question(small_model())
    known = flipping.known_bases(asked.sequences)
    random = flipping.random_bases(asked)[:, 0, 0]
    assert not ((random != 0) & (asked.sequences != 0)).any()
    context = flipping.context(asked)[:, 0, 0]
    for start in range(0, LENGTH, flipping.CONTEXT):
        stretch = slice(start, start + flipping.CONTEXT)
        assert torch.equal(context[..., stretch].sum(2), asked.sequences[..., stretch].sum(2))
    lowest = flipping.lowest_bases(asked, "gradient")
    scores = asked.hypothetical("gradient")
    for target in range(2):
        chosen = (scores[target] * lowest[:, target, 0]).sum(1)
        assert torch.equal(chosen, scores[target].amin(1))
    assert torch.equal(flipping.lowest_bases(asked, "random"), flipping.random_bases(asked))
    assert known.sum() == known.size - 1
    assert torch.equal(flipping.references(asked)[:, 0], asked.references[:, :2])


def slow_curve(asked, ranks, counts, others):
    """Base by base: values (N, G, K, T)."""
    values = []
    for n, sequence in enumerate(asked.sequences):
        for order in ranks[n]:
            for count in counts[n]:
                total = 0.0
                for other in others[n, 0]:
                    changed = sequence.clone()
                    for position in range(LENGTH):
                        if order[position] < count:
                            changed[:, position] = other[:, position]
                    total = total + asked.model.predict(changed[None])[0]
                values.append(total / others.shape[2])
    return torch.stack(values).reshape(len(ranks), ranks.shape[1], counts.shape[1], -1).numpy()


def test_a_curve_is_what_replacing_base_by_base_gives():
    asked = question(small_model(), number=3)
    known = flipping.known_bases(asked.sequences)
    chance = flipping.chances(asked, "any", 2)
    ranks = flipping.ranks_of(np.zeros_like(chance), chance, known[:, None])
    counts = flipping.counts_of(known, (0.1, 0.5))
    others = flipping.references(asked)
    values = flipping.flip(asked, Flips(ranks, counts, others))
    assert values == pytest.approx(slow_curve(asked, ranks, counts, others), abs=1e-12)


def test_a_linear_model_s_curve_has_its_closed_form():
    """Each base replaced takes its own contribution with it: what is left is a sum over the others."""
    asked = question(linear_model())
    weights, known = weights_of(linear_model()), flipping.known_bases(asked.sequences)
    changes = asked.sequences[:, None] - asked.references  # (N, R, 4, L)
    contributions = torch.einsum("tcl,nrcl->tnl", weights, changes).numpy() / 2
    ranks = flipping.ranks_of(np.moveaxis(contributions, 0, 1), np.zeros((1, 1, LENGTH)), known[:, None])
    counts = flipping.counts_of(known)
    values = flipping.own_targets(flipping.flip(asked, Flips(ranks, counts, flipping.references(asked))))
    ordered = -np.sort(-contributions, -1)
    for n in range(len(known)):
        for k, count in enumerate(counts[n]):
            # an unknown base has the contribution 0, is in nobody's way, and never goes
            mine = np.stack([contributions[t, n][ranks[n, t] < count].sum() for t in range(2)])
            whole = asked.model.predict(asked.sequences[n : n + 1])[0].numpy()
            assert values[:, n, k] == pytest.approx(whole - mine, abs=1e-12)
            if known[n].all():
                assert mine == pytest.approx(ordered[:, n, :count].sum(-1), abs=1e-12)


def test_an_area_is_the_mean_of_straight_lines():
    assert flipping.area((0, 0.1, 0.3), np.array([0.0, 2.0, 2.0])) == pytest.approx((0.1 + 0.4) / 0.3)
    assert flipping.area((0, 1), np.array([[1.0, 1.0], [0.0, 2.0]])).tolist() == [1.0, 1.0]


def test_blocks_are_answered_in_their_order_and_progress_is_told(monkeypatch):
    monkeypatch.setattr(flipping, "ROWS", 4)
    asked, seen = question(small_model()), []
    blocks = [asked.sequences[start : start + 3] for start in (0, 3)]
    values = flipping.answers(asked, iter(blocks), 2, lambda done, total: seen.append((done, total)))
    assert values == pytest.approx(asked.model.predict(asked.sequences).numpy(), abs=1e-12)
    assert seen == [(2, 2)]
