"""Multipliers on their way back: one for a value's whole difference, or one for each of its two parts."""

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor

from seqattr.engine.numerics import fused


class Parts(NamedTuple):
    """A positive and a negative part: of a difference, or the multipliers of its two parts."""

    positive: Tensor
    negative: Tensor


Multiplier = Tensor | Parts


def as_parts(multiplier: Multiplier) -> Parts:
    """Both parts alike where there is one multiplier."""
    return multiplier if isinstance(multiplier, Parts) else Parts(multiplier, multiplier)


def whole(multiplier: Multiplier) -> Tensor:
    """A multiplier that cannot be in parts, because nobody asked for the value's parts."""
    assert isinstance(multiplier, Tensor)
    return multiplier


def each(function: Callable[[Tensor], Tensor], multiplier: Multiplier) -> Multiplier:
    """`function` of the multiplier, or of both its parts."""
    if isinstance(multiplier, Parts):
        return Parts(function(multiplier.positive), function(multiplier.negative))
    return function(multiplier)


def added(a: Multiplier, b: Multiplier, into: bool = False) -> Multiplier:
    """The sum of what two readers of one value send back; with `into`, in the memory of `a`."""
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return a.add_(b) if into else a + b
    a, b = as_parts(a), as_parts(b)
    return Parts(a.positive + b.positive, a.negative + b.negative)


def by_sign(difference: Tensor) -> Parts:
    """The parts of a difference that has no natural ones: its positive and its negative side."""
    return Parts(difference.clamp(min=0), difference.clamp(max=0))


def collapse(multiplier: Multiplier, sign: Tensor) -> Tensor:
    """One multiplier: the positive one where the difference is positive, their mean where it is 0."""
    return multiplier if isinstance(multiplier, Tensor) else fused.chosen(*multiplier, sign)
