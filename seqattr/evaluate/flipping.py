"""Bases replaced one after the other in an order, and what the model makes of it: pixel flipping.

Bach et al. 2015, section 4.2; Samek et al. 2017; deletion and insertion of Petsiuk, Das & Saenko 2018. An
order is given as ranks (L), 0 for the base that goes first; unknown bases never go. What stands in for a base
is one of REPLACEMENTS. Insertion, which puts bases of the sequence into its reference, is no work of its own:
with the first k of an order in place, all others are as in the reference, and these come first in the inverse
order.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from seqattr.evaluate.controls import codes_of
from seqattr.evaluate.question import Question
from seqattr.refs.chances import draw_chances
from seqattr.support.progress import Progress, silent

Floats = npt.NDArray[np.float64]

MOST = 0.2  # of the bases, as many as the DeepLIFT paper erases of a digit's pixels (section 4.1)
EARLY = (0.01, 0.02, 0.05, 0.1, MOST)  # a motif is a hundredth of some sequences, a tenth of others
# Their mirror images too, so that the inverse order's curve is that of insertion.
SHARES = (*EARLY, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99)
ORDERS = 5  # random ones that an order is held against
FIRST_REFERENCES = 2  # of each sequence stand in for its bases: an order is worth the same against others
CONTEXT = 20  # bases among which those of a context are shuffled
ROWS = 1024  # that are put together for the model
DIGITS = 1e-9  # scores that differ by less than this share of the largest are ties


# --- orders ------------------------------------------------------------------------------------


def known_bases(sequences: Tensor) -> npt.NDArray[np.bool_]:
    """Where there is a base: (N, L)."""
    return (sequences != 0).any(1).cpu().numpy()


def chances(question: Question, name: str, number: int) -> Floats:
    """Numbers in [0, 1), (N, number, L), that hang on the question's seed, the name and the sequence."""
    codes = codes_of(question.sequences.cpu()).to(torch.uint8).numpy()
    return np.asarray(draw_chances(name, question.seed, codes, number), np.float64)


def ranks_of(scores: Floats, ties: Floats, known: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Ranks (..., L), 0 for the largest score; `ties` settles equal ones, unknown bases are last."""
    size = np.abs(scores).max(-1, keepdims=True)
    rounded = np.round(scores / np.where(size > 0, size, 1) / DIGITS)
    unknown = np.broadcast_to(~known, scores.shape)
    order = np.lexsort((np.broadcast_to(ties, scores.shape), -rounded, unknown), axis=-1)
    return np.argsort(order, -1)


def inverse(ranks: npt.NDArray[np.int64], known: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Ranks (..., L) of the same bases, the last known one first."""
    last = known.sum(-1, keepdims=True) - 1
    return np.where(ranks <= last, last - ranks, ranks)


def counts_of(known: npt.NDArray[np.bool_], shares: Iterable[float] = SHARES) -> npt.NDArray[np.int64]:
    """How many of the known bases each share is, (N, K); of a share and its mirror image all of them."""
    number = known.sum(-1)
    return np.stack([_count(number, share) for share in shares], -1)


def _count(number: npt.NDArray[np.int64], share: float) -> npt.NDArray[np.int64]:
    if share > 0.5:
        return number - _count(number, 1 - share)
    return np.floor(number * share + 0.5 + DIGITS).astype(np.int64)


# --- replacements ------------------------------------------------------------------------------


def references(question: Question) -> Tensor:
    """The first references of each sequence, (N, 1, R, 4, L): the default, as contributions are told against
    them, and a base among others' is one that the model knows.
    """
    return pool(question)[:, None, :FIRST_REFERENCES]


def pool(question: Question) -> Tensor:
    """All references, (N, R, 4, L); one of zeros where there are none."""
    sequences, others = question.sequences, question.references
    if others is None:
        return torch.zeros_like(sequences)[:, None]
    return others.expand(len(sequences), *others.shape[-3:])


def random_bases(question: Question) -> Tensor:
    """One of the three other bases, each as likely, (N, 1, 1, 4, L)."""
    codes = codes_of(question.sequences.cpu())
    steps = 1 + np.floor(3 * chances(question, "base", 1)[:, 0]).astype(np.int64)
    return one_hot((codes + torch.from_numpy(steps)) % 4)[:, None, None]


def context(question: Question) -> Tensor:
    """Bases shuffled within each CONTEXT of them, which keeps their composition, (N, 1, 1, 4, L)."""
    drawn = chances(question, "context", 1)[:, 0]
    order = np.argsort(np.arange(drawn.shape[1]) // CONTEXT + drawn, -1)  # a chance is below 1
    index = torch.from_numpy(order)[:, None].expand(-1, 4, -1)
    return question.sequences.cpu().gather(2, index)[:, None, None]


def lowest_bases(question: Question, method: str) -> Tensor:
    """The base of the lowest hypothetical contribution, (N, T, 1, 4, L); a random one of what gives a number
    for each position alone.
    """
    scores = question.hypothetical(method)
    if scores is None:
        return random_bases(question)
    return one_hot(scores.argmin(2).movedim(0, 1).cpu())[:, :, None]


def one_hot(codes: Tensor) -> Tensor:
    """(..., L) of 0 to 3 as (..., 4, L), int8."""
    return torch.nn.functional.one_hot(codes, 4).movedim(-1, -2).to(torch.int8)


REPLACEMENTS: dict[str, Callable[[Question, str], Tensor]] = {
    "reference": lambda question, method: references(question),
    "random-base": lambda question, method: random_bases(question),
    "lowest-base": lowest_bases,
    "context": lambda question, method: context(question),
}


# --- curves ------------------------------------------------------------------------------------


class Flips(NamedTuple):
    """Which bases go: ranks (N, G, L) of G orders for each sequence, how many go at each of K points (N, K),
    and what stands in for them, (N, G or 1, R, 4, L).
    """

    ranks: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]
    others: Tensor


def flip(question: Question, flips: Flips, progress: Progress = silent) -> Floats:
    """The targets' values (N, G, K, T) with so many bases replaced, the mean over the R replacements."""
    number, orders, _ = flips.ranks.shape
    copies, points = flips.others.shape[2], flips.counts.shape[1]
    values = answers(question, flipped(question, flips), number * orders, progress)
    return values.reshape(number, orders, points, copies, -1).mean(3)


def flipped(question: Question, flips: Flips) -> Iterator[Tensor]:
    """The sequences of each sequence and order, (K * R, 4, L)."""
    for number, sequence in enumerate(question.sequences.cpu()):
        for order, ranks in enumerate(torch.from_numpy(flips.ranks[number])):
            gone = ranks < torch.from_numpy(flips.counts[number])[:, None]  # (K, L)
            others = flips.others[number, order % flips.others.shape[1]].cpu()
            yield torch.where(gone[:, None, None], others, sequence).flatten(0, 1)


def answers(question: Question, blocks: Iterable[Tensor], total: int, progress: Progress = silent) -> Floats:
    """The targets' values (rows, T) for all rows of `total` blocks (rows, 4, L), many at a time."""
    waiting: list[Tensor] = []
    values: list[Tensor] = []
    for done, block in enumerate(blocks, 1):
        waiting.append(block.to(question.model.dtype))
        if sum(map(len, waiting)) >= ROWS or done == total:
            values.append(question.predict(torch.cat(waiting)))
            waiting.clear()
            progress(done, total)
    return torch.cat(values).numpy()


def values_of(question: Question) -> Floats:
    """The targets' values of the sequences as they are, (N, T)."""
    return once(question, "values", lambda: question.predict(question.sequences).numpy())


def once(question: Question, key: str, make: Callable[[], Floats]) -> Floats:
    """An array that is worked out once for all methods."""
    return np.asarray(question.once(key, lambda: torch.from_numpy(make())).numpy())


def mean_values(question: Question, others: Tensor) -> Floats:
    """The targets' values (N, T) of others (N, R, 4, L), the mean over R."""
    return answers(question, iter(others), len(others)).reshape(*others.shape[:2], -1).mean(1)


def own_targets(values: Floats) -> Floats:
    """Of the values (N, T, K, T) along each target's own order those of the target: (T, N, K)."""
    return np.moveaxis(np.diagonal(values, axis1=1, axis2=3), -1, 0)


def area(shares: Iterable[float], drops: Floats) -> Floats:
    """The mean of drops (..., K) over shares, between which they are straight lines: (...)."""
    at = np.array(list(shares))
    widths = np.diff(at)
    return np.asarray(((drops[..., 1:] + drops[..., :-1]) / 2 * widths).sum(-1) / (at[-1] - at[0]))
