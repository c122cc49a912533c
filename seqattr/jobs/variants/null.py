"""What chance does: the same changes of bases in shuffled windows.

Whether a substitution matters hangs on what surrounds it. So both alleles of variants drawn at random from
the file are put into dinucleotide shuffles of their own windows, which keep what the surroundings are made of
and break what is written in them; a variant whose change of the output is larger than those does something to
what is written there. The variant-scorer of ChromBPNet's authors has such a null too. p = (1 + effects by
chance as large or larger) / (1 + effects by chance), on either side (Phipson & Smyth 2010); q by Benjamini &
Hochberg (1995) over the variants of a target.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappush, heapreplace
from typing import NamedTuple

import numpy as np

from seqattr.dna.alphabet import decode, encode
from seqattr.dna.variants import alleles
from seqattr.errors import some_of
from seqattr.jobs.variants.settings import VariantFile
from seqattr.jobs.variants.windows import Cut
from seqattr.refs.kinds import parse
from seqattr.support.ranks import SURE


class Sampled(NamedTuple):
    """A variant of a sample, by less the number that was drawn for it and its place in the file."""

    less: float
    place: int
    cut: Cut
    effects: np.ndarray  # (T)


@dataclass
class Sample:
    """Some of a file's variants with their effects: those for which the seed draws the smallest numbers.

    Each is as likely as any other, and in the order of their numbers so are the first of them.
    """

    size: int
    seed: int
    seen: int = 0
    _smallest: list[Sampled] = field(default_factory=list)  # a heap: what is first is to go next

    def __post_init__(self) -> None:
        self._draw = np.random.default_rng(self.seed)

    def add(self, cuts: Sequence[Cut], differences: np.ndarray) -> None:
        """Some more variants, in the order of the file, with differences (T, N)."""
        numbers = self._draw.random(len(cuts)).tolist()
        for cut, effects, number in zip(cuts, differences.T, numbers, strict=True):
            self.seen += 1
            if len(self._smallest) < self.size:
                heappush(self._smallest, Sampled(-number, self.seen, cut, effects.copy()))
            elif self.size and number < -self._smallest[0].less:
                heapreplace(self._smallest, Sampled(-number, self.seen, cut, effects.copy()))

    def drawn(self) -> list[Sampled]:
        """All of them, in an order that is drawn at random."""
        return sorted(self._smallest, reverse=True)


ROUNDING = 1e-6  # of an effect: as its digits in a table have it, and sums in float32


class Null:
    """Effects (T, M) of changes in shuffled windows, and how many variants have each p-value."""

    def __init__(self, targets: Sequence[str], differences: np.ndarray) -> None:
        self.sizes = {name: np.sort(np.abs(row)) for name, row in zip(targets, differences, strict=True)}
        self._counts = {name: np.zeros(len(row) + 1, np.int64) for name, row in self.sizes.items()}
        self._q_values: dict[str, np.ndarray] = {}

    def _as_large(self, target: str, differences: np.ndarray) -> np.ndarray:
        """How many effects by chance are as large as each difference, or less by no more than rounding."""
        sizes = self.sizes[target]
        least = np.abs(differences) * (1 - ROUNDING)
        largest: np.ndarray = len(sizes) - np.searchsorted(sizes, least, side="left")
        return largest

    def count(self, targets: Sequence[str], differences: np.ndarray) -> None:
        """First pass: some of the file's rows."""
        for name, rows in by_target(targets):
            np.add.at(self._counts[name], self._as_large(name, differences[rows]), 1)

    def finish(self) -> None:
        """All rows were counted."""
        for name, counts in self._counts.items():
            p_values = (1 + np.arange(len(counts))) / len(counts)
            ranks = counts.cumsum()
            raw = np.where(counts > 0, p_values * ranks[-1] / np.maximum(ranks, 1), np.inf)
            self._q_values[name] = np.minimum(np.minimum.accumulate(raw[::-1])[::-1], 1)

    def sure(self, limit: float = SURE) -> dict[str, int]:
        """How many variants have a q-value below the limit, of each target."""
        return {
            name: int(counts[self._q_values[name] < limit].sum()) for name, counts in self._counts.items()
        }

    def too_few(self, limit: float = SURE) -> str:
        """Where variants do more than every effect by chance, and these are too few for q-values below the
        limit, how many it takes if no more of them are as large; empty otherwise.
        """
        beyond = {name: int(counts[0]) for name, counts in self._counts.items()}
        short = [name for name, most in beyond.items() if most and self._q_values[name][0] >= limit]
        if not short:
            return ""
        number, total = len(self.sizes[short[0]]), int(self._counts[short[0]].sum())
        wanted = max(
            int(total / (limit * beyond[name])) for name in short
        )  # q = total / (beyond (1 + number))
        return (
            f"{some_of(short, 3)}: some effects are beyond all {number:,} by chance, which are too few for q "
            f"below {limit:g}: it takes {wanted:,} (`null`) if none of these is as large, and several times "
            "as many if some are"
        )

    def values(self, targets: Sequence[str], differences: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Second pass: p- and q-values of rows."""
        p_value, q_value = np.empty(len(targets)), np.empty(len(targets))
        for name, rows in by_target(targets):
            larger = self._as_large(name, differences[rows])
            p_value[rows] = (1 + larger) / len(self._counts[name])
            q_value[rows] = self._q_values[name][larger]
        return p_value, q_value


def by_target(targets: Sequence[str]) -> list[tuple[str, np.ndarray]]:
    """The rows of each target."""
    names = np.array(targets)
    return [(name, np.flatnonzero(names == name)) for name in dict.fromkeys(targets)]


def shuffled_pairs(
    cuts: Sequence[Cut], number: int, length: int, file: VariantFile, seed: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The codes (length) of both alleles' windows in shuffled surroundings, so many pairs, of each variant
    as many as of others or one more.

    What is drawn for a variant depends on the seed and its surroundings alone.
    """
    for row, cut in enumerate(cuts[:number]):
        for shuffle in shuffles(cut, len(range(row, number, len(cuts))), seed):
            first, second = alleles(cut.variant, shuffle, cut.at, length, file.anchor)
            yield encode(first), encode(second)


def shuffles(cut: Cut, rounds: int, seed: int) -> list[str]:
    """Dinucleotide shuffles of the surroundings with the reference allele in its place."""
    drawn = parse(f"shuffle:{rounds}").draw_codes(encode(cut.bases)[None], seed)
    assert drawn is not None
    end = cut.at + len(cut.variant.ref)
    texts = map(decode, drawn[0])
    return [text[: cut.at] + cut.variant.ref + text[end:] for text in texts]
