"""Layer-wise relevance propagation: how the output itself is shared out among what it was made from.

What travels is relevance over activation, R / a. In that form the z-rule of a linear step is its plain
transpose, and a step that is linear but for a factor z / z' (epsilon, gamma, alpha-beta) is that with the
factor put in before. Biases keep the share that they add, and so does f(0) of a function; a bias added in a
step of its own is no part of the z of the step before.

Bach et al. 2015, equations 56, 58 and 60 (LRP-0, epsilon, alpha-beta), Montavon et al. 2017, section 4
(z+, zB, w2), Montavon et al. 2019, sections 10.2.1 and 10.3 (gamma, composites), Kohlbrenner et al. 2020
(flat), Achtibat et al. 2024 (products, softmax, attention), Ali et al. 2022 (norms).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from seqattr.engine.graph.layouts import fold, unfold
from seqattr.engine.numerics.multipliers import Affine, Multiplier, whole
from seqattr.engine.ops.weights import CONVOLUTIONS, DENSE
from seqattr.engine.rules.adjoint import unbroadcast
from seqattr.engine.rules.deeplift import function_and_arguments
from seqattr.engine.rules.gradient import jacobian
from seqattr.engine.rules.linear import Weighted, linear
from seqattr.engine.walk.rulebook import Pullback, Rule, StepContext, rule


def over(part: Tensor, total: Tensor) -> Tensor:
    """part / total; 0 where there is nothing to share."""
    nothing = total == 0
    return torch.where(nothing, 0.0, part / torch.where(nothing, 1.0, total))


# --- weights -----------------------------------------------------------------------------------

# LRP-0: R_i = sum_j a_i w_ij / z_j R_j, of R / a the transpose. That is itself divided by activations near 0.
ZERO = replace(linear, exact=True, divides=True)


def epsilon(share: float) -> Rule:
    """LRP-epsilon: R_i = sum_j a_i w_ij / (z_j + epsilon sign(z_j)) R_j.

    epsilon is `share` of the root mean square of the step's values in the sequence, so that the scale of the
    weights changes nothing (a quarter in the code that goes with Montavon et al. 2019).
    """

    @rule(exact=True, divides=True)
    def lrp_epsilon(context: StepContext) -> Pullback:
        weighted, shape, size = Weighted(context), context.shape(), context.value().abs()
        factor = over(size, size + share * root_mean_square(context))
        return Pullback(lambda m: [weighted.transpose(whole(m) * factor, shape)])

    return lrp_epsilon


def root_mean_square(context: StepContext) -> Tensor:
    """Of a step's values over all of one sequence, in the shape of the values."""
    layout, rows = context.pairs.layout(context.step.name), context.pairs.rows.pairs
    opened = unfold(context.value(), layout, (rows,))
    others = [d for d in range(opened.ndim) if d != layout.dim + 1]
    return fold(opened.square().mean(others, keepdim=True).sqrt().expand_as(opened), layout, 1)


def bias_of(context: StepContext) -> Tensor:
    """The bias of a linear step, in a shape that broadcasts with its value; 0 if it has none."""
    step, value = context.step, context.value()
    ref = step.arguments.bias if step.op in CONVOLUTIONS | DENSE else None
    if ref is None:
        return value.new_zeros(())
    bias: Tensor = context.constant(ref)
    return bias.view(-1, *[1] * (value.ndim - 2)) if step.op in CONVOLUTIONS else bias


class Signed:
    """A linear step whose positive and negative contributions a_i w_ij are told apart.

    Each is summed by itself: as half of z and of what |W| gives they would be lost in rounding where small.
    """

    def __init__(self, context: StepContext, biased: bool = True) -> None:
        self.weighted, self.shape = Weighted(context, "positive", "negative"), context.shape()
        self.value, x = context.value(), context.sequence()
        self.below = x < 0  # seldom: bases and what comes out of a ReLU are not
        self.mixed = bool(self.below.any())
        self.positive, self.negative = self.sums(x, "positive"), self.sums(x, "negative")
        if biased:
            bias = bias_of(context)
            self.positive, self.negative = (
                self.positive + bias.clamp(min=0),
                self.negative + bias.clamp(max=0),
            )

    def sums(self, x: Tensor, form: str) -> Tensor:
        """All contributions of one sign, without the bias."""
        if not self.mixed:
            return self.weighted.forward(x, form)
        above, below = x.clamp(min=0), x.clamp(max=0)
        return self.weighted.forward(above, form) + self.weighted.forward(below, OPPOSITE[form])

    def back(self, of_positive: Tensor, of_negative: Tensor) -> Tensor:
        """What is worth `of_positive` to a_i w_ij above 0, and `of_negative` to those below, per a_i.

        A base that is not there counts as one above 0.
        """
        above = self.transpose(of_positive, of_negative)
        if not self.mixed:
            return above
        return torch.where(self.below, self.transpose(of_negative, of_positive), above)

    def transpose(self, of_positive: Tensor, of_negative: Tensor) -> Tensor:
        """W+^T and W-^T of the two."""
        upper = self.weighted.transpose(of_positive, self.shape, "positive")
        return upper + self.weighted.transpose(of_negative, self.shape, "negative")


OPPOSITE = {"positive": "negative", "negative": "positive"}


def gamma(amount: float) -> Rule:
    """LRP-gamma: what has the sign of z_j counts 1 + gamma times (Montavon et al. 2019).

    R_i = sum_j a_i (w_ij + gamma w+_ij) / sum_i a_i (w_ij + gamma w+_ij) R_j where z_j > 0 and a_i >= 0; for
    other signs its mirror image, as in Andeol et al. 2021, so that no denominator vanishes.
    """

    @rule(exact=True, divides=True)
    def lrp_gamma(context: StepContext) -> Pullback:
        layer = Signed(context)
        up = layer.value > 0
        total = layer.value + amount * torch.where(up, layer.positive, layer.negative)
        factor = over(layer.value, total)
        to_positive, to_negative = 1 + amount * up.to(factor), 1 + amount * (~up).to(factor)

        def backward(multiplier: Multiplier) -> Sequence[Multiplier]:
            share = whole(multiplier) * factor
            return [layer.back(share * to_positive, share * to_negative)]

        return Pullback(backward)

    return lrp_gamma


def alpha_beta(alpha: float, beta: float, biased: bool = True) -> Rule:
    """LRP-alpha-beta: R_i = sum_j (alpha (a_i w_ij)+ / z+_j - beta (a_i w_ij)- / z-_j) R_j.

    Bach et al. 2015. The z+-rule is that of alpha 1, beta 0; without `biased` no bias takes part, as in
    deep Taylor.
    """

    @rule(exact=True, divides=True)
    def lrp_alpha_beta(context: StepContext) -> Pullback:
        layer = Signed(context, biased)
        to_positive = alpha * over(layer.value, layer.positive)
        to_negative = -beta * over(layer.value, layer.negative)
        return Pullback(lambda m: [layer.back(whole(m) * to_positive, whole(m) * to_negative)])

    return lrp_alpha_beta


# --- the bases ---------------------------------------------------------------------------------

# These rules give relevance also to channels whose value is 0, so that it is no multiple of the value: they
# send back a slope and an offset, R = slope * base + offset.


def at_bases(lowest: float = 0.0, highest: float = 1.0) -> Rule:
    """zB: R_i = sum_j (x_i w_ij - l w+_ij - h w-_ij) / sum_i (...) R_j for bases between l = 0 and h = 1."""

    @rule(exact=True, divides=True)
    def lrp_zb(context: StepContext) -> Pullback:
        weighted, shape, x = Weighted(context, "positive", "negative"), context.shape(), context.sequence()
        rise = weighted.forward(x - lowest, "positive") + weighted.forward(x - highest, "negative")
        factor = over(context.value(), rise)

        def backward(multiplier: Multiplier) -> Sequence[Multiplier]:
            share = whole(multiplier) * factor
            up, down = (weighted.transpose(share, shape, form) for form in ("positive", "negative"))
            return [Affine(up + down, -lowest * up - highest * down)]

        return Pullback(backward)

    return lrp_zb


def spread_by(form: str) -> Rule:
    """R_i = sum_j v_ij / sum_i v_ij R_j, whatever the activations: "ones" is flat, "square" is w2."""

    @rule(exact=True, divides=True)
    def lrp_spread(context: StepContext) -> Pullback:
        weighted, shape = Weighted(context, form), context.shape()
        factor = over(context.value(), weighted.forward(torch.ones_like(context.sequence()), form))

        def backward(multiplier: Multiplier) -> Sequence[Multiplier]:
            offset = weighted.transpose(whole(multiplier) * factor, shape, form)
            return [Affine(torch.zeros_like(offset), offset)]

        return Pullback(backward)

    return lrp_spread


# --- nonlinearities ----------------------------------------------------------------------------


@rule()
def from_zero(context: StepContext) -> Pullback:
    """Relevance passes a function unchanged, (f(a) - f(0)) / a per activation; f(0) is a bias."""
    function, args, kwargs = function_and_arguments(context)
    x = context.sequence()
    slope = function.secant(x, torch.zeros_like(x), *args, **kwargs)
    return Pullback(lambda m: [whole(m) * slope])


@rule(exact=True, divides=True)
def whole_ratio(context: StepContext) -> Pullback:
    """The same for a function that has no value at 0: f(a) / a."""
    slope = over(context.value(), context.sequence())
    return Pullback(lambda m: [whole(m) * slope])


# --- several activations -----------------------------------------------------------------------


@rule()
def product(context: StepContext) -> Pullback:
    """Half of the relevance to each factor (the uniform rule of Achtibat et al. 2024)."""
    return factors(context, (0.5, 0.5))


def signal(factor: int) -> Rule:
    """All of the relevance to one factor, the other being given (norms: Ali et al. 2022)."""

    @rule()
    def lrp_signal(context: StepContext) -> Pullback:
        return factors(context, (1.0 - factor, float(factor)))

    return lrp_signal


def factors(context: StepContext, shares: Sequence[float]) -> Pullback:
    others, shapes = [context.sequence(1), context.sequence(0)], [context.shape(0), context.shape(1)]
    triples = list(zip(others, shapes, shares, strict=True))
    return Pullback(
        lambda m: [unbroadcast(whole(m) * other * share, shape) for other, shape, share in triples]
    )


@rule()
def bilinear(context: StepContext) -> Pullback:
    """A matrix product of two activations: half of the relevance to each."""
    back: Callable[[Multiplier], Sequence[Multiplier]] = jacobian(context).backward
    return Pullback(lambda m: back(whole(m) / 2))


@rule(exact=True, divides=True)
def quotient(context: StepContext) -> Pullback:
    """All to the numerator, the denominator being given; to the denominator of a constant."""
    shapes = [context.shape(i) for i in range(len(context.inputs))]
    below = context.sequence(len(shapes) - 1)
    if len(shapes) == 1:
        slope = over(context.value(), below)
        return Pullback(lambda m: [unbroadcast(whole(m) * slope, shapes[0])])
    return Pullback(lambda m: [unbroadcast(over(whole(m), below), shapes[0]), whole(m).new_zeros(shapes[1])])
