"""What sort of op each step of a graph is, and the function that works it out."""

from collections.abc import Callable
from typing import Any

from seqattr.engine.graph.graph import Graph, Ref, Step, find_refs
from seqattr.engine.graph.recurrent import OVER_TIME
from seqattr.engine.ops.arguments import torch_op
from seqattr.engine.ops.hints import HINTS, NO_SLOPE
from seqattr.engine.ops.kinds import ALWAYS, HELD, KNOWN, ORDERS, PRODUCTS, QUOTIENTS, SUMS, Kind
from seqattr.engine.ops.makers import SHAPE_ONLY
from seqattr.engine.ops.moving import AS_RESHAPE, CHOICES, FIXED_ARGUMENTS
from seqattr.engine.ops.names import CAST, SCATTER_REDUCE
from seqattr.engine.ops.sizes import ON_SIZES
from seqattr.engine.ops.weights import CONVOLUTIONS, DENSE, MATRIX_PRODUCTS
from seqattr.engine.ops.windows import MAXIMA
from seqattr.errors import UnsupportedOp


def function_of(step: Step) -> Callable[..., Any]:
    """The function behind an op name. Raises UnsupportedOp for a name in no table."""
    if step.op in ON_SIZES:
        return ON_SIZES[step.op]
    if step.op in OVER_TIME:
        return OVER_TIME[step.op]
    if step.op not in KNOWN:
        raise UnsupportedOp(step.op, step.source, HINTS.get(step.op, ""))
    return torch_op(AS_RESHAPE.get(step.op, step.op))


def kind_of(step: Step, active: set[str]) -> Kind:
    """The kind of a step, given the names of the values that depend on the bases."""
    if step.op in SHAPE_ONLY or not any(ref in active for ref in step.refs()):
        function_of(step)  # it must be one that we know
        return Kind.CONSTANT
    refuse(step, active)
    if step.op in CHOICES and step.args[CHOICES[step.op][0]] in active:
        return Kind.CHOICE
    if step.op == CAST and step.kwargs["dtype"].is_floating_point:
        return Kind.OFFSET  # of a mask: 0 or 1 as numbers
    if step.op in ALWAYS:
        return ALWAYS[step.op]
    both = sum(isinstance(a, Ref) and a in active for a in step.args[:2]) == 2
    return branching_kind(step, both, active)


def refuse(step: Step, active: set[str]) -> None:
    """Raises UnsupportedOp where an op that has a rule is used in a way that has none."""
    fixed = [getattr(step.arguments, name) for name in FIXED_ARGUMENTS.get(step.op, ())]
    if any(ref in active for ref in find_refs(fixed)):
        raise UnsupportedOp(step.op, step.source, HINTS.get(step.op, "what it picks depends on the bases"))
    if step.op in MAXIMA | ORDERS and step.output:
        raise UnsupportedOp(step.op, step.source, NO_SLOPE)
    if step.op == SCATTER_REDUCE and step.arguments.reduce not in ("sum", "mean"):
        raise UnsupportedOp(step.op, step.source, HINTS[step.op])


def branching_kind(step: Step, both: bool, active: set[str]) -> Kind:
    """The kind of an op that has one when both operands are activations and another when one is."""
    if step.op in SUMS:
        return Kind.SUM if both else Kind.OFFSET
    if step.op in PRODUCTS:
        return Kind.PRODUCT if both else Kind.SCALE
    if step.op in QUOTIENTS:
        return Kind.SCALE if step.args[0] in active and not both else Kind.QUOTIENT
    if step.op in MATRIX_PRODUCTS | CONVOLUTIONS | DENSE:
        if getattr(step.arguments, "bias", None) in active:
            raise UnsupportedOp(
                step.op, step.source, "its bias depends on the bases; add it in a step of its own"
            )
        return Kind.BILINEAR if both else Kind.LINEAR
    raise UnsupportedOp(step.op, step.source, HINTS.get(step.op, ""))


def held_values(graph: Graph) -> frozenset[str]:
    """Names of the values that depend on the bases through held ones alone: what counts as given."""
    active, activations = graph.active(), graph.activations()

    def joins(step: Step, names: set[str]) -> bool:
        return step.name in active and (step.op in HELD or names.issuperset(activations[step.name]))

    return graph.once("what is held", lambda: graph.closure(joins))


def classify(graph: Graph) -> dict[str, Kind]:
    """The kind of every step, by name. Raises UnsupportedOp for the first that has none."""
    active = graph.active()
    return graph.once("kinds", lambda: {step.name: kind_of(step, active) for step in graph.steps})
