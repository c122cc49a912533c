"""Secants: the slope of a function between two points, (f(a) - f(b)) / (a - b).

Each is written in a form that keeps its relative accuracy however close a and b are, so that no
threshold is needed: at a == b it is the derivative. Most follow from (1 - exp(-u)) / u, from the product
rule ab - cd = mean(a, c) (b - d) + mean(b, d) (a - c), or, for piecewise linear functions, from the fact
that a - b is exact where it is small.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from seqattr.engine.numerics import fused

aten = torch.ops.aten
Secant = Callable[..., Tensor]


def derivative(function: Callable[..., Tensor], a: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """The derivative of an elementwise function at every element of `a`."""
    with torch.enable_grad():
        leaf = a.detach().clone().requires_grad_()
        return torch.autograd.grad(function(leaf, *args, **kwargs).sum(), leaf)[0]


# --- building blocks ---------------------------------------------------------------------------


def decay(u: Tensor) -> Tensor:
    """(1 - exp(-u)) / u for u >= 0, which is 1 at 0."""
    return torch.where(u == 0, 1.0, -torch.expm1(-u) / torch.where(u == 0, 1.0, u))


def mean(a: Tensor, b: Tensor) -> Tensor:
    return (a + b) / 2


def exp(a: Tensor, b: Tensor) -> Tensor:
    """The logarithmic mean of exp(a) and exp(b); 0 where both are minus infinity."""
    return torch.exp(torch.maximum(a, b)) * decay(torch.where(a == b, 0.0, a - b).abs())


def log(a: Tensor, b: Tensor, shift: float = 0.0) -> Tensor:
    """Of log(x + shift): log1p of the relative difference, over the difference."""
    low, high = torch.minimum(a, b), torch.maximum(a, b)
    gap, start = high - low, low + shift
    return torch.where(gap == 0, 1 / start, torch.log1p(gap / start) / torch.where(gap == 0, 1.0, gap))


def sigmoid(a: Tensor, b: Tensor) -> Tensor:
    """s(high) s(-low) (1 - exp(low - high)) is the difference."""
    low, high = torch.minimum(a, b), torch.maximum(a, b)
    return torch.sigmoid(high) * torch.sigmoid(-low) * decay(high - low)


def tanh(a: Tensor, b: Tensor) -> Tensor:
    return 4 * sigmoid(2 * a, 2 * b)


def unit_softplus(a: Tensor, b: Tensor) -> Tensor:
    low, high = torch.minimum(a, b), torch.maximum(a, b)
    gap = high - low
    near = torch.log1p(torch.expm1(gap.clamp(max=1)) * torch.sigmoid(low))
    far = high.clamp(min=0) - low.clamp(min=0) + bend(high) - bend(low)
    rise = torch.where(gap < 1, near, far)
    return torch.where(gap == 0, torch.sigmoid(low), rise / torch.where(gap == 0, 1.0, gap))


def bend(a: Tensor) -> Tensor:
    """softplus(a) - relu(a)."""
    return torch.log1p(torch.exp(-a.abs()))


def piecewise_linear(function: Callable[..., Tensor]) -> Secant:
    """The plain ratio: exact for linear pieces, because a - b is exact where it is small."""

    def secant(a: Tensor, b: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        gap = a - b
        ratio = (function(a, *args, **kwargs) - function(b, *args, **kwargs)) / gap
        same = gap == 0
        if not a.is_cpu or same.any():  # to ask a GPU is to wait for it
            ratio = torch.where(same, derivative(function, b, *args, **kwargs), ratio)
        return ratio

    return secant


def smooth(function: Callable[[Tensor], Tensor], slope: Callable[[Tensor], Tensor]) -> Secant:
    """The mean slope between a and b by five Gauss points where they are near, else the plain ratio.

    For functions whose own scale is 1: within 1/4 the five points leave an error below 1e-14.
    """

    def secant(a: Tensor, b: Tensor) -> Tensor:
        gap = a - b
        near = gap.abs() < 0.25
        ratio = (function(a) - function(b)) / torch.where(near, 1.0, gap)
        mean_slope = torch.zeros_like(gap)
        for node, weight in GAUSS:
            mean_slope += weight * slope(b + node * gap)
        return torch.where(near, mean_slope, ratio)

    return secant


# Nodes and weights of five-point Gauss-Legendre quadrature on [0, 1].
GAUSS = (
    (0.046910077030668004, 0.11846344252809454),
    (0.23076534494715845, 0.23931433524968324),
    (0.5, 0.28444444444444444),
    (0.7692346550528415, 0.23931433524968324),
    (0.953089922969332, 0.11846344252809454),
)


# --- functions ---------------------------------------------------------------------------------


def relu(a: Tensor, b: Tensor) -> Tensor:
    return fused.relu_secant(a, b)


def leaky_relu(a: Tensor, b: Tensor, slope: Any = 0.01) -> Tensor:
    return slope + (1 - slope) * relu(a, b)


def elu(a: Tensor, b: Tensor, alpha: float = 1.0, scale: float = 1.0, input_scale: float = 1.0) -> Tensor:
    """Across 0 the two values have opposite signs and nothing cancels."""
    negative = alpha * scale * input_scale * exp(input_scale * a.clamp(max=0), input_scale * b.clamp(max=0))
    gap = torch.where(a == b, 1.0, a - b)
    across = (aten.elu(a, alpha, scale, input_scale) - aten.elu(b, alpha, scale, input_scale)) / gap
    same_side = torch.where((a > 0) & (b > 0), torch.full_like(a - b, scale), negative)
    return torch.where((a > 0) != (b > 0), across, same_side)


def celu(a: Tensor, b: Tensor, alpha: float = 1.0) -> Tensor:
    return elu(a, b, alpha, 1.0, 1.0 / alpha)


def selu(a: Tensor, b: Tensor) -> Tensor:
    return elu(a, b, 1.6732632423543772, 1.0507009873554805)


def silu(a: Tensor, b: Tensor) -> Tensor:
    return mean(torch.sigmoid(a), torch.sigmoid(b)) + mean(a, b) * sigmoid(a, b)


def softplus(a: Tensor, b: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """Beyond the threshold, torch takes the identity: there the plain ratio is exact."""
    far = (beta * a > threshold) | (beta * b > threshold)
    plain = piecewise_linear(aten.softplus)(a, b, beta, threshold)
    return torch.where(far, plain, unit_softplus(beta * a, beta * b))


def log_sigmoid(a: Tensor, b: Tensor) -> Tensor:
    return unit_softplus(-a, -b)


def mish(a: Tensor, b: Tensor) -> Tensor:
    soft_a, soft_b = torch.nn.functional.softplus(a), torch.nn.functional.softplus(b)
    inner = tanh(soft_a, soft_b) * unit_softplus(a, b)
    return mean(torch.tanh(soft_a), torch.tanh(soft_b)) + mean(a, b) * inner


def normal_density(a: Tensor) -> Tensor:
    return torch.exp(-a * a / 2) / math.sqrt(2 * math.pi)


def normal_cdf(a: Tensor) -> Tensor:
    """By the complementary error function, which has no cancellation in the lower tail."""
    return torch.special.erfc(-a * math.sqrt(0.5)) / 2


def ndtr(a: Tensor, b: Tensor) -> Tensor:
    return smooth(normal_cdf, normal_density)(a, b)


def erf(a: Tensor, b: Tensor) -> Tensor:
    return smooth(torch.erf, lambda x: 2 / math.sqrt(math.pi) * torch.exp(-x * x))(a, b)


def gelu(a: Tensor, b: Tensor, approximate: str = "none") -> Tensor:
    if approximate == "tanh":
        return tanh_gelu(a, b)
    return mean(normal_cdf(a), normal_cdf(b)) + mean(a, b) * ndtr(a, b)


def tanh_gelu(a: Tensor, b: Tensor) -> Tensor:
    k, c = math.sqrt(2 / math.pi), 0.044715
    inner_a, inner_b = k * (a + c * a**3), k * (b + c * b**3)
    inner = k * (1 + c * (a * a + a * b + b * b))
    cdf = mean(torch.tanh(inner_a), torch.tanh(inner_b)) / 2 + 0.5
    return cdf + mean(a, b) * tanh(inner_a, inner_b) * inner / 2


def hardsigmoid(a: Tensor, b: Tensor) -> Tensor:
    return piecewise_linear(aten.hardtanh)(a, b, -3, 3) / 6


def hardswish(a: Tensor, b: Tensor) -> Tensor:
    gate = aten.hardsigmoid
    return mean(gate(a), gate(b)) + mean(a, b) * hardsigmoid(a, b)


def sin(a: Tensor, b: Tensor) -> Tensor:
    return torch.cos(mean(a, b)) * torch.sinc((a - b) / math.tau)


def cos(a: Tensor, b: Tensor) -> Tensor:
    return -torch.sin(mean(a, b)) * torch.sinc((a - b) / math.tau)


def sinh_over(u: Tensor) -> Tensor:
    """sinh(u) / u, which is 1 at 0."""
    return torch.where(u == 0, 1.0, torch.sinh(u) / torch.where(u == 0, 1.0, u))


def sinh(a: Tensor, b: Tensor) -> Tensor:
    return torch.cosh(mean(a, b)) * sinh_over((a - b) / 2)


def cosh(a: Tensor, b: Tensor) -> Tensor:
    return torch.sinh(mean(a, b)) * sinh_over((a - b) / 2)


def atan(a: Tensor, b: Tensor) -> Tensor:
    """The difference of two arcs is the arc of (a - b) / (1 + ab), unless they are far apart."""
    gap, cross = torch.where(a == b, 1.0, a - b), 1 + a * b
    near, far = torch.atan((a - b) / cross), torch.atan(a) - torch.atan(b)
    return torch.where(a == b, 1 / cross, torch.where(cross > 0.5, near, far) / gap)


def asinh(a: Tensor, b: Tensor) -> Tensor:
    """On one side of 0, the difference is asinh((aa - bb) / (a sqrt(1 + bb) + b sqrt(1 + aa)))."""
    gap, one = torch.where(a == b, 1.0, a - b), torch.ones_like(a)
    root_a, root_b = torch.hypot(one, a), torch.hypot(one, b)
    near = torch.asinh((a - b) * ((a + b) / (a * root_b + b * root_a)))
    far = torch.asinh(a) - torch.asinh(b)
    return torch.where(a == b, 1 / root_a, torch.where(a * b > 0, near, far) / gap)


def sqrt(a: Tensor, b: Tensor) -> Tensor:
    total = torch.sqrt(a) + torch.sqrt(b)
    return torch.where(total == 0, 0.0, 1 / total)


def rsqrt(a: Tensor, b: Tensor) -> Tensor:
    inverse_a, inverse_b = torch.rsqrt(a), torch.rsqrt(b)
    product = inverse_a * inverse_b
    return -product / (inverse_a + inverse_b) * product


def reciprocal(a: Tensor, b: Tensor) -> Tensor:
    return -(1 / a) * (1 / b)


def square(a: Tensor, b: Tensor) -> Tensor:
    return a + b


def power(a: Tensor, b: Tensor, exponent: float) -> Tensor:
    """Whole powers by their factorisation, negative ones through the reciprocal."""
    if exponent == int(exponent) and abs(exponent) <= 64:
        if exponent < 0:
            return reciprocal(a, b) * power(1 / a, 1 / b, -exponent)
        whole = int(exponent)
        return sum((a**i * b ** (whole - 1 - i) for i in range(whole)), torch.zeros_like(a - b))
    if exponent in (0.5, -0.5):
        return sqrt(a, b) if exponent > 0 else rsqrt(a, b)
    return broken_power(a, b, exponent)


def broken_power(a: Tensor, b: Tensor, p: float) -> Tensor:
    """high^(p-1) (1 - t^p) / (1 - t) with t = low / high; 0 at 0, where the derivative may be infinite."""
    low, high = torch.minimum(a, b), torch.maximum(a, b)
    gap = (high - low) / high  # 1 - t
    log_t = torch.where(gap < 0.5, torch.log1p(-gap), torch.log(low / high))
    bend = torch.where(gap == 0, p, -torch.expm1(p * log_t) / torch.where(gap == 0, 1.0, gap))
    return torch.where((low == 0) & (high == 0), 0.0, high ** (p - 1) * bend)


def exponential(base: float) -> Secant:
    return lambda a, b: math.log(base) * exp(math.log(base) * a, math.log(base) * b)


def logarithm(base: float) -> Secant:
    return lambda a, b: log(a, b) / math.log(base)


def log1p(a: Tensor, b: Tensor) -> Tensor:
    return log(a, b, 1.0)
