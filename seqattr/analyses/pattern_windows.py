"""Which values of a step take part in its pattern: what reads bases, and not padding or N."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from seqattr.engine.edits.receptive import Fields
from seqattr.engine.graph.graph import INPUT, Step
from seqattr.engine.graph.layouts import stretch
from seqattr.engine.walk.plan import Plan
from seqattr.engine.walk.rulebook import ROWS_FIRST


class Reads(NamedTuple):
    """The bases [start, end) that each of P positions of a value reads, (P, 2), and where they lie in it."""

    bounds: Tensor
    dim: int  # counted from the end


class Windows:
    """Of a plan, for sequences of one length or of several.

    Of a sequence that is not all bases those positions take part that would be there without its padding:
    they read bases alone and, where the model pads too, reach no further beyond the first base and the last
    than it does. Where there is no such position, those do that read most bases. What reads the sequence as a
    whole takes part if there is any base.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._reads: dict[int, dict[str, Reads]] = {}

    def taking_part(self, step: Step, values: Mapping[str, Any]) -> Tensor | None:
        """1 for what takes part of a step's value and else 0, to be broadcast to it; None where all does."""
        value, known = values[step.name], values[INPUT].ne(0).any(1)
        if bool(known.all()):
            return None
        reads = self._of_length(values).get(step.name)
        if reads is None:
            return of_rows(step, known.any(1), value).to(value)
        shape = [len(known), *(1 for _ in range(value.ndim - 1))]
        shape[reads.dim] = len(reads.bounds)
        return at_positions(known, reads.bounds).view(shape).to(value)

    def _of_length(self, values: Mapping[str, Any]) -> dict[str, Reads]:
        length = values[INPUT].shape[2]
        if length not in self._reads:
            self._reads[length] = read_by(self.plan, values)
        return self._reads[length]


def read_by(plan: Plan, values: Mapping[str, Any]) -> dict[str, Reads]:
    """Of each step whose positions follow those of the sequence."""
    fields = Fields(plan, values, 1, most=torch.inf)
    bounds_of = {
        step.name: fields.read_by(step.name) for step in plan.graph.steps if step.layout == ROWS_FIRST
    }
    return {
        name: Reads(bounds, fields.positions[name].dim)
        for name, bounds in bounds_of.items()
        if bounds is not None
    }


def at_positions(known: Tensor, bounds: Tensor) -> Tensor:
    """Which of P positions (N, P) take part, of sequences whose `known` (N, L) are bases."""
    (start, end), length = bounds.T, known.shape[1]
    upto = torch.nn.functional.pad(known.long().cumsum(1), (1, 0))
    bases = upto[:, end] - upto[:, start]
    # Without the ends of the sequence all positions would read as many: so far they reach beyond.
    size = (end - start).amax()
    low, high = torch.where(start > 0, start, end - size), torch.where(end < length, end, start + size)
    before, after = -low.amin(), (high.amax() - length).clamp(min=0)
    first = known.long().argmax(1, keepdim=True)
    last = length - known.flip(1).long().argmax(1, keepdim=True)
    alike = (low >= first - before) & (high <= last + after)
    whole = bases == torch.minimum(end, last) - torch.maximum(start, first)
    good, most = alike & whole & (bases > 0), (bases == bases.amax(1, keepdim=True)) & (bases > 0)
    return torch.where(good.any(1, keepdim=True), good, most) | known.all(1, keepdim=True)


def of_rows(step: Step, mask: Tensor, value: Tensor) -> Tensor:
    """A mask (N,) of the sequences as one of a step's value, to be broadcast to it."""
    if step.layout is None:
        return mask.new_ones(())
    size = value.shape[step.layout.dim]
    layout = stretch(step.layout, size // len(mask))
    row = torch.arange(size, device=mask.device) // layout.after % len(mask)
    shape = [1] * value.ndim
    shape[layout.dim] = size
    return mask[row].view(shape)
