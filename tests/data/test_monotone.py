"""A monotone head: no weight of it is negative, so that more of any feature never lowers a task, whatever the
architecture; contributions through it have the sign that this promises.
"""

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn
from torch.optim import SGD

from seqattr.data.monotone import head_of, head_weights, keep_monotone
from seqattr.data.train import Settings, Training, train
from seqattr.engine.capture.model import Model
from seqattr.engine.graph.forward import random_sequences
from seqattr.errors import InputError
from seqattr.methods.attribution import attribute
from seqattr.models.zoo import ARCHITECTURES, Stack, build, trainable
from tests.helpers.training import NARROW, QUICK, easy, same

MONOTONE = replace(QUICK, epochs=9, rate=3e-3, monotone=True, arguments={"filters": 20})


@pytest.fixture(scope="module")
def learned() -> Training:
    return train(easy(), MONOTONE)


class Head(nn.Module):
    """What is behind the pooling, from pooled features laid out as (N, 4, F / 4) sequences would be."""

    def __init__(self, module: Stack) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), *head_of(module))

    def forward(self, features: Tensor) -> Tensor:
        numbers: Tensor = self.layers(features)
        return numbers


def pooled(module: Stack, number: int = 8) -> Tensor:
    """What the head reads for random sequences, (N, F)."""
    trunk = module.logits[: len(module.logits) - len(head_of(module))]
    with torch.no_grad():
        features: Tensor = trunk(random_sequences(number, 100, torch.float32, "cpu"))
    return features


# ---- training


def test_it_learns_and_says_so(learned: Training) -> None:
    assert learned.metrics["monotone"] is True
    assert learned.metrics["best_epoch"] > MONOTONE.free_epochs == 3
    for task in learned.metrics["test"].values():
        assert task["auroc"] >= 0.95  # chance has 0.5


def test_the_weights_that_are_kept_are_not_negative(learned: Training) -> None:
    assert all(weight.min() >= 0 for weight in head_weights(learned.module))
    assert learned.module.logits[0].weight.min() < 0  # of a conv
    assert not any(weight.min() >= 0 for weight in head_weights(train(easy(), QUICK).module))


def test_no_free_epoch_is_kept_though_it_were_the_best() -> None:
    """At a rate with which the loss rises, the first epoch is best; patience begins behind the free ones."""
    trained = train(easy(), replace(MONOTONE, patience=1, epochs=12, rate=1.0))
    assert trained.metrics["best_epoch"] >= 5
    assert trained.metrics["epochs"] >= 6
    assert all(weight.min() >= 0 for weight in head_weights(trained.module))


def test_it_is_repeatable_and_begins_like_the_free_one(learned: Training) -> None:
    assert same(learned, train(easy(), MONOTONE))
    free = train(easy(), replace(MONOTONE, monotone=False))
    assert learned.history[:3] == free.history[:3]
    assert "monotone" not in free.metrics


@pytest.mark.parametrize("name", trainable())
def test_each_architecture_has_a_head_that_rises(name: str) -> None:
    """From any features, also those that a batch norm shifts: raising some lowers no task."""
    shortest = ARCHITECTURES[name].shortest(**NARROW[name])
    module = build(name, max(shortest, 100), 3, classes=True, **NARROW[name]).double()
    assert isinstance(module, Stack)
    optimizer = SGD(module.parameters(), 1e-3)
    keep_monotone(module, optimizer)
    sum(module.logits(random_sequences(4, max(shortest, 100), torch.float64, "cpu")).sum(1)).backward()
    optimizer.step()
    module.eval()
    head = nn.Sequential(*head_of(module))
    features = torch.randn(50, head[0].in_features, dtype=torch.float64)
    more = features + torch.rand_like(features) * (torch.rand_like(features) < 0.3)
    assert (head(more) >= head(features)).all()
    assert all(weight.min() >= 0 for weight in head_weights(module))


# ---- what it promises


def test_more_of_a_pooled_feature_never_lowers_a_task(learned: Training) -> None:
    features = pooled(learned.module).double()
    head = Head(learned.module).double().eval()
    with torch.no_grad():
        before = head(features)
        raised = [head(features + step) for step in torch.eye(features.shape[1], dtype=torch.float64)]
    assert all((after >= before).all() for after in raised)
    assert any((after > before).any() for after in raised)


@pytest.mark.parametrize("method", ["deeplift", "deeplift-rescale", "deeplift-revealcancel", "gradient"])
def test_contributions_agree_in_sign(learned: Training, method: str) -> None:
    """Against zeros what a feature would contribute is its multiplier: below 0 for no feature and task."""
    layers = Head(learned.module).eval()
    features = pooled(learned.module).reshape(8, 4, -1)
    result = attribute(Model(layers, features), features, None, method=method, device="cpu")
    assert (result.hypothetical >= 0).all()
    assert (result.hypothetical > 0).any()


# ---- what cannot be


def test_a_head_that_does_not_rise_is_refused() -> None:
    with pytest.raises(InputError, match="rises with its features, and one with GELU does not"):
        head_of(Stack(nn.Flatten(), nn.Linear(8, 4), nn.GELU(), nn.Linear(4, 1)))
    for layers in ([nn.Conv1d(4, 2, 3)], [nn.Conv1d(4, 2, 3), nn.Flatten()]):
        with pytest.raises(InputError, match="needs dense layers behind the convs"):
            head_of(Stack(*layers))


def test_free_epochs_are_a_third() -> None:
    assert [Settings(epochs=n, monotone=True).free_epochs for n in (1, 3, 15)] == [0, 1, 5]
    assert Settings(epochs=15).free_epochs == 0
