"""Steps that select: elements in order, comparisons, and choices by a mask; complete, as `nonlinear` is.

None of them has natural parts. A mask counts as a number, 0 or 1.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from seqattr.engine.numerics.multipliers import Multiplier, whole
from seqattr.engine.ops.kinds import BITWISE
from seqattr.engine.ops.moving import CHOICES
from seqattr.engine.ops.names import WHERE_NUMBERS
from seqattr.engine.rules.adjoint import unbroadcast
from seqattr.engine.rules.nonlinear import midpoint
from seqattr.engine.walk.rulebook import Pullback, StepContext, rule

# --- in order ----------------------------------------------------------------------------------


@rule()
def order(context: StepContext) -> Pullback:
    """Elements sorted along a dimension, by the sums of the k largest, of which each is the last one's gain.

    With A the places of the k largest of the sequence, B those of the reference, and d the difference, the
    sum rises by no more than d summed over A and no less than d summed over B: it is the two, weighted. The
    weights of each k are between 0 and 1 and the same for all elements. Ties are in the order of places,
    as torch's gradient has them: of two alike the mirrored model on the mirrored sequence takes the other.
    """
    dim, descending = order_of(context)
    a, b = (
        side.movedim(dim, -1) * (1 if descending else -1)
        for side in (context.sequence(), context.reference())
    )
    (top_a, index_a), (top_b, index_b) = (torch.sort(x, stable=True, dim=-1, descending=True) for x in (a, b))
    gain = (top_a - top_b).cumsum(-1)
    over_a, over_b = (top_a - b.gather(-1, index_a)).cumsum(-1), (a.gather(-1, index_b) - top_b).cumsum(-1)
    apart = over_a - over_b
    share = torch.where(apart > 0, (gain - over_b) / torch.where(apart > 0, apart, 1.0), 0.5).clamp(0, 1)

    def backward(multiplier: Multiplier) -> Sequence[Multiplier]:
        m = whole(multiplier).movedim(dim, -1)
        last = m - torch.nn.functional.pad(m, (0, 1))[..., 1:]  # what the sum of the k largest is worth
        back = torch.zeros_like(m)
        for index, weight in ((index_a, share), (index_b, 1 - share)):
            back.scatter_add_(-1, index, (last * weight).flip(-1).cumsum(-1).flip(-1))
        return [back.movedim(-1, dim)]

    return Pullback(backward)


def order_of(context: StepContext) -> tuple[int, bool]:
    """The dimension that is sorted, and whether from the largest on."""
    return context.step.arguments.dim, context.step.arguments.descending


# --- masks -------------------------------------------------------------------------------------


@rule()
def comparison(context: StepContext) -> Pullback:
    """A comparison, or what joins two masks: each argument's effect, averaged over which of them changes
    first; without a difference no slope.
    """
    function, count = on_numbers(context), len(context.inputs)
    a, b = ([side(i) for i in range(count)] for side in (context.sequence, context.reference))
    shape = context.pairs.shape(context.step.name)
    effects = [effect(function, a, b, i).expand(shape) for i in range(count)]
    differences = [x - y for x, y in zip(a, b, strict=True)]
    slopes = [
        torch.where(d == 0, 0.0, e / torch.where(d == 0, 1.0, d))
        for e, d in zip(effects, differences, strict=True)
    ]
    shapes = [context.shape(i) for i in range(count)]
    return Pullback(
        lambda m: [unbroadcast(whole(m) * slope, shape) for slope, shape in zip(slopes, shapes, strict=True)]
    )


def on_numbers(context: StepContext) -> Callable[[Sequence[Tensor]], Tensor]:
    """The step's function of numbers, with a number as its value; torch joins masks bit by bit."""
    function, bitwise = context.as_function(), context.step.op in BITWISE

    def of(points: Sequence[Tensor]) -> Tensor:
        value: Tensor = function([point != 0 for point in points] if bitwise else points)
        return value.to(points[0].dtype)

    return of


def effect(
    function: Callable[[Sequence[Tensor]], Tensor], a: list[Tensor], b: list[Tensor], argument: int
) -> Tensor:
    """What an argument adds on its way from b to a, the other argument at b and at a."""

    def change(others: list[Tensor]) -> Tensor:
        ends = [[*others[:argument], side[argument], *others[argument + 1 :]] for side in (a, b)]
        return function(ends[0]) - function(ends[1])

    return change(a) if len(a) == 1 else (change(a) + change(b)) / 2


class Operands:
    """The mask, the value taken where it holds and the value taken elsewhere, of a choice."""

    def __init__(self, context: StepContext) -> None:
        self.context, active = context, context.plan.active
        self.arguments = [context.step.args[i] for i in CHOICES[context.step.op]]
        order = [i for i, a in enumerate(context.step.args) if isinstance(a, str) and a in active]
        self.shapes = [context.shape(i) for i in range(len(order))]
        self.numbers = [order.index(i) if i in order else None for i in CHOICES[context.step.op]]

    @property
    def mask(self) -> Tensor:
        """1 where the mask holds for the sequence, else 0."""
        argument = self.numbers[0]
        assert argument is not None  # else the choice would be none
        return self.context.sequence(argument)

    def middle(self, operand: int) -> Tensor:
        """The mean of an operand's two sides; a constant as it is."""
        argument = self.numbers[operand]
        if argument is None:
            number = self.context.number(self.arguments[operand])
            # between two numbers torch chooses in its own default precision
            return number.to(torch.get_default_dtype()) if self.context.step.op == WHERE_NUMBERS else number
        return midpoint(self.context, argument)

    def send(self, back: Sequence[Tensor]) -> list[Any]:
        """What goes back to each activation, in the order of the step's arguments."""
        pairs = [
            (argument, m) for argument, m in zip(self.numbers, back, strict=True) if argument is not None
        ]
        order = [m for _, m in sorted(pairs, key=lambda pair: pair[0])]
        return [unbroadcast(m, shape) for m, shape in zip(order, self.shapes, strict=True)]


@rule()
def choice(context: StepContext) -> Pullback:
    """m a + (1 - m) b with a mask m: the midpoint rule for both products, and where the mask is the same on
    both sides nothing to the mask, whatever a and b are there.
    """
    operands = Operands(context)
    mask, a, b = (operands.middle(i) for i in range(3))
    gap = (a - b).to(mask.dtype)
    jump = torch.where(mask == 0.5, gap, torch.zeros_like(gap))

    def backward(multiplier: Multiplier) -> Sequence[Multiplier]:
        m = whole(multiplier)
        return operands.send([m * jump, m * mask, m * (1 - mask)])

    return Pullback(backward)
