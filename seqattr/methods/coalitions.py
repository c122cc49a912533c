"""What groups of bases are worth together: Shapley values, exact and sampled, and LIME.

The players are windows that divide the sequence. A coalition of them is present as in the sequence, all
others are as in the reference; what it is worth is the target's value for that mixture. A group in which
the sequence equals the reference plays no part, and a group's value is shared evenly by its bases that
differ from the reference. Which coalitions are tried hangs on a hash of the sequence and the reference; the
standard errors say how far the values would spread, had chance been another.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import comb
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from seqattr.engine.edits.edits import Edits
from seqattr.methods.attributors import Attributor, Batch, Explanation
from seqattr.methods.gradients import seed_of
from seqattr.methods.mutagenesis import editor_of

PERMUTATIONS = 20  # of the groups, for sampled values: ten and the same ten backwards
MASKS = 500  # random coalitions that LIME fits
KERNEL_WIDTH = 0.25  # of LIME's kernel, in units of cosine distance


@dataclass(frozen=True)
class Game:
    """A sequence and a reference, both (4, L), and the groups (groups, L) of bases that are its players."""

    batch: Batch
    sequence: Tensor
    reference: Tensor
    groups: Tensor
    rng: np.random.Generator  # what a method draws coalitions from

    @property
    def players(self) -> int:
        return len(self.groups)

    def worth(self, coalitions: Tensor) -> Tensor:
        """The targets' values (coalitions, T) for coalitions (coalitions, players) of True and False."""
        session = self.batch.session
        editor = editor_of(self.batch, self.sequence, self.sequence.shape[1])
        rows = mixtures(coalitions, self.groups, self.sequence, self.reference)
        starts = torch.zeros(len(rows), dtype=torch.long, device=rows.device)
        answers = editor.answers(editor.original(self.sequence), Edits(starts, rows))
        session.rows_forward += len(rows)
        outputs = session.graph.outputs
        return torch.stack([answers[outputs[t.output]][:, t.index] for t in self.batch.targets], 1)


class Estimate(NamedTuple):
    """Values of the players and their standard errors, both (players, T); what is exact has errors of 0."""

    values: Tensor
    errors: Tensor


Solve = Callable[[Game], Estimate]  # of a game of at least one player


def subsets(number: int, device: torch.device | str = "cpu") -> Tensor:
    """All coalitions of so many players, (2^number, number): player k is in those whose number has bit k."""
    players = torch.arange(number, device=device)
    return (torch.arange(2**number, device=device)[:, None] >> players) & 1 > 0


def mixtures(coalitions: Tensor, groups: Tensor, sequence: Tensor, reference: Tensor) -> Tensor:
    """(coalitions, 4, L): the groups (players, L) of each coalition as in the sequence, all else as in the
    reference."""
    present = (coalitions[:, :, None] & groups).any(1)  # (coalitions, L)
    return torch.where(present[:, None], sequence, reference)


def by_groups(solve: Solve, most: int) -> Attributor:
    """Values of up to `most` groups of each sequence against each of its references."""

    def attributor(batch: Batch) -> Explanation:
        pools = batch.references.expand(len(batch.sequences), -1, -1, -1)
        shares = [
            shares_of(batch, x, r, solve, most)
            for x, pool in zip(batch.sequences, pools, strict=True)
            for r in pool
        ]
        multipliers, errors = (
            torch.stack(values).unflatten(0, pools.shape[:2]) for values in zip(*shares, strict=True)
        )  # (B, R, T, 4, L), (B, R, T, L)
        errors = errors.square().sum(1).sqrt() / pools.shape[1]
        number = {target: t for t, target in enumerate(batch.targets)}
        return Explanation(
            batch.projection(lambda target: multipliers[:, :, number[target]]),
            batch.outputs(),
            lambda target: errors[:, number[target]],
        )

    return attributor


def shares_of(
    batch: Batch, sequence: Tensor, reference: Tensor, solve: Solve, most: int
) -> tuple[Tensor, Tensor]:
    """Multipliers (T, 4, L) by which each base contributes its share of its group's value; errors (T, L)."""
    different = (sequence != reference).any(0)
    groups = windows(sequence.shape[1], most, sequence.device) & different
    groups = groups[groups.any(1)]
    if not len(groups):
        nothing = sequence.new_zeros(len(batch.targets), *sequence.shape)
        return nothing, nothing[:, 0]
    rng = np.random.default_rng(seed_of(sequence.float(), reference.float()))  # in whatever precision
    shares = groups.to(sequence) / groups.sum(1, keepdim=True)
    values, errors = (
        of.to(sequence).T @ shares for of in solve(Game(batch, sequence, reference, groups, rng))
    )
    return values[:, None] * slope(sequence, reference), errors


def windows(length: int, most: int, device: torch.device) -> Tensor:
    """Windows of nearly equal size, one after the other: (groups, L) of True and False."""
    number = min(most, length)
    labels = torch.arange(length, device=device) * number // length
    return labels == torch.arange(number, device=device)[:, None]


def slope(sequence: Tensor, reference: Tensor) -> Tensor:
    """Multipliers (4, L) that sum to 1 over a difference: the observed base's alone, where there is one."""
    change = sequence - reference
    direction = torch.where((sequence * change).sum(0) == 0, change, sequence)
    size = (direction * change).sum(0)
    return direction / torch.where(size == 0, 1, size)


# --- Shapley values ----------------------------------------------------------------------------


def shapley(game: Game) -> Estimate:
    """The mean over all orders of what a player adds to those before it, exactly, from 2^n values.

    Shapley 1953; as a weighted sum over coalitions: Lundberg & Lee 2017, equation 4.
    """
    number = game.players
    members = subsets(number, game.sequence.device)
    coalitions = torch.arange(len(members), device=members.device)
    worth, size = game.worth(members).double(), members.sum(1)
    weights = worth.new_tensor([1 / (number * comb(number - 1, k)) for k in range(number)])
    added = []
    for player in range(number):
        without = coalitions[~members[:, player]]
        gains = worth[without + 2**player] - worth[without]
        added.append((weights[size[without], None] * gains).sum(0))
    values = torch.stack(added)
    return Estimate(values, torch.zeros_like(values))


def from_orders(game: Game, permutations: int = PERMUTATIONS) -> Estimate:
    """Shapley values as means over random orders, each taken backwards as well.

    Whatever the orders, they sum to the difference (Castro, Gomez & Tejada 2009); an order and its mirror
    image err in opposite directions (antithetic sampling, Mitchell et al. 2022). The errors are those of
    means over independent pairs of orders.
    """
    number = game.players
    orders = np.stack([game.rng.permutation(number) for _ in range(max(2, permutations // 2))])
    orders = np.stack([orders, orders[:, ::-1]], 1).reshape(-1, number)
    ranks = torch.from_numpy(orders.argsort(1)).to(game.sequence.device)
    upto = torch.arange(number + 1, device=ranks.device)
    members = ranks[:, None] < upto[:, None]  # (orders, steps, players)
    worth = game.worth(members.flatten(0, 1)).double().unflatten(0, (-1, number + 1))
    gains = worth.diff(dim=1)  # by place in the order
    gains_of_players = gains.gather(1, ranks[:, :, None].expand(-1, -1, gains.shape[2]))
    pairs = gains_of_players.unflatten(0, (-1, 2)).mean(1)
    return Estimate(pairs.mean(0), pairs.std(0) / len(pairs) ** 0.5)


def shapley_sampling(game: Game) -> Estimate:
    """Shapley values by permutation sampling; exact for few players, of which there are few orders."""
    return shapley(game) if 2**game.players <= PERMUTATIONS * game.players else from_orders(game)


# --- LIME --------------------------------------------------------------------------------------


def lime(game: Game) -> Estimate:
    """Slopes of a linear fit to random coalitions, the nearer to the sequence the weightier.

    Ribeiro, Singh & Guestrin 2016, section 3.4, with a fit by least squares to all groups.
    The errors are those of a fit whose residuals differ from coalition to coalition: HC2 of MacKinnon &
    White 1985.
    """
    drawn = game.rng.random((MASKS, game.players)) < 0.5
    drawn[0] = True  # the sequence itself
    members = torch.from_numpy(drawn).to(game.sequence.device)
    worth = game.worth(members).double()
    distance = 1 - (members.double().mean(1)).sqrt()  # cosine distance from the coalition of all
    weights = torch.exp(-(distance**2) / KERNEL_WIDTH**2).sqrt()[:, None]
    terms = torch.cat([members.double(), torch.ones_like(weights)], 1) * weights
    fit = torch.linalg.pinv(terms)  # (players + 1, coalitions)
    slopes = fit @ (worth * weights)
    residuals = worth * weights - terms @ slopes
    leverage = (terms * fit.T).sum(1, keepdim=True)
    errors = (fit.square() @ (residuals.square() / (1 - leverage).clamp(min=1e-9))).sqrt()
    return Estimate(slopes[:-1], errors[:-1])
