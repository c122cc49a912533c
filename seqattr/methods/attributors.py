"""How a method uses a rulebook on one batch: against references, at the sequence alone, along a path."""

from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from seqattr.engine.graph.graph import INPUT
from seqattr.engine.graph.outputs import Target
from seqattr.engine.numerics.multipliers import Affine, Multiplier, Projected, project, whole
from seqattr.engine.walk.cuts import Cuts
from seqattr.engine.walk.forward import Values, flat, output_values
from seqattr.engine.walk.plan import Plan
from seqattr.engine.walk.rulebook import Rulebook
from seqattr.engine.walk.session import Session
from seqattr.engine.walk.walk import Walk


class Explanation(NamedTuple):
    """One batch explained, target by target.

    A method that estimates contributions by chance says how far off they may be: the standard errors (B, L)
    of their means over these references, for each of which chance is drawn anew. Of the difference of the
    outputs, what values that are held keep (B, R) is not explained, and known once the projection is.
    """

    projection: Callable[[Target], Projected]
    outputs: Callable[[Target], tuple[Tensor, Tensor]]  # of sequences (B, 1), of references (B or 1, R)
    errors: Callable[[Target], Tensor] | None = None
    held: Callable[[Target], Tensor | None] = lambda target: None


@dataclass(frozen=True)
class Batch:
    """Sequences (B, 4, L) with their references (B, R, 4, L), or (1, R, 4, L) shared by all.

    `plan` is the method's own. `in_pieces` says that the sequences have more references than these. Shared
    references of one `key` are the same, if it is not None.
    """

    session: Session
    plan: Plan
    sequences: Tensor
    references: Tensor
    shared: bool
    in_pieces: bool = False
    key: Hashable = None

    @classmethod
    def of_points(cls, session: Session, plan: Plan, points: Tensor) -> "Batch":
        """Points (B, 4, L) that are compared with nothing."""
        return cls(session, plan, points, points[None, :1], True)

    @property
    def targets(self) -> tuple[Target, ...]:
        return self.session.targets

    def against_references(self) -> Walk:
        """Forward and ready to go back, every sequence beside its references."""
        session, cuts = self.session, self.session.cuts(self.plan, self.sequences.shape[2])
        if cuts:
            return self._in_segments(cuts)
        if self.in_pieces and not self.shared:
            sequences: Tensor | Values = session.sequence_values(self.plan, self.sequences)
        else:
            sequences = self.sequences
            session.rows_forward += len(self.sequences)
        if self.shared:
            return Walk(self.plan, sequences, shared=self.shared_values())
        session.rows_forward += self.references.shape[0] * self.references.shape[1]
        return Walk(self.plan, sequences, self.references)

    def _in_segments(self, cuts: Cuts) -> Walk:
        """The same without any values that outlast a segment."""
        rows = self.references.shape[0] * self.references.shape[1]
        self.session.rows_forward += len(self.sequences) + rows
        if not self.shared:
            return Walk(self.plan, self.sequences, self.references, cuts=cuts)
        shared = {**self.plan.graph.tensors, INPUT: self.references[0]}
        return Walk(self.plan, self.sequences, shared=shared, cuts=cuts)

    def shared_values(self) -> Values:
        """Of the references that all sequences share."""
        return self.session.shared_values(self.plan, self.references[0], self.key)

    def alone(self, points: Tensor, rulebook: Rulebook | None = None, keep: Collection[str] = ()) -> Walk:
        """Forward and ready to go back at points (rows, 4, L), with no references beside them."""
        self.session.rows_forward += len(points)
        plan = self.plan if rulebook is None else self.session.plan(rulebook)
        return Walk(plan, points, keep=keep, cuts=self.session.cuts(plan, points.shape[2]))

    def back(self, walk: Walk, target: Target) -> Tensor:
        """The walk's multipliers, counted."""
        self.session.rows_backward += walk.rows.pairs
        return walk.multipliers(target)

    def arriving(self, walk: Walk, target: Target, at: str = INPUT) -> Multiplier:
        """What comes back to a step's value, as the rules send it, counted."""
        self.session.rows_backward += walk.rows.pairs
        return walk.arriving(target, at)

    def outputs(self, walk: Walk | None = None) -> Callable[[Target], tuple[Tensor, Tensor]]:
        """Outputs of sequences (B, 1) and references (B or 1, R), of a walk of the sequences alone if
        there is one.
        """
        of_sequences = self._sequence_outputs() if walk is None else walk.sequence_outputs
        of_references = self._reference_outputs()
        return lambda target: (of_sequences(target), of_references(target))

    def _sequence_outputs(self) -> Callable[[Target], Tensor]:
        """The outputs of the sequences, (B, 1)."""
        self.session.rows_forward += len(self.sequences)
        outputs = output_values(self.plan, self.sequences)
        names = self.session.graph.outputs
        return lambda target: flat(outputs[names[target.output]])[:, target.index, None]

    def _reference_outputs(self) -> Callable[[Target], Tensor]:
        """The outputs of the references, (B or 1, R)."""
        if self.shared:
            values = self.session.shared_outputs(self.plan, self.references[0], self.key)
        else:
            self.session.rows_forward += self.references.shape[0] * self.references.shape[1]
            values = output_values(self.plan, self.references.flatten(0, 1))
        shape, names = self.references.shape[:2], self.session.graph.outputs
        outputs = {name: flat(values[name]) for name in names}
        return lambda target: outputs[names[target.output]][:, target.index].view(shape)

    def projection(self, multipliers: Callable[[Target], Tensor]) -> Callable[[Target], Projected]:
        """Contributions from multipliers: (B, R, 4, L), or (B, 1, 4, L) where references play no part."""
        return lambda target: project(multipliers(target), self.sequences, self.references)

    def scores_of_bases(self, scores: Callable[[Target], Multiplier]) -> Callable[[Target], Projected]:
        """Contributions from scores (B, 4, L) of the bases themselves: each sequence has its own bases'.

        In two parts: from a slope, and an offset that a position has whatever its base.
        """
        return lambda target: base_scores(scores(target), self.sequences, self.references.shape[1])


def base_scores(scores: Multiplier, sequences: Tensor, references: int) -> Projected:
    """What a method finds that scores bases rather than differences from a reference."""
    slope, offset = scores if isinstance(scores, Affine) else (whole(scores), torch.zeros_like(whole(scores)))
    against = -offset.sum(1)
    contributions = (slope * sequences).sum(1) - against
    totals, sizes = (
        values.sum(1, keepdim=True, dtype=torch.float64).expand(-1, references)
        for values in (contributions, contributions.abs())
    )
    return Projected(contributions, against, slope, totals, sizes)


Attributor = Callable[[Batch], Explanation]


def against_references(batch: Batch) -> Explanation:
    """The rulebook's multipliers for each pair of a sequence and a reference."""
    walk = batch.against_references()
    return Explanation(batch.projection(partial(batch.back, walk)), walk.outputs, held=walk.held)


def at_sequence(batch: Batch) -> Explanation:
    """The rulebook's multipliers at the sequence, whatever it is compared with."""
    walk = batch.alone(batch.sequences)
    return Explanation(batch.projection(partial(batch.back, walk)), batch.outputs(walk))


def relevance(batch: Batch) -> Explanation:
    """What comes back to the bases of the sequence, relevance over base, counts for the bases themselves."""
    walk = batch.alone(batch.sequences)
    return Explanation(batch.scores_of_bases(partial(batch.arriving, walk)), batch.outputs(walk))


def along_path(steps: int) -> Attributor:
    """The rulebook's multipliers, averaged over the midpoints of `steps` steps from reference to sequence."""

    def attributor(batch: Batch) -> Explanation:
        start, end = batch.references, batch.sequences[:, None]
        totals: dict[Target, Tensor] = {}
        for step in range(steps):
            points = torch.lerp(start.expand(len(end), -1, -1, -1), end, (step + 0.5) / steps)
            walk = batch.alone(points.flatten(0, 1))
            for target in batch.targets:
                part = batch.back(walk, target).view(points.shape) / steps
                totals[target] = totals[target] + part if target in totals else part
        return Explanation(batch.projection(totals.__getitem__), batch.outputs(batch.alone(batch.sequences)))

    return attributor
