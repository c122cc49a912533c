"""Where a graph divides: which values are one over something, and which are made of quotients or divided.

What is divided may be taken apart only in ways in which the parts are of its own size: the division makes the
same of each part as of the whole, any number of times as much.
"""

from collections.abc import Iterable, Mapping

from seqattr.engine.graph.graph import Graph, Step, inputs_of
from seqattr.engine.ops.elementwise import Trait, having
from seqattr.engine.ops.kinds import Kind
from seqattr.engine.ops.names import POW

POWERS, BOUNDED = having(Trait.POWER), having(Trait.BOUNDED)
POLES, STEEP = having(Trait.POLE), having(Trait.STEEP)
PASSING = {Kind.SHAPE, Kind.SCALE, Kind.PRODUCT}
# What has weights sets the size of its values anew.
WEIGHTED = {Kind.LINEAR, Kind.BILINEAR, Kind.RECURRENT}


def has_pole(step: Step) -> bool:
    """Whether the function has no bound at 0, which the points that RevealCancel tries may come near."""
    if step.op == POW:
        return bool(step.args[1] < 0)
    return step.op in POLES


def is_steep(step: Step) -> bool:
    """Whether the function's slope has no bound at 0."""
    if step.op == POW:
        return bool(step.args[1] < 1)
    return step.op in STEEP


def divisors(graph: Graph, kinds: Mapping[str, Kind]) -> frozenset[str]:
    """Values that are 1 / b, 1 / sqrt(b), another negative power or a constant / b, moved about or scaled, or
    products and powers of such values.
    """
    names: set[str] = set()
    active = graph.active()
    for step in graph.steps:
        inputs = inputs_of(step, active) if step.name in active else []
        passes = (kinds[step.name] in PASSING or step.op in POWERS) and names.issuperset(inputs)
        constant_over = kinds[step.name] is Kind.QUOTIENT and len(inputs) == 1
        if inputs and (has_pole(step) or constant_over or passes):
            names.add(step.name)
    return frozenset(names)


def divided_values(graph: Graph, kinds: Mapping[str, Kind]) -> frozenset[str]:
    """Values that come to a quotient, above or below, to a product with one, or to a steep function, with no
    weights between.
    """
    return graph.once("what is divided", lambda: find_divided_values(graph, kinds))


def find_divided_values(graph: Graph, kinds: Mapping[str, Kind]) -> frozenset[str]:
    names: set[str] = set()
    made = made_of_quotients(graph, kinds)
    for step, inputs in backwards(graph):
        divides = kinds[step.name] is Kind.QUOTIENT or is_steep(step)
        divides |= kinds[step.name] is Kind.PRODUCT and not made.isdisjoint(inputs)
        if divides or (step.name in names and kinds[step.name] not in WEIGHTED):
            names.update(inputs)
    return frozenset(names)


def backwards(graph: Graph) -> Iterable[tuple[Step, list[str]]]:
    """The steps that depend on the bases, last first, each with its activations."""
    active = graph.active()
    return ((step, list(inputs_of(step, active))) for step in reversed(graph.steps) if step.name in active)


def made_of_quotients(graph: Graph, kinds: Mapping[str, Kind]) -> frozenset[str]:
    """Values that come of a quotient or a steep function, with neither weights nor a bound between."""
    return graph.once("what is made of quotients", lambda: find_made(graph, kinds))


def find_made(graph: Graph, kinds: Mapping[str, Kind]) -> frozenset[str]:
    names: set[str] = set()
    for step, inputs in reversed(list(backwards(graph))):
        passes = kinds[step.name] not in WEIGHTED and step.op not in BOUNDED
        divides = kinds[step.name] is Kind.QUOTIENT or is_steep(step)
        if divides or (passes and not names.isdisjoint(inputs)):
            names.add(step.name)
    return frozenset(names)


def products_by_quotients(graph: Graph, kinds: Mapping[str, Kind]) -> frozenset[str]:
    """Products of two activations, also of matrices, that are divided; and those, element by element, with a
    factor that is made of quotients.
    """
    under, made = divided_values(graph, kinds), made_of_quotients(graph, kinds)
    among = {Kind.PRODUCT: under | made, Kind.BILINEAR: under}
    return frozenset(name for name, kind in kinds.items() if name in among.get(kind, ()))
