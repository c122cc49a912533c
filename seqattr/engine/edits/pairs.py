"""What a model answers to pairs of sequences, of which the second is the first with some bases changed.

The first goes forward whole. Where few bases in a row differ, of the second only what they reach is worked
out; where many do, as behind a deletion, it goes forward whole as well.
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from seqattr.engine.edits.edits import Editor, Edits
from seqattr.engine.edits.strips import Shared, Stretch, Strip, answers, stretches
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
        self._shared: Shared | None = None

    def answers(self, first: Tensor, second: Tensor, places: Tensor | None = None) -> tuple[Outputs, Outputs]:
        """Each output of the graph for sequences (N, 4, L) and for those that they are changed into.

        Where the first ones are windows of long sequences, `places` (N,) say where they begin, far from each
        other on different ones.
        """
        before: Outputs = {}
        after: Outputs = {}
        changes = changes_between(first, second)
        left = torch.ones(len(first), dtype=torch.bool, device=first.device)
        for stretch in self._stretches(first, places):
            self._of_stretch(stretch, second, changes, (before, after))
            left[stretch.rows] = False
        for width, rows in self._by_width(changes, first):
            rows = rows[left[rows]]
            for some in rows.split(self.rows) if len(rows) else ():
                one, other = self._few(first[some], second[some], changes.start[some], width)
                for outputs, found in ((before, one), (after, other)):
                    put(outputs, found, some, len(first))
        return before, after

    # --- windows that overlap ------------------------------------------------------------------

    def _stretches(self, first: Tensor, places: Tensor | None) -> list[Stretch]:
        """Stretches that pay, where the model allows for it."""
        if places is None or len(first) < 2 or not self._pays(1, first[0]):
            return []
        if self._shared is None:
            self._shared = Shared(self.plan, self._editors[1].values)
        return stretches(first, places) if self._shared.works else []

    def _of_stretch(
        self, stretch: Stretch, second: Tensor, changes: Changes, outputs: tuple[Outputs, Outputs]
    ) -> None:
        """The outputs of both sequences of the pairs in a stretch."""
        assert self._shared is not None
        strip, rows, count = Strip(self._shared, stretch.bases), stretch.rows, len(second)
        base = stretch.bases[:, stretch.offsets].T[:, :, None]  # of each window the first, put where it is
        nothing = Edits(torch.zeros_like(rows), base, stretch.offsets)
        before = answers(self._editors[1], self._shared, strip, nothing, changed=False)
        put(outputs[0], before, rows, count)
        put(outputs[1], before, rows, count)
        offsets = torch.zeros(count, dtype=rows.dtype, device=rows.device)
        offsets[rows] = stretch.offsets
        few = Changes(changes.start[rows], changes.width[rows])
        for width, numbers in self._by_width(few, second):
            if width < 0 and len(numbers):
                for some in rows[numbers].split(self.rows):
                    put(outputs[1], self._whole(second[some]), some, count)
            elif width > 0:
                self._edits_of(strip, second, (rows[numbers], offsets), (changes.start, width), outputs[1])

    def _edits_of(
        self, strip: Strip, second: Tensor, of: tuple[Tensor, Tensor], at: tuple[Tensor, int], after: Outputs
    ) -> None:
        """Edits of one width, those at one place together."""
        (rows, offsets), (starts, width) = of, at
        assert self._shared is not None
        starts = starts.clamp(max=second.shape[2] - width)
        for start in starts[rows].unique().tolist():
            some = rows[starts[rows] == start]
            edits = Edits(starts[some], second[some, :, start : start + width], offsets[some])
            found = answers(self._editors[width], self._shared, strip, edits, changed=True)
            put(after, found, some, len(second))

    # --- others --------------------------------------------------------------------------------

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
