"""A model's outputs: which scalars can be explained, and the final sigmoid or softmax taken off.

Contributions are explained at the step before the final nonlinearity, because a saturated output
hides what it rests on; before a softmax, after subtracting the mean over the classes (Shrikumar et al.
2017, section 3.6).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from seqattr.engine.graph.graph import Graph, Ref, Step, inputs_of, rewire
from seqattr.engine.graph.simplify import drop_unused
from seqattr.engine.ops.composites import LOG_SOFTMAX, SOFTMAX
from seqattr.engine.ops.kinds import SHAPES
from seqattr.engine.ops.moving import JOINS
from seqattr.engine.ops.names import EXP, LOG_SIGMOID, MEAN, SIGMOID, SUB
from seqattr.errors import InputError, UnknownName

NUMBERED = re.compile(r"output\d+")  # what an output is called that has no name
MOST_TARGETS = 100  # without being asked


@dataclass(frozen=True)
class Target:
    """One scalar output: element `index` of the flattened output number `output`."""

    name: str
    output: int
    index: int


class Before(NamedTuple):
    """The value before a final nonlinearity, the steps that make it beside the graph's, and what it was."""

    name: str
    extra: tuple[Step, ...]
    final: str


def explained_outputs(finals: Iterable[str]) -> str:
    """In words, at which step targets are explained, given the nonlinearity behind each, "" for none."""
    behind = sorted({final for final in finals if final})
    if not behind:
        return "the model's own outputs"
    mean = ", minus their mean over the classes" if any("softmax" in final for final in behind) else ""
    return f"the values before the final {' and '.join(behind)}{mean}"


def take_off_final(graph: Graph) -> tuple[Graph, tuple[str, ...]]:
    """The graph that ends before each output's final nonlinearity, and what that was, per output."""
    steps, active = graph.by_name(), graph.active()
    final_values = [before_final(name, steps, active) for name in graph.outputs]
    extra = {step.name: step for before in final_values for step in before.extra}
    outputs = tuple(before.name for before in final_values)
    whole = replace(graph, steps=(*graph.steps, *extra.values()), outputs=outputs)
    return drop_unused(whole), tuple(before.final for before in final_values)


def before_final(name: str, steps: Mapping[str, Step], active: set[str]) -> Before:
    """What a value is before its sigmoid or softmax, looked for through steps that reshape or join."""
    step = steps.get(name)
    if step is None:
        return Before(name, (), "")
    final, before, extra = recognise(step, steps)
    if final:
        return Before(before, extra, final)
    inputs = list(dict.fromkeys(inputs_of(step, active)))
    if step.op not in JOINS and not (step.op in SHAPES and inputs == [step.args[0]]):
        return Before(name, (), "")
    parts = {ref: before_final(ref, steps, active) for ref in inputs}
    kinds = list(dict.fromkeys(part.final for part in parts.values()))
    if kinds == [""]:
        return Before(name, (), "")
    copy = rewire(step, lambda ref: Ref(parts[ref].name) if ref in parts else ref)
    extra = tuple(s for part in parts.values() for s in part.extra)
    some = " of some" if "" in kinds else ""
    return Before(
        f"{name}_before",
        (*extra, replace(copy, name=f"{name}_before")),
        " and ".join(filter(None, kinds)) + some,
    )


def recognise(step: Step, steps: Mapping[str, Step]) -> tuple[str, str, tuple[Step, ...]]:
    """What final nonlinearity a step is, the value before it, and the steps that make that value."""
    if step.op == SIGMOID and not step.part_of:
        return "sigmoid", step.args[0], ()
    if step.op == LOG_SIGMOID:
        return "log sigmoid", step.args[0], ()
    if step.op == EXP and step.part_of in SOFTMAX | LOG_SOFTMAX:
        return "softmax", *centre_logits(steps[step.args[0]], steps)
    if step.op == SUB and step.part_of in LOG_SOFTMAX:
        return "log softmax", *centre_logits(step, steps)
    return "", "", ()


def centre_logits(shifted: Step, steps: Mapping[str, Step]) -> tuple[str, tuple[Step, ...]]:
    """Steps for logits minus their mean over the classes, given the step logits - logsumexp(logits)."""
    logits, total = shifted.args[0], steps[shifted.args[1]]
    mean = Step(f"{shifted.name}_mean", MEAN, (Ref(logits), total.arguments.dim, True), source=shifted.source)
    centre = Step(f"{shifted.name}_centred", SUB, (Ref(logits), Ref(mean.name)), source=shifted.source)
    return centre.name, (mean, centre)


def is_text(name: str) -> bool:
    """Whether a name can be written to a file: not with NUL, nor with half of a surrogate pair."""
    return "\0" not in name and not any("\ud800" <= letter <= "\udfff" for letter in name)


def name_targets(
    sizes: Sequence[int], names: Sequence[str] | None = None, labels: Sequence[str] | None = None
) -> tuple[Target, ...]:
    """All targets of a model whose outputs have these numbers of elements, and these `labels`.

    A label is what the model calls an output, or output0, output1 ... where it has several without a name.
    """
    elements = [(output, index) for output, size in enumerate(sizes) for index in range(size)]
    if names is not None and len(names) != len(elements):
        raise ValueError(f"the model has {len(elements)} targets, but {len(names)} names were given for them")
    if labels is None:
        labels = [f"output{o}" if len(sizes) > 1 else "" for o in range(len(sizes))]
    if names is None:
        names = [name_in(labels[output], index, sizes[output]) for output, index in elements]
    odd = next((name for name in names if not is_text(name)), None)
    if odd is not None:
        raise ValueError(f"the target name {odd!r} is no text that a file can hold; give it another name")
    if len(set(names)) < len(names):
        raise ValueError(f"each target needs a name of its own, not {', '.join(shorten(list(names)))}")
    return tuple(Target(name, *element) for name, element in zip(names, elements, strict=True))


def name_in(label: str, index: int, size: int) -> str:
    """The name of an output's element: the output's own where it is the only one and the model names it."""
    if not label:
        return f"target{index}"
    return label if size == 1 and not NUMBERED.fullmatch(label) else f"{label}_target{index}"


def pick_targets(
    targets: Sequence[Target], wanted: Sequence[int | str] | int | str | None
) -> tuple[Target, ...]:
    """The targets named or numbered in `wanted`, which may be a single one; all of them for None.

    Raises UnknownName, listing what there is, and InputError where none is wanted.
    """
    if wanted is None:
        return tuple(targets)
    if isinstance(wanted, int | str):
        wanted = [wanted]
    if not len(wanted):
        raise InputError("no target was named; None takes all of them")
    table = table_of(targets)
    for key in wanted:
        if key not in table:
            raise UnknownName("target", str(key), [target.name for target in targets])
    return tuple(table[key] for key in wanted)


def table_of(targets: Sequence[Target]) -> dict[int | str, Target]:
    """Targets by name, by number, and by number as a text; a name counts before a number."""
    numbered: dict[int | str, Target] = {str(i): target for i, target in enumerate(targets)}
    named: dict[int | str, Target] = {target.name: target for target in targets}
    return numbered | named | dict(enumerate(targets))


def check_number(names: Sequence[str], chosen: bool) -> None:
    """Raises InputError rather than take each of very many targets that nobody chose."""
    if not chosen and len(names) > MOST_TARGETS:
        raise InputError(
            f"the model has {len(names)} targets ({names[0]}, {names[1]}, ...): say which to explain "
            "(`targets`), or what of them: sum(OUTPUT), mean(OUTPUT), profile(OUTPUT), A-B, log(A/B), or all"
        )


def shorten(names: list[str], most: int = 12) -> list[str]:
    """The first names, and how many more there are."""
    return names if len(names) <= most else [*names[:most], f"... ({len(names)} in all)"]
