"""Windows of one long sequence that overlap, forward together: where they overlap a value is worked out once.

That is exact where a model does the same at every position and no output reads what lies beyond the ends of
its window, as padding: then a value at a base is the same in every window that holds the base. So it is in
BPNets, whose layers do not pad, or whose margins are cut off.
"""

import copy
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from seqattr.engine.edits.edits import Editor, Edits, Forward, has_positions
from seqattr.engine.edits.locality import local
from seqattr.engine.edits.original import rows_of
from seqattr.engine.edits.windows import HERE, Local, Positions, Site
from seqattr.engine.graph.graph import INPUT, Step, map_refs
from seqattr.engine.ops.elementwise import OVERWRITING
from seqattr.engine.walk.forward import Values
from seqattr.engine.walk.plan import Plan

LEAST_OVERLAP = 0.2  # of all windows' bases, so that it pays
MOST_WINDOWS = 8  # as many windows' bases make a strip, at most


class Range(NamedTuple):
    """Positions low to high of a value, high among them."""

    low: int
    high: int

    @property
    def size(self) -> int:
        return self.high - self.low + 1


class Shared:
    """What windows of one length share: the steps that are the same at every position, and of their values
    the positions that outputs read. `works` says whether that is so."""

    def __init__(self, plan: Plan, values: Mapping[str, Any]) -> None:
        self.plan, self.values = plan, values
        self.positions: dict[str, Positions] = {INPUT: Positions(-1, values[INPUT].shape[2])}
        self.steps: dict[str, Local] = {}
        for step in plan.graph.steps:
            if step.name in plan.active:
                found = local(Site(plan, step, values, self.positions))
                if found is not None:
                    self.steps[step.name], self.positions[step.name] = found, found.positions
        self.ranges: dict[str, Range] = {}
        self.works = bool(self.steps) and all(map(self._moves_along, self.steps)) and self._read_within()
        self.works = self.works and set(self.steps) <= set(self.ranges)

    def _moves_along(self, name: str) -> bool:
        """Whether a step does the same at every position, without strides and constants for each."""
        step_local = self.steps[name]
        others = [ref for ref in self._step(name).refs() if ref not in self.plan.active]
        tensors = [self.values[ref] for ref in others if isinstance(self.values[ref], Tensor)]
        at = step_local.constants[0] if step_local.constants else None
        return step_local.read.stride == 1 and not (at and any(has_positions(t, at) for t in tensors))

    def _step(self, name: str) -> Step:
        return self.plan.graph.by_name()[name]

    def _read_within(self) -> bool:
        """Find the positions that are read, from the outputs on; whether none is beyond a value's ends."""
        for name in self.plan.graph.outputs:
            self._widen(name, None)
        active = [step for step in reversed(self.plan.graph.steps) if step.name in self.plan.active]
        return all(map(self._reads_within, active)) and INPUT in self.ranges

    def _reads_within(self, step: Step) -> bool:
        """Whether what outputs want of a step lies within what it reads; these positions are kept."""
        found, wanted = self.steps.get(step.name), self.ranges.get(step.name)
        if found is not None and wanted is None:
            return True
        for ref in self.plan.inputs[step.name]:
            read = None
            if found is not None and wanted is not None:
                read = Range(wanted.low + found.read.first, wanted.high + found.read.last)
                if read.low < 0 or read.high >= self.positions[ref].length:
                    return False
            self._widen(ref, read)
        return True

    def _widen(self, name: str, wanted: Range | None) -> None:
        """These positions of a value are read too; all for None."""
        if name in self.positions:
            low, high = wanted or Range(0, self.positions[name].length - 1)
            known = self.ranges.get(name, Range(low, high))
            self.ranges[name] = Range(min(low, known.low), max(high, known.high))


class Strip:
    """A stretch of bases (4, length) with its values, in the place of sequences to be edited: number i of
    these is the window that begins at base i."""

    def __init__(self, shared: Shared, bases: Tensor) -> None:
        self.shared, self.plan, self.constants = shared, shared.plan, shared.values
        self.number = bases.shape[1] - shared.positions[INPUT].length + 1
        self.values: Values = {INPUT: self._view(INPUT, bases[None])}
        self._whole = {INPUT: bases[None]}
        for step in self.plan.graph.steps:
            if step.name in shared.steps and step.name in shared.ranges:
                self._whole[step.name] = self._evaluate(step)
                self.values[step.name] = self._view(step.name, self._whole[step.name])
            elif step.name in self.plan.active:
                self.values[step.name] = shared.values[step.name]  # of which the shape alone is read
        del self._whole

    def _evaluate(self, step: Step) -> Tensor:
        """A step's value at the positions that any window's outputs read."""
        found, wanted = self.shared.steps[step.name], self.shared.ranges[step.name]
        first, size = wanted.low + found.read.first, wanted.size + self.number - 1
        size += found.read.last - found.read.first

        def argument(ref: str) -> Any:
            if ref not in self.plan.active:
                return self.constants[ref]
            return self._whole[ref].narrow(self.shared.positions[ref].dim, first, size)

        if self._overwrites(step):
            value = OVERWRITING[step.op](argument(step.args[0]))
        else:
            value = found.function(*map_refs(step.args, argument), **map_refs(dict(step.kwargs), argument))
        if isinstance(value, tuple | list) and step.output is not None:
            value = value[step.output]
        return self._with_ends(value, self.shared.positions[step.name], wanted)

    def _overwrites(self, step: Step) -> bool:
        """Whether nothing else reads what the step reads, so that edits never need it."""
        if step.name not in self.plan.overwriting or self.shared.steps[step.name].read != HERE:
            return False
        return len(self.plan.graph.consumers()[step.args[0]]) == 1

    def _with_ends(self, value: Tensor, at: Positions, wanted: Range) -> Tensor:
        """With zeros for the positions that no output reads."""
        before, behind = wanted.low, at.length - 1 - wanted.high
        if not before and not behind:
            return value
        rows = value.movedim(at.dim, 1)
        ends = (rows.new_zeros(1, count, *rows.shape[2:]) for count in (before, behind))
        return torch.cat([next(ends), rows, next(ends)], 1).movedim(1, at.dim)

    def _view(self, name: str, whole: Tensor) -> Tensor:
        """The value as each window has it (number, ...), in the same memory."""
        at = self.shared.positions[name]
        shape, strides = list(whole.shape), list(whole.stride())
        shape[0], strides[0], shape[at.dim] = self.number, whole.stride(at.dim), at.length
        return whole.as_strided(shape, strides, whole.storage_offset())

    def rows(self, name: str, ndim: int) -> Tensor:
        """A value of each window; one that depends on no base as a single row, in so many dimensions."""
        return rows_of(self.plan, self.values, self.constants, name, ndim)


class AsTheyAre(Forward):
    """Windows of a strip, forward from where its own values end."""

    original: Strip  # type: ignore[assignment]

    def _evaluate(self, step: Step) -> None:
        if step.name not in self.original.shared.steps:
            super()._evaluate(step)


class Stretch(NamedTuple):
    """Bases (4, length), the rows of the windows that it holds, and where each begins in it."""

    bases: Tensor
    rows: Tensor
    offsets: Tensor


def answers(editor: Editor, shared: Shared, strip: Strip, edits: Edits, changed: bool) -> dict[str, Tensor]:
    """Each output for windows of a strip, which edits that are all at one place change or do not."""
    fields = copy.copy(editor.fields)
    fields.positions, fields.reductions = {**shared.positions, **fields.positions}, {}
    made: dict[str, list[Tensor]] = {name: [] for name in shared.plan.graph.outputs}
    for some in edits.pieces(editor.rows):
        constants = editor.constants(len(some.starts))
        forward = (Forward if changed else AsTheyAre)(fields, strip, some, constants)  # type: ignore[arg-type]
        for name, parts in made.items():
            parts.append(forward.output(name))
    return {name: torch.cat(parts) for name, parts in made.items()}


def stretches(sequences: Tensor, places: Tensor) -> list[Stretch]:
    """The stretches of overlapping windows (N, 4, L) that begin at `places` (N,) of one long sequence.

    Windows that do not hold the same bases where they overlap are in none; nor is any where too little
    overlaps.
    """
    length, order = sequences.shape[2], places.argsort(stable=True)
    groups: list[list[int]] = []
    for row in order.tolist():
        start = int(places[row])
        near = bool(groups) and start - int(places[groups[-1][-1]]) < length
        if near and start - int(places[groups[-1][0]]) < (MOST_WINDOWS - 1) * length:
            groups[-1].append(row)
        else:
            groups.append([row])
    found = [made for rows in groups if (made := _stretch_of(sequences, places, rows)) is not None]
    bases, windows = sum(one.bases.shape[1] for one in found), sum(len(one.rows) for one in found)
    return found if bases <= (1 - LEAST_OVERLAP) * windows * length else []


def _stretch_of(sequences: Tensor, places: Tensor, rows: Sequence[int]) -> Stretch | None:
    """One of these rows, in order."""
    some = torch.tensor(rows, device=sequences.device)
    offsets = (places[some.to(places.device)] - places[rows[0]]).to(sequences.device)
    length = sequences.shape[2]
    bases = sequences.new_zeros(4, int(offsets[-1]) + length)
    for row, offset in zip(rows, offsets.tolist(), strict=True):
        bases[:, offset : offset + length] = sequences[row]
    if not bases.unfold(1, length, 1)[:, offsets].movedim(1, 0).equal(sequences[some]):
        return None
    return Stretch(bases, some, offsets)
