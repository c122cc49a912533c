"""A model's outputs: which scalars can be explained, and the final sigmoid or softmax taken off.

Contributions are explained at the step before the final nonlinearity, because a saturated output
hides what it rests on; before a softmax, after subtracting the mean over the classes (Shrikumar et al.
2017, section 3.6).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from seqattr.engine.graph import Graph, Ref, Step, inputs_of, rewire
from seqattr.engine.kinds import SHAPES
from seqattr.engine.simplify import drop_unused
from seqattr.errors import InputError, UnknownName

MOST_TARGETS = 100  # without being asked


@dataclass(frozen=True)
class Target:
    """One scalar output: element `index` of the flattened output number `output`."""

    name: str
    output: int
    index: int


def take_off_final(graph: Graph) -> tuple[Graph, tuple[str, ...]]:
    """The graph that ends before each output's final nonlinearity, and what that was, per output."""
    finals = []
    for place in range(len(graph.outputs)):
        graph, final = take_off_one(graph, place)
        finals.append(final)
    return drop_unused(graph), tuple(finals)


def take_off_one(graph: Graph, place: int) -> tuple[Graph, str]:
    """One output without its final sigmoid or softmax; reshaping steps after it stay."""
    steps, readers, active = graph.by_name(), graph.consumers(), graph.active()
    last = steps.get(graph.outputs[place])
    reshaping: list[Step] = []
    while last is not None and last.op in SHAPES and inputs_of(last, active) == [last.args[0]]:
        if len(readers.get(last.name, ())) > (1 if reshaping else 0):
            return graph, ""
        reshaping.append(last)
        last = steps.get(last.args[0])
    if last is None:
        return graph, ""
    final, before, extra = recognise(last, steps)
    if not final:
        return graph, ""
    if not reshaping:
        outputs = (*graph.outputs[:place], before, *graph.outputs[place + 1 :])
        return replace(graph, steps=insert(graph.steps, last, extra), outputs=outputs), final
    if len(readers[last.name]) > 1 or last.name in graph.outputs:
        return graph, ""
    first = reshaping[-1].name
    moved = [
        rewire(s, lambda ref: Ref(before) if ref == last.name else ref) if s.name == first else s
        for s in insert(graph.steps, last, extra)
    ]
    return replace(graph, steps=tuple(moved)), final


def insert(steps: Sequence[Step], after: Step, extra: Sequence[Step]) -> tuple[Step, ...]:
    place = next(i for i, step in enumerate(steps) if step.name == after.name) + 1
    return (*steps[:place], *extra, *steps[place:])


def recognise(step: Step, steps: dict[str, Step]) -> tuple[str, str, tuple[Step, ...]]:
    """What final nonlinearity a step is, the value before it, and the steps that make that value."""
    if step.op == "aten.sigmoid.default" and not step.part_of:
        return "sigmoid", step.args[0], ()
    if step.op == "aten.log_sigmoid.default":
        return "log sigmoid", step.args[0], ()
    if step.op == "aten.exp.default" and "softmax" in step.part_of:
        return "softmax", *centred(steps[step.args[0]], steps)
    if step.op == "aten.sub.Tensor" and "log_softmax" in step.part_of:
        return "log softmax", *centred(step, steps)
    return "", "", ()


def centred(shifted: Step, steps: dict[str, Step]) -> tuple[str, tuple[Step, ...]]:
    """Steps for logits minus their mean over the classes, given the step logits - logsumexp(logits)."""
    logits, total = shifted.args[0], steps[shifted.args[1]]
    mean = Step(f"{logits}_mean", "aten.mean.dim", (Ref(logits), total.args[1], True), source=shifted.source)
    centre = Step(
        f"{logits}_centred", "aten.sub.Tensor", (Ref(logits), Ref(mean.name)), source=shifted.source
    )
    return centre.name, (mean, centre)


def cut_to(graph: Graph, targets: Sequence[Target]) -> tuple[Graph, tuple[Target, ...]]:
    """The part of a graph that some targets need, and where they are in it."""
    used = sorted({target.output for target in targets})
    smaller = drop_unused(replace(graph, outputs=tuple(graph.outputs[i] for i in used)))
    return smaller, tuple(replace(target, output=used.index(target.output)) for target in targets)


def name_targets(sizes: Sequence[int], names: Sequence[str] | None = None) -> tuple[Target, ...]:
    """All targets of a model whose outputs have these numbers of elements."""
    places = [(output, index) for output, size in enumerate(sizes) for index in range(size)]
    if names is not None and len(names) != len(places):
        raise ValueError(f"the model has {len(places)} targets, but {len(names)} names were given for them")
    if names is None:
        single = len(sizes) == 1
        names = [f"target{i}" if single else f"output{o}_target{i}" for o, i in places]
    if len(set(names)) < len(names):
        raise ValueError(f"each target needs a name of its own, not {', '.join(names)}")
    return tuple(Target(name, *place) for name, place in zip(names, places, strict=True))


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
    named = {target.name: target for target in targets}
    numbered: dict[int | str, Target] = {str(i): target for i, target in enumerate(targets)}
    table = numbered | named | dict(enumerate(targets))
    for key in wanted:
        if key not in table:
            raise UnknownName("target", str(key), shorten(list(named)))
    return tuple(table[key] for key in wanted)


def check_number(names: Sequence[str], chosen: bool) -> None:
    """Raises InputError rather than take each of very many targets that nobody chose."""
    if not chosen and len(names) > MOST_TARGETS:
        raise InputError(
            f"the model has {len(names)} targets ({names[0]}, {names[1]}, ...): say which to explain "
            "(--target), or wrap the model so that it gives the sum or profile you mean"
        )


def shorten(names: list[str], most: int = 12) -> list[str]:
    """The first names, and how many more there are."""
    return names if len(names) <= most else [*names[:most], f"... ({len(names)} in all)"]
