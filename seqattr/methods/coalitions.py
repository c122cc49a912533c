"""What groups of bases are worth together: Shapley values, exact and sampled, and LIME.

The players are windows that divide the sequence. A coalition of them is present as in the sequence, all
others are as in the reference; what it is worth is the target's value for that mixture. A group in which
the sequence equals the reference plays no part, and a group's value is shared evenly by its bases that
differ from the reference.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from math import comb
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from seqattr.engine.edits import Edits
from seqattr.methods.ways import Batch, Explanation, Way

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

    @property
    def players(self) -> int:
        return len(self.groups)

    def worth(self, coalitions: Tensor) -> Tensor:
        """The targets' values (coalitions, T) for coalitions (coalitions, players) of True and False."""
        present = (coalitions[:, :, None] & self.groups).any(1)  # (coalitions, L)
        work = self.batch.work
        editor = work.editor(self.sequence, self.sequence.shape[1])
        rows = torch.where(present[:, None], self.sequence, self.reference)
        places = torch.zeros(len(rows), dtype=torch.long, device=rows.device)
        answers = editor.answers(editor.original(self.sequence), Edits(places, rows))
        work.rows_forward += len(rows)
        outputs = work.graph.outputs
        return torch.stack([answers[outputs[t.output]][:, t.index] for t in self.batch.targets], 1)

    def random(self) -> np.random.Generator:
        """Chance that depends on the sequence alone, in whatever precision."""
        bases = self.sequence.float().cpu().contiguous().numpy()
        digest = hashlib.blake2b(bases.tobytes(), digest_size=16).digest()
        return np.random.default_rng(int.from_bytes(digest, "little"))


Solve = Callable[[Game], Tensor]  # a game of at least one player to the groups' values (players, T)


def by_groups(solve: Solve, most: int) -> Way:
    """Values of up to `most` groups of each sequence against each of its references."""

    def way(batch: Batch) -> Explanation:
        pools = batch.references.expand(len(batch.sequences), -1, -1, -1)
        found = torch.stack(
            [
                torch.stack([pair_multipliers(batch, x, r, solve, most) for r in pool])
                for x, pool in zip(batch.sequences, pools, strict=True)
            ]
        )  # (B, R, T, 4, L)
        of = {target: found[:, :, t] for t, target in enumerate(batch.targets)}
        return Explanation(batch.gathered(of.__getitem__), batch.outputs(batch.alone(batch.sequences)))

    return way


def pair_multipliers(batch: Batch, sequence: Tensor, reference: Tensor, solve: Solve, most: int) -> Tensor:
    """Multipliers (T, 4, L) by which each base contributes its share of its group's value."""
    different = (sequence != reference).any(0)
    groups = windows(sequence.shape[1], most, sequence.device) & different
    groups = groups[groups.any(1)]
    if not len(groups):
        return sequence.new_zeros(len(batch.targets), *sequence.shape)
    values = solve(Game(batch, sequence, reference, groups)).to(sequence)
    shares = values.T @ (groups / groups.sum(1, keepdim=True)).to(sequence)  # (T, L)
    return shares[:, None] * slope(sequence, reference)


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


def shapley(game: Game) -> Tensor:
    """The mean over all orders of what a player adds to those before it (players, T), from 2^n values."""
    number = game.players
    coalitions = torch.arange(2**number, device=game.sequence.device)
    members = (coalitions[:, None] >> torch.arange(number, device=coalitions.device)) & 1 > 0
    worth, size = game.worth(members).double(), members.sum(1)
    weights = worth.new_tensor([1 / (number * comb(number - 1, k)) for k in range(number)])
    added = []
    for player in range(number):
        without = coalitions[~members[:, player]]
        gains = worth[without + 2**player] - worth[without]
        added.append((weights[size[without], None] * gains).sum(0))
    return torch.stack(added)


class Estimate(NamedTuple):
    """Values of the players and their standard errors, both (players, T)."""

    values: Tensor
    errors: Tensor


def estimated(game: Game, permutations: int = PERMUTATIONS) -> Estimate:
    """Shapley values as means over random orders, each taken backwards as well.

    Whatever the orders, they sum to the difference. The errors are those of means over independent pairs
    of orders.
    """
    random, number = game.random(), game.players
    orders = np.stack([random.permutation(number) for _ in range(max(2, permutations // 2))])
    orders = np.stack([orders, orders[:, ::-1]], 1).reshape(-1, number)
    ranks = torch.from_numpy(orders.argsort(1)).to(game.sequence.device)
    upto = torch.arange(number + 1, device=ranks.device)
    members = ranks[:, None] < upto[:, None]  # (orders, steps, players)
    worth = game.worth(members.flatten(0, 1)).double().unflatten(0, (-1, number + 1))
    gains = worth.diff(dim=1)  # by place in the order
    own = gains.gather(1, ranks[:, :, None].expand(-1, -1, gains.shape[2]))
    pairs = own.unflatten(0, (-1, 2)).mean(1)
    return Estimate(pairs.mean(0), pairs.std(0) / len(pairs) ** 0.5)


def sampled(game: Game) -> Tensor:
    """Shapley values by permutation sampling; exact for few players, of which there are few orders."""
    return shapley(game) if 2**game.players <= PERMUTATIONS * game.players else estimated(game).values


# --- LIME --------------------------------------------------------------------------------------


def lime(game: Game) -> Tensor:
    """Slopes (players, T) of a linear fit to random coalitions, the nearer to the sequence the weightier."""
    drawn = game.random().random((MASKS, game.players)) < 0.5
    drawn[0] = True  # the sequence itself
    members = torch.from_numpy(drawn).to(game.sequence.device)
    worth = game.worth(members).double()
    distance = 1 - (members.double().mean(1)).sqrt()  # cosine distance from the coalition of all
    weights = torch.exp(-(distance**2) / KERNEL_WIDTH**2).sqrt()[:, None]
    terms = torch.cat([members.double(), torch.ones_like(weights)], 1)
    return torch.linalg.lstsq(terms * weights, worth * weights, driver="gelsd").solution[:-1]
