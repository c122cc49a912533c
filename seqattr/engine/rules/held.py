"""Values that count as given, as `detach` has it: they are what they are, and nothing is explained by them.

Under a gradient that is torch's own answer, 0. Against a reference a held value takes part in the difference
all the same, with another value on either side. What that adds, its difference times the multiplier that
comes to it, is told apart: contributions sum to the rest of the difference.
"""

from torch import Tensor

from seqattr.engine.numerics.multipliers import Multiplier, collapse, whole
from seqattr.engine.walk.rulebook import Pullback, StepContext, rule


@rule()
def held(context: StepContext) -> Pullback:
    """Nothing to the argument; what the value's difference is worth is kept."""
    shape = context.shape()
    if not context.pairs.rows.references:
        return Pullback(lambda m: [whole(m).new_zeros(shape)])
    if not context.step.part_of:
        context.plan.notes[
            f"what the model holds fixed by detach at {context.step.source or context.step.name} is not "
            "explained: contributions sum to the rest of the difference"
        ] = None
    difference, total = context.difference(), context.pairs.totals(context.step.name)

    def kept(multiplier: Multiplier) -> Tensor:
        return total(collapse(multiplier, difference.sign()) * difference)

    return Pullback(lambda m: [whole(m).new_zeros(shape)], kept=kept)
