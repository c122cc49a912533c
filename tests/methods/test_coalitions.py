"""Shapley values and LIME beside their definitions, and what they promise."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from seqattr.engine.capture.model import Model
from seqattr.engine.rules.gradient import GRADIENT
from seqattr.engine.walk.session import Session
from seqattr.methods.attribution import attribute
from seqattr.methods.attributors import Batch
from seqattr.methods.coalitions import (
    Estimate,
    Game,
    Solve,
    from_orders,
    lime,
    shapley,
    shapley_sampling,
    windows,
)
from tests.helpers import slow_perturbation as slow
from tests.helpers.sequences import LENGTH, frequency, one_hot, shuffled
from tests.helpers.zoo import captured

MODELS = ["conv1d", "relu, overlapping max pool", "multihead", "bpnet"]
GROUPED = ["shapley", "shapley-sampling", "lime"]
COMPLETE = GROUPED[:2]


def game(name: str, players: int) -> Game:
    """One sequence, one shuffle, so many windows."""
    model, x = captured(name)[1], one_hot(1)
    r = shuffled(x, 1)[0]
    session = Session(model)
    batch = Batch(session, session.plan(GRADIENT), x, r[None], shared=False)
    return Game(batch, x[0], r[0], windows(LENGTH, players, x.device), np.random.default_rng(0))


@pytest.mark.parametrize("name", MODELS)
def test_shapley_values_are_means_over_all_orders(name: str) -> None:
    one = game(name, 4)
    with torch.no_grad():
        groups = [group.nonzero()[:, 0].tolist() for group in one.groups]
        predict = lambda mixture: captured(name)[1].predict(mixture[None])[0]  # noqa: E731
        worth = slow.worth_of(predict, one.sequence, one.reference, groups)
        wanted = slow.shapley_over_orders(worth, len(groups))
        torch.testing.assert_close(shapley(one).values, wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", MODELS)
def test_sampled_values_are_within_their_errors(name: str) -> None:
    """Of 6 players and 3 or fewer targets: five standard errors; and always complete."""
    one = game(name, 6)
    with torch.no_grad():
        (exact, _), (values, errors) = shapley(one), from_orders(one, 400)
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
def test_of_a_weighted_sum_nothing_hangs_on_chance(linear: tuple[Tensor, Model], method: str) -> None:
    """Every order and every mixture says the same: errors are rounding's alone."""
    x = one_hot(2, 12)
    errors = attribute(linear[1], x, shuffled(x, 2), method=method).standard_error
    assert errors is not None
    assert errors.shape == (1, 2, 12)
    assert errors.max() <= 1e-12


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


# --- standard errors ---------------------------------------------------------------------------

DRAWS = 200


def drawn(one: Game, solve: Solve) -> Estimate:
    """Values and errors (DRAWS, players, T) of the game played again and again."""
    games = (solve(replace(one, rng=np.random.default_rng(seed))) for seed in range(DRAWS))
    values, errors = zip(*games, strict=True)
    return Estimate(torch.stack(values), torch.stack(errors))


@pytest.mark.parametrize("solve", [from_orders, lime])
@pytest.mark.parametrize("name", ["relu, overlapping max pool", "bpnet"])
def test_standard_errors_are_the_spread_over_seeds(name: str, solve: Solve) -> None:
    """A variance of 200 draws is itself known to 1 / sqrt(100), 10 % of it: 30 % is three of these.

    The values lie within two errors of their mean as often as Student's t says for 10 pairs of orders, 92 %,
    and the normal distribution for 500 mixtures, 95 %; give or take 5 %, as players are not independent.
    """
    with torch.no_grad():
        values, errors = drawn(game(name, 6), solve)
    playing = values.std(0) > 1e-9
    ratio = errors.square().mean(0) / values.var(0)
    assert (ratio[playing] - 1).abs().max() < 0.3
    inside = ((values - values.mean(0)).abs() < 2 * errors)[:, playing].double().mean()
    assert 0.87 < inside < 0.98


@pytest.mark.parametrize("method", ["shapley-sampling", "lime"])
def test_the_error_of_a_mean_over_references(method: str) -> None:
    """The root of the sum of the references' squares, over their number, in whatever pieces they come."""
    model, x = captured("bpnet")[1], one_hot(2)
    references = shuffled(x, 3)
    each = [errors_of(model, x, references[:, r : r + 1], method) for r in range(3)]
    wanted = torch.stack(each).square().sum(0).sqrt() / 3
    assert wanted.max() > 0
    for size in (1, 2, 100):
        found = errors_of(model, x, references, method, batch_size=size)
        torch.testing.assert_close(found, wanted, rtol=1e-9, atol=1e-12)


def errors_of(
    model: Model, x: Tensor, references: Tensor, method: str, batch_size: int | None = None
) -> Tensor:
    errors = attribute(model, x, references, method=method, batch_size=batch_size).standard_error
    assert errors is not None
    return errors


def test_exact_values_have_no_error_and_most_methods_tell_none() -> None:
    model, x = captured("conv1d")[1], one_hot(1)
    assert errors_of(model, x, shuffled(x), "shapley").max() == 0
    assert attribute(model, x, shuffled(x)).standard_error is None
    few = game("conv1d", 4)  # of which there are fewer coalitions than are drawn
    assert torch.equal(shapley_sampling(few).values, shapley(few).values)
