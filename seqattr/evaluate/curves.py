"""Curves of deletion and insertion for each target, their areas, and how many random orders these beat."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from seqattr.evaluate.flipping import (
    EARLY,
    ORDERS,
    REPLACEMENTS,
    SHARES,
    Flips,
    Floats,
    area,
    chances,
    counts_of,
    flip,
    inverse,
    known_bases,
    mean_values,
    once,
    own_targets,
    ranks_of,
    references,
    values_of,
)
from seqattr.evaluate.measured import Measured, by_target
from seqattr.evaluate.question import Question

POOLED = "all targets"


class Orders(NamedTuple):
    """Ranks (N, G, L), and which bases are known, (N, L)."""

    ranks: npt.NDArray[np.int64]
    known: npt.NDArray[np.bool_]


def orders_of(question: Question, method: str) -> Orders:
    """The order of each target's contributions, largest first: G targets."""
    known = known_bases(question.sequences)
    contributions = np.moveaxis(question.contributions(method).cpu().numpy(), 0, 1)
    return Orders(ranks_of(contributions, chances(question, "ties", 1), known[:, None]), known)


def flipping(question: Question, method: str) -> Iterator[Measured]:
    """Curves of deletion, insertion and the inverse order, their areas, and those of random orders."""
    ranks, known = orders_of(question, method)
    counts, others = counts_of(known), references(question)
    first = own_targets(flip(question, Flips(ranks, counts, others)))
    last = own_targets(flip(question, Flips(inverse(ranks, known[:, None]), counts, others)))
    whole, none = values_of(question).T, replaced_values(question).T
    drops, inverse_drops = (with_ends(whole[..., None] - of, whole - none) for of in (first, last))
    rises = with_ends((last - none[..., None])[..., ::-1], whole - none)
    for metric, sign, values in (
        ("deletion", -1, drops),
        ("inverse", -1, inverse_drops),
        ("insertion", 1, rises),
    ):
        yield from curve(question, metric, sign * values + 0.0)  # and no -0
    areas = early(drops), early(inverse_drops)
    for metric, values in (
        ("area", areas[0]),
        ("area-inverse", areas[1]),
        ("area-insertion", early(rises)),
    ):
        yield from by_target(question.names, metric, values)
    chance = random_areas(question)
    yield from by_target(question.names, "gain", areas[0] - chance.mean(0))
    for metric, values in zip(("beats-random", "inverse-beats-random"), areas, strict=True):
        won = wins(values, chance)
        yield from by_target(question.names, metric, won)
        yield Measured(metric, POOLED, won.mean(0))


def replaced_values(question: Question) -> Floats:
    """The targets' values of the replacements themselves, the mean over these: (N, T)."""
    return once(question, "values of replacements", lambda: mean_values(question, references(question)[:, 0]))


def with_ends(values: Floats, end: Floats) -> Floats:
    """Values (T, N, K) at SHARES with 0 before them and the end (T, N) behind."""
    return np.concatenate([np.zeros_like(values[..., :1]), values, end[..., None]], -1)


def early(values: Floats) -> Floats:
    """The area of values that begin at 0 over the EARLY shares: (..., K) to (...)."""
    return area((0, *EARLY), values[..., : len(EARLY) + 1])


def random_areas(question: Question) -> Floats:
    """The areas of ORDERS random orders, (ORDERS, T, N)."""

    def make() -> Floats:
        known, drawn = known_bases(question.sequences), chances(question, "orders", ORDERS)
        ranks = ranks_of(np.zeros_like(drawn), drawn, known[:, None])
        values = flip(question, Flips(ranks, counts_of(known, EARLY), references(question)))
        drops = values_of(question)[:, None, None] - values  # (N, ORDERS, K, T)
        drops = np.pad(drops, ((0, 0), (0, 0), (1, 0), (0, 0)))
        return early(np.moveaxis(drops, (1, 3, 0), (0, 1, 2)))

    return once(question, "areas of random orders", make)


def wins(areas: Floats, chance: Floats) -> Floats:
    """The share of random orders (ORDERS, T, N) whose area is smaller; equal ones count half: (T, N)."""
    return (areas > chance + near(chance)).mean(0) / 2 + (areas >= chance - near(chance)).mean(0) / 2


def near(values: Floats) -> Floats:
    """What rounding may do to these."""
    return 1e-9 * np.abs(values)


def replacements(question: Question, method: str) -> Iterator[Measured]:
    """The areas with others than references in the place of bases."""
    ranks, known = orders_of(question, method)
    whole = values_of(question).T
    for name, make in REPLACEMENTS.items():
        if name == "reference":
            continue
        values = own_targets(flip(question, Flips(ranks, counts_of(known, EARLY), make(question, method))))
        drops = np.pad(whole[..., None] - values, ((0, 0), (0, 0), (1, 0)))
        yield from by_target(question.names, f"area-{name}", early(drops))


def curve(question: Question, metric: str, values: Floats) -> Iterator[Measured]:
    """Of values (T, N, K) along a curve from no base to all."""
    for number, share in enumerate((0.0, *SHARES, 1.0)):
        for target, numbers in zip(question.names, values[..., number], strict=True):
            yield Measured(metric, target, numbers, f"{share:.0%}", share)
