"""Hits, matches, motif statistics and seqlets as columns of tables, and hits as lines of a BED file."""

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from seqattr.dna.places import Places
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

    chrom: np.ndarray  # which of the chromosomes of its `Places`
    start: np.ndarray
    end: np.ndarray
    strand: np.ndarray  # 1 or -1


def spans_of(
    places: Places, row: np.ndarray, start: np.ndarray, end: np.ndarray, strand: np.ndarray
) -> GenomeSpans:
    """The places of stretches [start, end) of rows, of which those with strand - run backwards.

    Raises InputError where there is no such row.
    """
    if len(row) and row.max() >= len(places):
        raise InputError(f"there are {len(places)} regions, but matches in row {row.max()}")
    minus, begins, ends = places.minus[row], places.start[row], places.end[row]
    return GenomeSpans(
        places.chrom[row],
        np.where(minus, ends - end, begins + start),
        np.where(minus, ends - start, begins + end),
        np.where(minus, -strand, strand),
    )


def names_of(places: Places, row: np.ndarray) -> list[str]:
    """What rows are called, or where they lie."""
    names = {number: places.names[number] or str(places[number]) for number in np.unique(row).tolist()}
    return [names[number] for number in row.tolist()]


def place_columns(
    places: Places, row: np.ndarray, start: np.ndarray, end: np.ndarray, strand: np.ndarray
) -> Columns:
    """The names of rows, and where stretches of them lie on the genome, 0-based and half open."""
    spans = spans_of(places, row, start, end, strand)
    return {
        "sequence": names_of(places, row),
        "chrom": [places.chroms[number] for number in spans.chrom.tolist()],
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
    chromosomes = sorted({name for part in parts for name in part.places.chroms})
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
    spans = spans_of(part.places, matches.sequence, matches.start, matches.end, matches.strand)
    numbers = np.array([chromosomes.index(name) for name in part.places.chroms], np.int32)
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
