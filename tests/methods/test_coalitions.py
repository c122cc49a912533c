"""Shapley values and LIME beside their definitions, and what they promise."""

from itertools import permutations

import pytest
import torch
from torch import Tensor, nn

from seqattr.engine.model import Model
from seqattr.engine.outputs import cut_to
from seqattr.engine.rules.gradient import GRADIENT
from seqattr.methods import attribute
from seqattr.methods.coalitions import Game, estimated, shapley, windows
from seqattr.methods.ways import Batch, Work
from tests.sequences import LENGTH, frequency, one_hot, shuffled
from tests.zoo import captured

MODELS = ["conv1d", "relu, overlapping max pool", "multihead", "bpnet"]
GROUPED = ["shapley", "shapley-sampling", "lime"]
COMPLETE = GROUPED[:2]


def game(name: str, players: int) -> Game:
    """One sequence, one shuffle, so many windows."""
    model, x = captured(name)[1], one_hot(1)
    r = shuffled(x, 1)[0]
    graph, targets = cut_to(model.graph, model.targets)
    batch = Batch(Work(graph, GRADIENT), x, r[None], False, targets)
    return Game(batch, x[0], r[0], windows(LENGTH, players, x.device))


def slow_shapley(model: Model, x: Tensor, r: Tensor, groups: Tensor) -> Tensor:
    """The mean over all orders of what each group adds as it joins, (groups, T)."""
    total = torch.zeros(len(groups), len(model.targets), dtype=torch.float64)
    orders = list(permutations(range(len(groups))))
    for order in orders:
        mixture = r.clone()
        for group in order:
            before = model.predict(mixture[None])[0]
            mixture = torch.where(groups[group], x, mixture)
            total[group] += model.predict(mixture[None])[0] - before
    return total / len(orders)


@pytest.mark.parametrize("name", MODELS)
def test_shapley_values_are_means_over_all_orders(name: str) -> None:
    one = game(name, 4)
    with torch.no_grad():
        wanted = slow_shapley(captured(name)[1], one.sequence, one.reference, one.groups)
        torch.testing.assert_close(shapley(one), wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", MODELS)
def test_sampled_values_are_within_their_errors(name: str) -> None:
    """Of 6 players and 3 or fewer targets: five standard errors; and always complete."""
    one = game(name, 6)
    with torch.no_grad():
        exact, (values, errors) = shapley(one), estimated(one, 400)
    assert ((values - exact).abs() <= 5 * errors + 1e-12).all()
    assert errors.max() > 0
    torch.testing.assert_close(values.sum(0), exact.sum(0), rtol=0, atol=1e-12)


@pytest.mark.parametrize("method", COMPLETE)
@pytest.mark.parametrize("name", MODELS)
def test_shapley_values_sum_to_the_difference(name: str, method: str) -> None:
    x = one_hot(2)
    references = torch.cat([shuffled(x, 1), frequency().expand(2, 1, -1, -1)], 1)
    assert attribute(captured(name)[1], x, references, method=method).additivity_error.max() <= 1e-9


@pytest.fixture(scope="module")
def linear() -> tuple[Tensor, Model]:
    """A weighted sum of twelve bases, and the weights (4, L)."""
    torch.manual_seed(0)
    layer = nn.Linear(48, 1).double()
    model = Model(nn.Sequential(nn.Flatten(), layer), torch.zeros(2, 4, 12, dtype=torch.float64))
    return layer.weight.detach().view(4, 12), model


@pytest.mark.parametrize("method", GROUPED)
def test_of_a_weighted_sum_each_base_gets_its_own(linear: tuple[Tensor, Model], method: str) -> None:
    """Twelve bases in at least twelve windows are each a player."""
    weights, model = linear
    x = one_hot(3, 12)
    x[0, :, 4] = 0  # an N, which the shuffles have elsewhere
    references = torch.cat([shuffled(x, 2), frequency(12).expand(3, 1, -1, -1)], 1)
    result = attribute(model, x, references, method=method)
    wanted = (weights * (x[:, None] - references)).sum(2).mean(1)
    torch.testing.assert_close(result.contributions[0], wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize("method", GROUPED)
def test_a_base_that_equals_the_references_gets_nothing(method: str) -> None:
    x = one_hot(1)
    references = x[:, None].clone()
    references[..., 9:15] = frequency()[..., 9:15]
    result = attribute(captured("conv1d")[1], x, references, method=method)
    assert (result.contributions[..., :9] == 0).all()
    assert (result.contributions[..., 15:] == 0).all()
    assert result.contributions[..., 9:15].abs().min() > 0
    same = attribute(captured("conv1d")[1], x, x[:, None], method=method)
    assert (same.hypothetical == 0).all()


@pytest.mark.parametrize("method", GROUPED)
def test_chance_depends_on_the_sequence_alone(method: str) -> None:
    """Not on the batch, its size, its order or other sequences."""
    model, x = captured("bpnet")[1], one_hot(3)
    references = shuffled(x, 2)
    whole = attribute(model, x, references, method=method).hypothetical
    ones = attribute(model, x, references, method=method, batch_size=1).hypothetical
    turned = attribute(model, x.flip(0), references.flip(0), method=method).hypothetical.flip(1)
    torch.testing.assert_close(ones, whole, rtol=0, atol=1e-12)
    torch.testing.assert_close(turned, whole, rtol=0, atol=1e-12)


def test_windows_divide_the_sequence() -> None:
    for length, most in ((24, 12), (25, 12), (7, 12), (200, 40)):
        groups = windows(length, most, torch.device("cpu"))
        assert (groups.sum(0) == 1).all()
        assert groups.sum(1).max() - groups.sum(1).min() <= 1
        assert len(groups) == min(length, most)
