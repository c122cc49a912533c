"""LRP's rulebooks: which of the rules of `relevance` a step gets, by its kind and its place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import wraps

import torch
from torch import Tensor

from seqattr.engine.graph.divisors import has_pole
from seqattr.engine.graph.graph import INPUT, Graph, Ref, Step
from seqattr.engine.graph.kinds import held_values
from seqattr.engine.numerics.multipliers import Affine, Multiplier
from seqattr.engine.ops.composites import ATTENTION, LOG_SOFTMAX, NORMS, POWERS, SOFTMAX
from seqattr.engine.ops.elementwise import Trait, having
from seqattr.engine.ops.kinds import Kind
from seqattr.engine.ops.names import EXP
from seqattr.engine.ops.weights import CONVOLUTIONS
from seqattr.engine.rules import relevance
from seqattr.engine.rules.gradient import RULES as GRADIENT_RULES
from seqattr.engine.rules.gradient import constant, slope
from seqattr.engine.walk.rulebook import ByPlace, Kinds, Pullback, Rule, Rulebook, StepContext

RULES: Mapping[Kind, Rule] = {
    **GRADIENT_RULES,  # sums, averages, shapes, maxima: the gradient is the z-rule
    Kind.PRODUCT: relevance.product,
    Kind.QUOTIENT: relevance.quotient,
    Kind.BILINEAR: relevance.bilinear,
}


@dataclass(frozen=True)
class Composite:
    """Which rule a step gets: one for convolutions, one for dense layers and other matrix products, and if
    given one for the first linear layer, which reads the bases, and one for the last.
    """

    convolution: Rule
    dense: Rule
    bases: Rule | None = None
    last: Rule | None = None

    def choose(self, graph: Graph, step: Step, kinds: Kinds) -> Rule:
        """The rule; where the bases have one of their own, every other reader of them sends an offset too."""
        rule = self.by_kind(graph, step, kinds)
        if self.bases is None:
            return rule
        bases = moved_bases(graph, kinds)
        of_bases = [ref in bases for ref in graph.activations()[step.name]]
        if not any(of_bases) or (kinds[step.name] is Kind.SHAPE and all(of_bases)):
            return rule
        return self.bases if kinds[step.name] is Kind.LINEAR else with_offset(rule, of_bases)

    def by_kind(self, graph: Graph, step: Step, kinds: Kinds) -> Rule:
        kind = kinds[step.name]
        if kind is Kind.ELEMENTWISE:
            return of_function(step)
        if kind is Kind.PRODUCT:
            return of_product(graph, step)
        return self.of_weights(graph, step, kinds) if kind is Kind.LINEAR else RULES[kind]

    def of_weights(self, graph: Graph, step: Step, kinds: Kinds) -> Rule:
        if self.last is not None and step.name in last_steps(graph, kinds):
            return self.last
        return self.convolution if step.op in CONVOLUTIONS else self.dense


def lrp(
    name: str, convolution: Rule, dense: Rule, bases: Rule | None = None, last: Rule | None = None
) -> Rulebook:
    """A rulebook with these rules at linear steps, and the rules of this file at all others."""
    by_place = ByPlace(Composite(convolution, dense, bases, last).choose)
    return Rulebook(name, dict.fromkeys(Kind, by_place))


# --- where a step stands -----------------------------------------------------------------------


def moved_bases(graph: Graph, kinds: Kinds) -> frozenset[str]:
    """All values that are the sequence itself, or its elements moved about."""

    def moves(step: Step, names: set[str]) -> bool:
        return kinds[step.name] is Kind.SHAPE and names.issuperset(graph.activations()[step.name])

    return graph.once("values of moved bases", lambda: graph.closure(moves, start=[INPUT]))


def with_offset(rule: Rule, of_bases: Sequence[bool]) -> Rule:
    """The rule, sending back to the bases an offset of 0 beside its slope."""

    @wraps(rule.pullback)
    def offset_too(context: StepContext) -> Pullback:
        backward = rule(context).backward

        def affine(multiplier: Multiplier) -> list[Multiplier]:
            pairs = zip(backward(multiplier), of_bases, strict=True)
            return [
                Affine(m, torch.zeros_like(m)) if to_bases and isinstance(m, Tensor) else m
                for m, to_bases in pairs
            ]

        return Pullback(affine)

    return replace(rule, pullback=offset_too)


PASSING = {Kind.SHAPE, Kind.AVERAGE, Kind.SCALE, Kind.OFFSET, Kind.SUM}


def last_steps(graph: Graph, kinds: Kinds) -> frozenset[str]:
    """All steps after which comes nothing with weights of its own, nor any nonlinearity."""

    def is_last(step: Step, names: set[str]) -> bool:
        readers = graph.active_readers(step.name)
        return all(kinds[reader.name] in PASSING and reader.name in names for reader in readers)

    return graph.once("last steps", lambda: graph.closure(is_last, backwards=True))


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
    return relevance.whole_ratio if through_logarithm or has_pole(step) else relevance.from_zero


def is_divisor(step: Step | None) -> bool:
    """Whether a step is the one over a standard deviation of a norm."""
    return step is not None and step.part_of in NORMS and has_pole(step)


def of_product(graph: Graph, step: Step) -> Rule:
    """Halves, unless one factor is a norm's, or held: then all is the other's."""
    steps, held = graph.by_name(), held_values(graph)
    given = [isinstance(a, Ref) and (a in held or is_divisor(steps.get(a))) for a in step.args[:2]]
    if any(given) and not all(given):
        return relevance.signal(given.index(False))
    return relevance.product


# --- the rulebooks ---------------------------------------------------------------------------------

EPSILON = relevance.epsilon(0.25)
GAMMA = relevance.gamma(0.25)
Z_PLUS = relevance.alpha_beta(1, 0)
ALPHA2_BETA1 = relevance.alpha_beta(2, 1)
TAYLOR = relevance.alpha_beta(1, 0, biased=False)
ZERO = relevance.ZERO
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
