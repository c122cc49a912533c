"""Losses: each is its formula, fits its labels, and what is reached is measured."""

import numpy as np
import pytest
import torch
from scipy import stats
from scipy.special import gammaln

from seqattr.data.losses import LOSSES, loss_for, loss_named, measures, pearson, score
from seqattr.errors import InputError, UnknownName

rng = np.random.default_rng(0)
NUMBERS = torch.from_numpy(rng.normal(size=(30, 2)))
COUNTS = torch.from_numpy(rng.poisson(3.0, size=(30, 2)).astype(float))
CLASSES = torch.from_numpy(rng.integers(2, size=(30, 2)).astype(float))


def test_each_is_its_formula() -> None:
    z, y, k = NUMBERS.numpy(), COUNTS.numpy(), CLASSES.numpy()
    p = 1 / (1 + np.exp(-z))
    expected = {
        "cross-entropy": (-np.log(np.where(k > 0, p, 1 - p)), CLASSES),
        "poisson": (-stats.poisson.logpmf(y, np.exp(z)) - gammaln(y + 1), COUNTS),  # but for log(y!)
        "log-counts": ((z - np.log1p(y)) ** 2, COUNTS),
        "squared": ((z - y) ** 2, COUNTS),
    }
    assert expected.keys() == LOSSES.keys()
    for name, (values, labels) in expected.items():
        assert float(LOSSES[name].of(NUMBERS, labels)) == pytest.approx(values.mean(), rel=1e-12), name


@pytest.mark.parametrize(
    ("labels", "name"),
    [
        ([0, 1, 1], "cross-entropy"),
        ([0, 1, 2], "poisson"),
        ([0.0, 1.5], "squared"),
        ([-1, 0, 1], "squared"),
    ],
)
def test_labels_choose_it(labels: list[float], name: str) -> None:
    given = np.array(labels)[:, None]
    assert loss_for(given) == name
    assert loss_named(name, given) is LOSSES[name]


def test_labels_that_it_is_not_for() -> None:
    negative = np.array([[-1.0], [2.0]])
    for name, wanted in (
        ("cross-entropy", "0 or 1"),
        ("poisson", "numbers from 0 on"),
        ("log-counts", "numb"),
    ):
        with pytest.raises(
            InputError, match=rf"the loss {name} is for labels that are {wanted}.*; squared would"
        ):
            loss_named(name, negative)
    with pytest.raises(UnknownName, match=r"unknown loss 'poison'; .*did you mean 'poisson'"):
        loss_named("poison", negative)


def test_numbers_are_measured_by_their_correlations() -> None:
    for name in ("poisson", "log-counts", "squared"):
        loss = LOSSES[name]
        truth = COUNTS.numpy() if name == "squared" else np.log1p(COUNTS.numpy())
        reached = measures(loss, NUMBERS, COUNTS)
        for task, measured in enumerate(reached):
            pair = NUMBERS.numpy()[:, task], truth[:, task]
            assert measured["pearson"] == pytest.approx(stats.pearsonr(*pair).statistic)
            assert measured["spearman"] == pytest.approx(stats.spearmanr(*pair).statistic)
        mean = np.mean([measured["pearson"] for measured in reached])
        assert score(loss, NUMBERS, COUNTS) == pytest.approx(mean)


def test_classes_are_measured_by_accuracy_and_auroc() -> None:
    loss = LOSSES["cross-entropy"]
    right = ((NUMBERS > 0) == (CLASSES > 0)).numpy()
    reached = measures(loss, NUMBERS, CLASSES)
    assert [measured["accuracy"] for measured in reached] == right.mean(0).tolist()
    assert score(loss, NUMBERS, CLASSES) == pytest.approx(right.mean())


def test_a_side_of_one_value_has_no_correlation() -> None:
    assert pearson(np.ones(3), np.arange(3.0)) is None
    assert measures(LOSSES["squared"], torch.ones(3, 1), torch.arange(3.0)[:, None]) == [
        {"pearson": None, "spearman": None}
    ]
    assert score(LOSSES["squared"], torch.ones(3, 1), torch.arange(3.0)[:, None]) == 0
