"""Where a graph divides: which values are one over something, and which are made of quotients or divided.

What is divided may be taken apart only in ways in which the parts are of its own size: the division makes the
same of each part as of the whole, any number of times as much.
"""

from collections.abc import Mapping

from seqattr.engine.graph.graph import Graph, Step
from seqattr.engine.ops.elementwise import Trait, having
from seqattr.engine.ops.kinds import Kind
from seqattr.engine.ops.names import POW

POWERS, BOUNDED = having(Trait.POWER), having(Trait.BOUNDED)
POLES, STEEP = having(Trait.POLE), having(Trait.STEEP)
PASSING = {Kind.SHAPE, Kind.SCALE, Kind.PRODUCT}
# What has weights sets the size of its values anew.
WEIGHTED = {Kind.LINEAR, Kind.BILINEAR, Kind.RECURRENT, Kind.HELD}


def has_pole(step: Step) -> bool:
    """Whether the function has no bound at 0, which the points that RevealCancel tries may come near."""
    if step.op == POW:
        return bool(step.arguments.exponent < 0)
    return step.op in POLES


def is_steep(step: Step) -> bool:
    """Whether the function's slope has no bound at 0."""
    if step.op == POW:
        return bool(step.arguments.exponent < 1)
    return step.op in STEEP


def divisors(graph: Graph, kinds: Mapping[str, Kind]) -> frozenset[str]:
    """Values that are 1 / b, 1 / sqrt(b), another negative power or a constant / b, moved about or scaled, or
    products and powers of such values.
    """
    activations, active = graph.activations(), graph.active()

    def joins(step: Step, names: set[str]) -> bool:
        if step.name not in active:
            return False
        inputs = activations[step.name]
        passes = (kinds[step.name] in PASSING or step.op in POWERS) and names.issuperset(inputs)
        constant_over = kinds[step.name] is Kind.QUOTIENT and len(inputs) == 1
        return has_pole(step) or constant_over or passes

    return graph.closure(joins)


def divided_values(graph: Graph, kinds: Mapping[str, Kind]) -> frozenset[str]:
    """Values that come to a quotient, above or below, to a product with one, or to a steep function, with no
    weights between.
    """
    return graph.once("what is divided", lambda: find_divided_values(graph, kinds))


def find_divided_values(graph: Graph, kinds: Mapping[str, Kind]) -> frozenset[str]:
    found: set[str] = set()
    made, activations, active = made_of_quotients(graph, kinds), graph.activations(), graph.active()
    for step in reversed(graph.steps):
        if step.name not in active:
            continue
        divides = kinds[step.name] is Kind.QUOTIENT or is_steep(step)
        divides |= kinds[step.name] is Kind.PRODUCT and not made.isdisjoint(activations[step.name])
        if divides or (step.name in found and kinds[step.name] not in WEIGHTED):
            found.update(activations[step.name])
    return frozenset(found)


def made_of_quotients(graph: Graph, kinds: Mapping[str, Kind]) -> frozenset[str]:
    """Values that come of a quotient or a steep function, with neither weights nor a bound between."""
    return graph.once("what is made of quotients", lambda: find_made(graph, kinds))


def find_made(graph: Graph, kinds: Mapping[str, Kind]) -> frozenset[str]:
    activations, active = graph.activations(), graph.active()

    def joins(step: Step, names: set[str]) -> bool:
        if step.name not in active:
            return False
        passes = kinds[step.name] not in WEIGHTED and step.op not in BOUNDED
        divides = kinds[step.name] is Kind.QUOTIENT or is_steep(step)
        return divides or (passes and not names.isdisjoint(activations[step.name]))

    return graph.closure(joins)


def products_by_quotients(graph: Graph, kinds: Mapping[str, Kind]) -> frozenset[str]:
    """Products of two activations, also of matrices, that are divided; and those, element by element, with a
    factor that is made of quotients.
    """
    under, made = divided_values(graph, kinds), made_of_quotients(graph, kinds)
    among = {Kind.PRODUCT: under | made, Kind.BILINEAR: under}
    return frozenset(name for name, kind in kinds.items() if name in among.get(kind, ()))
