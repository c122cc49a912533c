"""Counts and profile of the zoo's ChromBPNet, without being asked for."""

import pytest
import torch

from seqattr.engine.capture.model import Model
from seqattr.errors import InputError
from seqattr.methods.attribution import attribute
from seqattr.models.zoo import BPNet, ChromBPNet
from tests.helpers.sequences import one_hot, shuffled

LENGTH = 330
X = one_hot(3, LENGTH).float()
R = shuffled(X, 2)


@pytest.fixture(scope="module")
def model() -> Model:
    torch.manual_seed(1)
    accessibility, bias = (BPNet(filters=4, layers=layers, output_length=200) for layers in (3, 2))
    return Model(ChromBPNet(accessibility, bias), X)


def test_they_are_explained_by_counts_and_profile_and_add_up_in_float32(model):
    result = attribute(model, X, R)
    assert [target.name for target in model.pick(None)] == ["counts", "profile"]
    assert result.additivity_error.max() < 1e-4
    exact = attribute(model, X, R, dtype=torch.float64)
    assert exact.additivity_error.max() < 1e-11
    torch.testing.assert_close(result.contributions.double(), exact.contributions, rtol=1e-3, atol=1e-6)


def test_the_batch_size_changes_nothing(model):
    results = [attribute(model, X, R, batch_size=size, dtype=torch.float64) for size in (1, 4)]
    torch.testing.assert_close(results[0].contributions, results[1].contributions, rtol=1e-11, atol=1e-14)
    torch.testing.assert_close(results[0].difference, results[1].difference, rtol=1e-11, atol=1e-14)


def test_an_expression_that_another_fold_cannot_make_names_the_fold(model):
    other = Model(
        torch.nn.Sequential(torch.nn.Conv1d(4, 2, LENGTH), torch.nn.Flatten()), X, targets=["a", "b"]
    )
    with pytest.raises(InputError, match="model 2: 'profile' is of a model with a profile and counts"):
        attribute([model, other], X, targets=["profile"])
