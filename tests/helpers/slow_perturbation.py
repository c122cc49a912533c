"""Mutagenesis, occlusion, Shapley values, LIME and learned masks a second time, slowly, by definition.

One sequence (4, L), float64. A model is a function of one sequence here, or a module for autograd.
"""

from collections.abc import Callable, Sequence
from itertools import combinations, permutations
from math import comb, exp, sqrt

import numpy as np
import torch
from torch import Tensor, nn

Predict = Callable[[Tensor], Tensor]  # (4, L) -> targets
Worth = Callable[[frozenset[int]], Tensor]  # of a coalition of players -> targets

# --- substitutions and windows -------------------------------------------------------------------


def substitutions(predict: Predict, x: Tensor) -> Tensor:
    """target(mutated) - target(sequence), (T, 4, L): one forward for each base at each position."""
    table = torch.zeros(len(predict(x)), *x.shape, dtype=torch.float64)
    for place in range(x.shape[1]):
        for base in range(4):
            mutated = x.clone()
            mutated[:, place] = torch.eye(4)[base]
            table[:, base, place] = predict(mutated) - predict(x)
    return table


def less_the_mean(table: Tensor, base: int) -> Tensor:
    """Zhou & Troyanskaya 2015: a base's effect less the mean effect of the three others."""
    others = [b for b in range(4) if b != base]
    return table[:, base] - table[:, others].mean(1)


def less_the_largest(table: Tensor, base: int) -> Tensor:
    """Kelley, Snoek & Rinn 2016: less that of the base that changes the output most."""
    gaps = table[:, base, None] - table  # (T, 4, L)
    return gaps.gather(1, gaps.abs().argmax(1, keepdim=True))[:, 0]


def occlusion(predict: Predict, x: Tensor, references: Tensor, width: int) -> Tensor:
    """(T, L): of every window the loss where it is the reference's, at each base the mean of its windows'."""
    length = x.shape[1]
    totals, counts = torch.zeros(len(predict(x)), length, dtype=torch.float64), torch.zeros(length)
    for start in range(max(1, length - width + 1)):
        window = slice(start, start + width)
        for reference in references:
            occluded = x.clone()
            occluded[:, window] = reference[:, window]
            totals[:, window] += (predict(x) - predict(occluded))[:, None] / len(references)
        counts[window] += 1
    return totals / counts


# --- coalitions ----------------------------------------------------------------------------------


def players(x: Tensor, r: Tensor, most: int) -> list[list[int]]:
    """Of each of `most` windows the positions where sequence and reference differ; no empty ones."""
    length, number = x.shape[1], min(most, x.shape[1])
    groups: list[list[int]] = [[] for _ in range(number)]
    for position in range(length):
        if not torch.equal(x[:, position], r[:, position]):
            groups[position * number // length].append(position)
    return [group for group in groups if group]


def worth_of(predict: Predict, x: Tensor, r: Tensor, groups: Sequence[Sequence[int]]) -> Worth:
    """The answer where a coalition's players are as in the sequence, and all else as in the reference."""

    def worth(coalition: frozenset[int]) -> Tensor:
        mixture = r.clone()
        for player in coalition:
            mixture[:, groups[player]] = x[:, groups[player]]
        return predict(mixture)

    return worth


def shapley(worth: Worth, number: int) -> Tensor:
    """Lundberg & Lee 2017, equation 4: (players, T)."""
    known = {
        coalition: worth(coalition)
        for size in range(number + 1)
        for coalition in map(frozenset, combinations(range(number), size))
    }
    values = torch.zeros(number, len(known[frozenset()]), dtype=torch.float64)
    for coalition, without in known.items():
        for player in set(range(number)) - coalition:
            weight = 1 / (number * comb(number - 1, len(coalition)))
            values[player] += weight * (known[coalition | {player}] - without)
    return values


def shapley_over_orders(worth: Worth, number: int, orders: Sequence[Sequence[int]] | None = None) -> Tensor:
    """Shapley 1953: the mean over orders, all or these, of what each player adds, (players, T)."""
    orders = orders or list(permutations(range(number)))
    total = torch.zeros(number, len(worth(frozenset())), dtype=torch.float64)
    for order in orders:
        for place, player in enumerate(order):
            total[player] += worth(frozenset(order[: place + 1])) - worth(frozenset(order[:place]))
    return total / len(orders)


def orders_of(rng: np.random.Generator, number: int, pairs: int) -> list[list[int]]:
    """Random orders, each backwards as well."""
    drawn = [rng.permutation(number).tolist() for _ in range(pairs)]
    return [order for one in drawn for order in (one, one[::-1])]


def lime(worth: Worth, rng: np.random.Generator, number: int, masks: int, width: float) -> Tensor:
    """Ribeiro, Singh & Guestrin 2016, section 3.4: least squares by the normal equations, (players, T)."""
    drawn = rng.random((masks, number)) < 0.5
    drawn[0] = True
    left = np.zeros((number + 1, number + 1))
    right = np.zeros((number + 1, len(worth(frozenset()))))
    for row in drawn:
        distance = 1 - sqrt(row.mean())
        weight = exp(-(distance**2) / width**2)
        terms = np.append(row.astype(float), 1.0)
        left += weight * np.outer(terms, terms)
        right += weight * np.outer(terms, worth(frozenset(np.flatnonzero(row).tolist())).numpy())
    return torch.from_numpy(np.linalg.solve(left, right)[:-1])


def shared_out(values: Tensor, groups: Sequence[Sequence[int]], length: int) -> Tensor:
    """The players' values (players, T), shared evenly by the positions of each: (T, L)."""
    result = torch.zeros(values.shape[1], length, dtype=torch.float64)
    for value, group in zip(values, groups, strict=True):
        for position in group:
            result[:, position] = value / len(group)
    return result


# --- a mask --------------------------------------------------------------------------------------


def mask(module: nn.Module, x: Tensor, r: Tensor) -> Tensor:
    """Fong & Vedaldi 2017, section 4: the mask (L) of a module's first output, by the objective itself."""
    with torch.no_grad():
        start, end = module(r[None]).squeeze(), module(x[None]).squeeze()
    kept = torch.ones(x.shape[1], dtype=torch.float64, requires_grad=True)
    adam = torch.optim.Adam([kept], lr=0.1)
    for _ in range(100):
        adam.zero_grad()
        left = (module((kept * x + (1 - kept) * r)[None]).squeeze() - start) / (end - start)
        rough = (kept[1:] - kept[:-1]).abs().pow(3).sum()
        (left + 2 * (1 - kept).mean() + 0.1 * rough).backward()
        adam.step()
        with torch.no_grad():
            kept.clamp_(0, 1)
    return kept.detach()
