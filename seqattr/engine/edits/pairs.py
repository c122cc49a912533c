"""What a model answers to pairs of sequences, of which the second is the first with some bases changed.

The first goes forward whole. Where few bases in a row differ, of the second only what they reach is worked
out; where many do, as behind a deletion, it goes forward whole as well.
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from seqattr.engine.edits.edits import Editor, Edits
from seqattr.engine.walk.forward import flat, output_values
from seqattr.engine.walk.plan import Plan

WIDTHS = (1, 2, 4, 8, 16, 32)  # of edits: each is as wide as the next of these
Outputs = dict[str, Tensor]  # by name, (rows, elements)


class Changes(NamedTuple):
    """Where each of some pairs begins to differ, and over how many bases (rows); 0 of equal ones."""

    start: Tensor
    width: Tensor


class Pairs:
    """A plan for pairs of sequences of one length, so many `rows` of them at once."""

    def __init__(self, plan: Plan, rows: int) -> None:
        self.plan, self.rows = plan, rows
        self._editors: dict[int, Editor] = {}

    def answers(self, first: Tensor, second: Tensor) -> tuple[Outputs, Outputs]:
        """Each output of the graph for sequences (N, 4, L) and for those that they are changed into."""
        before: Outputs = {}
        after: Outputs = {}
        changes = changes_between(first, second)
        for width, rows in self._by_width(changes, first):
            for some in rows.split(self.rows) if len(rows) else ():
                one, other = self._few(first[some], second[some], changes.start[some], width)
                for outputs, found in ((before, one), (after, other)):
                    put(outputs, found, some, len(first))
        return before, after

    def _by_width(self, changes: Changes, like: Tensor) -> Iterator[tuple[int, Tensor]]:
        """The rows of pairs that differ over so many bases; 0: over none, -1: over so many that all is
        worked out."""
        for width, after in zip(WIDTHS, (0, *WIDTHS), strict=False):
            rows = ((changes.width > after) & (changes.width <= width)).nonzero()[:, 0]
            if len(rows):
                yield (width if self._pays(width, like[rows[0]]) else -1), rows
        yield 0, (changes.width == 0).nonzero()[:, 0]
        yield -1, (changes.width > WIDTHS[-1]).nonzero()[:, 0]

    def _pays(self, width: int, like: Tensor) -> bool:
        """Whether an edit of this width reaches so little that to work out that alone is quicker."""
        if width >= like.shape[1]:
            return False
        if width not in self._editors:
            self._editors[width] = Editor(self.plan, like, width)
        return not self._editors[width].whole

    def _few(self, first: Tensor, second: Tensor, start: Tensor, width: int) -> tuple[Outputs, Outputs]:
        """As many as go through at once."""
        if width <= 0:
            before = self._whole(first)
            return before, before if width == 0 else self._whole(second)
        editor, rows = self._editors[width], torch.arange(len(first), device=first.device)
        start = start.clamp(max=first.shape[2] - width)
        columns = start[:, None] + torch.arange(width, device=start.device)
        new = second.gather(2, columns[:, None].expand(-1, 4, -1))
        original = editor.original(first)
        before = {name: original.outputs(name) for name in self.plan.graph.outputs}
        return before, editor.answers(original, Edits(start, new, rows))

    def _whole(self, sequences: Tensor) -> Outputs:
        return {name: flat(value) for name, value in output_values(self.plan, sequences).items()}


def changes_between(first: Tensor, second: Tensor) -> Changes:
    """Where sequences (N, 4, L) differ."""
    differs = (first != second).any(1)
    numbers = torch.arange(first.shape[2], device=first.device)
    start = torch.where(differs, numbers, first.shape[2]).amin(1)
    end = torch.where(differs, numbers + 1, 0).amax(1)
    return Changes(start, (end - start).clamp(min=0))


def put(outputs: Outputs, found: Outputs, rows: Tensor, count: int) -> None:
    """Some rows of outputs, to their places among `count`."""
    for name, values in found.items():
        if name not in outputs:
            outputs[name] = values.new_empty(count, values.shape[1])
        outputs[name][rows] = values
