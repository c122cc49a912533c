"""The logarithms of what a model answers with, where its graph tells them: finite where that itself is 0.

Of probabilities behind a final softmax they are the logits less their logsumexp over the classes, whichever
classes are given out and in which order; of what an exponential gives they are what goes into that.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from seqattr.engine.graph.graph import Graph, Ref, Step, inputs_of, rewire
from seqattr.engine.graph.selections import LOGITS
from seqattr.engine.ops.composites import SOFTMAX
from seqattr.engine.ops.kinds import SHAPES
from seqattr.engine.ops.moving import JOINS
from seqattr.engine.ops.names import EXP, LOGSUMEXP, MEAN, SUB


class Logarithm(NamedTuple):
    """A value of a graph, and the steps that make it beside the graph's."""

    name: str
    extra: tuple[Step, ...]


def with_logarithms(graph: Graph, finals: Mapping[int, str]) -> tuple[Graph, dict[int, str]]:
    """The graph with an output more for each whose logarithm it tells, and the names of these.

    `finals` are the nonlinearities that were behind outputs, "" for none; logarithms go by the outputs'
    numbers too.
    """
    steps, active = graph.by_name(), graph.active()
    told = {
        number: logarithm_of(graph.outputs[number], final, steps, active) for number, final in finals.items()
    }
    known = {number: one for number, one in told.items() if one is not None}
    extra = {step.name: step for log in known.values() for step in log.extra}
    names = {number: log.name for number, log in known.items()}
    outputs = dict.fromkeys((*graph.outputs, *names.values()))
    return replace(graph, steps=(*graph.steps, *extra.values()), outputs=tuple(outputs)), names


def logarithm_of(name: str, final: str, steps: Mapping[str, Step], active: set[str]) -> Logarithm | None:
    """Of a value, looked for through steps that reshape, pick or join; None where it is not told."""
    step = steps.get(name)
    if step is None:
        return None
    if final in LOGITS and is_centred(step, steps):
        return of_softmax(step, steps[step.args[1]])
    if not final and step.op == EXP and step.part_of not in SOFTMAX:
        return Logarithm(step.args[0], ())
    inputs = list(dict.fromkeys(inputs_of(step, active)))
    if step.op not in JOINS and not (step.op in SHAPES and inputs == [step.args[0]]):
        return None
    parts = {ref: logarithm_of(ref, final, steps, active) for ref in inputs}
    names = {ref: Ref(part.name) for ref, part in parts.items() if part is not None}
    if len(names) < len(parts):
        return None
    extra = tuple(one for part in parts.values() if part is not None for one in part.extra)
    copy = replace(rewire(step, lambda ref: names.get(ref, ref)), name=f"{name}_log")
    return Logarithm(copy.name, (*extra, copy))


def is_centred(step: Step, steps: Mapping[str, Step]) -> bool:
    """Whether a step takes from values their own mean."""
    if step.op != SUB or len(step.args) < 2:
        return False
    mean = steps.get(step.args[1]) if isinstance(step.args[1], Ref) else None
    return mean is not None and mean.op == MEAN and mean.args[0] == step.args[0]


def of_softmax(centred: Step, mean: Step) -> Logarithm:
    """Steps for centred logits less their logsumexp."""
    total = replace(centred, name=f"{centred.name}_total", op=LOGSUMEXP, layout=mean.layout, shape=mean.shape)
    total = replace(total, args=(Ref(centred.name), mean.arguments.dim, True))
    logs = replace(centred, name=f"{centred.name}_log", args=(Ref(centred.name), Ref(total.name)))
    return Logarithm(logs.name, (total, logs))
