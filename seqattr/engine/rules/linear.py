"""Steps that are linear in the activations: every rulebook passes them back by their transpose.

Where a RevealCancel step further on wants a difference in parts, linear steps also say how their own
difference falls into parts (Shrikumar et al. 2017, sections 3.4 and 3.5.1).
"""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from seqattr.engine.graph.graph import Ref
from seqattr.engine.numerics import dense, fused
from seqattr.engine.numerics.multipliers import Multiplier, Parts, as_parts, collapse, map_parts, whole
from seqattr.engine.ops.kinds import QUOTIENTS, SUBTRACTIONS, Kind
from seqattr.engine.ops.moving import WITH_CONSTANTS
from seqattr.engine.ops.names import NEG
from seqattr.engine.ops.weights import CONVOLUTIONS, DENSE
from seqattr.engine.rules.adjoint import matrix_adjoint, step_adjoint, unbroadcast, vjp
from seqattr.engine.rules.held import held
from seqattr.engine.walk.rulebook import Pullback, Rule, StepContext, rule

# --- weights -----------------------------------------------------------------------------------


@rule(joins="linear")
def linear(context: StepContext) -> Pullback:
    """Convolution, dense layer or constant matrix; the bias has no part in a difference.

    In parts, by the sign of the input's difference dx (section 3.5.1), with W = (W + |W|)/2 + (W - |W|)/2:
    D+ and D- are (W dx ± |W| |dx|) / 2, and the multiplier is
    (W^T (m+ + m-) + sign(dx) |W|^T (m+ - m-)) / 2.
    """
    weighted, shape = Weighted(context, *("magnitude",) * context.split), context.shape()
    if not context.split:
        return Pullback(lambda m: [weighted.transpose(whole(m), shape)])
    difference, size = context.pairwise_parts(fused.difference_and_size)
    spread = weighted.forward(size, "magnitude")

    def backward(multiplier: Multiplier) -> Sequence[Multiplier]:
        if isinstance(multiplier, Tensor):
            return [weighted.transpose(multiplier, shape)]
        total, gap = fused.sum_and_difference(*as_parts(multiplier))
        straight = weighted.transpose(total, shape)
        return [fused.join_by_sign(straight, weighted.transpose(gap, shape, "magnitude"), difference)]

    return Pullback(backward, Parts(*context.output_pairwise(fused.parts_about, spread)))


class Weighted:
    """A linear step as a function of its activation alone, with its weights or other forms of them."""

    def __init__(self, context: StepContext, *forms: str) -> None:
        step = context.step
        self.function, self.op, self.kwargs = context.function, step.op, dict(step.kwargs)
        self.operand = next(i for i, a in enumerate(step.args[:2]) if a == context.inputs[0])
        ref: Ref = step.args[1 - self.operand]
        forms = ("plain", *forms)
        self.rest = list(step.args[2:])
        if self.rest and self.op in CONVOLUTIONS | DENSE:
            self.rest[0] = None  # the bias
        convolves = self.op in CONVOLUTIONS and self.operand == 0
        self.convolutions = {
            form: context.plan.convolution(step, context.constant(ref), form) for form in forms if convolves
        }
        self.weights = {form: context.weight(ref, form) for form in forms if not convolves}

    def forward(self, activation: Tensor, form: str = "plain") -> Tensor:
        """W x, without the bias, for one of the forms of W."""
        if self.convolutions:
            return self.convolutions[form].forward(activation)
        weight = self.weights[form]
        pair = (activation, weight) if self.operand == 0 else (weight, activation)
        return self.function(*pair, *self.rest, **self.kwargs)

    def transpose(self, multiplier: Tensor, shape: Sequence[int], form: str = "plain") -> Tensor:
        """W^T m, for activations of this shape and one of the forms of W."""
        if self.convolutions:
            return self.convolutions[form].transpose(multiplier, shape)
        weight = self.weights[form]
        if self.op in CONVOLUTIONS | DENSE and self.operand == 1:  # the activation itself is the weight
            return vjp(lambda a: self.forward(a[0], form), [multiplier.new_zeros(shape)], multiplier)[0]
        if self.op in DENSE:
            return dense.transpose(multiplier, weight)
        return matrix_adjoint(multiplier, weight, shape, self.operand)


# --- constants ---------------------------------------------------------------------------------


@rule(passes_parts=True)
def scale(context: StepContext) -> Pullback:
    """Times a constant: parts change places where it is negative (a batch norm that was not folded)."""
    operand = 0 if context.step.args[0] == context.inputs[0] else 1
    other = context.step.args[1 - operand]
    factor = context.number(other)
    if context.step.op in QUOTIENTS:
        factor = 1 / factor
    shape = context.shape()

    def backward(multiplier: Multiplier) -> Sequence[Multiplier]:
        return [map_parts(lambda m: unbroadcast(m, shape), scale_multiplier(multiplier, factor))]

    return Pullback(backward, scale_parts(context.parts(), factor) if context.split else None)


def scale_multiplier(multiplier: Multiplier, factor: Tensor) -> Multiplier:
    """The multiplier times the factor; its parts exchanged where the factor is negative."""
    if isinstance(multiplier, Tensor):
        return multiplier * beside(factor, multiplier)
    return scale_parts(as_parts(multiplier), factor)


def scale_parts(parts: Parts, factor: Tensor) -> Parts:
    factor = beside(factor, parts.positive)
    positive, negative = parts.positive * factor, parts.negative * factor
    upright = factor >= 0
    if factor.ndim == 0 and factor.is_cpu:
        return Parts(positive, negative) if upright else Parts(negative, positive)
    return Parts(torch.where(upright, positive, negative), torch.where(upright, negative, positive))


def beside(factor: Tensor, values: Tensor) -> Tensor:
    """A factor as precise as values, and where they are; a single number stays on the host, from where it
    goes with the work, and nothing waits for it.
    """
    single = factor.ndim == 0 and factor.is_cpu
    return factor.to(values.dtype) if single else factor.to(values)


@rule(passes_parts=True)
def offset(context: StepContext) -> Pullback:
    """Plus or minus a constant, or the negative."""
    shape, (coefficient,) = context.shape(), coefficients(context)
    sign = torch.tensor(coefficient)

    def backward(multiplier: Multiplier) -> Sequence[Multiplier]:
        return [map_parts(lambda m: unbroadcast(m, shape), scale_multiplier(multiplier, sign))]

    if not context.split:
        return Pullback(backward)
    widened = map_parts(lambda part: part.expand(context.pairs.shape(context.step.name)), context.parts())
    return Pullback(backward, scale_parts(as_parts(widened), sign))


@rule(joins="linear")
def total(context: StepContext) -> Pullback:
    """Activations added or subtracted: a linear layer with weights 1 and -1."""
    shapes, signs = [context.shape(i) for i in range(len(context.inputs))], coefficients(context)
    if not context.split:
        return Pullback(
            lambda m: [unbroadcast(with_sign(whole(m), c), s) for c, s in zip(signs, shapes, strict=True)]
        )
    changes = [with_sign(context.difference(i), c) for i, c in enumerate(signs)]

    def backward(multiplier: Multiplier) -> Sequence[Multiplier]:
        return to_operands(shapes, signs, [collapse(multiplier, change) for change in changes])

    return Pullback(backward, Parts(*fused.sides_added(*changes)))


def to_operands(
    shapes: Sequence[Sequence[int]], signs: Sequence[float], multipliers: Sequence[Tensor]
) -> list[Multiplier]:
    """What each operand of a sum gets."""
    triples = zip(multipliers, signs, shapes, strict=True)
    return [unbroadcast(with_sign(m, sign), shape) for m, sign, shape in triples]


def with_sign(value: Tensor, coefficient: float) -> Tensor:
    return value if coefficient == 1 else value * coefficient


def coefficients(context: StepContext) -> list[float]:
    """1 or -1 for each activation argument of a sum."""
    op, args = context.step.op, context.step.args
    if op == NEG:
        return [-1.0]
    signs = (1.0, -1.0) if op in SUBTRACTIONS else (1.0, 1.0)
    active = context.plan.active
    return [sign for sign, a in zip(signs, args, strict=False) if isinstance(a, Ref) and a in active]


# --- shapes and averages -----------------------------------------------------------------------


@rule(passes_parts=True)
def rearrange(context: StepContext) -> Pullback:
    """Elements moved, repeated, dropped, joined or averaged with weights >= 0: parts pass one by one."""
    shapes = [context.shape(i) for i in range(len(context.inputs))]
    back: Callable[[Tensor], Sequence[Tensor]] = step_adjoint(context, shapes)

    def backward(multiplier: Multiplier) -> Sequence[Multiplier]:
        if isinstance(multiplier, Tensor):
            return back(multiplier)
        pairs = zip(*map(back, multiplier), strict=True)
        return [type(multiplier)(*pair) for pair in pairs]

    if not context.split:
        return Pullback(backward)
    parts = [context.parts(i) for i in range(len(context.inputs))]
    return Pullback(backward, Parts(*(apply(context, [p[side] for p in parts]) for side in (0, 1))))


def apply(context: StepContext, activations: Sequence[Tensor]) -> Tensor:
    """The step's linear part, on these activations."""
    function = context.as_function()
    value: Tensor = function(activations)
    if context.step.op in WITH_CONSTANTS:
        value = value - function([torch.zeros_like(a) for a in activations])
    return value


RULES: Mapping[Kind, Rule] = {
    Kind.LINEAR: linear,
    Kind.SCALE: scale,
    Kind.OFFSET: offset,
    Kind.SUM: total,
    Kind.SHAPE: rearrange,
    Kind.AVERAGE: rearrange,
    Kind.HELD: held,
}
