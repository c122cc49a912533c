"""Functions of one input, with their slope: the derivative, and the secant between two points.

A secant (f(a) - f(b)) / (a - b) is written in a form that keeps its relative accuracy however close
a and b are, so that no threshold is needed: at a == b it is the derivative. Most follow from
(1 - exp(-u)) / u, from the product rule ab - cd = mean(a, c) (b - d) + mean(b, d) (a - c), or, for
piecewise linear functions, from the fact that a - b is exact where it is small.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

aten = torch.ops.aten
Secant = Callable[..., Tensor]


@dataclass(frozen=True)
class Elementwise:
    """A nonlinearity: `secant(a, b, *args)` is (f(a) - f(b)) / (a - b), the derivative where a == b."""

    function: Callable[..., Tensor]
    secant: Secant

    def derivative(self, a: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        """f'(a), as autograd has it."""
        return derivative(self.function, a, *args, **kwargs)


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


def log(a: Tensor, b: Tensor) -> Tensor:
    """log1p of the relative difference where it is small, else the plain ratio."""
    low, high = torch.minimum(a, b), torch.maximum(a, b)
    relative = (high - low) / low
    near = torch.log1p(relative) / torch.where(relative == 0, 1.0, relative) / low
    return torch.where(relative == 0, 1 / low, near)


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
    far = torch.nn.functional.softplus(high, threshold=50) - torch.nn.functional.softplus(low, threshold=50)
    rise = torch.where(gap < 1, near, far)
    return torch.where(gap == 0, torch.sigmoid(low), rise / torch.where(gap == 0, 1.0, gap))


def piecewise_linear(function: Callable[..., Tensor]) -> Secant:
    """The plain ratio: exact for linear pieces, because a - b is exact where it is small."""

    def secant(a: Tensor, b: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        gap = a - b
        ratio = (function(a, *args, **kwargs) - function(b, *args, **kwargs)) / gap
        same = gap == 0
        if same.any():
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
        for place, weight in GAUSS:
            mean_slope += weight * slope(b + place * gap)
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
    gap = a - b
    return torch.where(gap == 0, (b > 0).to(a.dtype), (torch.relu(a) - torch.relu(b)) / gap)


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


normal_cdf = aten.special_ndtr.default


def gelu(a: Tensor, b: Tensor, approximate: str = "none") -> Tensor:
    if approximate == "tanh":
        return tanh_gelu(a, b)
    return mean(normal_cdf(a), normal_cdf(b)) + mean(a, b) * smooth(normal_cdf, normal_density)(a, b)


def tanh_gelu(a: Tensor, b: Tensor) -> Tensor:
    k, c = math.sqrt(2 / math.pi), 0.044715
    inner_a, inner_b = k * (a + c * a**3), k * (b + c * b**3)
    inner = k * (1 + c * (a * a + a * b + b * b))
    cdf = mean(torch.tanh(inner_a), torch.tanh(inner_b)) / 2 + 0.5
    return cdf + mean(a, b) * tanh(inner_a, inner_b) * inner / 2


def hardswish(a: Tensor, b: Tensor) -> Tensor:
    gate = torch.nn.functional.hardsigmoid
    return mean(gate(a), gate(b)) + mean(a, b) * piecewise_linear(gate)(a, b)


def sqrt(a: Tensor, b: Tensor) -> Tensor:
    total = torch.sqrt(a) + torch.sqrt(b)
    return torch.where(total == 0, 0.0, 1 / total)


def rsqrt(a: Tensor, b: Tensor) -> Tensor:
    inverse_a, inverse_b = torch.rsqrt(a), torch.rsqrt(b)
    product = inverse_a * inverse_b
    return -product * product / (inverse_a + inverse_b)


def reciprocal(a: Tensor, b: Tensor) -> Tensor:
    return -1 / (a * b)


def square(a: Tensor, b: Tensor) -> Tensor:
    return a + b


def power(a: Tensor, b: Tensor, exponent: float) -> Tensor:
    """Whole powers by their factorisation, others through exp(p log x)."""
    if exponent == int(exponent) and abs(exponent) <= 64:
        whole = abs(int(exponent))
        rise = sum((a**i * b ** (whole - 1 - i) for i in range(whole)), torch.zeros_like(a - b))
        return rise if exponent >= 0 else -rise / (a**whole * b**whole)
    if exponent in (0.5, -0.5):
        return sqrt(a, b) if exponent > 0 else rsqrt(a, b)
    return exponent * exp(exponent * torch.log(a), exponent * torch.log(b)) * log(a, b)


def exponential(base: float) -> Secant:
    return lambda a, b: math.log(base) * exp(math.log(base) * a, math.log(base) * b)


def logarithm(base: float) -> Secant:
    return lambda a, b: log(a, b) / math.log(base)


def log1p(a: Tensor, b: Tensor) -> Tensor:
    return log(1 + a, 1 + b)


def by_ratio(op: Any) -> Elementwise:
    return Elementwise(op, piecewise_linear(op))


def by_quadrature(op: Any, slope: Callable[[Tensor], Tensor]) -> Elementwise:
    return Elementwise(op, smooth(op, slope))


ELEMENTWISE: dict[str, Elementwise] = {
    "aten.relu.default": Elementwise(aten.relu.default, relu),
    "aten.relu6.default": by_ratio(aten.relu6.default),
    "aten.leaky_relu.default": by_ratio(aten.leaky_relu.default),
    "aten.threshold.default": by_ratio(aten.threshold.default),
    "aten.hardtanh.default": by_ratio(aten.hardtanh.default),
    "aten.hardsigmoid.default": by_ratio(aten.hardsigmoid.default),
    "aten.hardshrink.default": by_ratio(aten.hardshrink.default),
    "aten.softshrink.default": by_ratio(aten.softshrink.default),
    "aten.abs.default": by_ratio(aten.abs.default),
    "aten.clamp.default": by_ratio(aten.clamp.default),
    "aten.clamp_min.default": by_ratio(aten.clamp_min.default),
    "aten.clamp_max.default": by_ratio(aten.clamp_max.default),
    "aten.sign.default": by_ratio(aten.sign.default),
    "aten.hardswish.default": Elementwise(aten.hardswish.default, hardswish),
    "aten.elu.default": Elementwise(aten.elu.default, elu),
    "aten.celu.default": Elementwise(aten.celu.default, celu),
    "aten.selu.default": Elementwise(aten.selu.default, selu),
    "aten.gelu.default": Elementwise(aten.gelu.default, gelu),
    "aten.silu.default": Elementwise(aten.silu.default, silu),
    "aten.mish.default": Elementwise(aten.mish.default, mish),
    "aten.softplus.default": Elementwise(aten.softplus.default, softplus),
    "aten.log_sigmoid.default": Elementwise(aten.log_sigmoid.default, log_sigmoid),
    "aten.sigmoid.default": Elementwise(aten.sigmoid.default, sigmoid),
    "aten.tanh.default": Elementwise(aten.tanh.default, tanh),
    "aten.exp.default": Elementwise(aten.exp.default, exp),
    "aten.exp2.default": Elementwise(aten.exp2.default, exponential(2)),
    "aten.expm1.default": Elementwise(aten.expm1.default, exp),
    "aten.log.default": Elementwise(aten.log.default, log),
    "aten.log2.default": Elementwise(aten.log2.default, logarithm(2)),
    "aten.log10.default": Elementwise(aten.log10.default, logarithm(10)),
    "aten.log1p.default": Elementwise(aten.log1p.default, log1p),
    "aten.sqrt.default": Elementwise(aten.sqrt.default, sqrt),
    "aten.rsqrt.default": Elementwise(aten.rsqrt.default, rsqrt),
    "aten.reciprocal.default": Elementwise(aten.reciprocal.default, reciprocal),
    "aten.square.default": Elementwise(aten.square.default, square),
    "aten.pow.Tensor_Scalar": Elementwise(aten.pow.Tensor_Scalar, power),
    "aten.erf.default": by_quadrature(aten.erf.default, lambda x: 2 / math.sqrt(math.pi) * torch.exp(-x * x)),
    "aten.special_ndtr.default": by_quadrature(aten.special_ndtr.default, normal_density),
    "aten.sin.default": by_quadrature(aten.sin.default, torch.cos),
    "aten.cos.default": by_quadrature(aten.cos.default, lambda x: -torch.sin(x)),
    "aten.atan.default": by_quadrature(aten.atan.default, lambda x: 1 / (1 + x * x)),
    "aten.sinh.default": Elementwise(aten.sinh.default, lambda a, b: mean(exp(a, b), exp(-a, -b))),
    "aten.cosh.default": Elementwise(aten.cosh.default, lambda a, b: (exp(a, b) - exp(-a, -b)) / 2),
    "aten.asinh.default": by_quadrature(aten.asinh.default, lambda x: torch.rsqrt(1 + x * x)),
}
