"""Multipliers: one for a whole difference, or one for each of its two parts; what contributions they make."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from seqattr.engine.numerics import base_kernels, fused
from seqattr.errors import ModelError
from seqattr.support.compiled import AVAILABLE


class Parts(NamedTuple):
    """A positive and a negative part: of a difference, or the multipliers of its two parts."""

    positive: Tensor
    negative: Tensor


class Affine(NamedTuple):
    """What counts for a base, whatever its value: slope * value + offset."""

    slope: Tensor
    offset: Tensor


Multiplier = Tensor | Parts | Affine


def as_parts(multiplier: Multiplier) -> Parts:
    """Both parts alike where there is one multiplier."""
    assert not isinstance(multiplier, Affine)  # at the bases alone
    return multiplier if isinstance(multiplier, Parts) else Parts(multiplier, multiplier)


def whole(multiplier: Multiplier) -> Tensor:
    """A multiplier that cannot be in parts, because nobody asked for the value's parts."""
    assert isinstance(multiplier, Tensor)
    return multiplier


def map_parts(function: Callable[[Tensor], Tensor], multiplier: Multiplier) -> Multiplier:
    """A linear `function` of the multiplier, or of both its parts."""
    if isinstance(multiplier, Tensor):
        return function(multiplier)
    return type(multiplier)(*map(function, multiplier))


def add_multipliers(a: Multiplier, b: Multiplier, into: bool = False) -> Multiplier:
    """The sum of what two readers of one value send back; with `into`, in the memory of `a`."""
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return a.add_(b) if into else a + b
    if isinstance(a, Affine) and isinstance(b, Affine):
        return Affine(a.slope + b.slope, a.offset + b.offset)
    a, b = as_parts(a), as_parts(b)
    return Parts(a.positive + b.positive, a.negative + b.negative)


def by_sign(difference: Tensor) -> Parts:
    """The parts of a difference that has no natural ones: its positive and its negative side."""
    return Parts(difference.clamp(min=0), difference.clamp(max=0))


def collapse(multiplier: Multiplier, sign: Tensor) -> Tensor:
    """One multiplier: the positive one where the difference is positive, their mean where it is 0."""
    return multiplier if isinstance(multiplier, Tensor) else fused.chosen(*as_parts(multiplier), sign)


# --- of two parts: RevealCancel's slopes ----------------------------------------------------------


def in_both_orders(
    secant: Callable[[Tensor, Tensor], Tensor], end: Tensor, start: Tensor, positive: Tensor, negative: Tensor
) -> Sequence[Tensor]:
    """The slopes for the positive and the negative part of end - start, averaged over which comes first.

    Where start + positive or start + negative leaves the function's domain: the plain slope.
    """
    up, down = start + positive, start + negative
    slopes = (secant(up, start) + secant(end, down)) / 2, (secant(down, start) + secant(end, up)) / 2
    finite = slopes[0].isfinite() & slopes[1].isfinite()
    if finite.all():
        return slopes
    whole = secant(end, start)
    return [torch.where(finite, slope, whole) for slope in slopes]


# Up to so many times what the plain slope gives the two parts, the parts' effects are not said to cancel.
MOST_EFFECT = 10.0


def cap_effects(
    slopes: Sequence[Tensor], secant: Tensor, positive: Tensor, negative: Tensor
) -> tuple[Sequence[Tensor], Tensor]:
    """The slopes of two parts, moved to the secant where their effects, in absolute value, are more than
    MOST_EFFECT times those of the secant; and where that was.

    Their share in the mean falls with the square of how far they go beyond: nothing jumps where it begins, no
    effect is larger than at the limit, and far beyond only the secant is left. Both are complete, and so is
    any mean of them.
    """
    effects = (slopes[0] * positive).abs() + (slopes[1] * negative).abs()
    most = MOST_EFFECT * secant.abs() * (positive - negative)
    beyond = effects > most
    share = torch.where(beyond, most / effects, 1.0).square()
    return [torch.where(beyond, share * slope + (1 - share) * secant, slope) for slope in slopes], beyond


# --- contributions -----------------------------------------------------------------------------


class Projected(NamedTuple):
    """Multipliers and what they make of the differences, over the references of each sequence."""

    contributions: Tensor  # (B, L), the mean of sum over channels of multiplier * (sequence - reference)
    against: Tensor  # (B, L), the mean of sum over channels of multiplier * reference
    multipliers: Tensor  # (B, 4, L), the mean
    totals: Tensor  # (B, R) float64, each pair's sum of contributions
    sizes: Tensor  # (B, R) float64, each pair's sum of their absolute values


def project(multipliers: Tensor, sequences: Tensor, references: Tensor) -> Projected:
    """Of multipliers (B, R or 1, 4, L), sequences (B, 4, L) and references (B or 1, R, 4, L).

    Sums are those of float32 at least. Raises ModelError for multipliers of other shapes.
    """
    check_shapes(multipliers, sequences, references)
    dtype = torch.promote_types(multipliers.dtype, torch.float32)
    multipliers, sequences, references = (t.to(dtype) for t in (multipliers, sequences, references))
    if AVAILABLE and multipliers.device.type == "cpu" and multipliers.dtype in fused.TYPES:
        return project_once(multipliers, sequences, references)
    pairs = (multipliers * (sequences[:, None] - references)).sum(2)
    return Projected(
        pairs.mean(1),
        (multipliers * references).sum(2).mean(1),
        multipliers.mean(1),
        pairs.sum(2, dtype=torch.float64),
        pairs.abs().sum(2, dtype=torch.float64),
    )


def check_shapes(multipliers: Tensor, sequences: Tensor, references: Tensor) -> None:
    """At the door: the compiled loop looks at no bounds, and broadcasting would hide what is wrong."""
    rows, pairs = len(sequences), references.shape[1]
    fitting = multipliers.shape[0] == rows and multipliers.shape[1] in (1, pairs)
    if not fitting or not multipliers.shape[2:] == sequences.shape[1:] == references.shape[2:]:
        raise ModelError(
            f"multipliers of the shape {tuple(multipliers.shape)} do not fit sequences of the shape "
            f"{tuple(sequences.shape)}: the model's graph does not hold for this length"
        )


def project_once(multipliers: Tensor, sequences: Tensor, references: Tensor) -> Projected:
    number, length = len(sequences), sequences.shape[2]
    result = Projected(
        sequences.new_zeros(number, length),
        sequences.new_zeros(number, length),
        sequences.new_zeros(number, 4, length),
        *torch.zeros(2, number, references.shape[1], dtype=torch.float64),
    )
    last = multipliers.stride()[2:] == (1, 4)
    multipliers = (multipliers.mT if last else multipliers).contiguous()
    arrays = [t.numpy() for t in (*result, multipliers, sequences.contiguous(), references.contiguous())]
    fused.in_threads(base_kernels.project, number, *arrays, last)
    return result
