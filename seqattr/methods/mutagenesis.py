"""In-silico mutagenesis and occlusion: the model's own answers to edited sequences.

Of each layer only what an edit can reach is worked out again (engine/edits.py).
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from seqattr.engine.edits.edits import Editor, Edits
from seqattr.engine.graph.outputs import Target
from seqattr.engine.walk.plan import Plan
from seqattr.engine.walk.session import Session
from seqattr.errors import InputError
from seqattr.methods.attributors import Attributor, Batch, Explanation

Scores = dict[Target, Tensor]
Scorer = Callable[[Tensor], Tensor]  # effects (B, 4, L) of putting each base at each position, to scores
Gains = Callable[[Tensor], Tensor]
KEPT_SCORES = 256  # sequences whose scores stay, as their references come in pieces


# --- in-silico mutagenesis ---------------------------------------------------------------------


EVERYWHERE = slice(None)


def mutagenesis(scorer: Scorer, positions: slice = EVERYWHERE) -> Attributor:
    """Every base at every position, or at some alone, scored by a function of the table of effects.

    Elsewhere scores are 0. Raises InputError for positions beyond the sequences' end.
    """

    def attributor(batch: Batch) -> Explanation:
        check_within(positions, batch.sequences.shape[2])
        tables = [table_of(batch, sequence, positions) for sequence in batch.sequences]

        def scores(target: Target) -> Tensor:
            return scorer(torch.stack([table[target] for table in tables]))

        return Explanation(batch.scores_of_bases(scores), batch.outputs())

    return attributor


def check_within(positions: slice, length: int) -> None:
    if (positions.stop or 0) > length:
        raise InputError(
            f"the positions {positions.start} to {positions.stop} do not lie in sequences of {length} bp"
        )


def positions_of(text: str) -> slice:
    """The positions START-END of each sequence, counted from 0, END not among them. Raises InputError."""
    written = re.fullmatch(r"(\d{1,12})-(\d{1,12})", text)
    start, end = map(int, written.groups()) if written else (0, 0)
    if start >= end:
        raise InputError(f"positions are START-END, counted from 0 and END beyond the last, not '{text}'")
    return slice(start, end)


def table_of(batch: Batch, sequence: Tensor, positions: slice = EVERYWHERE) -> Scores:
    """The effects of a sequence's substitutions; worked out once where its references come in pieces."""
    kept: dict[bytes, Scores] = batch.session.once(("effects", str(positions)), dict)
    key = sequence.cpu().numpy().tobytes()
    if key not in kept:
        kept[key] = effects(batch, sequence, positions)
        while len(kept) > (KEPT_SCORES if batch.in_pieces else 0) + 1:
            del kept[next(iter(kept))]
    return kept[key]


def effects(batch: Batch, sequence: Tensor, positions: slice = EVERYWHERE) -> Scores:
    """target(sequence with the base there) - target(sequence), each (4, L); 0 for the base that is there."""
    edits, base = substitutions(sequence, positions)
    tables = {}
    for target, values in changes(batch, sequence, edits):
        table = torch.zeros_like(sequence)
        table[base, edits.starts] = values
        tables[target] = table
    return tables


def substitutions(sequence: Tensor, positions: slice = EVERYWHERE) -> tuple[Edits, Tensor]:
    """Each base at each of these positions of a sequence (4, L) where it is not, and which base that is."""
    bases = torch.eye(4, dtype=sequence.dtype, device=sequence.device)
    new = (sequence.T[positions, None] != bases).any(2)  # (positions, 4)
    starts, base = new.nonzero(as_tuple=True)
    return Edits(starts + (positions.start or 0), bases[base][:, :, None]), base


class Substitution(NamedTuple):
    """A base, by its row, put at a position, and the sequence (4, L) after it."""

    position: int
    base: int
    sequence: Tensor


def greedy(sequence: Tensor, gains: Gains, most: int) -> Iterator[Substitution]:
    """Up to `most` substitutions, each the one of the largest gain above 0; NaN and infinity are none.

    `gains` tells of a sequence (4, L) what each substitution in it is worth, (4, L).
    """
    for _ in range(most):
        table = gains(sequence).nan_to_num(0.0, 0.0, 0.0)
        base, position = divmod(int(table.argmax()), table.shape[1])
        if table[base, position] <= 0:
            return
        sequence = sequence.clone()
        sequence[:, position] = torch.eye(4)[base].to(sequence)
        yield Substitution(position, base, sequence)


def mean_effect(table: Tensor) -> Tensor:
    """Each base's effect, less the mean of the three others'."""
    return table - (table.sum(1, keepdim=True) - table) / 3


def largest_effect(table: Tensor) -> Tensor:
    """Each base's effect, less that of the base which differs most from it."""
    above, below = table - table.amin(1, keepdim=True), table - table.amax(1, keepdim=True)
    return torch.where(above >= -below, above, below)


# --- occlusion ---------------------------------------------------------------------------------


def occlusion(width: int) -> Attributor:
    """Windows of `width` bases replaced by the reference's; at each position the mean of those over it."""

    def attributor(batch: Batch) -> Explanation:
        pools = batch.references.expand(len(batch.sequences), -1, -1, -1)
        tables = [
            occlusion_losses(batch, sequence, pool, width)
            for sequence, pool in zip(batch.sequences, pools, strict=True)
        ]

        def scores(target: Target) -> Tensor:
            return torch.stack([one[target] for one in tables])[:, None] * batch.sequences

        return Explanation(batch.scores_of_bases(scores), batch.outputs())

    return attributor


def occlusion_losses(batch: Batch, sequence: Tensor, references: Tensor, width: int) -> Scores:
    """target(sequence) - target(occluded), mean over references and over windows over a position: (L)."""
    width = min(width, sequence.shape[1])
    windows, others = (
        t.unfold(-1, width, 1).movedim(-2, -3) for t in (sequence, references)
    )  # (.., M, 4, width)
    which, starts = (others != windows).any((2, 3)).nonzero(as_tuple=True)
    order = starts.argsort(stable=True)
    edits = Edits(starts[order], others[which, starts][order])
    tables = {}
    for target, values in changes(batch, sequence, edits):
        total = values.new_zeros(len(windows)).index_add(0, edits.starts, -values) / len(references)
        tables[target] = mean_over(total, width)
    return tables


def mean_over(windows: Tensor, width: int) -> Tensor:
    """(M) of windows that start at each position, to (M + width - 1): the mean of those over a position."""
    totals, counts = (
        functional.pad(values, (width - 1, width - 1)).unfold(0, width, 1).sum(1)
        for values in (windows, torch.ones_like(windows))
    )
    return totals / counts


# --- both --------------------------------------------------------------------------------------


def changes(batch: Batch, sequence: Tensor, edits: Edits) -> Iterator[tuple[Target, Tensor]]:
    """For each target, target(edited) - target(sequence) of every edit."""
    editor = editor_of(batch, sequence, edits.columns.shape[2])
    original = editor.original(sequence)
    answers = editor.answers(original, edits)
    batch.session.rows_forward += 1 + len(edits.starts)
    for target in batch.targets:
        name = batch.session.graph.outputs[target.output]
        yield target, answers[name][:, target.index] - original.output(name)[target.index]


def editor_of(batch: Batch, sequence: Tensor, width: int) -> Editor:
    """For edits of `width` bases of sequences as long as this (4, L); made once in a session."""
    return editor_in(batch.session, batch.plan, sequence, width)


def editor_in(session: Session, plan: Plan, sequence: Tensor, width: int) -> Editor:
    """The same of any plan of a session; a note says so where an edit is worked out whole."""
    length = sequence.shape[1]
    editor = session.once(
        ("editor", plan, length, width), lambda: Editor(plan, sequence, width, whole=width == length)
    )
    if editor.note and editor.note not in session.notes:
        session.notes.append(editor.note)
    return editor
