"""How far an allocation is from every fair one.

Fair is an allocation a of G groups under which each set's effect I(S) goes to its members alone, in shares
that are not negative and sum to 1 (the principles of Deng et al. 2023): a group's independent
effect is its own, and an interaction is divided among those that take part, in whatever way. In the theory of
games these allocations are the Harsanyi set, or selectope (Derks, Haller & Peters 2000). They are all a for
which no set T of groups has more than

    most(T) = sum over S with a member in T of max(I(S), 0) + sum over S within T of min(I(S), 0)

and all together have most(all), the sum of the effects. As `most` is submodular, the sum of |a - b| to the
nearest fair b is known without a search (Edmonds 1970):

    distance(a) = most(all) - a(all) + 2 max over T of (a(T) - most(T)),  with a(T) the sum over T.

Of that, |most(all) - a(all)| is not allocated, or too much; the rest is twice what is misplaced: taken from
groups that have a claim to it by groups that have none.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from seqattr.evaluate.effects import sums_within
from seqattr.methods.coalitions import subsets


class Claims(NamedTuple):
    """The most that each set of groups may have, (2^G, T), float64, and the size of all effects (T).

    `any_share` is the same where an interaction may go to any groups, and only independent effects are fair.
    Of several references they are means: what is fair to each of these is fair to their mean.
    """

    most: Tensor
    any_share: Tensor
    size: Tensor


class Breach(NamedTuple):
    """How far an allocation is from fair ones, each (T) and at least 0, as shares of the effects' size.

    `unallocated` is missing or too much; `independent` is misplaced however interactions are divided, and so
    is taken from independent effects; `interaction` is what else is misplaced. NaN where nothing has effects.
    """

    unallocated: Tensor
    independent: Tensor
    interaction: Tensor


def claims(effects: Tensor) -> Claims:
    """The claims that dividends (2^G, T) give; that of no groups belongs to nobody."""
    effects = effects.clone()
    effects[0] = 0
    single = (subsets(len(effects).bit_length() - 1).sum(1) == 1).to(effects.device)
    alone, together = (torch.where(of[:, None], effects, 0) for of in (single, ~single))
    free = together.clamp(max=0).sum(0) * all_of(effects) + together.clamp(min=0).sum(0) * any_of(effects)
    return Claims(most(effects), sums_within(alone) + free, effects.abs().sum(0))


def most(effects: Tensor) -> Tensor:
    """Of what is positive, all in which a set has a member; of what is negative, all that lies within it."""
    positive, negative = (sums_within(part) for part in (effects.clamp(min=0), effects.clamp(max=0)))
    return positive[-1] - positive.flip(0) + negative  # a set's complement is its number's, counted backwards


def all_of(effects: Tensor) -> Tensor:
    """1 for the set of all groups, 0 for others: (2^G, 1)."""
    return (torch.arange(len(effects)) == len(effects) - 1)[:, None].to(effects)


def any_of(effects: Tensor) -> Tensor:
    """0 for the set of none, 1 for others: (2^G, 1)."""
    return (torch.arange(len(effects)) > 0)[:, None].to(effects)


def breach(allocation: Tensor, claims: Claims) -> Breach:
    """How far an allocation (G, T) is from those that meet the claims."""
    sums = subsets(len(allocation)).to(allocation) @ allocation  # of each set
    gap = (claims.most[-1] - sums[-1]).abs()
    misplaced, at_least = (misplaced_by(sums, limits) for limits in (claims.most, claims.any_share))
    size = torch.where(claims.size > 0, claims.size, torch.nan)
    return Breach(gap / size, at_least / size, (misplaced - at_least).clamp(min=0) / size)


def misplaced_by(sums: Tensor, limits: Tensor) -> Tensor:
    """What some sets (2^G, T) have beyond their limits though others have too little: (T)."""
    excess = (sums - limits).amax(0)  # at least 0, that of none
    return torch.minimum(excess, excess + limits[-1] - sums[-1]).clamp(min=0)
