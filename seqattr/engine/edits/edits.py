"""What a model answers to edits of sequences: of each value only what an edit can reach is worked out.

A sequence itself goes forward once. For an edit, each step then works on a window: what it reads is cut
out of the edit's own windows and, around them, out of the unedited sequence's values. Where the graph leaves
the positions, means and sums change by the difference; what follows is worked out as a whole.
"""

from collections.abc import Iterator
from math import prod
from typing import Any, NamedTuple

import torch
from torch import Tensor

from seqattr.engine.edits.original import Original, by_position, stretch
from seqattr.engine.edits.receptive import MOST, Fields
from seqattr.engine.edits.windows import HERE, Local, Positions, Starts
from seqattr.engine.graph.graph import INPUT, Ref, Step, evaluate_or_raise, map_refs
from seqattr.engine.ops.elementwise import OVERWRITING
from seqattr.engine.ops.names import MEAN
from seqattr.engine.walk.forward import Values, flat, side_values
from seqattr.engine.walk.memory import halving, rows_at_once
from seqattr.engine.walk.plan import Plan
from seqattr.engine.walk.rulebook import ROWS_FIRST


class Edits(NamedTuple):
    """Each row puts columns (rows, 4, width) in place of those of a sequence from its place (rows) on.

    `sequences` (rows) says of which of several; None of the only one.
    """

    starts: Tensor
    columns: Tensor
    sequences: Tensor | None = None

    def pieces(self, size: int) -> Iterator["Edits"]:
        """So many rows at a time."""
        for first in range(0, len(self.starts), size):
            rows = slice(first, first + size)
            yield Edits(
                self.starts[rows],
                self.columns[rows],
                None if self.sequences is None else self.sequences[rows],
            )


class Forward:
    """Some edits of a sequence, forward: windows of what is local, the rest as a whole."""

    def __init__(self, fields: Fields, original: Original, edits: Edits, constants: Values) -> None:
        self.fields, self.original, self.plan = fields, original, fields.plan
        self.rows, self.sequences, self.constants = len(edits.starts), edits.sequences, constants
        self.alike = bool((edits.starts == edits.starts[0]).all())
        self.starts: Starts = int(edits.starts[0]) if self.alike else edits.starts
        self.windows: Values = {INPUT: edits.columns}
        self.whole: Values = {}
        for step in self.plan.graph.steps:
            if step.name in self.plan.active:
                self._evaluate(step)
            for name in self.plan.last_use.get(step.name, ()):
                self.windows.pop(name, None)
                self.whole.pop(name, None)

    def output(self, name: str) -> Tensor:
        """An output, (rows, elements)."""
        return flat(self._in_full(Ref(name)))

    def _evaluate(self, step: Step) -> None:
        local = self.fields.steps.get(step.name)
        if local is not None:
            self.windows[step.name] = self._window(step, local)
        elif (dims := self.fields.reductions.get(step.name)) is not None:
            self.whole[step.name] = self._reduction(step, dims)
        elif step.name in self.plan.overwriting:
            self.whole[step.name] = OVERWRITING[step.op](self._in_full(step.args[0]))
        else:
            known = {ref: self._in_full(ref) for ref in step.refs() if ref in self.plan.active}
            function = self.plan.functions[step.name]
            self.whole[step.name] = evaluate_or_raise(
                step, function, self.constants | known, self.constants[INPUT]
            )

    # --- windows -------------------------------------------------------------------------------

    def _window(self, step: Step, local: Local) -> Any:
        """The window of a local step's value."""
        start, size = local.read.window(self._start(step.name), self.fields.sizes[step.name])

        def argument(ref: Ref) -> Any:
            if ref in self.plan.active:
                at, ndim = self.fields.positions[ref], self.original.values[ref].ndim
                return self._cut(ref, at, ndim, Cut(start, size, local.read.outside))
            value = self.original.constants[ref]
            if local.constants and isinstance(value, Tensor) and has_positions(value, local.constants[0]):
                return self._cut(ref, *local.constants, Cut(start, size, 0.0))
            return value

        if step.name in self.plan.overwriting and local.read == HERE:
            return OVERWRITING[step.op](argument(step.args[0]))
        value = local.function(*map_refs(step.args, argument), **map_refs(dict(step.kwargs), argument))
        return value[step.output] if isinstance(value, tuple | list) and step.output is not None else value

    def _start(self, name: str) -> Starts:
        """Where the windows of a value begin."""
        start = self.fields.starts[name][self.starts]
        return int(start) if self.alike else start

    def _cut(self, ref: Ref, at: Positions, ndim: int, cut: "Cut") -> Tensor:
        """A stretch of a value, of the edited rows where an edit has a window."""
        value = self.original.rows(ref, ndim)
        return self._stretch(ref, value, at, cut) if self.alike else self._gathered(ref, value, at, cut)

    def _stretch(self, ref: Ref, value: Tensor, at: Positions, cut: "Cut") -> Tensor:
        """Of edits that are all at one place: what lies before their windows, these, and what lies behind."""
        start, end = int(cut.start), int(cut.start) + cut.size
        first = last = end
        if ref in self.windows:
            first = int(self._start(ref))
            last = first + self.fields.sizes[ref]
            if (first, last) == (start, end):
                return self.windows[ref]
        begin, stop = min(max(first, start), end), min(max(last, start), end)
        # Position by position in memory, as convolutions want it.
        parts = [self._rows_of(p.movedim(at.dim, 1)) for p in stretch(value, at, start, begin, cut.outside)]
        if begin < stop:
            parts.append(self.windows[ref].narrow(at.dim, begin - first, stop - begin).movedim(at.dim, 1))
        parts += [self._rows_of(p.movedim(at.dim, 1)) for p in stretch(value, at, stop, end, cut.outside)]
        return torch.cat(parts, 1).movedim(1, at.dim)

    def _rows_of(self, part: Tensor) -> Tensor:
        """Of each edit's sequence."""
        if len(part) == 1 or self.sequences is None:
            return part.expand(self.rows, *part.shape[1:])
        return part.index_select(0, self.sequences)

    def _gathered(self, ref: Ref, value: Tensor, at: Positions, cut: "Cut") -> Tensor:
        """Of edits at places of their own: position by position from a table."""
        table = self.original.table(ref, at, value.ndim, cut.outside)
        beyond = len(table) - 1
        starts = torch.as_tensor(cut.start)
        positions = starts[:, None] + self.fields.upto(cut.size)
        index = positions if len(value) == 1 else positions + self._first_in_table(at)
        index = torch.where((positions >= 0) & (positions < at.length), index, beyond)
        if ref in self.windows:
            window_start, width = torch.as_tensor(self._start(ref)), self.fields.sizes[ref]
            if width == cut.size and torch.equal(window_start, starts):
                return self.windows[ref]
            within = positions - window_start[:, None]
            rows = self.fields.upto(self.rows)[:, None] * width + len(table)
            index = torch.where((within >= 0) & (within < width), rows + within, index)
            table = torch.cat([table, by_position(self.windows[ref], at.dim)])
        elements = torch.embedding(table, index)
        shape = list(value.shape)
        del shape[at.dim]
        return elements.view(self.rows, cut.size, *shape[1:]).movedim(1, at.dim)

    def _first_in_table(self, at: Positions) -> Tensor | int:
        """Where a table has the first position of each edit's sequence, (rows, 1)."""
        return 0 if self.sequences is None else self.sequences[:, None] * at.length

    # --- as a whole ----------------------------------------------------------------------------

    def _in_full(self, ref: Ref) -> Any:
        """A value at all positions; worked out once however many read it."""
        if ref not in self.whole:
            at, ndim = self.fields.positions[ref], self.original.values[ref].ndim
            everything = Cut(self._start(INPUT) * 0, at.length, 0.0)
            self.whole[ref] = self._cut(ref, at, ndim, everything)
        return self.whole[ref]

    def _reduction(self, step: Step, dims: list[int]) -> Tensor:
        """A mean or sum over positions: the sequence's own, plus what the window adds, less what it had."""
        (ref,) = self.plan.inputs[step.name]
        now = self.windows[ref].sum(dims, keepdim=True)
        change = now - self._sum_before(ref, dims).reshape(-1, *now.shape[1:]).to(now)
        if step.op == MEAN:
            before = self.original.values[ref].shape
            change = change / prod(before[dim] for dim in dims)
        unedited = self._rows_of(self.original.values[step.name])
        return unedited + change.reshape(self.rows, *unedited.shape[1:])

    def _sum_before(self, ref: Ref, dims: list[int]) -> Tensor:
        """The sum of what the window of each edit had before, in float64."""
        at, size = self.fields.positions[ref], self.fields.sizes[ref]
        start = self._start(ref)
        if self.alike:
            had: Tensor = self.original.values[ref].narrow(at.dim, int(start), size)
            return self._rows_of(had.double().sum(dims, keepdim=True))
        sums, of = self.original.sums(ref, at, dims), 0 if self.sequences is None else self.sequences
        return sums[start + size, of] - sums[start, of]


class Cut(NamedTuple):
    """Positions start to start + size of a value, for each row, or for all; beyond it counts `outside`."""

    start: Starts
    size: int
    outside: float


def has_positions(constant: Tensor, at: Positions) -> bool:
    """Whether a constant has a number for each position, rather than one for all."""
    return constant.ndim >= -at.dim and constant.shape[at.dim] == at.length


class Editor:
    """A plan for edits of one width in sequences of one length, and what all of them share.

    `whole` says that an edit can reach so much that each is worked out from the start; `note` says why.
    """

    def __init__(self, plan: Plan, example: Tensor, width: int, whole: bool = False) -> None:
        self.plan = plan
        self.values = side_values(plan, example[None])
        self.fields = Fields(plan, self.values, width, 0.0 if whole else MOST)
        self.whole, self.note = whole, ""
        if not whole and self.fields.share > MOST:
            self.whole, self.note = True, self.fields.reason()
            self.fields = Fields(plan, self.values, width, 0.0)
        self.rows = rows_at_once(self.fields.bytes(self.values), example.device)
        self._constants: dict[int, Values] = {}

    def original(self, sequences: Tensor) -> Original:
        """A sequence (4, L) to be edited, or several (S, 4, L)."""
        rows = sequences if sequences.ndim == 3 else sequences[None]
        return Original(self.plan, rows, self.values)

    def answers(self, original: Original, edits: Edits, rows: int | None = None) -> dict[str, Tensor]:
        """Each output of the graph for all edits, (edits, elements), so many rows at a time."""
        if not len(edits.starts):
            return {name: flat(original.values[name])[:0] for name in self.plan.graph.outputs}
        return halving(lambda size: self._answers(original, edits, size), rows or self.rows)

    def _answers(self, original: Original, edits: Edits, rows: int) -> dict[str, Tensor]:
        outputs: dict[str, list[Tensor]] = {name: [] for name in self.plan.graph.outputs}
        for some in edits.pieces(rows):
            forward = Forward(self.fields, original, some, self.constants(len(some.starts)))
            for name, parts in outputs.items():
                parts.append(forward.output(name))
        return {name: torch.cat(parts) for name, parts in outputs.items()}

    def constants(self, rows: int) -> Values:
        """Values that depend on no base, for so many rows."""
        if rows not in self._constants:
            plan, like = self.plan, self.values[INPUT]
            known: Values = {**plan.graph.tensors, INPUT: like[:1].expand(rows, -1, -1)}
            for step in plan.graph.steps:
                if step.name not in plan.active:
                    shapes = {ref: self._blank(ref, rows) for ref in plan.inputs[step.name]}
                    known[step.name] = evaluate_or_raise(
                        step, plan.functions[step.name], known | shapes, like
                    )
            self._constants[rows] = known
        return self._constants[rows]

    def _blank(self, name: str, rows: int) -> Tensor:
        """As large as a value for so many rows; of an activation only the shape is read."""
        layout = self.plan.layouts.get(name) or ROWS_FIRST
        shape = list(self.values[name].shape)
        shape[layout.dim] *= rows
        return self.values[INPUT].new_zeros(()).expand(shape)
