"""ELEMENTWISE: the functions of one input that have a rule, each with its secant.

A new one is one line here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from seqattr.engine.numerics import fused, inverses, secants
from seqattr.engine.numerics.secants import Secant, derivative, piecewise_linear

aten = torch.ops.aten


@dataclass(frozen=True)
class Elementwise:
    """A nonlinearity: `secant(a, b, *args)` is (f(a) - f(b)) / (a - b), the derivative where a == b.

    `in_both_orders` is what `secants.in_both_orders` makes of it, where there is a quicker way.
    """

    function: Callable[..., Tensor]
    secant: Secant
    in_both_orders: Callable[..., Sequence[Tensor]] | None = None

    def derivative(self, a: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        """f'(a), as autograd has it."""
        return derivative(self.function, a, *args, **kwargs)


def prelu(a: Tensor, slope: Tensor) -> Tensor:
    return torch.where(a > 0, a, slope * a)


def by_ratio(op: Any) -> Elementwise:
    return Elementwise(op, piecewise_linear(op))


# Functions that grow without bound beside their values between sequence and reference.
GROWING = frozenset(
    {f"aten.{name}.default" for name in ("exp", "exp2", "expm1", "sinh", "cosh", "softplus")}
    | {"aten.pow.Tensor_Scalar"}
)
ELEMENTWISE: dict[str, Elementwise] = {
    "aten.relu.default": Elementwise(aten.relu.default, secants.relu, fused.relu_in_both_orders),
    "aten.relu6.default": by_ratio(aten.relu6.default),
    "aten.leaky_relu.default": Elementwise(aten.leaky_relu.default, secants.leaky_relu),
    "aten.prelu.default": Elementwise(prelu, secants.leaky_relu),
    "aten.threshold.default": by_ratio(aten.threshold.default),
    "aten.hardtanh.default": by_ratio(aten.hardtanh.default),
    "aten.hardsigmoid.default": Elementwise(aten.hardsigmoid.default, secants.hardsigmoid),
    "aten.abs.default": by_ratio(aten.abs.default),
    "aten.clamp.default": by_ratio(aten.clamp.default),
    "aten.clamp_min.default": by_ratio(aten.clamp_min.default),
    "aten.clamp_max.default": by_ratio(aten.clamp_max.default),
    "aten.sign.default": by_ratio(aten.sign.default),
    "aten.hardswish.default": Elementwise(aten.hardswish.default, secants.hardswish),
    "aten.elu.default": Elementwise(aten.elu.default, secants.elu),
    "aten.celu.default": Elementwise(aten.celu.default, secants.celu),
    "aten.selu.default": Elementwise(aten.selu.default, secants.selu),
    "aten.gelu.default": Elementwise(aten.gelu.default, secants.gelu),
    "aten.silu.default": Elementwise(aten.silu.default, secants.silu),
    "aten.mish.default": Elementwise(aten.mish.default, secants.mish),
    "aten.softplus.default": Elementwise(aten.softplus.default, secants.softplus),
    "aten.log_sigmoid.default": Elementwise(aten.log_sigmoid.default, secants.log_sigmoid),
    "aten.sigmoid.default": Elementwise(aten.sigmoid.default, secants.sigmoid),
    "aten.tanh.default": Elementwise(aten.tanh.default, secants.tanh),
    "aten.exp.default": Elementwise(aten.exp.default, secants.exp),
    "aten.exp2.default": Elementwise(aten.exp2.default, secants.exponential(2)),
    "aten.expm1.default": Elementwise(aten.expm1.default, secants.exp),
    "aten.log.default": Elementwise(aten.log.default, secants.log),
    "aten.log2.default": Elementwise(aten.log2.default, secants.logarithm(2)),
    "aten.log10.default": Elementwise(aten.log10.default, secants.logarithm(10)),
    "aten.log1p.default": Elementwise(aten.log1p.default, secants.log1p),
    "aten.sqrt.default": Elementwise(aten.sqrt.default, secants.sqrt),
    "aten.rsqrt.default": Elementwise(aten.rsqrt.default, secants.rsqrt),
    "aten.reciprocal.default": Elementwise(aten.reciprocal.default, secants.reciprocal),
    "aten.square.default": Elementwise(aten.square.default, secants.square),
    "aten.pow.Tensor_Scalar": Elementwise(aten.pow.Tensor_Scalar, secants.power),
    "aten.erf.default": Elementwise(aten.erf.default, secants.erf),
    "aten.special_ndtr.default": Elementwise(aten.special_ndtr.default, secants.ndtr),
    "aten.sin.default": Elementwise(aten.sin.default, secants.sin),
    "aten.cos.default": Elementwise(aten.cos.default, secants.cos),
    "aten.atan.default": Elementwise(aten.atan.default, secants.atan),
    "aten.sinh.default": Elementwise(aten.sinh.default, secants.sinh),
    "aten.cosh.default": Elementwise(aten.cosh.default, secants.cosh),
    "aten.asinh.default": Elementwise(aten.asinh.default, secants.asinh),
    "aten.tan.default": Elementwise(aten.tan.default, inverses.tan),
    "aten.asin.default": Elementwise(aten.asin.default, inverses.asin),
    "aten.acos.default": Elementwise(aten.acos.default, inverses.acos),
    "aten.acosh.default": Elementwise(aten.acosh.default, inverses.acosh),
    "aten.atanh.default": Elementwise(aten.atanh.default, inverses.atanh),
    "aten.erfc.default": Elementwise(aten.erfc.default, inverses.erfc),
    "aten.erfinv.default": Elementwise(aten.erfinv.default, inverses.erfinv),
    "aten.sinc.default": Elementwise(aten.sinc.default, inverses.sinc),
    "aten.lgamma.default": Elementwise(aten.lgamma.default, inverses.lgamma),
    "aten.nan_to_num.default": by_ratio(aten.nan_to_num.default),
    # Staircases: between two steps the ratio is what they add, on one step the slope is 0 as autograd's.
    "aten.floor.default": by_ratio(aten.floor.default),
    "aten.ceil.default": by_ratio(aten.ceil.default),
    "aten.round.default": by_ratio(aten.round.default),
    "aten.trunc.default": by_ratio(aten.trunc.default),
    "aten.frac.default": Elementwise(aten.frac.default, inverses.toothed),
    "aten.remainder.Scalar": Elementwise(aten.remainder.Scalar, inverses.sawtooth),
    "aten.fmod.Scalar": Elementwise(aten.fmod.Scalar, inverses.toothed),
}
