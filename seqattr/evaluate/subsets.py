"""Sets of bases replaced at once: does what a method says of a set tell what replacing it does?

Sensitivity-n (Ancona et al. 2018, section 3.2) takes sets of n bases drawn at random, infidelity (Yeh et al.
2019, section 3) stretches of neighbours. Both are replaced by those of one of the sequence's references, in
turn. The sets and what they do hang on no method, and are worked out once for all.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from seqattr.evaluate.additivity import ADDITIVE
from seqattr.evaluate.flipping import (
    Floats,
    answers,
    chances,
    counts_of,
    known_bases,
    mean_values,
    once,
    pool,
    ranks_of,
    values_of,
)
from seqattr.evaluate.measured import Measured, by_target
from seqattr.evaluate.question import Question
from seqattr.support.progress import Progress, silent

SIZES = (0.02, 0.05, 0.1, 0.2, 0.5)  # of sets, as shares of the bases
SETS = 24  # of each size
STRETCHES = 40
LONGEST = 20  # bases of a stretch: a motif has about ten

Sets = npt.NDArray[np.bool_]


def random_sets(question: Question) -> Sets:
    """SETS of each of the SIZES among the known bases, (N, SIZES * SETS, L)."""
    known = known_bases(question.sequences)
    drawn = chances(question, "sets", len(SIZES) * SETS)
    ranks = ranks_of(np.zeros_like(drawn), drawn, known[:, None])
    counts = np.maximum(counts_of(known, SIZES), 1).repeat(SETS, 1)
    return np.asarray((ranks < counts[:, :, None]) & known[:, None])


def stretches(question: Question) -> Sets:
    """STRETCHES of 1 to LONGEST bases that lie anywhere, (N, STRETCHES, L)."""
    length = question.sequences.shape[2]
    drawn = chances(question, "stretches", STRETCHES)  # of each L numbers the first and the last are used
    sizes = 1 + np.floor(drawn[..., 0] * min(LONGEST, length)).astype(np.int64)
    starts = np.floor(drawn[..., -1] * (length - sizes + 1)).astype(np.int64)
    at = np.arange(length)
    inside = (at >= starts[..., None]) & (at < (starts + sizes)[..., None])
    return np.asarray(inside & known_bases(question.sequences)[:, None])


def effects(question: Question, sets: Sets, progress: Progress = silent) -> Floats:
    """target(sequence) - target(sequence with the set replaced), (T, N, M)."""
    values = answers(question, replaced(question, sets), len(sets), progress)
    return np.moveaxis(values_of(question)[:, None] - values.reshape(*sets.shape[:2], -1), 2, 0)


def replaced(question: Question, sets: Sets) -> Iterator[Tensor]:
    """Each sequence with each set replaced, (M, 4, L), by one reference after the other."""
    others = pool(question).cpu()
    turns = torch.arange(sets.shape[1]) % others.shape[1]
    for sequence, own, some in zip(question.sequences.cpu(), others, torch.from_numpy(sets), strict=True):
        yield torch.where(some[:, None], own[turns], sequence)


def sums(contributions: Floats, sets: Sets) -> Floats:
    """What contributions (T, N, L) come to in each set, (T, N, M)."""
    return np.einsum("tnl,nml->tnm", contributions, sets.astype(np.float64))


def correlation(one: Floats, other: Floats) -> Floats:
    """Pearson's, along the last axis; NaN where a side has only one value."""
    a, b = (values - values.mean(-1, keepdims=True) for values in (one, other))
    scale = np.sqrt((a * a).sum(-1) * (b * b).sum(-1))
    return np.where(scale > 0, (a * b).sum(-1) / np.where(scale > 0, scale, 1), np.nan)


def mean_square_miss(said: Floats, done: Floats) -> Floats:
    """The mean square of what is said of a set less what it does, along the last axis (Yeh et al., eq. 1)."""
    return np.asarray(((said - done) ** 2).mean(-1))


def least_miss(said: Floats, done: Floats) -> Floats:
    """The least that any multiple of what is said could miss, as a share of what sets do: 0 to 1; NaN where
    they do nothing.
    """
    size, moved = (said * said).sum(-1), (done * done).sum(-1)
    explained = (said * done).sum(-1) ** 2 / np.where(size > 0, size, 1)
    return np.where(moved > 0, 1 - explained / np.where(moved > 0, moved, 1), np.nan)


# --- of a question -----------------------------------------------------------------------------


def additivity(question: Question, method: str) -> Iterator[Measured]:
    """The additivity error (docs/words.md), and whether it is one: of every method, whatever it claims."""
    whole = values_of(question).T
    others = once(question, "values of references", lambda: mean_values(question, pool(question)))
    difference = whole - others.T
    missed = np.abs(question.contributions(method).cpu().numpy().sum(2) - difference)
    scale = np.maximum(np.abs(difference), np.abs(whole) / 100)
    errors = missed / np.where(scale > 0, scale, 1)
    yield from by_target(question.names, "additivity-error", errors)
    yield from by_target(question.names, "misses", (errors > ADDITIVE).astype(np.float64))


def sensitivity(question: Question, method: str) -> Iterator[Measured]:
    """Sensitivity-n for each size of sets."""
    sets = random_sets(question)
    done = once(question, "effects of sets", lambda: effects(question, sets))
    said = sums(question.contributions(method).cpu().numpy(), sets)
    for number, share in enumerate(SIZES):
        some = slice(number * SETS, (number + 1) * SETS)
        values = correlation(said[..., some], done[..., some])
        yield from by_target(question.names, "sensitivity-n", values, share)


def infidelity(question: Question, method: str) -> Iterator[Measured]:
    """Infidelity of stretches, as it is and with the best factor."""
    sets = stretches(question)
    done = once(question, "effects of stretches", lambda: effects(question, sets))
    said = sums(question.contributions(method).cpu().numpy(), sets)
    yield from by_target(question.names, "infidelity", mean_square_miss(said, done))
    yield from by_target(question.names, "scaled-infidelity", least_miss(said, done))
