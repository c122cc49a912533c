"""Hits: matches that carry importance, in competition with each other and with motifs that are none.

Candidates are the places where a motif, or its twin, matches the bases. Matching pursuit takes those that
explain one target's contributions; what twins explain is what chance explains. Reverse complementing
sequences and contributions mirrors the hits.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from seqattr.dna.alphabet import UNKNOWN
from seqattr.dna.loci import Loci
from seqattr.motifs.counting import Counting
from seqattr.motifs.fitting import fit_row
from seqattr.motifs.matches import COLUMNS, Matches, importance_of, share_of
from seqattr.motifs.profiles import Profiles
from seqattr.motifs.pwm import PWM
from seqattr.motifs.scan import Pick, Scanner
from seqattr.support.ranks import is_sure

_TWINS = 64  # at least: few motifs have several each, in as many rounds of fitting


@dataclass(frozen=True)
class HitSettings:
    """What may be a hit.

    A match this rare in random bases, whose contributions are as similar to the motif's profile (a cosine)
    and sum to so many times what as many average bases of the sequence have, which any stretch has. Of a
    motif only as many bases are counted as its profile amounts to, not flanks without information.
    """

    p_value: float = 5e-4
    least_similarity: float = 0.6
    least_density: float = 1.0
    strand: str = "both"


class Explained(NamedTuple):
    """Contributions of each sign: all, and the part that hits explain (of each base no more than it has)."""

    positive: float
    negative: float
    positive_by_hits: float
    negative_by_hits: float

    @property
    def total(self) -> float:
        """All absolute contributions."""
        return self.positive - self.negative


@dataclass(frozen=True, eq=False)
class Hits:
    """H hits of one target, in the order of sequence, start, motif and strand; all arrays are (H,)."""

    matches: Matches
    importance: np.ndarray  # the sum of contributions under the hit
    share: np.ndarray  # importance / sum of all the sequence's absolute contributions, from -1 to 1
    coefficient: np.ndarray  # how much of the motif's profile is there; its sign is for or against the target
    similarity: np.ndarray  # cosine of the motif's profile and what earlier hits leave of the contributions
    amount: np.ndarray  # the squared contributions that it explains
    positive: np.ndarray  # positive contributions that it explains
    negative: np.ndarray  # negative ones, at most 0
    counts: np.ndarray  # whether it counts: of one place that several sequences hold, one does
    p_value: np.ndarray  # how often a match of a twin explains as much
    q_value: np.ndarray  # the false discovery rate over the file; once judged, within the hit's group
    explained: Explained
    candidates: np.ndarray  # (2, M) how many matches of each motif, and of its twins, might have been hits
    by_chance: "Hits | None" = None  # those of the twins

    def __len__(self) -> int:
        return len(self.importance)

    @property
    def sure(self) -> np.ndarray:
        """Which hits (H,) are believed."""
        return is_sure(self.q_value)

    def select(self, which: np.ndarray | slice) -> "Hits":
        """The hits of a mask or of some indices."""
        columns = {name: getattr(self, name)[which] for name in (*_MEASURES, "p_value", "q_value")}
        return replace(self, matches=self.matches.select(which), **columns)

    def in_rows(self, rows: slice) -> "Hits":
        """The hits in the rows [start, stop), which are counted from the first of them."""
        first, end = np.searchsorted(self.matches.sequence, [rows.start, rows.stop])
        inside = self.select(slice(int(first), int(end)))
        shifted = inside.matches.sequence - np.int32(rows.start)
        return replace(inside, matches=replace(inside.matches, sequence=shifted))

    def renumbered(self, row: np.ndarray) -> "Hits":
        """The hits in the rows (N,) of a file that the sequences have there."""
        return replace(self, matches=replace(self.matches, sequence=row[self.matches.sequence]))


_NUMBERS = ("importance", "share", "coefficient", "similarity", "amount", "positive", "negative")
_MEASURES: dict[str, type] = {**dict.fromkeys(_NUMBERS, float), "counts": bool}


class HitBlock(NamedTuple):
    """What was found in a block of rows: hits of motifs and twins, and what is known of all that counts."""

    matches: Matches  # rows counted from the first of the file; twins numbered behind the motifs
    measures: dict[str, np.ndarray]
    candidates: np.ndarray  # (M + T,) of each motif and each twin
    totals: np.ndarray  # (2,) sums of the positive and of the negative contributions

    @classmethod
    def joined(cls, parts: "Sequence[HitBlock]") -> "HitBlock":
        """Several blocks, in the order of their rows, as one."""
        places: dict[str, Any] = {
            name: np.concatenate([getattr(part.matches, name) for part in parts]) for name in COLUMNS
        }
        measures = {name: np.concatenate([part.measures[name] for part in parts]) for name in _MEASURES}
        candidates, totals = (sum(getattr(part, name) for part in parts) for name in ("candidates", "totals"))
        return cls(replace(parts[0].matches, **places), measures, candidates, totals)


@dataclass(frozen=True, eq=False)
class HitFinder:
    """Motifs and their twins made ready to be found in sequences of one length, a block at a time."""

    motifs: tuple[PWM, ...]
    twins: tuple[PWM, ...]  # one of each motif, then another of each
    scanner: Scanner
    profiles: Profiles
    settings: HitSettings = HitSettings()
    counting: Counting | None = None

    @classmethod
    def of(
        cls,
        motifs: Sequence[PWM],
        background: np.ndarray,
        length: int,
        seed: int = 0,
        settings: HitSettings = HitSettings(),
        loci: Loci | None = None,
    ) -> "HitFinder":
        """For sequences of `length` bases with background frequencies (4,); the seed is that of the twins.

        Where `loci` say that several rows hold the same place, it counts in one of them.
        """
        copies = -(-_TWINS // max(len(motifs), 1))
        by_motif = [pwm.twins(copies, seed) for pwm in motifs]
        twins = tuple(twin for one_of_each in zip(*by_motif, strict=True) for twin in one_of_each)
        both = (*motifs, *twins)
        pick = Pick(None, p_value=settings.p_value, strand=settings.strand)
        scanner = Scanner.of(both, pick, background, length)
        widths = {pwm.width for pwm in motifs if pwm.width <= length}
        counting = None if loci is None else Counting(loci, widths)
        return cls(tuple(motifs), twins, scanner, Profiles.of(both, background), settings, counting)

    def candidates(self, codes: np.ndarray, minus: np.ndarray | None = None) -> Matches:
        """The matches in codes (B, L) that may be hits of any target; `minus` (B,) as in `find_matches`.

        Twins are numbered behind the motifs.
        """
        return self.scanner.find(codes, minus)

    def fit(self, rows: slice, codes: np.ndarray, contributions: np.ndarray, candidates: Matches) -> HitBlock:
        """Which candidates explain one target's contributions (B, L) of these rows."""
        values = np.where(codes == UNKNOWN, 0, contributions).astype(np.float64)
        fitted = [self._fitted(round_, values, codes, candidates) for round_ in range(self.rounds)]
        chosen, numbers = (np.concatenate(part) for part in zip(*fitted, strict=True))
        order = np.argsort(chosen, kind="stable")
        selected = candidates.select(chosen[order])
        measures = _measures(selected, values, numbers[order]) | {"counts": self._counts(selected, rows)}
        if self.counting is not None:
            values = np.where(self.counting.bases(rows, codes.shape[1]), values, 0)
        totals = np.array([np.maximum(values, 0).sum(), np.minimum(values, 0).sum()])
        counted = candidates.motif[self._counts(candidates, rows)]
        placed = replace(selected, sequence=selected.sequence + np.int32(rows.start))
        return HitBlock(
            placed, measures, np.bincount(counted, minlength=len(self.motifs) + len(self.twins)), totals
        )

    @property
    def rounds(self) -> int:
        """How often the motifs are fitted, each time with other twins."""
        return len(self.twins) // max(len(self.motifs), 1)

    def _fitted(
        self, number: int, values: np.ndarray, codes: np.ndarray, matches: Matches
    ) -> tuple[np.ndarray, np.ndarray]:
        """The numbers (K,) of the matches taken in one round, and what is fitted (K, 5), as `fit_row` has it.

        In each round there is one twin of each motif. The motifs' own are those of the first.
        """
        count = len(self.motifs)
        kind = matches.motif // max(count, 1)  # 0 for motifs
        taking_part = np.flatnonzero((kind == 0) | (kind == number + 1))
        some = matches.select(taking_part)
        bounds = np.searchsorted(some.sequence, np.arange(len(codes) + 1))
        chosen, numbers = [np.empty(0, np.int64)], [np.empty((0, 5))]
        for row, (first, end) in enumerate(pairwise(bounds.tolist())):
            limits = self.settings.least_similarity, self.settings.least_density
            taken, fitted = fit_row(
                values[row], codes[row], some.select(slice(first, end)), self.profiles, limits
            )
            wanted = (number == 0) | (some.motif[first + taken] >= count)
            chosen.append(taking_part[first + taken[wanted]])
            numbers.append(fitted[wanted])
        return np.concatenate(chosen), np.concatenate(numbers)

    def _counts(self, matches: Matches, rows: slice) -> np.ndarray:
        """Which matches in a block of rows count."""
        if self.counting is None:
            return np.ones(len(matches), bool)
        return self.counting.counts(matches.sequence + rows.start, matches.start, matches.end - matches.start)

    def assemble(self, blocks: Iterable[HitBlock]) -> Hits:
        """The hits of all blocks, of one target, with p- and q-values.

        With M candidates of motifs and T of twins, a hit's p-value is (1 + the twins' hits that explain as
        much) / (1 + T), and its q-value that of Benjamini and Hochberg among M tests, of which those that are
        no hits are at 1.
        """
        parts = list(blocks)
        matched = np.zeros((1 + self.rounds, len(self.motifs)), int)
        totals = np.zeros(2)
        for part in parts:
            matched += part.candidates.reshape(matched.shape)
            totals += part.totals
        candidates = np.stack([matched[0], matched[1:].sum(axis=0)])
        hits, by_chance = self._apart(self._together(parts, candidates))
        hits = replace(hits, p_value=_p_values(hits, by_chance))
        q_value = false_discovery_rates(hits, int(candidates[0].sum()))
        by_hits = (float(values[hits.counts].sum()) for values in (hits.positive, hits.negative))
        explained = Explained(float(totals[0]), float(totals[1]), *by_hits)
        return replace(hits, q_value=q_value, explained=explained, by_chance=by_chance)

    def _together(self, parts: Sequence[HitBlock], candidates: np.ndarray) -> Hits:
        """All that was found, of motifs and twins, without tests."""
        empty = replace(self.scanner.empty, motifs=(*self.motifs, *self.twins))
        places: dict[str, Any] = {
            name: np.concatenate([getattr(empty, name), *(getattr(part.matches, name) for part in parts)])
            for name in COLUMNS
        }
        matches = replace(empty, **places)
        measures: dict[str, Any] = {
            name: np.concatenate([np.empty(0, kind), *(part.measures[name] for part in parts)])
            for name, kind in _MEASURES.items()
        }
        untested = np.full(len(matches), np.nan)
        return Hits(
            matches,
            **measures,
            p_value=untested,
            q_value=untested,
            explained=Explained(0, 0, 0, 0),
            candidates=candidates,
        )

    def _apart(self, found: Hits) -> tuple[Hits, Hits]:
        """Hits of motifs, and those of twins with the numbers of the motifs that they are of."""
        count, numbers = len(self.motifs), found.matches.motif
        sides = []
        for mask, motifs in ((numbers < count, self.motifs), (numbers >= count, self.twins[:count])):
            side = found.select(mask)
            matches = replace(side.matches, motifs=motifs, motif=side.matches.motif % np.int32(max(count, 1)))
            sides.append(replace(side, matches=matches))
        return sides[0], sides[1]


def _measures(matches: Matches, values: np.ndarray, fitted: np.ndarray) -> dict[str, np.ndarray]:
    importance = importance_of(matches, values, np.float64)
    columns = importance, share_of(matches, importance, values), *fitted.T[[1, 2, 0, 3, 4]]
    return dict(zip(_NUMBERS, columns, strict=True))


def false_discovery_rates(hits: Hits, matched: int) -> np.ndarray:
    """q-values (H,) after Benjamini and Hochberg of hits among so many matches; the others are at 1."""
    amount = hits.amount
    seen = np.sort(amount[hits.counts])
    ranks = np.maximum(len(seen) - np.searchsorted(seen, amount, side="left"), 1)
    rates = hits.p_value * max(matched, len(seen)) / ranks
    order = np.argsort(amount, kind="stable")
    rates[order] = np.minimum(np.minimum.accumulate(rates[order]), 1)
    return rates


def _p_values(hits: Hits, by_chance: Hits) -> np.ndarray:
    """How often a twin's match explains as much as each hit (H,) does, one more than seen."""
    chance = np.sort(by_chance.amount[by_chance.counts])
    reached = len(chance) - np.searchsorted(chance, hits.amount, side="left")
    return (1 + reached) / (1 + max(int(hits.candidates[1].sum()), len(chance)))
