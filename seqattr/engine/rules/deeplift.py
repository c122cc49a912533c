"""DeepLIFT: how a difference from the reference travels back (Shrikumar, Greenside & Kundaje 2017)."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from torch import Tensor

from seqattr.engine.graph.divisors import divided_values, has_pole
from seqattr.engine.graph.graph import Graph, Step
from seqattr.engine.numerics import fused, multipliers
from seqattr.engine.numerics.multipliers import Multiplier, Parts, as_parts, map_parts
from seqattr.engine.numerics.tiles import in_tiles
from seqattr.engine.ops.composites import NORMS
from seqattr.engine.ops.elementwise import ELEMENTWISE, Elementwise, Trait
from seqattr.engine.ops.kinds import Kind
from seqattr.engine.ops.weights import DENSE, MATRIX_PRODUCTS
from seqattr.engine.rules import linear, nonlinear, quotients, selections
from seqattr.engine.rules.recurrent import recurrent
from seqattr.engine.walk.rulebook import ByPlace, Kinds, Pullback, Rule, Rulebook, StepContext, one, rule

COMPLETE: Mapping[Kind, Rule] = {
    **linear.RULES,
    Kind.PRODUCT: nonlinear.product,
    Kind.QUOTIENT: quotients.quotient,
    Kind.BILINEAR: nonlinear.bilinear,
    Kind.MAX: nonlinear.largest,
    Kind.ORDER: selections.order,
    Kind.COMPARISON: selections.comparison,
    Kind.CHOICE: selections.choice,
    Kind.LOGSUMEXP: nonlinear.log_sum_exp,
    Kind.RECURRENT: recurrent,
}


def function_and_arguments(context: StepContext) -> tuple[Elementwise, Sequence[Any], Mapping[str, Any]]:
    """The nonlinearity of an elementwise step and what it is given besides its input.

    A tensor among that, as PReLU's slopes, goes along the channels.
    """
    (_, *args), kwargs = context.arguments([None])
    after_channels = [1] * (len(context.shape()) - 2)
    args = [a.view(-1, *after_channels) if isinstance(a, Tensor) else a for a in args]
    return ELEMENTWISE[context.step.op], args, kwargs


def secant_of(context: StepContext) -> Callable[[Tensor, Tensor], Tensor]:
    """The slope of a step's function between two points."""
    function, args, kwargs = function_and_arguments(context)
    return lambda a, b: function.secant(a, b, *args, **kwargs)


def tiled(context: StepContext, function: Callable[..., Sequence[Tensor]]) -> Callable[..., Sequence[Tensor]]:
    """What a step's nonlinearity makes of each element, of large values some at a time; not where it takes
    tensors beside them, nor where it is compiled into one pass already.
    """
    nonlinearity, args, _ = function_and_arguments(context)
    at_once = nonlinearity.in_both_orders or any(isinstance(argument, Tensor) for argument in args)
    return function if at_once else partial(in_tiles, function)


@rule(passes_parts=True, joins="rescale")
def rescale(context: StepContext) -> Pullback:
    """Delta y / delta x for both parts; the derivative where delta x is 0 (section 3.5.2)."""
    (slope,) = context.pairwise_parts(tiled(context, one(secant_of(context))))
    parts = None
    if context.split:
        positive, negative = context.parts()
        parts = Parts(slope * positive, slope * negative)
    return Pullback(lambda m: [map_parts(partial(fused.product, slope), m)], parts)


@rule(wants_parts=True, joins="revealcancel")
def revealcancel(context: StepContext) -> Pullback:
    """The two parts' effects, averaged over which of them comes first (section 3.5.3).

    With r the reference, P and N the parts of the input's difference:
    m+ = [f(r+P) - f(r) + f(r+N+P) - f(r+N)] / 2P, m- = [f(r+N) - f(r) + f(r+P+N) - f(r+P)] / 2N,
    each quotient a secant, so that an empty part has its limit. Where r+P or r+N leaves the function's
    domain, Rescale. A function that grows without bound, as exp, may be so large there that the two effects
    all but cancel, at any number of times f(x) - f(r): where they come, in absolute value, to more than 10
    times what Rescale gives the parts, Rescale takes over, the further the more (`multipliers.cap_effects`).
    """
    positive, negative = context.parts()
    of_function = function_and_arguments(context)[0].in_both_orders
    in_both_orders = of_function or partial(multipliers.in_both_orders, secant_of(context))
    slopes = Parts(*context.pairwise_parts(tiled(context, in_both_orders), positive, negative))
    if Trait.GROWS in ELEMENTWISE[context.step.op].traits:
        slopes = bound_by_rescale(context, slopes)

    def backward(multiplier: Multiplier) -> Sequence[Multiplier]:
        m = as_parts(multiplier)
        return [Parts(*(fused.product(slope, part) for slope, part in zip(slopes, m, strict=True)))]

    parts = Parts(slopes.positive * positive, slopes.negative * negative) if context.split else None
    return Pullback(backward, parts)


def bound_by_rescale(context: StepContext, slopes: Parts) -> Parts:
    """The slopes with effects that stay comparable with Rescale's; a note says where they did not."""
    within, beyond = multipliers.cap_effects(slopes, context.pairwise(secant_of(context)), *context.parts())
    if beyond.any():
        context.plan.notes[
            "RevealCancel's points left the range between sequence and reference so far at "
            f"{context.step.name} ({context.step.op}) that its parts' effects cancel: there it "
            "was bounded by Rescale"
        ] = None
    return Parts(*within)


# --- which rule a nonlinearity gets -------------------------------------------------------------


def everywhere(graph: Graph, step: Step, kinds: Kinds) -> Rule:
    """RevealCancel, except inside softmax, norms, gates and recurrent cells, which have no natural parts, and
    except of what is divided, as by its own norm: beside its difference the parts may be of any size, and so
    then is what the slope of the division makes of them.
    """
    no_parts = step.part_of or has_pole(step) or step.name in divided_values(graph, kinds)
    return rescale if no_parts else revealcancel


def after_dense(graph: Graph, step: Step, kinds: Kinds) -> Rule:
    """The genomics default: RevealCancel where a dense layer feeds the nonlinearity, else Rescale."""
    return everywhere(graph, step, kinds) if fed_by_dense(graph, step, kinds) else rescale


LOOK_THROUGH = {Kind.SHAPE, Kind.AVERAGE, Kind.SCALE, Kind.OFFSET}


def fed_by_dense(graph: Graph, step: Step, kinds: Kinds) -> bool:
    """Whether a dense layer is the first weighted step before this one, through no-ops and norms."""

    def passes(before: Step) -> bool:
        return kinds[before.name] in LOOK_THROUGH or before.part_of in NORMS

    origins = graph.once("origins, looked through no-ops and norms", lambda: graph.origins(passes))
    feeding = graph.by_name().get(origins[graph.activations()[step.name][0]])
    dense = feeding is not None and feeding.op in DENSE | MATRIX_PRODUCTS
    return dense and feeding is not None and kinds[feeding.name] is Kind.LINEAR


# --- the rulebooks ------------------------------------------------------------------------------

RESCALE = Rulebook("deeplift-rescale", {**COMPLETE, Kind.ELEMENTWISE: rescale})
REVEALCANCEL = Rulebook("deeplift-revealcancel", {**COMPLETE, Kind.ELEMENTWISE: ByPlace(everywhere)})
GENOMICS_DEFAULT = Rulebook("deeplift", {**COMPLETE, Kind.ELEMENTWISE: ByPlace(after_dense)})
