"""How a method uses a rulebook on one batch: against references, at the sequence alone, along a path."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from seqattr.engine.edits.edits import Editor
from seqattr.engine.graph.graph import INPUT, Graph
from seqattr.engine.graph.outputs import Target
from seqattr.engine.numerics.fused import Projected, project
from seqattr.engine.numerics.multipliers import Multiplier, Parts
from seqattr.engine.walk.plan import Plan, Rulebook
from seqattr.engine.walk.walk import Values, Walk, flat, side_values

KEPT = 4  # shared references whose values stay in memory: the pieces of a large set


class Explanation(NamedTuple):
    """One batch explained, target by target.

    A method that estimates contributions by chance says how far off they may be: the standard errors (B, L)
    of their means over these references, for each of which chance is drawn anew.
    """

    found: Callable[[Target], Projected]
    outputs: Callable[[Target], tuple[Tensor, Tensor]]  # of sequences (B, 1), of references (B or 1, R)
    errors: Callable[[Target], Tensor] | None = None


@dataclass
class Work:
    """A graph on its device, what is worth keeping from batch to batch, and how much was done."""

    graph: Graph
    rulebook: Rulebook
    rows_forward: int = 0
    rows_backward: int = 0
    kept: list[Values] = field(default_factory=list)
    kept_sequences: Values | None = None
    kept_scores: dict[bytes, dict[Target, Tensor]] = field(default_factory=dict)
    editors: dict[tuple[int, int], Editor] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)  # what a user should know of how it was done

    def __post_init__(self) -> None:
        self.plan = Plan(self.graph, self.rulebook)
        self.plans = {self.rulebook.name: self.plan}

    def plan_of(self, rulebook: Rulebook) -> Plan:
        """The plan of another rulebook, for a method that uses two."""
        return self.plans.setdefault(rulebook.name, Plan(self.graph, rulebook))

    def shared_values(self, references: Tensor) -> Values:
        """Values of references (R, 4, L) that all share: forward once, however many batches there are."""
        known = next((values for values in self.kept if torch.equal(values[INPUT], references)), None)
        if known is None:
            known = side_values(self.plan, references)
            self.rows_forward += len(references)
            self.kept = [*self.kept[1 - KEPT :], known]
        return known

    def sequence_values(self, sequences: Tensor) -> Values:
        """Values of sequences (B, 4, L) whose references come in pieces, one after the other."""
        known = self.kept_sequences
        if known is None or not torch.equal(known[INPUT], sequences):
            self.kept_sequences = known = None  # let it go first
            self.kept_sequences = known = side_values(self.plan, sequences)
            self.rows_forward += len(sequences)
        return known

    def editor(self, sequence: Tensor, width: int) -> Editor:
        """For edits of `width` bases of sequences as long as this (4, L)."""
        key = sequence.shape[1], width
        if key not in self.editors:
            editor = self.editors[key] = Editor(self.plan, sequence, width, whole=width == sequence.shape[1])
            if editor.note and editor.note not in self.notes:
                self.notes.append(editor.note)
        return self.editors[key]


@dataclass(frozen=True)
class Batch:
    """Sequences (B, 4, L) with their references (B, R, 4, L), or (1, R, 4, L) shared by all.

    `in_pieces` says that the sequences have more references than these.
    """

    work: Work
    sequences: Tensor
    references: Tensor
    shared: bool
    targets: Sequence[Target]
    in_pieces: bool = False

    @classmethod
    def of_points(cls, work: Work, points: Tensor, targets: Sequence[Target]) -> "Batch":
        """Points (B, 4, L) that are compared with nothing."""
        return cls(work, points, points[None, :1], True, targets)

    def against_references(self) -> Walk:
        """Forward and ready to go back, every sequence beside its references."""
        work = self.work
        if self.in_pieces and not self.shared:
            sequences: Tensor | Values = work.sequence_values(self.sequences)
        else:
            sequences = self.sequences
            work.rows_forward += len(self.sequences)
        if self.shared:
            return Walk(work.plan, sequences, shared=work.shared_values(self.references[0]))
        work.rows_forward += self.references.shape[0] * self.references.shape[1]
        return Walk(work.plan, sequences, self.references)

    def alone(self, points: Tensor, rulebook: Rulebook | None = None, keep: Collection[str] = ()) -> Walk:
        """Forward and ready to go back at points (rows, 4, L), with no references beside them."""
        self.work.rows_forward += len(points)
        return Walk(self.work.plan_of(rulebook or self.work.rulebook), points, keep=keep)

    def back(self, walk: Walk, target: Target) -> Tensor:
        """The walk's multipliers, counted."""
        self.work.rows_backward += walk.rows.pairs
        return walk.multipliers(target)

    def arriving(self, walk: Walk, target: Target, at: str = INPUT) -> Multiplier:
        """What comes back to a step's value, as the rules send it, counted."""
        self.work.rows_backward += walk.rows.pairs
        return walk.arriving(target, at)

    def outputs(self, own: Walk) -> Callable[[Target], tuple[Tensor, Tensor]]:
        """Outputs of sequences and references for a method that walks the sequences alone."""
        of_references = self._reference_outputs()
        return lambda target: (own.own_outputs(target), of_references(target))

    def _reference_outputs(self) -> Callable[[Target], Tensor]:
        """The outputs of the references, (B or 1, R)."""
        if self.shared:
            values = self.work.shared_values(self.references[0])
        else:
            self.work.rows_forward += self.references.shape[0] * self.references.shape[1]
            values = side_values(self.work.plan, self.references.flatten(0, 1))
        shape = self.references.shape[:2]
        outputs = {name: flat(values[name]) for name in self.work.graph.outputs}
        return lambda t: outputs[self.work.graph.outputs[t.output]][:, t.index].view(shape)

    def projection(self, multipliers: Callable[[Target], Tensor]) -> Callable[[Target], Projected]:
        """Contributions from multipliers: (B, R, 4, L), or (B, 1, 4, L) where references play no part."""
        return lambda target: project(multipliers(target), self.sequences, self.references)

    def scored(self, scores: Callable[[Target], Multiplier]) -> Callable[[Target], Projected]:
        """Contributions from scores (B, 4, L) of the bases themselves: each sequence has its own bases'.

        In two parts: from a slope, and an offset that a position has whatever its base.
        """
        return lambda target: base_scores(scores(target), self.sequences, self.references.shape[1])


def base_scores(scores: Multiplier, sequences: Tensor, references: int) -> Projected:
    """What a method finds that scores bases rather than differences from a reference."""
    slope, offset = scores if isinstance(scores, Parts) else (scores, torch.zeros_like(scores))
    against = -offset.sum(1)
    contributions = (slope * sequences).sum(1) - against
    totals, sizes = (
        each.sum(1, keepdim=True, dtype=torch.float64).expand(-1, references)
        for each in (contributions, contributions.abs())
    )
    return Projected(contributions, against, slope, totals, sizes)


Attributor = Callable[[Batch], Explanation]


def against_references(batch: Batch) -> Explanation:
    """The rulebook's multipliers for each pair of a sequence and a reference."""
    walk = batch.against_references()
    return Explanation(batch.projection(partial(batch.back, walk)), walk.outputs)


def at_sequence(batch: Batch) -> Explanation:
    """The rulebook's multipliers at the sequence, whatever it is compared with."""
    walk = batch.alone(batch.sequences)
    return Explanation(batch.projection(partial(batch.back, walk)), batch.outputs(walk))


def relevance(batch: Batch) -> Explanation:
    """What comes back to the bases of the sequence, relevance over base, counts for the bases themselves."""
    walk = batch.alone(batch.sequences)
    return Explanation(batch.scored(partial(batch.arriving, walk)), batch.outputs(walk))


def along_path(steps: int) -> Attributor:
    """The rulebook's multipliers, averaged over the midpoints of `steps` steps from reference to sequence."""

    def attributor(batch: Batch) -> Explanation:
        start, end = batch.references, batch.sequences[:, None]
        totals: dict[Target, Tensor] = {}
        for step in range(steps):
            points = torch.lerp(start.expand(len(end), -1, -1, -1), end, (step + 0.5) / steps)
            walk = batch.alone(points.flatten(0, 1))
            for target in batch.targets:
                found = batch.back(walk, target).view(points.shape) / steps
                totals[target] = totals[target] + found if target in totals else found
        return Explanation(batch.projection(totals.__getitem__), batch.outputs(batch.alone(batch.sequences)))

    return attributor
