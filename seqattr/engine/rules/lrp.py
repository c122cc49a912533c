"""LRP's rulebooks: which of the rules of `relevance` a step gets, by its kind and its place."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import wraps

import torch

from seqattr.engine.graph.divisors import has_pole
from seqattr.engine.graph.graph import INPUT, Graph, Ref, Step, inputs_of
from seqattr.engine.numerics.multipliers import Multiplier, Parts
from seqattr.engine.ops.composites import ATTENTION, LOG_SOFTMAX, NORMS, POWERS, SOFTMAX
from seqattr.engine.ops.elementwise import Trait, having
from seqattr.engine.ops.kinds import Kind
from seqattr.engine.ops.names import EXP
from seqattr.engine.ops.weights import CONVOLUTIONS
from seqattr.engine.rules import linear, relevance
from seqattr.engine.rules.gradient import RULES as GRADIENT_RULES
from seqattr.engine.rules.gradient import constant, slope
from seqattr.engine.walk.plan import Pullback, Rule, Rulebook
from seqattr.engine.walk.rulebook import StepContext

RULES: Mapping[Kind, Rule] = {
    **GRADIENT_RULES,  # sums, averages, shapes, maxima: the gradient is the z-rule
    Kind.PRODUCT: relevance.product,
    Kind.QUOTIENT: relevance.quotient,
    Kind.BILINEAR: relevance.bilinear,
}
Kinds = Mapping[str, Kind]


@dataclass(frozen=True)
class ByPlace:
    """Chooses a step's rule: one for convolutions, one for dense layers and other matrix products, and if
    given one for the first linear layer, which reads the bases, and one for the last.
    """

    convolution: Rule
    dense: Rule
    bases: Rule | None = None
    last: Rule | None = None

    def __call__(self, graph: Graph, step: Step, kinds: Kinds) -> Rule:
        """The rule; where the bases have one of their own, every other reader of them sends an offset too."""
        rule = self.by_kind(graph, step, kinds)
        own = [reads_bases(graph, ref, kinds) for ref in inputs_of(step, graph.active())]
        if self.bases is None or not any(own) or (kinds[step.name] is Kind.SHAPE and all(own)):
            return rule
        return self.bases if kinds[step.name] is Kind.LINEAR else with_offset(rule, own)

    def by_kind(self, graph: Graph, step: Step, kinds: Kinds) -> Rule:
        kind = kinds[step.name]
        if kind is Kind.ELEMENTWISE:
            return of_function(step)
        if kind is Kind.PRODUCT:
            return of_product(graph, step)
        return self.of_weights(graph, step, kinds) if kind is Kind.LINEAR else RULES[kind]

    def of_weights(self, graph: Graph, step: Step, kinds: Kinds) -> Rule:
        if self.last is not None and is_last(graph, step, kinds):
            return self.last
        return self.convolution if step.op in CONVOLUTIONS else self.dense


def lrp(
    name: str, convolution: Rule, dense: Rule, bases: Rule | None = None, last: Rule | None = None
) -> Rulebook:
    """A rulebook with these rules at linear steps, and the rules of this file at all others."""
    choose = ByPlace(convolution, dense, bases, last)
    return Rulebook(name, RULES, choose, by_place=frozenset(Kind))


# --- where a step stands -----------------------------------------------------------------------


def reads_bases(graph: Graph, name: str, kinds: Kinds) -> bool:
    """Whether a value is the sequence itself, or its elements moved about."""
    return name in graph.once("values of moved bases", lambda: moved_bases(graph, kinds))


def moved_bases(graph: Graph, kinds: Kinds) -> set[str]:
    """All values that are the sequence itself, or its elements moved about."""
    names, active = {INPUT}, graph.active()
    for step in graph.steps:
        if kinds[step.name] is Kind.SHAPE and names.issuperset(inputs_of(step, active)):
            names.add(step.name)
    return names


def with_offset(rule: Rule, places: list[bool]) -> Rule:
    """The rule, sending back to the bases an offset of 0 beside its slope."""

    @wraps(rule)
    def offset_too(context: StepContext) -> Pullback:
        backward = rule(context).backward

        def sent(multiplier: Multiplier) -> list[Multiplier]:
            pairs = zip(backward(multiplier), places, strict=True)
            return [
                Parts(m, torch.zeros_like(m)) if own and not isinstance(m, Parts) else m for m, own in pairs
            ]

        return Pullback(sent)

    return offset_too


PASSING = {Kind.SHAPE, Kind.AVERAGE, Kind.SCALE, Kind.OFFSET, Kind.SUM}


def is_last(graph: Graph, step: Step, kinds: Kinds) -> bool:
    """Whether nothing with weights of its own, nor any nonlinearity, comes after a step."""
    return step.name in graph.once("last steps", lambda: last_steps(graph, kinds))


def last_steps(graph: Graph, kinds: Kinds) -> set[str]:
    """All steps after which comes nothing with weights of its own, nor any nonlinearity."""
    names: set[str] = set()
    readers = graph.consumers()
    for step in reversed(graph.steps):
        after = [reader for reader in readers.get(step.name, ()) if kinds[reader.name] is not Kind.CONSTANT]
        if all(kinds[reader.name] in PASSING and reader.name in names for reader in after):
            names.add(step.name)
    return names


# --- by function -------------------------------------------------------------------------------

NOTHING_AT_ZERO = having(Trait.UNDEFINED_AT_ZERO)


def of_function(step: Step) -> Rule:
    """A nonlinearity's rule: in a softmax the gradient (Achtibat et al. 2024), in a norm what it divides by
    is given.
    """
    if step.op == EXP and step.part_of in SOFTMAX | LOG_SOFTMAX | ATTENTION:
        return slope
    if is_divisor(step):
        return constant
    through_logarithm = step.op in NOTHING_AT_ZERO or step.part_of in POWERS
    return relevance.unchanged if through_logarithm or has_pole(step) else relevance.from_zero


def is_divisor(step: Step | None) -> bool:
    """Whether a step is the one over a standard deviation of a norm."""
    return step is not None and step.part_of in NORMS and has_pole(step)


def of_product(graph: Graph, step: Step) -> Rule:
    """Halves, unless one factor is a norm's."""
    steps = graph.by_name()
    given = [isinstance(a, Ref) and is_divisor(steps.get(a)) for a in step.args[:2]]
    return relevance.signal(given.index(False)) if any(given) and not all(given) else relevance.product


# --- the rulebooks ---------------------------------------------------------------------------------

EPSILON = relevance.epsilon(0.25)
GAMMA = relevance.gamma(0.25)
Z_PLUS = relevance.alpha_beta(1, 0)
ALPHA2_BETA1 = relevance.alpha_beta(2, 1)
TAYLOR = relevance.alpha_beta(1, 0, biased=False)
ZERO = linear.linear
FLAT, W_SQUARE, Z_BASES = relevance.spread_by("ones"), relevance.spread_by("square"), relevance.at_bases()

LRP_0 = lrp("lrp-0", ZERO, ZERO)
LRP_EPSILON = lrp("lrp-epsilon", EPSILON, EPSILON, last=ZERO)
LRP_GAMMA = lrp("lrp-gamma", GAMMA, GAMMA)
LRP_ALPHA_BETA = lrp("lrp-alpha2-beta1", ALPHA2_BETA1, ALPHA2_BETA1, last=ZERO)
LRP_Z_PLUS = lrp("lrp-z-plus", Z_PLUS, Z_PLUS, last=ZERO)
LRP_FLAT = lrp("lrp-flat", Z_PLUS, EPSILON, bases=FLAT, last=ZERO)
LRP_W2 = lrp("lrp-w2", TAYLOR, TAYLOR, bases=W_SQUARE, last=ZERO)
LRP_ZB = lrp("lrp-zb", EPSILON, EPSILON, bases=Z_BASES, last=ZERO)
DEEP_TAYLOR = lrp("deep-taylor", TAYLOR, TAYLOR, bases=Z_BASES)
LRP_COMPOSITE = lrp("lrp-composite", GAMMA, EPSILON, bases=Z_BASES, last=ZERO)
