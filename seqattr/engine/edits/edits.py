"""What a model answers to edits of one sequence: of each value only what an edit can reach is worked out.

The sequence itself goes forward once. For an edit, each step then works on a window: what it reads is cut
out of the edit's own windows and, around them, out of the unedited sequence's values. Where the graph leaves
the positions, means and sums change by the difference; what follows is worked out as a whole.
"""

from collections.abc import Iterator
from math import prod
from typing import Any, NamedTuple

import torch
from torch import Tensor

from seqattr.engine.edits.receptive import MOST, Fields
from seqattr.engine.edits.windows import HERE, Local, Positions
from seqattr.engine.graph.graph import INPUT, Ref, Step, evaluate_or_raise, map_refs
from seqattr.engine.ops.elementwise import OVERWRITING
from seqattr.engine.ops.names import MEAN
from seqattr.engine.walk.forward import Values, flat, side_values
from seqattr.engine.walk.memory import halving, rows_at_once
from seqattr.engine.walk.plan import Plan
from seqattr.engine.walk.rulebook import ROWS_FIRST


class Edits(NamedTuple):
    """Each row puts columns (rows, 4, width) in place of those of the sequence from its place (rows) on."""

    starts: Tensor
    columns: Tensor

    def pieces(self, size: int) -> Iterator["Edits"]:
        """So many rows at a time."""
        for some in zip(self.starts.split(size), self.columns.split(size), strict=True):
            yield Edits(*some)


class Original:
    """A sequence (4, L) with all its values, and the tables that windows are cut from."""

    def __init__(self, plan: Plan, sequence: Tensor) -> None:
        self.plan = plan
        self.values: Values = side_values(plan, sequence[None])
        self._tables: dict[tuple[str, float], Tensor] = {}
        self._sums: dict[str, Tensor] = {}

    def output(self, name: str) -> Tensor:
        """An output, (elements)."""
        value: Tensor = self.values[name]
        return value.flatten()

    def table(self, name: str, at: Positions, ndim: int, outside: float) -> Tensor:
        """A value's positions one by one, and what counts beyond them: (positions + 1, elements)."""
        if (name, outside) not in self._tables:
            rows = by_position(self._one_row(name, ndim), at.dim)
            beyond = rows.new_full((1, rows.shape[1]), outside)
            self._tables[name, outside] = torch.cat([rows, beyond])
        return self._tables[name, outside]

    def elements(self, name: str, at: Positions, ndim: int) -> torch.Size:
        """The shape of one position of a value, without its row."""
        shape = list(self._one_row(name, ndim).shape)
        del shape[at.dim]
        return torch.Size(shape[1:])

    def _one_row(self, name: str, ndim: int) -> Tensor:
        value: Tensor = self.values[name]
        return value.reshape((1,) * (ndim - value.ndim) + tuple(value.shape))

    def sums(self, name: str, at: Positions, dims: list[int]) -> Tensor:
        """Sums over the first so many positions, (positions + 1, ...), in float64."""
        if name not in self._sums:
            others = [dim for dim in dims if dim != at.dim]
            value = self.values[name].double()
            value = value.sum(others, keepdim=True) if others else value
            upto = value.cumsum(at.dim).movedim(at.dim, 0)
            self._sums[name] = torch.cat([torch.zeros_like(upto[:1]), upto])
        return self._sums[name]


def by_position(value: Tensor, dim: int) -> Tensor:
    """(rows, ..., positions, ...) -> (rows * positions, elements)"""
    value = value.movedim(dim, 1)
    return value.reshape(value.shape[0] * value.shape[1], -1)


class Forward:
    """Some edits of a sequence, forward: windows of what is local, the rest as a whole."""

    def __init__(self, fields: Fields, original: Original, edits: Edits, constants: Values) -> None:
        self.fields, self.original, self.plan = fields, original, fields.plan
        self.starts, self.constants = edits.starts, constants
        self.rows = len(edits.starts)
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
        start, size = local.read.window(
            self.fields.starts[step.name][self.starts], self.fields.sizes[step.name]
        )

        def argument(ref: Ref) -> Any:
            if ref in self.plan.active:
                at, ndim = self.fields.positions[ref], self.original.values[ref].ndim
                return self._cut(ref, at, ndim, start, size, local.read.outside)
            value = self.original.values[ref]
            if local.constants and isinstance(value, Tensor) and has_positions(value, local.constants[0]):
                return self._cut(ref, *local.constants, start, size, 0.0)
            return value

        if step.name in self.plan.overwriting and local.read == HERE:
            return OVERWRITING[step.op](argument(step.args[0]))
        value = local.function(*map_refs(step.args, argument), **map_refs(dict(step.kwargs), argument))
        return value[step.output] if isinstance(value, tuple | list) and step.output is not None else value

    def _cut(self, ref: Ref, at: Positions, ndim: int, start: Tensor, size: int, outside: float) -> Tensor:
        """Positions start to start + size of a value, of the edited rows where an edit has a window."""
        table = self.original.table(ref, at, ndim, outside)
        positions = start[:, None] + self.fields.upto(size)
        index = torch.where((positions >= 0) & (positions < at.length), positions, at.length)
        if ref in self.windows:
            window_start, width = self.fields.starts[ref][self.starts], self.fields.sizes[ref]
            if width == size and torch.equal(window_start, start):
                return self.windows[ref]
            within = positions - window_start[:, None]
            rows = self.fields.upto(self.rows)[:, None] * width + (at.length + 1)
            index = torch.where((within >= 0) & (within < width), rows + within, index)
            table = torch.cat([table, by_position(self.windows[ref], at.dim)])
        elements = torch.embedding(table, index)
        elements = elements.view(self.rows, size, *self.original.elements(ref, at, ndim))
        return elements.movedim(1, at.dim)

    # --- as a whole ----------------------------------------------------------------------------

    def _in_full(self, ref: Ref) -> Any:
        """A value at all positions; worked out once however many read it."""
        if ref not in self.whole:
            at = self.fields.positions[ref]
            ndim = self.original.values[ref].ndim
            self.whole[ref] = self._cut(ref, at, ndim, torch.zeros_like(self.starts), at.length, 0.0)
        return self.whole[ref]

    def _reduction(self, step: Step, dims: list[int]) -> Tensor:
        """A mean or sum over positions: the sequence's own, plus what the window adds, less what it had."""
        (ref,) = self.plan.inputs[step.name]
        start, size = self.fields.starts[ref][self.starts], self.fields.sizes[ref]
        sums = self.original.sums(ref, self.fields.positions[ref], dims)
        now = self.windows[ref].sum(dims, keepdim=True)
        change = now - (sums[start + size] - sums[start]).reshape(now.shape).to(now)
        if step.op == MEAN:
            before = self.original.values[ref].shape
            change = change / prod(before[dim] for dim in dims)
        unedited: Tensor = self.original.values[step.name]
        return unedited + change.reshape(self.rows, *unedited.shape[1:])


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

    def original(self, sequence: Tensor) -> Original:
        """A sequence (4, L) to be edited."""
        return Original(self.plan, sequence)

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
