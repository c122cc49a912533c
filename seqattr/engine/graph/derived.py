"""Expressions as steps behind a model's outputs: each gives one number for each sequence."""

import math
from collections.abc import Sequence
from typing import Any

from seqattr.engine.graph.expressions import HELD, LITE, Combined, Logarithm, Profile, Reduced, Tree, leaves
from seqattr.engine.graph.graph import BatchLayout, Graph, Ref, Step
from seqattr.engine.graph.selections import Selection
from seqattr.engine.ops.composites import BY_FIRST_FACTOR
from seqattr.engine.ops.names import (
    ADD,
    DETACH,
    EXP,
    FLATTEN,
    LOG,
    LOGSUMEXP,
    MEAN,
    MUL,
    SELECT,
    SLICE,
    SUB,
    SUB_NUMBER,
    SUM,
)
from seqattr.errors import InputError

ROW = BatchLayout(0, 1, 1)
HELD_WEIGHTS, WEIGHTS = "profile", "softmax"  # what the steps of a profile are part of


class Steps:
    """The steps of one expression, as they are written."""

    def __init__(self, graph: Graph, shapes: Sequence[tuple[int, ...]], text: str) -> None:
        self.graph, self.shapes, self.text = graph, shapes, text
        self.steps: list[Step] = []
        self.taken = {*graph.by_name(), *graph.tensors, *graph.inputs}

    def add(self, op: str, *args: Any, sizes: Sequence[int] = (), part_of: str = "") -> Ref:
        """One more step, whose value has these sizes for one sequence; returns its name."""
        shape = f"({', '.join(['N', *map(str, sizes)])})"
        source = f"target {self.text}"
        step = Step(self._name(op), op, args, source=source, part_of=part_of, layout=ROW, shape=shape)
        self.steps.append(step)
        return Ref(step.name)

    def _name(self, op: str) -> str:
        """A name that no value has."""
        word, number = f"target_{op.split('.')[1]}", 0
        while (name := f"{word}_{number}" if number else word) in self.taken:
            number += 1
        self.taken.add(name)
        return name

    # --- trees -----------------------------------------------------------------------------------

    def number(self, tree: Tree) -> Ref:
        """The value of a tree, (N)."""
        match tree:
            case Selection():
                return self.element(tree)
            case Reduced():
                return self.reduced(tree)
            case Profile():
                return self.profile(tree)
            case Combined():
                op = SUB if tree.minus else ADD
                return self.add(op, self.number(tree.left), self.number(tree.right))
            case Logarithm():
                above = self.logarithm(tree.above)
                return above if tree.below is None else self.add(SUB, above, self.logarithm(tree.below))

    def selected(self, values: Selection) -> tuple[Ref, tuple[int, ...]]:
        """The elements, and the sizes of the dimensions that are left."""
        value, sizes = Ref(self.graph.outputs[values.output]), list(self.shapes[values.output])
        for dim in reversed(range(len(sizes))):
            index = values.indices[dim]
            if isinstance(index, int):
                del sizes[dim]
                value = self.add(SELECT, value, dim + 1, index, sizes=sizes)
            elif len(index) < sizes[dim]:
                sizes[dim] = len(index)
                value = self.add(SLICE, value, dim + 1, index.start, index.stop, sizes=sizes)
        return value, tuple(sizes)

    def element(self, values: Selection) -> Ref:
        value, sizes = self.selected(values)
        return self.add(SUM, value, dims(sizes)) if sizes else value

    def reduced(self, tree: Reduced) -> Ref:
        value, sizes = self.selected(tree.of)
        return self.add(SUM if tree.how == "sum" else MEAN, value, dims(sizes)) if sizes else value

    def profile(self, tree: Profile) -> Ref:
        """sum(z softmax(z)), z the logits less their mean; in the weights z counts as given, where held."""
        value, sizes = self.selected(tree.of)
        flat = (math.prod(sizes),)
        if len(sizes) != 1:
            value = self.add(FLATTEN, value, 1, -1, sizes=flat) if sizes else value
        if not sizes:
            raise InputError(f"a profile has several positions, and in '{self.text}' it has one")
        z = self.add(SUB, value, self.add(MEAN, value, [1], True, sizes=(1,)), sizes=flat)
        given = self.add(DETACH, z, sizes=flat, part_of=HELD_WEIGHTS) if tree.how == HELD else z
        total = self.add(LOGSUMEXP, given, [1], True, sizes=(1,), part_of=WEIGHTS)
        logs = self.add(SUB, given, total, sizes=flat, part_of=WEIGHTS)
        weights = self.add(EXP, logs, sizes=flat, part_of=WEIGHTS)
        of_product = BY_FIRST_FACTOR if tree.how == LITE else ""
        return self.add(SUM, self.add(MUL, z, weights, sizes=flat, part_of=of_product), [1])

    def logarithm(self, tree: Tree) -> Ref:
        """The log of what a tree stands for: where its values are logs already, of what they are logs of."""
        scales = {values.logs for values in leaves(tree)}
        unknown = next((values.final for values in leaves(tree) if values.final and not values.logs), "")
        if unknown:
            raise InputError(
                f"'{self.text}' takes the log of values before the final {unknown}, which may be below 0; "
                "write a difference, A-B"
            )
        if scales == {False}:
            return self.add(LOG, self.number(tree))
        match tree:
            case Selection() | Profile():
                return self.number(tree)
            case Reduced():
                return self.log_of_reduced(tree)
        raise InputError(
            f"'{self.text}' takes the log of sums or differences of logs; inside log there may be sum(...), "
            "mean(...), profile(...) or one value of an output of logits"
        )

    def log_of_reduced(self, tree: Reduced) -> Ref:
        """log(sum(exp(values))), less log of their number for a mean."""
        value, sizes = self.selected(tree.of)
        if not sizes:
            return value
        total = self.add(LOGSUMEXP, value, dims(sizes))
        return total if tree.how == "sum" else self.add(SUB_NUMBER, total, math.log(math.prod(sizes)))


def dims(sizes: Sequence[int]) -> list[int]:
    """All dimensions but the batch."""
    return list(range(1, len(sizes) + 1))
