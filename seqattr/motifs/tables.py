"""Hits, matches, motif statistics and seqlets as columns of tables, and hits as lines of a BED file."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from seqattr.dna.regions import Region
from seqattr.errors import InputError
from seqattr.io.tables import MISSING
from seqattr.motifs.hits import Hits
from seqattr.motifs.matches import Matches
from seqattr.motifs.seqlets import Nearest, Seqlets

Columns = dict[str, Any]  # each a list or an array, all of one length

_DARKEST = 0.99  # the quantile of hits' absolute importance from which on a browser's score is 1000
_ROWS_AT_ONCE = 1 << 13
_AGAINST, _FOR = "213,94,0", "0,0,0"  # colours of hits by the sign of their importance


class GenomeSpans(NamedTuple):
    """Where K stretches of rows lie on the genome; a start may lie before its chromosome's."""

    chrom: np.ndarray  # which of the names of `Places`
    start: np.ndarray
    end: np.ndarray
    strand: np.ndarray  # 1 or -1


@dataclass(frozen=True, eq=False)
class Places:
    """What the rows of a file are called, and where they lie; those with strand - run backwards."""

    names: list[str]  # of the rows
    chromosomes: list[str]  # in order
    chrom: np.ndarray  # (N,) which of these
    start: np.ndarray  # (N,)
    end: np.ndarray  # (N,)
    forward: np.ndarray  # (N,)

    @classmethod
    def of(cls, regions: Sequence[Region]) -> "Places":
        """Of rows with these regions."""
        chromosomes = sorted({one.chrom for one in regions})
        number = {name: index for index, name in enumerate(chromosomes)}
        return cls(
            [one.name or str(one) for one in regions],
            chromosomes,
            np.array([number[one.chrom] for one in regions], np.int32),
            np.array([one.start for one in regions], np.int64),
            np.array([one.end for one in regions], np.int64),
            np.array([one.strand != "-" for one in regions], bool),
        )

    def spans(self, row: np.ndarray, start: np.ndarray, end: np.ndarray, strand: np.ndarray) -> GenomeSpans:
        """The places of stretches [start, end) of rows. Raises InputError where there is no such row."""
        if len(row) and row.max() >= len(self.names):
            raise InputError(f"there are {len(self.names)} regions, but matches in row {row.max()}")
        forward, begins, ends = self.forward[row], self.start[row], self.end[row]
        return GenomeSpans(
            self.chrom[row],
            np.where(forward, begins + start, ends - end),
            np.where(forward, begins + end, ends - start),
            np.where(forward, strand, -strand),
        )


def place_columns(
    places: Places, row: np.ndarray, start: np.ndarray, end: np.ndarray, strand: np.ndarray
) -> Columns:
    """The names of rows, and where stretches of them lie on the genome, 0-based and half open."""
    spans = places.spans(row, start, end, strand)
    return {
        "sequence": [places.names[number] for number in row.tolist()],
        "chrom": [places.chromosomes[number] for number in spans.chrom.tolist()],
        "start": spans.start,
        "end": spans.end,
        "strand": letters(spans.strand),
    }


def row_columns(row: np.ndarray, start: np.ndarray, end: np.ndarray) -> Columns:
    """Where stretches lie in the rows of the files of scores, 0-based and half open."""
    return {"row": row, "row_start": start, "row_end": end}


def match_columns(matches: Matches, places: Places) -> Columns:
    """Matches in rows of these places: where they lie on the genome, the motif and its log-odds."""
    row, start, end = matches.sequence, matches.start, matches.end
    return {
        **place_columns(places, row, start, end, matches.strand),
        "motif": matches.names,
        "log_odds": matches.log_odds,
        **row_columns(row, start, end),
        "row_strand": letters(matches.strand),
    }


HIT_NUMBERS = ("importance", "share", "coefficient", "similarity", "p_value", "q_value")


def hit_columns(hits: Hits, places: Places) -> Columns:
    """Hits as their matches, with what they carry."""
    columns = match_columns(hits.matches, places)
    return {**columns, **{name: getattr(hits, name) for name in HIT_NUMBERS}}


class BedHits(NamedTuple):
    """Hits of one target for a BED file, in rows of these places."""

    target: str
    hits: Hits
    places: Places


class _Line(NamedTuple):
    """Columns of a BED file before they are text, all (H,)."""

    part: np.ndarray  # which of the targets
    chrom: np.ndarray
    start: np.ndarray
    end: np.ndarray
    motif: np.ndarray
    strand: np.ndarray
    score: np.ndarray
    importance: np.ndarray
    q_value: np.ndarray

    def select(self, which: np.ndarray) -> "_Line":
        return _Line(*(column[which] for column in self))


def bed_lines(parts: Sequence[BedHits]) -> Iterator[Columns]:
    """The lines of a BED file, sorted, some at a time: nine columns, the target, and importance with q-value.

    The name is the motif's; where there are several targets, with @ and the target behind it. What lies
    before its chromosome's start is cut off.
    """
    chromosomes = sorted({name for part in parts for name in part.places.chromosomes})
    motifs = parts[0].hits.matches.motifs if parts else ()
    names = [
        ["_".join((f"{pwm.name}@{part.target}" if len(parts) > 1 else pwm.name).split()) for pwm in motifs]
        for part in parts
    ]
    lines = [_lines_of(number, part, chromosomes) for number, part in enumerate(parts)]
    line = _Line(*map(np.concatenate, zip(*lines, strict=True)))
    order = np.lexsort((line.end, line.start, line.chrom))
    order = order[line.end[order] > 0]
    for first in range(0, len(order), _ROWS_AT_ONCE):
        some = line.select(order[first : first + _ROWS_AT_ONCE])
        yield _texts(some, chromosomes, names, [part.target for part in parts])


def _lines_of(number: int, part: BedHits, chromosomes: list[str]) -> _Line:
    matches = part.hits.matches
    spans = part.places.spans(matches.sequence, matches.start, matches.end, matches.strand)
    numbers = np.array([chromosomes.index(name) for name in part.places.chromosomes], np.int32)
    return _Line(
        np.full(len(matches), number, np.int32),
        numbers[spans.chrom],
        spans.start,
        spans.end,
        matches.motif,
        spans.strand,
        scores_of(part.hits.importance),
        part.hits.importance,
        part.hits.q_value,
    )


def scores_of(importance: np.ndarray) -> np.ndarray:
    """The scores (H,) from 0 to 1000 by which a browser shades hits.

    In proportion to the absolute importance: 1000 from the size on that 1 % of the hits reach.
    """
    size = np.abs(importance)
    most = np.quantile(size, _DARKEST) if len(size) else 0
    return np.rint(1000 * np.minimum(size / (most or 1), 1)).astype(np.int16)


def _texts(line: _Line, chromosomes: list[str], names: list[list[str]], targets: list[str]) -> Columns:
    """Nine columns of BED and two more: with a twelfth, browsers would look for exons."""
    start = np.maximum(line.start, 0)
    parts = line.part.tolist()
    return {
        "chrom": [chromosomes[number] for number in line.chrom.tolist()],
        "start": start,
        "end": line.end,
        "name": [names[part][motif] for part, motif in zip(parts, line.motif.tolist(), strict=True)],
        "score": line.score,
        "strand": letters(line.strand),
        "thick_start": start,
        "thick_end": line.end,
        "colour": [_AGAINST if value < 0 else _FOR for value in line.importance.tolist()],
        "target": [targets[part] for part in parts],
        "numbers": [
            f"importance={value:.6g}" + (f";q={q:.3g}" if q == q else "")
            for value, q in zip(line.importance.tolist(), line.q_value.tolist(), strict=True)
        ],
    }


def seqlet_columns(seqlets: Seqlets, nearest: Sequence[Nearest], places: Places) -> Columns:
    """Seqlets with the motif nearest to each, whose strand they have, as the genome has it.

    Where there were no motifs to compare with, what is said of the nearest is missing.
    """
    near = list(nearest) or [Nearest(MISSING, "+", 0, math.nan, math.nan)] * len(seqlets)
    strand = np.array([-1 if motif.strand == "-" else 1 for motif in near], int)
    return {
        **place_columns(places, seqlets.sequence, seqlets.start, seqlets.end, strand),
        "importance": seqlets.importance,
        "nearest": [motif.motif for motif in near],
        "offset": [motif.offset for motif in near],
        "correlation": [motif.correlation for motif in near],
        "p_value": [motif.p_value for motif in near],
        **row_columns(seqlets.sequence, seqlets.start, seqlets.end),
    }


def letters(strand: np.ndarray) -> list[str]:
    """+ and - for 1 and -1."""
    return ["-" if sign < 0 else "+" for sign in strand.tolist()]
