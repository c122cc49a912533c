"""Counterfactuals: few substitutions that bring an output where one wants it, and the path there."""

from collections.abc import Sequence
from math import isfinite
from typing import Any, NamedTuple

import torch
from torch import Tensor

from seqattr.dna.alphabet import ALPHABET, instead_of
from seqattr.engine.capture.model import Model, check_model
from seqattr.engine.rules.gradient import GRADIENT
from seqattr.engine.walk.session import Session, one_hot_tensor
from seqattr.errors import InputError, NotFinite
from seqattr.methods.attributors import Batch
from seqattr.methods.mutagenesis import effects, greedy


class Substitution(NamedTuple):
    """One base put in place of another, and the output after it."""

    position: int  # 0-based
    before: str
    after: str
    output: float


class Path(NamedTuple):
    """The output of a sequence, the substitutions one after the other, and whether they brought it there."""

    start: float
    edits: tuple[Substitution, ...]
    reached: bool


def counterfactuals(
    model: Model,
    sequences: Sequence[Any],
    target: int | str,
    reach: float = 0.0,
    most: int = 20,
    device: str = "auto",
) -> list[Path]:
    """Substitutions that bring the target's value to `reach` or beyond it.

    Each sequence is one-hot (4, L) or a text, of any length that the model takes. A value below `reach` is to
    rise, one above it to fall. Each substitution is the one that brings it furthest, of all there are
    (in-silico mutagenesis); it ends when `reach` is passed, after `most` substitutions, or where none helps.
    Few, but not always the fewest: that would take all combinations.

    Raises InputError for what are no sequences, where `most` is less than 1, `reach` NaN or the length does
    not fit, UnknownName for the target, NotFinite where the model answers with NaN or infinity for a sequence
    or after a substitution.
    """
    if reach != reach:
        raise InputError("the output's value to be reached must be a number, not nan")
    if most < 1:
        raise InputError(f"the number of substitutions must be at least 1, not {most}")
    check_model(model)
    one_hots = one_by_one(sequences)
    for sequence in one_hots:
        model.check_length(sequence.shape[-1])
    session = Session(model, [target], device)
    plan = session.plan(GRADIENT)
    with session.running():
        rows = [session.to_device(sequence) for sequence in one_hots]
        batches = [Batch.of_points(session, plan, sequence[None]) for sequence in rows]
        return [walk(batch, row, reach, most) for row, batch in enumerate(batches)]


def one_by_one(sequences: Sequence[Any]) -> list[Tensor]:
    """Each sequence as one-hot columns (4, L). Raises InputError for what are none."""
    if isinstance(sequences, str):
        raise InputError(f"sequences are a list of texts, {instead_of(sequences)}")
    given = (one_hot_tensor([one])[0] if isinstance(one, str) else one for one in sequences)
    return [torch.as_tensor(one) for one in given]


def walk(batch: Batch, row: int, reach: float, most: int) -> Path:
    """One sequence, substitution by substitution; `row` is its number among all."""
    sequence, (target,) = batch.sequences[0], batch.targets
    start = output = output_of(batch, sequence, row)
    sign = 1 if start < reach else -1

    def gains(sequence: Tensor) -> Tensor:
        return sign * effects(batch, sequence)[target]

    edits: list[Substitution] = []
    for position, base, edited in greedy(sequence, gains, most if sign * (start - reach) < 0 else 0):
        before, sequence = letter(sequence[:, position]), edited
        output = output_of(batch, sequence, row)
        edits.append(Substitution(position, before, ALPHABET[base], output))
        if sign * (output - reach) >= 0:
            break
    return Path(start, tuple(edits), sign * (output - reach) >= 0)


def output_of(batch: Batch, sequence: Tensor, row: int) -> float:
    """The target's value for one sequence (4, L). Raises NotFinite."""
    output = float(batch.alone(sequence[None]).sequence_outputs(batch.targets[0]))
    if not isfinite(output):
        raise NotFinite("the model answers with NaN or infinity for", row)
    return output


def letter(column: Tensor) -> str:
    """The base of a column of a sequence; N where it has none."""
    return ALPHABET[int(column.argmax())] if column.max() > 0 else "N"


def table(names: Sequence[str], paths: Sequence[Path]) -> dict[str, list[Any]]:
    """The columns of a table with a row for each sequence as it is and one after each substitution."""
    columns: dict[str, list[Any]] = {
        name: [] for name in ("sequence", "edit", "position", "from", "to", "output", "reached")
    }
    for name, path in zip(names, paths, strict=True):
        word = "yes" if path.reached else "no"
        rows: list[tuple[Any, ...]] = [(name, 0, "", "", "", path.start, word)]
        for number, (position, *change, output) in enumerate(path.edits, 1):
            rows.append((name, number, str(position), *change, output, word))
        for row in rows:
            for column, value in zip(columns.values(), row, strict=True):
                column.append(value)
    return columns
