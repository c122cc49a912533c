"""Which values are one over something: a product with one of them is a quotient, however it was written."""

from collections.abc import Mapping

from seqattr.engine.graph import Graph, Step, inputs_of
from seqattr.engine.kinds import Kind

PASSING = {Kind.SHAPE, Kind.SCALE}


def has_pole(step: Step) -> bool:
    """Whether the function has no bound at 0, which the points that RevealCancel tries may come near."""
    if step.op == "aten.pow.Tensor_Scalar":
        return bool(step.args[1] < 0)
    return step.op in ("aten.reciprocal.default", "aten.rsqrt.default")


def divisors(graph: Graph, kinds: Mapping[str, Kind]) -> frozenset[str]:
    """Values that are 1 / b, 1 / sqrt(b), another negative power or a constant / b, moved about or scaled."""
    found: set[str] = set()
    active = graph.active()
    for step in graph.steps:
        inputs = inputs_of(step, active) if step.name in active else []
        passes = kinds[step.name] in PASSING and found.issuperset(inputs)
        constant_over = kinds[step.name] is Kind.QUOTIENT and len(inputs) == 1
        if inputs and (has_pole(step) or constant_over or passes):
            found.add(step.name)
    return frozenset(found)
