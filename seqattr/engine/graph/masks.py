"""Masks that depend on the bases, made fit for rules: as numbers where they are counted, as rectifiers where
they rectify.
"""

from collections.abc import Mapping, Set
from dataclasses import replace

import torch

from seqattr.engine.graph.graph import Graph, Ref, Step
from seqattr.engine.ops.kinds import AVERAGES, COMPARISONS, PRODUCTS, SHAPES
from seqattr.engine.ops.makers import LIKES, ZEROS_BESIDE
from seqattr.engine.ops.moving import CHOICES, VIEWS
from seqattr.engine.ops.names import CAST, CLAMP_MIN, FULL_LIKE, GE, GT, LE, LT, RELU
from seqattr.engine.ops.weights import MATRIX_PRODUCTS


def masks_of(graph: Graph) -> set[str]:
    """Names of the values that are masks and depend on the bases."""
    active, masks = graph.active(), set[str]()
    for step in graph.steps:
        read = [ref for ref in step.refs() if ref in active]
        moved = step.op in SHAPES and step.op not in CHOICES and masks.issuperset(read)
        made = step.op in COMPARISONS or (step.op == CAST and step.kwargs["dtype"] == torch.bool)
        if step.name in active and (made or moved):
            masks.add(step.name)
    return masks


def masks_in_numbers(graph: Graph, masks: Set[str]) -> frozenset[str]:
    """Names of these masks, and of the same in 0 and 1, moved about or not."""
    activations, active = graph.activations(), graph.active()

    def joins(step: Step, names: set[str]) -> bool:
        moved = step.name in active and (step.op == CAST or step.op in VIEWS)
        return moved and names.issuperset(activations[step.name])

    return graph.closure(joins, masks)


def masks_as_numbers(graph: Graph) -> Graph:
    """With a cast before every step that counts or weighs a mask, which torch would do in whole numbers."""
    masks, steps = masks_of(graph), []
    for step in graph.steps:
        if step.op in AVERAGES | MATRIX_PRODUCTS and step.args[0] in masks:
            name = f"{step.name}_number"
            cast = replace(step, name=name, op=CAST, args=step.args[:1], kwargs=FLOAT)
            steps.append(replace(cast, output=None))
            step = replace(step, args=(Ref(name), *step.args[1:]))
        steps.append(step)
    return replace(graph, steps=tuple(steps))


FLOAT: Mapping[str, object] = {"dtype": torch.float32}  # the walk takes the model's own precision

# --- rectifiers --------------------------------------------------------------------------------

# Comparisons with 0 that hold above it, and below; whether 0 itself is let through decides the slope there.
ABOVE = {GT: RELU, GE: CLAMP_MIN}
BELOW = {LE: RELU, LT: CLAMP_MIN}


def masks_as_rectifiers(graph: Graph) -> Graph:
    """`h * (h > 0)`, `h.masked_fill(h < 0, 0)` and `where(h > 0, h, 0)` as the ReLU that they are."""
    steps = graph.by_name()
    return replace(graph, steps=tuple(as_rectifier(graph, step, steps) for step in graph.steps))


def as_rectifier(graph: Graph, step: Step, steps: Mapping[str, Step]) -> Step:
    if step.op in PRODUCTS:
        pairs = [(step.args[0], step.args[1], True), (step.args[1], step.args[0], True)]
    elif step.op in CHOICES:
        mask, held, other = (step.args[i] for i in CHOICES[step.op])
        pairs = [(held, mask, True)] if is_zero(graph, other, steps) else []
        pairs += [(other, mask, False)] if is_zero(graph, held, steps) else []
    else:
        return step
    for value, mask, above in pairs:
        op = rectifier(value, mask, above, steps)
        if op:
            more = () if op == RELU else (0,)
            return replace(step, op=op, args=(value, *more), kwargs={}, part_of="")
    return step


def rectifier(value: object, mask: object, above: bool, steps: Mapping[str, Step]) -> str | None:
    """The rectifier of a value that is kept where a mask holds, or with `above` off where it does not."""
    comparison = steps.get(mask) if isinstance(mask, Ref) else None
    if comparison is not None and comparison.op == CAST:
        comparison = steps.get(comparison.args[0])
    if comparison is None or not isinstance(value, Ref) or comparison.args[:2] != (value, 0):
        return None
    return (ABOVE if above else BELOW).get(comparison.op)


def is_zero(graph: Graph, argument: object, steps: Mapping[str, Step]) -> bool:
    """Whether an argument is 0, or nothing but zeros."""
    if not isinstance(argument, Ref):
        return argument == 0
    if argument in graph.tensors:
        return not bool(graph.tensors[argument].any())
    step = steps.get(argument)
    if step is None or step.op not in LIKES:
        return False
    return step.op in ZEROS_BESIDE or (step.op == FULL_LIKE and step.arguments.fill_value == 0)
