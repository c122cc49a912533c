"""PatternNet and PatternAttribution (Kindermans, Schütt, Alber, Müller, Erhan, Kim & Dähne 2018, section 5).

The gradient, but that at a step whose pattern was learned the pattern stands in the place of the weights
(PatternNet), or weights times pattern, element by element (PatternAttribution). Gates, products, norms and
all else are as the gradient has them, and so are weights of which nothing was learned. A pattern is divided
by its unit's variance, so that what comes back may be of any size.
"""

import torch

from seqattr.engine.numerics.multipliers import whole
from seqattr.engine.ops.kinds import Kind
from seqattr.engine.rules import linear
from seqattr.engine.rules.gradient import RULES
from seqattr.engine.rules.linear import Weighted
from seqattr.engine.walk.rulebook import Pullback, Rulebook, StepContext, rule


@rule(exact=True, divides=True)
def signal(context: StepContext) -> Pullback:
    """By the pattern: what in the input the unit's value tells of."""
    return in_form(context, "pattern")


@rule(exact=True, divides=True)
def share(context: StepContext) -> Pullback:
    """By weight times pattern: how much of the unit's value each input's signal accounts for."""
    return in_form(context, "weight times pattern")


def in_form(context: StepContext, form: str) -> Pullback:
    """The transpose of a linear step whose weights are in a form that needs its pattern."""
    if context.step.name not in context.rulebook.learned:
        return linear.linear(context)
    weighted, shape = Weighted(context, form), context.shape()
    return Pullback(lambda m: [weighted.transpose(whole(m), shape, form)])


FORMS = {"pattern": lambda weight, pattern: pattern, "weight times pattern": torch.mul}
PATTERNNET = Rulebook("patternnet", {**RULES, Kind.LINEAR: signal}, forms=FORMS)
PATTERN_ATTRIBUTION = Rulebook("patternattribution", {**RULES, Kind.LINEAR: share}, forms=FORMS)
