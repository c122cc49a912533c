"""More secants, as accurate as those of `secants`: of inverse functions, and of functions with poles."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from seqattr.engine.numerics.secants import erf, log, mean, smooth

SHIFT = 8  # from there on the logarithm of the gamma function is smooth over any gap of a quarter


def tan(a: Tensor, b: Tensor) -> Tensor:
    """sin(a - b) / (cos a cos b) is the difference."""
    return torch.sinc((a - b) / math.pi) / (torch.cos(a) * torch.cos(b))


def arc(root_a: Tensor, root_b: Tensor, a: Tensor, b: Tensor, hyperbolic: bool = False) -> Tensor:
    """Of two arcs on one side of 0, each with its other leg: their difference has the sine
    (aa - bb) / (a root_b + b root_a)."""
    sine = (a - b) * ((a + b) / (a * root_b + b * root_a))
    return torch.asinh(sine) if hyperbolic else torch.asin(sine.clamp(-1, 1))


def asin(a: Tensor, b: Tensor) -> Tensor:
    gap = torch.where(a == b, 1.0, a - b)
    root_a, root_b = (torch.sqrt((1 - x) * (1 + x)) for x in (a, b))
    rise = torch.where(a * b > 0, arc(root_a, root_b, a, b), torch.asin(a) - torch.asin(b))
    return torch.where(a == b, 1 / root_a, rise / gap)


def acos(a: Tensor, b: Tensor) -> Tensor:
    return -asin(a, b)


def acosh(a: Tensor, b: Tensor) -> Tensor:
    """The difference has the hyperbolic sine (aa - bb) / (b root_a + a root_b)."""
    gap = torch.where(a == b, 1.0, a - b)
    root_a, root_b = (torch.sqrt((x - 1) * (x + 1)) for x in (a, b))
    return torch.where(a == b, 1 / root_a, arc(root_a, root_b, a, b, hyperbolic=True) / gap)


def atanh(a: Tensor, b: Tensor) -> Tensor:
    return mean(log(a, b, 1.0), log(-a, -b, 1.0))


def erfc(a: Tensor, b: Tensor) -> Tensor:
    return -erf(a, b)


def erfinv(a: Tensor, b: Tensor) -> Tensor:
    """One over the slope of erf between the two values."""
    return 1 / erf(torch.erfinv(a), torch.erfinv(b))


def sinc_slope(x: Tensor) -> Tensor:
    """Of sin(pi x) / (pi x); by its series near 0, where the quotient cancels."""
    square = (math.pi * x) ** 2
    series = torch.zeros_like(x)
    for k in range(9, 0, -1):
        series = (2 * k * (-1) ** k / math.factorial(2 * k + 1)) + series * square
    near = x.abs() < 0.5
    safe = torch.where(near, 1.0, x)
    return torch.where(near, math.pi**2 * x * series, (torch.cos(math.pi * safe) - torch.sinc(safe)) / safe)


def sinc(a: Tensor, b: Tensor) -> Tensor:
    return smooth(torch.sinc, sinc_slope)(a, b)


def sawtooth(
    a: Tensor, b: Tensor, period: float = 1.0, whole: Callable[[Tensor], Tensor] = torch.floor
) -> Tensor:
    """Of x - period whole(x / period): 1, less the teeth passed on the way."""
    teeth = whole(a / period) - whole(b / period)
    return torch.where(a == b, 1.0, 1 - period * teeth / torch.where(a == b, 1.0, a - b))


def sawtooth_towards_zero(a: Tensor, b: Tensor, period: float = 1.0) -> Tensor:
    """The same of what is cut towards 0."""
    return sawtooth(a, b, period, torch.trunc)


def lgamma(a: Tensor, b: Tensor) -> Tensor:
    """log gamma(x) = log gamma(x + n) - sum of log(x + i); below 0, where it has poles, the ratio."""
    rise = smooth(torch.lgamma, torch.digamma)(a + SHIFT, b + SHIFT) - sum(
        log(a, b, float(i)) for i in range(SHIFT)
    )
    gap = torch.where(a == b, 1.0, a - b)
    ratio = torch.where(a == b, torch.digamma(a), (torch.lgamma(a) - torch.lgamma(b)) / gap)
    return torch.where((a > 0) & (b > 0), rise, ratio)
