"""Guided backpropagation (Springenberg, Dosovitskiy, Brox & Riedmiller 2015, section 3.4)."""

from seqattr.engine.graph.graph import Graph, Step
from seqattr.engine.numerics.multipliers import whole
from seqattr.engine.ops.elementwise import RECTIFIERS
from seqattr.engine.ops.kinds import Kind
from seqattr.engine.rules.gradient import RULES, slope
from seqattr.engine.walk.rulebook import ByPlace, Kinds, Pullback, Rule, Rulebook, StepContext, rule


@rule(exact=True)
def guided(context: StepContext) -> Pullback:
    """The gradient of a nonlinearity, of which only what comes back positive is passed on."""
    backward = slope(context).backward
    return Pullback(lambda m: backward(whole(m).clamp(min=0)))


def where_written(graph: Graph, step: Step, kinds: Kinds) -> Rule:
    """Not inside softmax, norms, gates and recurrent cells."""
    return slope if step.part_of else guided


GUIDED = Rulebook("guided-backprop", {**RULES, Kind.ELEMENTWISE: ByPlace(where_written)})


# --- the deconvolutional network ------------------------------------------------------------------


@rule(exact=True)
def deconvnet(context: StepContext) -> Pullback:
    """What comes back, where it is positive, on or off: Zeiler & Fergus 2014, section 2.1."""
    return Pullback(lambda m: [whole(m).clamp(min=0)])


def where_rectified(graph: Graph, step: Step, kinds: Kinds) -> Rule:
    """At rectifiers; elsewhere as guided backpropagation has it, which keeps the slope."""
    return deconvnet if step.op in RECTIFIERS and not step.part_of else where_written(graph, step, kinds)


DECONVNET = Rulebook("deconvnet", {**RULES, Kind.ELEMENTWISE: ByPlace(where_rectified)})
