"""Steps with constant weights, and the rectifier that alone reads what one of them answers, if any."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import takewhile

from seqattr.engine.graph.graph import Graph, Ref, Step
from seqattr.engine.graph.kinds import classify
from seqattr.engine.ops.elementwise import RECTIFIERS
from seqattr.engine.ops.kinds import Kind
from seqattr.engine.ops.weights import CONVOLUTIONS, DENSE

PASSING = {Kind.OFFSET, Kind.SCALE, Kind.SHAPE, Kind.MAX}


@dataclass(frozen=True)
class WeightedStep:
    """A step with constant weights. `before` are the steps from its value to the rectifier that alone reads
    it, as far as they keep its elements; None: there is no such rectifier.
    """

    step: Step
    activation: Ref
    weight: Ref
    before: tuple[Step, ...] | None

    @property
    def estimator(self) -> str:
        return "linear" if self.before is None else "positive"


def weighted_steps(graph: Graph) -> list[WeightedStep]:
    """The steps that have patterns, in the order of the graph."""
    kinds = classify(graph)
    linear = [(step, operands(graph, step)) for step in graph.steps if kinds[step.name] is Kind.LINEAR]
    return [WeightedStep(step, *pair, before_rectifier(graph, step, kinds)) for step, pair in linear if pair]


def operands(graph: Graph, step: Step) -> tuple[Ref, Ref] | None:
    """The activation and the weight of a linear step; None where the weight hangs on the batch's size, or an
    activation takes its place.
    """
    first, second = step.args[:2]
    if second in graph.tensors:
        return first, second
    if first in graph.tensors and step.op not in CONVOLUTIONS | DENSE:
        return second, first
    return None


def before_rectifier(graph: Graph, step: Step, kinds: Mapping[str, Kind]) -> tuple[Step, ...] | None:
    """What lies between a step and a rectifier, up to the first maximum, which moves no value across 0."""
    readers, last = graph.consumers(), step
    passed: list[Step] = []
    while last.name not in graph.outputs:
        after = [reader for reader in readers.get(last.name, ()) if kinds[reader.name] is not Kind.CONSTANT]
        if len(after) != 1:
            return None
        (last,) = after
        if last.op in RECTIFIERS and not last.part_of:
            return tuple(takewhile(lambda step: kinds[step.name] is not Kind.MAX, passed))
        if kinds[last.name] not in PASSING:
            return None
        passed.append(last)
    return None
