"""Guided backpropagation (Springenberg, Dosovitskiy, Brox & Riedmiller 2015, section 3.4)."""

from seqattr.engine.kinds import Kind
from seqattr.engine.multipliers import whole
from seqattr.engine.plan import Passage, Rulebook
from seqattr.engine.rules.gradient import RULES, slope
from seqattr.engine.view import View


def guided(view: View) -> Passage:
    """The gradient of a nonlinearity, of which only what comes back positive is passed on."""
    backward = slope(view).backward
    return Passage(lambda m: backward(whole(m).clamp(min=0)))


GUIDED = Rulebook("guided-backprop", {**RULES, Kind.ELEMENTWISE: guided})
