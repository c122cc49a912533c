"""The same bases once more: sequences that are shifted, read as their reverse complement, or mutated where
nothing hangs on it, and how what is said of them is read back.

References go along, the same ones shifted or read backwards, so that a difference is the method's and not
that of other references. At a mutated flank they stay as they are.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from seqattr.evaluate.controls import codes_of, generator_of
from seqattr.evaluate.question import Question
from seqattr.methods.gradients import seed_of

MOST = 50  # sequences that are varied, the first of a question: enough for means, and half the time
SHIFTS = (1, 3, 10)  # bases
FLANK = 20  # bases side by side, the least important of a sequence
SUBSTITUTIONS = 3  # in the flank
SHIFT, REVERSE, MUTATED = "shift", "reverse complement", "mutated flank"
ISM = "ism"


class Variation(NamedTuple):
    """One variation of N sequences.

    `read_back` takes values (..., L) of the varied sequences to the places of the original ones, of which
    `same` (N, L) are bases that are there in both, at the same distance from each other.
    """

    step: str
    at: float
    seed: int | None
    sequences: Tensor  # (N, 4, L)
    references: Tensor | None
    read_back: Callable[[Tensor], Tensor]
    same: Tensor


def few_of(question: Question) -> Question:
    """The same of its first MOST sequences."""
    references = question.references
    own = references is not None and references.ndim == 4
    return replace(
        question,
        sequences=question.sequences[:MOST],
        references=references[:MOST] if references is not None and own else references,
        _kept={},
    )


def variations(question: Question) -> list[Variation]:
    """Of the first MOST sequences, all that steadiness is measured by; the same whatever the method."""
    few = few_of(question)
    flanks = question.once("least important flanks", lambda: least_important(few))
    shifts = [shifted(few, bases) for bases in SHIFTS if bases < few.sequences.shape[2]]
    mutations = [mutated(few, flanks, seed) for seed in range(question.seeds)]
    return [*shifts, reversed_and_complemented(few), *mutations]


def shifted(question: Question, bases: int) -> Variation:
    """Each sequence so many bases on, and those that leave at its end come in at its start.

    Turned round like that it has the same bases as before, so that nothing enters that might matter, and
    references that were shuffled from it still are. The bases that come round are not compared.
    """
    stays = torch.arange(question.sequences.shape[2]) < question.sequences.shape[2] - bases
    return Variation(
        SHIFT,
        bases,
        None,
        question.sequences.roll(bases, -1),
        None if question.references is None else question.references.roll(bases, -1),
        lambda values: values.roll(-bases, -1),
        known(question) & stays,
    )


def reversed_and_complemented(question: Question) -> Variation:
    """The other strand: backwards along both bases and channels, A and T, C and G in each other's place."""
    references = question.references
    return Variation(
        REVERSE,
        0,
        None,
        question.sequences.flip(-2, -1),
        None if references is None else references.flip(-2, -1),
        lambda values: values.flip(-1),
        known(question),
    )


def known(question: Question) -> Tensor:
    """Which positions (N, L) have a base."""
    return codes_of(question.sequences.cpu()) < 4


# --- a flank that does not matter ------------------------------------------------------------------


def mutated(question: Question, flanks: Tensor, seed: int) -> Variation:
    """SUBSTITUTIONS other bases, drawn by the seed and the sequence, in each one's flank (N, L)."""
    rows = zip(question.sequences.cpu(), flanks, strict=True)
    varied = torch.stack([substitute(x, flank, question.seed + seed) for x, flank in rows])
    varied = varied.to(question.sequences)
    kept = (varied == question.sequences).all(1).cpu()
    same = known(question) & kept
    return Variation(MUTATED, 0, seed, varied, question.references, lambda values: values, same)


def substitute(sequence: Tensor, flank: Tensor, seed: int) -> Tensor:
    """A sequence (4, L) with other bases at SUBSTITUTIONS positions of its flank (L,), or at all."""
    generator = generator_of(seed, seed_of(sequence))
    places = (flank & (sequence.sum(0) > 0)).nonzero()[:, 0]
    chosen = places[torch.randperm(len(places), generator=generator)[:SUBSTITUTIONS]]
    turns = torch.randint(1, 4, (len(chosen),), generator=generator)
    varied = sequence.clone()
    varied[:, chosen] = 0
    varied[(sequence[:, chosen].argmax(0) + turns) % 4, chosen] = 1
    return varied


def least_important(question: Question) -> Tensor:
    """FLANK bases side by side of each sequence on which the model's outputs hang least: a mask (N, L).

    A base counts by how far its substitutions move an output, added over the targets in units of each one's
    mean: by the model's own answers, so that the flank is the same for all methods and no method's friend.
    """
    effects = question.hypothetical(ISM)
    assert effects is not None
    reach = effects.amax(2) - effects.amin(2)  # (T, N, L)
    reach = (reach / reach.mean((1, 2), keepdim=True).clamp(min=1e-300)).sum(0).cpu()
    length = reach.shape[1]
    size = min(FLANK, length)
    offset = torch.arange(length) - reach.unfold(1, size, 1).sum(2).argmin(1, keepdim=True)
    return (offset >= 0) & (offset < size)
