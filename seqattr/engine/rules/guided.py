"""Guided backpropagation (Springenberg, Dosovitskiy, Brox & Riedmiller 2015, section 3.4)."""

from collections.abc import Mapping

from seqattr.engine.graph import Graph, Step
from seqattr.engine.kinds import Kind
from seqattr.engine.multipliers import whole
from seqattr.engine.plan import Passage, Rule, Rulebook
from seqattr.engine.rules.gradient import RULES, slope
from seqattr.engine.view import View


def guided(view: View) -> Passage:
    """The gradient of a nonlinearity, of which only what comes back positive is passed on."""
    backward = slope(view).backward
    return Passage(lambda m: backward(whole(m).clamp(min=0)))


def where_written(graph: Graph, step: Step, kinds: Mapping[str, Kind]) -> Rule:
    """Not inside softmax, norms, gates and recurrent cells."""
    return slope if step.part_of else guided


GUIDED = Rulebook("guided-backprop", RULES, choose=where_written)
