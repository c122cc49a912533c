"""Harsanyi dividends beside their definition, of functions whose effects are known, and of models."""

from itertools import combinations

import pytest
import torch
from torch import Tensor

from seqattr.errors import InputError
from seqattr.evaluate.effects import MOST_GROUPS, dividends, sums_within, worths
from seqattr.methods.coalitions import subsets
from tests.helpers.sequences import LENGTH, one_hot, shuffled
from tests.helpers.zoo import captured


def slow_dividends(worth: dict[frozenset[int], Tensor]) -> dict[frozenset[int], Tensor]:
    """Harsanyi 1963: the alternating sum over all subsets."""
    return {
        whole: sum(
            (-1) ** (len(whole) - size) * worth[frozenset(part)]
            for size in range(len(whole) + 1)
            for part in combinations(sorted(whole), size)
        )
        for whole in worth
    }


def sets(number: int) -> list[frozenset[int]]:
    return [frozenset(row.nonzero()[:, 0].tolist()) for row in subsets(number)]


def three_groups() -> Tensor:
    """Of two bases, three, and one, with bases between that are in none."""
    groups = torch.zeros(3, LENGTH, dtype=torch.bool)
    groups[0, 2:4] = groups[1, 9:12] = groups[2, 15] = True
    return groups


@pytest.mark.parametrize("number", [0, 1, 2, 5])
def test_they_are_alternating_sums(number: int) -> None:
    values = torch.randn(2**number, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(number))
    before = values.clone()
    wanted = slow_dividends(dict(zip(sets(number), values, strict=True)))
    found = dividends(values)
    for which, effect in zip(sets(number), found, strict=True):
        torch.testing.assert_close(effect, wanted[which], rtol=0, atol=1e-12)
    assert torch.equal(values, before)


def test_they_sum_to_what_a_set_is_worth() -> None:
    values = torch.randn(2**6, 2, dtype=torch.float64)
    effects, members = dividends(values), subsets(6)
    torch.testing.assert_close(sums_within(effects), values, rtol=0, atol=1e-12)
    for row, value in zip(members, values, strict=True):
        inside = ~(members & ~row).any(1)
        torch.testing.assert_close(effects[inside].sum(0), value, rtol=0, atol=1e-12)


def test_of_a_sum_and_a_product() -> None:
    """f = 2 x1 + 3 x2 x3 + 5: 5 of none, 2 of the first, 3 of the others together."""
    present = subsets(3).double()
    effects = dividends((2 * present[:, 0] + 3 * present[:, 1] * present[:, 2] + 5)[:, None])[:, 0]
    assert effects.tolist() == [5, 2, 0, 0, 0, 0, 3, 0]


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("name", ["conv1d", "bpnet"])
def test_worths_are_the_answers_to_mixtures(name: str, keep: bool) -> None:
    model, x, groups = captured(name)[1], one_hot(1), three_groups()
    r = shuffled(x, 1)[0, 0]
    found = worths(model.predict, x[0], r, groups, keep_context=keep)
    for row, value in zip(subsets(3), found, strict=True):
        mixture = (x[0] if keep else r).clone()
        for group, present in zip(groups, row, strict=True):
            mixture[:, group] = (x[0] if present else r)[:, group]
        torch.testing.assert_close(value, model.predict(mixture[None])[0].double(), rtol=0, atol=1e-12)


def test_without_context_the_whole_is_the_sequence_where_groups_divide_it() -> None:
    model, x = captured("conv1d")[1], one_hot(1)
    groups = torch.arange(LENGTH) * 4 // LENGTH == torch.arange(4)[:, None]
    r = shuffled(x, 1)[0, 0]
    found = worths(model.predict, x[0], r, groups)
    ends = model.predict(torch.stack([r, x[0]])).double()
    torch.testing.assert_close(found[[0, -1]], ends, rtol=0, atol=1e-12)
    torch.testing.assert_close(dividends(found).sum(0), ends[1], rtol=0, atol=1e-12)


def test_what_is_no_group_is_told() -> None:
    model, x, groups = captured("conv1d")[1], one_hot(1), three_groups()
    with pytest.raises(InputError, match="in two of them"):
        worths(model.predict, x[0], x[0], groups[[0, 0]])
    with pytest.raises(InputError, match=r"not \(4, 24\), \(4, 24\), \(3, 23\)"):
        worths(model.predict, x[0], x[0], groups[:, 1:])
    many = torch.eye(LENGTH, dtype=torch.bool)[: MOST_GROUPS + 1]
    with pytest.raises(InputError, match="at most 12 groups, not 13"):
        worths(model.predict, x[0], x[0], many)
    with pytest.raises(InputError, match="2\\^G in number, not 3"):
        dividends(torch.zeros(3, 1))
