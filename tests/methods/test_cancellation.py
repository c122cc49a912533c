"""Cancellation: a pair's sum of absolute contributions over max(|difference|, |output| / 100), the worst."""

import functools

import numpy as np
import pytest
import torch
from torch import nn

from seqattr.engine.capture.model import Model
from seqattr.methods.attribution import attribute
from seqattr.methods.registry import METHODS
from tests.helpers.kinds_of_method import ready
from tests.helpers.pieces import Net, body
from tests.helpers.sequences import LENGTH, one_hot, shuffled

REFERENCES = 2
# Drawn anew for each set of references, or found for all of a sequence's references together.
NOT_BY_PAIR = {
    *("smoothgrad", "expected-gradients", "shapley-sampling", "lime"),
    *("occlusion-1", "occlusion-5", "occlusion-20", "meaningful-perturbation"),
}


@functools.cache
def model() -> Model:
    torch.manual_seed(0)
    return Model(body(nn.MaxPool1d(4)).double().eval(), torch.zeros(2, 4, LENGTH, dtype=torch.float64))


@pytest.mark.parametrize("method", METHODS)
def test_it_is_the_worst_of_the_pairs(method: str) -> None:
    x = one_hot(2)
    references = shuffled(x, REFERENCES)
    explain = functools.partial(attribute, model(), x, method=ready(model(), method))
    got = explain(references).cancellation
    wanted = torch.zeros(got.shape, dtype=torch.float64)
    for k in range(REFERENCES):
        one = explain(references[:, k : k + 1])
        floor = torch.maximum(one.difference.abs(), one.prediction.abs() / 100)
        wanted = torch.maximum(wanted, one.contributions.double().abs().sum(2) / floor)
        torch.testing.assert_close(one.cancellation, one.contributions.double().abs().sum(2) / floor)
    if method not in NOT_BY_PAIR:
        torch.testing.assert_close(got, wanted, rtol=1e-9, atol=0)
    assert got.isfinite().all()


def test_of_nothing_it_is_0_and_of_what_cancels_wholly_a_number() -> None:
    flat = Model(Net(lambda m, x: (x[:, 0] - x[:, 1]).sum(1)), torch.zeros(2, 4, 4))
    x = torch.zeros(2, 4, 4)
    x[0, 0, 0] = x[0, 1, 1] = 1
    cancellation = attribute(flat, x).cancellation
    assert cancellation[0, 1] == 0
    assert cancellation[0, 0] > 1e300
    assert np.isfinite(np.quantile(cancellation.expand(4, 2), 0.95))


def test_float32_and_pieces_of_references_change_nothing() -> None:
    x = one_hot(3)
    references = shuffled(x, 5)
    wanted = attribute(model(), x, references).cancellation
    got = attribute(model(), x, references, batch_size=2, dtype=torch.float32).cancellation
    torch.testing.assert_close(got, wanted, rtol=1e-3, atol=0)
