"""The plain gradient: every step's derivative at the sequence, as torch has it."""

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor

from seqattr.engine.numerics.multipliers import whole
from seqattr.engine.ops.elementwise import Trait, having
from seqattr.engine.ops.kinds import Kind
from seqattr.engine.ops.names import RELU, SQRT
from seqattr.engine.rules import linear
from seqattr.engine.rules.adjoint import vjp
from seqattr.engine.rules.deeplift import function_and_arguments, tiled
from seqattr.engine.rules.recurrent import recurrent
from seqattr.engine.rules.selections import Operands
from seqattr.engine.walk.rulebook import Pullback, Rule, Rulebook, StepContext, one, rule

# Flat on whole stretches, through which torch lets nothing back, be it infinite: 0 * inf would be NaN.
FLAT_IN_PARTS = having(Trait.FLAT)


@rule(exact=True)
def slope(context: StepContext) -> Pullback:
    """f'(x)."""
    x = context.sequence()
    if context.step.op == RELU:
        return Pullback(lambda m: [torch.ops.aten.threshold_backward(whole(m), x, 0)])
    derivative = derivative_of(context, x)
    if context.step.op in FLAT_IN_PARTS:
        return Pullback(lambda m: [torch.where(derivative == 0, 0.0, whole(m) * derivative)])
    return Pullback(lambda m: [whole(m) * derivative])


def derivative_of(context: StepContext, x: Tensor) -> Tensor:
    """f'(x); at the root of a norm or of a variance that is 0, the 0 that torch has for the norm."""
    function, args, kwargs = function_and_arguments(context)
    (derivative,) = tiled(context, one(lambda x: function.derivative(x, *args, **kwargs)))(x)
    of_norm = context.step.op == SQRT and context.step.part_of
    return derivative.masked_fill(x == 0, 0) if of_norm else derivative


@rule(exact=True)
def jacobian(context: StepContext) -> Pullback:
    """The step's own derivative at its arguments."""
    function, points = context.as_function(), [context.sequence(i) for i in range(len(context.inputs))]
    return Pullback(lambda m: vjp(function, points, whole(m)))


@rule()
def constant(context: StepContext) -> Pullback:
    """What counts as given sends nothing back: masks, which have no slope."""
    shapes = [context.shape(i) for i in range(len(context.inputs))]
    return Pullback(lambda m: [whole(m).new_zeros(shape) for shape in shapes])


@rule()
def choice(context: StepContext) -> Pullback:
    """To the value that the mask takes at each element; the mask itself has no slope."""
    operands = Operands(context)
    taken = operands.mask
    shares = (torch.zeros_like(taken), taken, 1 - taken)
    return Pullback(lambda m: operands.send([whole(m) * share for share in shares]))


RULES: Mapping[Kind, Rule] = {
    **linear.RULES,
    Kind.LINEAR: replace(linear.linear, exact=True),  # slopes are taken at its values, and 0 has its own
    Kind.ELEMENTWISE: slope,
    Kind.PRODUCT: jacobian,
    Kind.QUOTIENT: jacobian,
    Kind.BILINEAR: jacobian,
    Kind.MAX: jacobian,
    Kind.ORDER: jacobian,
    Kind.COMPARISON: constant,
    Kind.CHOICE: choice,
    Kind.LOGSUMEXP: jacobian,
    Kind.RECURRENT: replace(recurrent, exact=True),  # of its functions the slopes, as of those outside
}
GRADIENT = Rulebook("gradient", RULES)
