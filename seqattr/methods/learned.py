"""What learned patterns say of the bases of a sequence (Kindermans et al. 2018, section 5).

What travels back begins with the output's own value, as in the code of the paper's authors: it is a signal in
the input's own units, or a share of that value. Neither is a slope, so nothing is multiplied by a difference
from a reference.
"""

import torch
from torch import Tensor

from seqattr.engine.graph.outputs import Target
from seqattr.engine.numerics.multipliers import Affine
from seqattr.methods.attributors import Batch, Explanation


def signal(batch: Batch) -> Explanation:
    """PatternNet: each base's estimated signal; a sequence has that of its own bases."""
    walk = batch.alone(batch.sequences)

    def scores(target: Target) -> Tensor:
        return batch.back(walk, target)[:, 0] * walk.sequence_outputs(target)[:, :, None]

    return Explanation(batch.scores_of_bases(scores), batch.outputs(walk))


def share(batch: Batch) -> Explanation:
    """PatternAttribution: how much of the output the signal at a position accounts for, all four channels.

    That three bases are absent is as much a part of a signal as that one is there, so the share is the
    position's, whatever base it has.
    """
    walk = batch.alone(batch.sequences)

    def scores(target: Target) -> Affine:
        shares = batch.back(walk, target)[:, 0] * walk.sequence_outputs(target)[:, :, None]
        return Affine(torch.zeros_like(shares), shares)

    return Explanation(batch.scores_of_bases(scores), batch.outputs(walk))
