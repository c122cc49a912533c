"""How far an allocation is from fair ones, beside a linear program over all ways to divide all effects."""

import pytest
import torch
from torch import Tensor

from seqattr.evaluate.effects import dividends
from seqattr.evaluate.fair_shares import Breach, Claims, breach, claims
from seqattr.methods.coalitions import subsets
from tests.helpers.slow_principles import slow_distance

GROUPS = 4


def effects_of(seed: int, number: int = GROUPS) -> Tensor:
    """Dividends of both signs, (2^G, 1)."""
    return torch.randn(2**number, 1, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("seed", range(12))
def test_the_distance_is_that_of_the_best_division(seed: int) -> None:
    games = [effects_of(seed), effects_of(100 + seed)][: 1 + seed % 2]
    spread = [0.3, 1.0, 3.0][seed % 3]
    allocation = spread * torch.randn(
        GROUPS, 1, dtype=torch.float64, generator=torch.Generator().manual_seed(50 + seed)
    )
    each = [claims(game) for game in games]
    known = Claims(*(torch.stack(of).mean(0) for of in zip(*each, strict=True)))
    found = Breach(*(of * known.size for of in breach(allocation, known)))
    a, flat = allocation[:, 0].numpy(), [game[:, 0].numpy() for game in games]
    gap = abs(sum(game[1:].sum() for game in flat) / len(flat) - a.sum())
    assert found.unallocated.item() == pytest.approx(gap, abs=1e-9)
    whole, relaxed = slow_distance(a, flat), slow_distance(a, flat, to_members=False)
    assert found.independent.item() == pytest.approx((relaxed - gap) / 2, abs=1e-7)
    misplaced = found.independent + found.interaction
    assert misplaced.item() == pytest.approx((whole - gap) / 2, abs=1e-7)


@pytest.mark.parametrize("seed", range(3))
def test_what_is_fair_breaches_nothing(seed: int) -> None:
    """Random shares of each effect, and Shapley values, which are even ones."""
    effects, members = effects_of(seed, 5), subsets(5).double()
    drawn = torch.rand(32, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) * members
    for shares in (drawn, members):
        shares = shares / shares.sum(1, keepdim=True).clamp(min=1e-300)
        found = breach(shares.T @ effects, claims(effects))
        for of in found:
            assert of.item() == pytest.approx(0, abs=1e-12)


def test_of_a_sum_and_a_product() -> None:
    """f = 2 x1 + 3 x2 x3, of size 5: what 4 of x1's would be, 3 for both partners, and 3 for who is none."""
    x = subsets(3).double()
    known = claims(dividends((2 * x[:, 0] + 3 * x[:, 1] * x[:, 2])[:, None]))
    assert known.size.item() == 5

    def of(*allocation: float) -> list[float]:
        return [round(part.item(), 12) for part in breach(torch.tensor(allocation).double()[:, None], known)]

    assert of(2, 1.5, 1.5) == of(2, 3, 0) == [0, 0, 0]
    assert of(2, 3, 3) == [0.6, 0, 0]  # given twice
    assert of(2, 0, 0) == [0.6, 0, 0]  # kept back
    assert of(5, 0, 0) == [0, 0, 0.6]  # given to who takes no part
    assert of(0, 2.5, 2.5) == [0, 0.4, 0]  # an independent effect taken away
    assert of(2, 4, -1) == [0, 0.2, 0]  # the third has less than the nothing that is its own
    assert of(6, 3, -1) == [0.6, 0.2, 0]
    assert of(0, 0, 0) == [1, 0, 0]


def test_targets_are_apart_and_nothing_is_no_number() -> None:
    effects = torch.cat([effects_of(0), effects_of(1), torch.zeros(2**GROUPS, 1).double()], 1)
    allocation = torch.randn(GROUPS, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    together = breach(allocation, claims(effects))
    for target in range(2):
        alone = breach(allocation[:, target, None], claims(effects[:, target, None]))
        for one, other in zip(together, alone, strict=True):
            torch.testing.assert_close(one[target], other[0], rtol=0, atol=1e-12)
    assert all(of[2].isnan() for of in together)
