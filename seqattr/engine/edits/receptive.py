"""Receptive fields from the graph: which positions of a value an edit of the sequence can reach."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from seqattr.engine.edits.locality import local, reduction_dims
from seqattr.engine.edits.windows import Local, Positions, Site
from seqattr.engine.graph.graph import INPUT, Step
from seqattr.engine.ops.kinds import Kind
from seqattr.engine.ops.names import MEAN, SUM
from seqattr.engine.ops.weights import CONVOLUTIONS
from seqattr.engine.walk.memory import Bytes, least_pairs
from seqattr.engine.walk.plan import Plan
from seqattr.engine.walk.rulebook import ROWS_FIRST

# A window of more than this share of a value is no smaller to speak of: the value is worked out whole.
MOST = 0.8
SUMMED = {MEAN, SUM}


class Fields:
    """Windows of every local value that an edit of `width` bases in a row can reach, by its place.

    `starts[name]` is (places) and `sizes[name]` a number: wherever it is, an edit has a window of the same
    size, moved inwards at the ends of the sequence. With `most` at 0 nothing is local.
    """

    def __init__(self, plan: Plan, values: Mapping[str, Any], width: int, most: float = MOST) -> None:
        self.plan, self.width = plan, width
        self.length = values[INPUT].shape[2]
        self.starts: dict[str, Tensor] = {}
        self.sizes: dict[str, int] = {}
        self.steps: dict[str, Local] = {}
        self.reductions: dict[str, list[int]] = {}  # means and sums over positions, and along what
        self.positions: dict[str, Positions] = {INPUT: Positions(-1, self.length)}
        self._numbers = torch.arange(0, device=values[INPUT].device)
        starts = torch.arange(self.length - width + 1, device=values[INPUT].device)
        self._reached = {INPUT: (starts, starts + width - 1)}
        self.starts[INPUT], self.sizes[INPUT] = starts, width
        for step in plan.graph.steps:
            if step.name in plan.active and most > 0:
                self._add(step, values, most)
        self.share = self._share(values)

    def upto(self, number: int) -> Tensor:
        """0, 1 ... number - 1, made once."""
        if len(self._numbers) < number:
            self._numbers = torch.arange(number, device=self._numbers.device)
        return self._numbers[:number]

    def _add(self, step: Step, values: Mapping[str, Any], most: float) -> None:
        site = Site(self.plan, step, values, self.positions)
        step_local = local(site)
        if step_local is None:
            self._add_reduction(site)
            return
        bounds = [self._reached[ref] for ref in self.plan.inputs[step.name]]
        low = torch.stack([low for low, _ in bounds]).amin(0)
        high = torch.stack([high for _, high in bounds]).amax(0)
        low, high = step_local.read.positions_reading(low, high)
        length = step_local.positions.length
        low, high = low.clamp(min=0), high.clamp(max=length - 1)
        size = max(1, int((high - low).max()) + 1)
        if size > most * length:
            return
        self.steps[step.name], self.positions[step.name] = step_local, step_local.positions
        self._reached[step.name] = low, high
        self.starts[step.name], self.sizes[step.name] = low.clamp(max=length - size), size

    def _add_reduction(self, site: Site) -> None:
        """A mean or sum over the positions changes by what its window changes."""
        step, at = site.step, site.positions
        if step.op in SUMMED and at is not None and step.layout == ROWS_FIRST:
            dims = reduction_dims(site)
            if dims is not None and at.dim in dims:
                self.reductions[step.name] = dims

    def read_by(self, name: str) -> Tensor | None:
        """The bases [start, end) that each position of a value reads, (positions, 2).

        None where the value is not local, or its positions do not follow those of the sequence.
        """
        if name not in self.positions or self.width != 1:
            return None
        low, high = self._reached[name]
        if (low.diff() < 0).any() or (high.diff() < 0).any():
            return None
        numbers = torch.arange(self.positions[name].length, device=low.device)
        start, end = torch.searchsorted(high, numbers), torch.searchsorted(low, numbers, right=True)
        return torch.stack([start, end], 1)

    # --- how much is left to do ----------------------------------------------------------------

    def part(self, name: str) -> float:
        """The part of a value's positions that an edit can reach."""
        return self.sizes[name] / self.positions[name].length if name in self.sizes else 1.0

    def _share(self, values: Mapping[str, Any]) -> float:
        """The part of the model's multiplications that are to be done for an edit."""
        works = {step.name: multiplications(self.plan, step, values) for step in self.plan.graph.steps}
        done = sum(work * self.part(name) for name, work in works.items())
        return done / max(sum(works.values()), 1)

    def reason(self) -> str:
        """What it is that makes most of the model depend on every position."""
        step = next((s for s in self.plan.graph.steps if self._spreads(s)), None)
        if step is None:
            return "every edit is run as a whole"
        where = f" at {step.source}" if step.source else ""
        return f"{step.op}{where} brings most positions together, so every edit is run as a whole"

    def _spreads(self, step: Step) -> bool:
        local = step.name in self.steps or step.name in self.reductions or step.name not in self.plan.active
        return not local and any(ref in self.sizes for ref in step.refs())

    def bytes(self, values: Mapping[str, Any]) -> Bytes:
        """The size of the windows, and of what is worked out whole, for one edit."""
        active = {name: values[name] for name in self.plan.active if isinstance(values[name], Tensor)}
        sizes = [int(v.numel() * v.element_size() * self.part(name)) for name, v in active.items()]
        return Bytes(sum(sizes), max(sizes), least_pairs(self.plan))


def multiplications(plan: Plan, step: Step, values: Mapping[str, Any]) -> int:
    """How many a linear or recurrent step does for one sequence; of others, which cost little, none."""
    if plan.kinds[step.name] is Kind.RECURRENT:
        given, weight = (values[ref] for ref in step.args[:2])
        return int(given.shape[:2].numel() * weight.numel())
    if plan.kinds[step.name] not in (Kind.LINEAR, Kind.BILINEAR) or len(step.args) < 2:
        return 0
    left, right = (values[ref] for ref in step.args[:2])
    inner = right[0].numel() if step.op in CONVOLUTIONS else left.shape[-1]
    return int(values[step.name].numel() * inner)
