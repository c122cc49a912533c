"""Agreement between methods: rank correlations, their order, and that nothing hangs on the batch."""

import numpy as np
import pytest
import torch
from torch import nn

import seqattr
from seqattr.evaluate import agreement
from seqattr.evaluate.agreement import EVERY, draw, judge, measure
from seqattr.evaluate.clustering import leaf_order
from seqattr.evaluate.judgement import Summaries
from seqattr.evaluate.measured import summarise
from seqattr.evaluate.question import Question
from seqattr.support.progress import silent
from seqattr.support.ranks import spearman

METHODS = ("gradient", "saliency", "deeplift")


@pytest.fixture(scope="module")
def asked():
    torch.manual_seed(0)
    layers = (nn.Conv1d(4, 5, 3), nn.ReLU(), nn.Flatten(), nn.Linear(5 * 18, 2))
    model = seqattr.Model(nn.Sequential(*layers).double().eval(), torch.zeros(2, 4, 20, dtype=torch.float64))
    codes = torch.randint(4, (7, 20))
    sequences = nn.functional.one_hot(codes, 4).mT.double()
    references = torch.stack([sequences.roll(1, 2), sequences.flip(2)], 1)
    return lambda **more: Question(model, sequences, references, METHODS, **more)


def test_it_is_spearman_s_correlation(asked):
    question = asked()
    measured = {(row.target, row.step): row.values for row in measure(question, "gradient", silent)}
    one, other = (question.contributions(name).numpy() for name in ("gradient", "deeplift"))
    for t, target in enumerate(question.names):
        wanted = [spearman(a, b) for a, b in zip(one[t], other[t], strict=True)]
        np.testing.assert_allclose(measured[target, "deeplift"], wanted, atol=1e-12)
        np.testing.assert_allclose(measured[target, "gradient"], 1, atol=1e-12)
    both = [measured[target, "deeplift"] for target in question.names]
    np.testing.assert_allclose(measured[EVERY, "deeplift"], np.mean(both, 0), atol=1e-15)


@pytest.mark.parametrize("size", [1, 3])
def test_it_is_the_same_for_any_batch_size(asked, size):
    pairs = (measure(asked(batch_size=one), "deeplift", silent) for one in (None, size))
    for one, other in zip(*pairs, strict=True):
        assert one[:2] == other[:2]
        assert one.step == other.step
        np.testing.assert_allclose(one.values, other.values, atol=1e-12)


def test_constant_contributions_have_no_correlation(asked, monkeypatch):
    question = asked()
    question.once("saliency", lambda: torch.ones(2, 7, 20, dtype=torch.float64))
    rows = [row for row in measure(question, "gradient", silent) if row.step == "saliency"]
    assert all(np.isnan(row.values).all() for row in rows)


def test_what_is_nearest_and_farthest_is_told_and_drawn(asked):
    question = asked()
    names = (*METHODS, "random")
    summaries = Summaries([r for name in names for r in summarise(name, measure(question, name, silent))])
    told = judge("gradient", summaries)
    means = {row.step: row.mean for row in agreement.with_each_method(summaries, "gradient")}
    del means["gradient"]
    assert told.passes is None
    assert told.sentence.startswith(f"Of the others, {max(means, key=means.get)} orders")
    (drawing,) = draw(summaries)
    axes = drawing.figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()][-1] == "random"
    assert sorted(label.get_text() for label in axes.get_xticklabels()) == sorted(METHODS)


def test_like_stands_beside_like():
    places = np.array([0.0, 10, 0.1, 10.2, 5, 0.3])
    order = leaf_order(abs(places[:, None] - places))
    assert places[order].tolist() in ([0, 0.1, 0.3, 5, 10, 10.2], [10.2, 10, 5, 0.3, 0.1, 0])
    assert leaf_order(np.zeros((0, 0))) == []
    assert sorted(leaf_order(np.full((3, 3), np.nan))) == [0, 1, 2]
