"""Meaningful perturbation: the smallest smooth mask that deletes what makes the output what it is."""

import torch
from torch import Tensor

from seqattr.engine.graph.outputs import Target
from seqattr.engine.rules.gradient import GRADIENT
from seqattr.methods.attributors import Batch, Explanation

STEPS, RATE = 100, 0.1  # of Adam
SIZE = 2.0  # what deleting the whole sequence costs; the whole difference from the reference counts as 1
ROUGHNESS = 0.1  # what each change of the mask by 1 between neighbours costs
POWER = 3  # of such changes, in the paper's notation beta


def meaningful_perturbation(batch: Batch) -> Explanation:
    """How far each base is deleted, 0 to 1, by the mask that is learned against each reference, their mean.

    The mask m mixes sequence and reference, m x + (1 - m) r. It minimises the share of the difference that
    is left, plus SIZE times the mean of 1 - m, plus ROUGHNESS times the sum of |m[l + 1] - m[l]|^POWER:
    Fong & Vedaldi 2017, equations 3 and 4, in one dimension.
    """
    outputs = batch.outputs()

    def scores(target: Target) -> Tensor:
        at_x, at_r = outputs(target)
        deleted = 1 - fit_masks(batch, target, at_x - at_r)
        return deleted.mean(1)[:, None] * batch.sequences

    return Explanation(batch.scores_of_bases(scores), outputs)


def fit_masks(batch: Batch, target: Target, difference: Tensor) -> Tensor:
    """The masks (B, R, L), for differences (B, R)."""
    x, r = batch.sequences[:, None], batch.references
    change = x - r  # (B, R, 4, L)
    mask = torch.ones_like(change[:, :, 0])
    scale = torch.where(difference == 0, 0, 1 / difference)[:, :, None]
    adam = torch.optim.Adam([mask], lr=RATE)
    for _ in range(STEPS):
        points = (r + mask[:, :, None] * change).flatten(0, 1)
        slopes = batch.back(batch.alone(points, GRADIENT), target).view(change.shape)
        mask.grad = (slopes * change).sum(2) * scale + cost_slope(mask)
        adam.step()
        mask.clamp_(0, 1)
    return mask


def cost_slope(mask: Tensor) -> Tensor:
    """The gradient of what a mask costs by its size and its roughness."""
    steps = mask.diff(dim=-1)
    rough = ROUGHNESS * POWER * steps.abs() ** (POWER - 1) * steps.sign()
    slope = torch.full_like(mask, -SIZE / mask.shape[-1])
    slope[..., 1:] += rough
    slope[..., :-1] -= rough
    return slope
