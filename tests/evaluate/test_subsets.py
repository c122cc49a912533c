"""Sensitivity-n, infidelity and additivity against loops from the papers, and on a linear model."""

import numpy as np
import pytest
import torch

from seqattr.evaluate import subsets
from seqattr.evaluate.question import Question
from tests.helpers.questions import LENGTH, linear_model, question, small_model


def test_sets_have_their_sizes_and_no_unknown_base():
    asked = question(small_model())
    sets = subsets.random_sets(asked)
    known = (asked.sequences != 0).any(1).numpy()
    assert not (sets & ~known[:, None]).any()
    sizes = sets.sum(2).reshape(len(sets), len(subsets.SIZES), subsets.SETS)
    assert (sizes == sizes[..., :1]).all()
    assert sizes[1, :, 0].tolist() == [1, 2, 3, 6, 15]


def test_stretches_are_whole_and_lie_everywhere():
    stretches = subsets.stretches(question(small_model()))[1:]
    lengths = stretches.sum(2)
    assert lengths.min() >= 1
    assert lengths.max() <= subsets.LONGEST
    edges = np.abs(np.diff(np.pad(stretches.astype(int), ((0, 0), (0, 0), (1, 1))), axis=-1)).sum(-1)
    assert (edges == 2).all()
    assert stretches.any((0, 1)).all()


def slow_effects(asked, sets):
    values = np.empty((2, *sets.shape[:2]))
    for n, sequence in enumerate(asked.sequences):
        for m, members in enumerate(sets[n]):
            changed = sequence.clone()
            for position in np.flatnonzero(members):
                changed[:, position] = asked.references[n, m % 2, :, position]
            values[:, n, m] = (asked.model.predict(sequence[None]) - asked.model.predict(changed[None]))[0]
    return values


def test_effects_and_correlations_are_those_of_loops():
    asked = question(small_model(), number=3)
    sets = subsets.random_sets(asked)
    done = subsets.effects(asked, sets)
    slow = slow_effects(asked, sets)
    assert done == pytest.approx(slow, abs=1e-12)
    contributions = asked.contributions("gradient").numpy()
    rows = list(subsets.sensitivity(asked, "gradient"))
    assert [(row.target, row.at) for row in rows] == [(t, s) for s in subsets.SIZES for t in "ab"]
    for number, row in enumerate(rows):
        size, target = divmod(number, 2)
        for n in range(3):
            some = range(size * subsets.SETS, (size + 1) * subsets.SETS)
            said = [contributions[target, n][sets[n, m]].sum() for m in some]
            expected = np.corrcoef(said, slow[target, n, list(some)])[0, 1]
            assert row.values[n] == pytest.approx(expected, abs=1e-9)


def test_infidelity_is_that_of_loops():
    asked = question(small_model(), number=3)
    sets = subsets.stretches(asked)
    slow, contributions = slow_effects(asked, sets), asked.contributions("gradient").numpy()
    plain, scaled = (
        {(row.metric, row.target): row.values for row in subsets.infidelity(asked, "gradient")}[metric, "b"]
        for metric in ("infidelity", "scaled-infidelity")
    )
    for n in range(3):
        said = np.array([contributions[1, n][members].sum() for members in sets[n]])
        done = slow[1, n]
        assert plain[n] == pytest.approx(
            sum((s - d) ** 2 for s, d in zip(said, done, strict=True)) / len(done)
        )
        factors = np.linspace(-5, 5, 20001)
        least = min(((f * said - done) ** 2).sum() for f in factors) / (done**2).sum()
        assert scaled[n] == pytest.approx(least, abs=1e-5)


def test_a_linear_model_is_told_exactly_by_its_contributions():
    """With one reference: sets do what contributions say of them, whatever their size."""
    whole = question(linear_model())
    asked = Question(whole.model, whole.sequences, whole.references[:, :1], ("gradient",))
    for row in subsets.sensitivity(asked, "gradient"):
        assert np.nan_to_num(row.values, nan=1.0) == pytest.approx(np.ones(6), abs=1e-9)
    for row in subsets.infidelity(asked, "gradient"):
        assert row.values == pytest.approx(np.zeros(6), abs=1e-9)
    assert all((row.values < 1e-12).all() for row in subsets.additivity(asked, "gradient"))


def test_additivity_is_of_the_mean_over_all_references():
    asked = question(small_model())
    errors, misses = (list(subsets.additivity(asked, method)) for method in ("deeplift", "gradient"))
    assert [row.metric for row in errors] == ["additivity-error"] * 2 + ["misses"] * 2
    assert all((row.values < 1e-9).all() for row in errors)
    whole, others = (asked.model.predict(x) for x in (asked.sequences, asked.references.flatten(0, 1)))
    difference = whole - others.reshape(6, 2, 2).mean(1)
    missed = (asked.contributions("gradient").sum(2).T - difference).abs()
    scale = torch.maximum(difference.abs(), whole.abs() / 100)
    assert misses[1].values == pytest.approx((missed / scale)[:, 1].numpy(), abs=1e-12)
    assert set(misses[3].values) <= {0.0, 1.0}
    assert misses[3].values.tolist() == (misses[1].values > 1e-3).astype(float).tolist()


def test_without_references_a_set_is_replaced_by_nothing():
    asked = Question(small_model(), question(small_model()).sequences, None, ("gradient",))
    members = np.zeros((6, 1, LENGTH), bool)
    members[:, 0, 3:9] = True
    changed = asked.sequences.clone()
    changed[:, :, 3:9] = 0
    expected = (asked.model.predict(asked.sequences) - asked.model.predict(changed)).T.numpy()
    assert subsets.effects(asked, members)[:, :, 0] == pytest.approx(expected, abs=1e-12)
