"""ELEMENTWISE: the functions of one input that have a rule, each with its secant and what rules ask of it.

A new one is one line here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Flag, auto
from typing import Any

import torch
from torch import Tensor

from seqattr.engine.numerics import fused, inverses, secants
from seqattr.engine.numerics.secants import Secant, derivative, piecewise_linear

aten = torch.ops.aten


class Trait(Flag):
    """What rules ask of a function beside its slope. Of a power the exponent decides, where it is asked."""

    RECTIFIES = auto()  # lets one side through and holds the other back
    FLAT = auto()  # on whole stretches, where its slope is 0
    GROWS = auto()  # without bound beside its values between sequence and reference
    BOUNDED = auto()  # of whatever size its input is, its value is at most 1
    STEEP = auto()  # its slope has no bound at 0
    POLE = auto()  # it has no bound at 0 itself
    POWER = auto()  # of a multiple of its input it is a multiple
    UNDEFINED_AT_ZERO = auto()  # it has no value at 0, or none that is finite


NO_TRAIT = Trait(0)


@dataclass(frozen=True)
class Elementwise:
    """A nonlinearity: `secant(a, b, *args)` is (f(a) - f(b)) / (a - b), the derivative where a == b.

    `in_both_orders` is what `multipliers.in_both_orders` makes of it, where there is a quicker way;
    `in_place` writes the value over the input; `written` is the function where torch's op does not broadcast.
    """

    op: Callable[..., Tensor]
    secant: Secant
    traits: Trait = NO_TRAIT
    in_both_orders: Callable[..., Sequence[Tensor]] | None = None
    in_place: Callable[[Tensor], Tensor] | None = None
    written: Callable[..., Tensor] | None = None

    @property
    def function(self) -> Callable[..., Tensor]:
        """f."""
        return self.written or self.op

    def derivative(self, a: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        """f'(a), as autograd has it."""
        return derivative(self.function, a, *args, **kwargs)


def prelu(a: Tensor, slope: Tensor) -> Tensor:
    return torch.where(a > 0, a, slope * a)


def by_ratio(op: Callable[..., Tensor], traits: Trait = NO_TRAIT) -> Elementwise:
    return Elementwise(op, piecewise_linear(op), traits)


RECTIFIES, FLAT, GROWS, BOUNDED = Trait.RECTIFIES, Trait.FLAT, Trait.GROWS, Trait.BOUNDED
STEEP, POLE, POWER, UNDEFINED_AT_ZERO = Trait.STEEP, Trait.POLE, Trait.POWER, Trait.UNDEFINED_AT_ZERO
FUNCTIONS = (
    Elementwise(
        aten.relu.default,
        secants.relu,
        FLAT | RECTIFIES,
        in_both_orders=fused.relu_in_both_orders,
        in_place=torch.relu_,
    ),
    by_ratio(aten.relu6.default, FLAT | RECTIFIES),
    Elementwise(aten.leaky_relu.default, secants.leaky_relu, RECTIFIES),
    Elementwise(aten.prelu.default, secants.leaky_relu, RECTIFIES, written=prelu),
    by_ratio(aten.threshold.default, FLAT | RECTIFIES),
    by_ratio(aten.hardtanh.default, FLAT),
    Elementwise(aten.hardsigmoid.default, secants.hardsigmoid, BOUNDED | FLAT),
    by_ratio(aten.abs.default),
    by_ratio(aten.clamp.default, FLAT | RECTIFIES),
    by_ratio(aten.clamp_min.default, FLAT | RECTIFIES),
    by_ratio(aten.clamp_max.default, FLAT),
    by_ratio(aten.sign.default, FLAT),
    Elementwise(aten.hardswish.default, secants.hardswish, FLAT | RECTIFIES),
    Elementwise(aten.elu.default, secants.elu, RECTIFIES),
    Elementwise(aten.celu.default, secants.celu, RECTIFIES),
    Elementwise(aten.selu.default, secants.selu, RECTIFIES),
    Elementwise(aten.gelu.default, secants.gelu, RECTIFIES),
    Elementwise(aten.silu.default, secants.silu, RECTIFIES),
    Elementwise(aten.mish.default, secants.mish, RECTIFIES),
    Elementwise(aten.softplus.default, secants.softplus, GROWS | RECTIFIES),
    Elementwise(aten.log_sigmoid.default, secants.log_sigmoid),
    Elementwise(aten.sigmoid.default, secants.sigmoid, BOUNDED),
    Elementwise(aten.tanh.default, secants.tanh, BOUNDED),
    Elementwise(aten.exp.default, secants.exp, GROWS),
    Elementwise(aten.exp2.default, secants.exponential(2), GROWS),
    Elementwise(aten.expm1.default, secants.exp, GROWS),
    Elementwise(aten.log.default, secants.log, STEEP | UNDEFINED_AT_ZERO),
    Elementwise(aten.log2.default, secants.logarithm(2), STEEP | UNDEFINED_AT_ZERO),
    Elementwise(aten.log10.default, secants.logarithm(10), STEEP | UNDEFINED_AT_ZERO),
    Elementwise(aten.log1p.default, secants.log1p),
    Elementwise(aten.sqrt.default, secants.sqrt, STEEP | POWER),
    Elementwise(aten.rsqrt.default, secants.rsqrt, STEEP | POLE),
    Elementwise(aten.reciprocal.default, secants.reciprocal, STEEP | POLE),
    Elementwise(aten.square.default, secants.square, POWER),
    Elementwise(aten.pow.Tensor_Scalar, secants.power, GROWS | POWER),
    Elementwise(aten.erf.default, secants.erf, BOUNDED),
    Elementwise(aten.special_ndtr.default, secants.ndtr),
    Elementwise(aten.sin.default, secants.sin, BOUNDED),
    Elementwise(aten.cos.default, secants.cos, BOUNDED),
    Elementwise(aten.atan.default, secants.atan),
    Elementwise(aten.sinh.default, secants.sinh, GROWS),
    Elementwise(aten.cosh.default, secants.cosh, GROWS),
    Elementwise(aten.asinh.default, secants.asinh),
    Elementwise(aten.tan.default, inverses.tan),
    Elementwise(aten.asin.default, inverses.asin),
    Elementwise(aten.acos.default, inverses.acos),
    Elementwise(aten.acosh.default, inverses.acosh, UNDEFINED_AT_ZERO),
    Elementwise(aten.atanh.default, inverses.atanh),
    Elementwise(aten.erfc.default, inverses.erfc),
    Elementwise(aten.erfinv.default, inverses.erfinv),
    Elementwise(aten.sinc.default, inverses.sinc),
    Elementwise(aten.lgamma.default, inverses.lgamma, UNDEFINED_AT_ZERO),
    by_ratio(aten.nan_to_num.default),
    # Staircases: between two steps the ratio is what they add, on one step the slope is 0 as autograd's.
    by_ratio(aten.floor.default),
    by_ratio(aten.ceil.default),
    by_ratio(aten.round.default),
    by_ratio(aten.trunc.default, FLAT),
    Elementwise(aten.frac.default, inverses.sawtooth_towards_zero),
    Elementwise(aten.remainder.Scalar, inverses.sawtooth),
    Elementwise(aten.fmod.Scalar, inverses.sawtooth_towards_zero),
)
ELEMENTWISE: dict[str, Elementwise] = {str(function.op): function for function in FUNCTIONS}


def having(trait: Trait) -> frozenset[str]:
    """The ops of which a trait is true."""
    return frozenset(op for op, function in ELEMENTWISE.items() if trait in function.traits)


RECTIFIERS = having(RECTIFIES)
OVERWRITING = {op: function.in_place for op, function in ELEMENTWISE.items() if function.in_place}
