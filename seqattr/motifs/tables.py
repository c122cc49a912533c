"""Matches, motif statistics and seqlets as tables, and matches as a BED file that genome browsers show."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from seqattr.dna.regions import Region
from seqattr.errors import InputError
from seqattr.io.tables import MISSING, write_table
from seqattr.motifs.matches import Matches
from seqattr.motifs.seqlets import Nearest, Seqlets
from seqattr.motifs.statistics import MotifStatistics, Summary

# A browser's score runs from 0 to 1000: a log-odds of 10 or more has the darkest colour.
_SCORE_PER_LOG_ODDS = 100


class GenomeSpans(NamedTuple):
    """Where K stretches of rows lie on the genome; a start may lie before its chromosome's."""

    chrom: list[str]
    start: np.ndarray
    end: np.ndarray
    strand: np.ndarray  # 1 or -1


def on_genome(
    regions: Sequence[Region], row: np.ndarray, start: np.ndarray, end: np.ndarray, strand: np.ndarray
) -> GenomeSpans:
    """The places of stretches [start, end) of the rows of these regions; with strand - a row runs backwards.

    Raises InputError where there is no region for a row.
    """
    if len(row) and row.max() >= len(regions):
        raise InputError(f"there are {len(regions)} regions, but matches in row {row.max()}")
    begins = np.array([region.start for region in regions], dtype=np.int64)[row]
    ends = np.array([region.end for region in regions], dtype=np.int64)[row]
    forward = np.array([region.strand != "-" for region in regions], dtype=bool)[row]
    chrom = [regions[number].chrom for number in row.tolist()]
    return GenomeSpans(
        chrom,
        np.where(forward, begins + start, ends - end),
        np.where(forward, begins + end, ends - start),
        np.where(forward, strand, -strand),
    )


def write_matches(tsv: Path | str, bed: Path | str, matches: Matches, regions: Sequence[Region]) -> None:
    """Write matches in rows whose places on the genome are `regions`: a table in their order, and a BED file.

    The table has 0-based half-open places on the genome and in the row, and for each target its columns of
    `MatchImportance`. The BED file is sorted, its score is 100 times the log-odds, from 0 to 1000; behind the
    nine usual columns stand the log-odds and the importances. Raises OutputError where a file cannot be
    written, InputError where there is no region for a match.
    """
    places = on_genome(regions, matches.sequence, matches.start, matches.end, matches.strand)
    write_table(tsv, _match_columns(matches, places, regions))
    write_table(bed, _bed_columns(matches, places), header=False)


def _match_columns(
    matches: Matches, places: GenomeSpans, regions: Sequence[Region]
) -> dict[str, Sequence[Any]]:
    columns: dict[str, Any] = {
        "sequence": [regions[number].name or str(regions[number]) for number in matches.sequence.tolist()],
        "chrom": places.chrom,
        "start": places.start,
        "end": places.end,
        "strand": _letters(places.strand),
        "motif": matches.names,
        "log_odds": matches.log_odds,
        "row": matches.sequence,
        "row_start": matches.start,
        "row_end": matches.end,
        "row_strand": _letters(matches.strand),
    }
    for target, carried in matches.targets.items():
        columns |= {f"{name}_{target}": values for name, values in carried._asdict().items()}
    return columns


def _bed_columns(matches: Matches, places: GenomeSpans) -> dict[str, Sequence[Any]]:
    """Nine columns of BED and two more: with a twelfth, browsers would look for exons."""
    seen = np.flatnonzero(places.end > 0)
    order = seen[np.lexsort((places.end[seen], places.start[seen], np.array(places.chrom)[seen]))]
    score = np.clip(np.rint(_SCORE_PER_LOG_ODDS * matches.log_odds), 0, 1000).astype(int)
    start, end = np.maximum(places.start, 0)[order], places.end[order]
    names = ["_".join(pwm.name.split()) for pwm in matches.motifs]
    return {
        "chrom": [places.chrom[number] for number in order.tolist()],
        "start": start,
        "end": end,
        "name": [names[number] for number in matches.motif[order].tolist()],
        "score": score[order],
        "strand": _letters(places.strand[order]),
        "thick_start": start,
        "thick_end": end,
        "colour": np.zeros(len(order), int),
        "log_odds": matches.log_odds[order],
        "importance": _importances(matches.select(order)),
    }


def _importances(matches: Matches) -> list[str]:
    """As target=0.5;other=-0.1 for each match."""
    columns = [
        [f"{target}={value:.6g}" for value in carried.importance.tolist()]
        for target, carried in matches.targets.items()
    ]
    return [";".join(texts) for texts in zip(*columns, strict=True)] or ["."] * len(matches)


def write_motif_table(path: Path | str, rows: Sequence[MotifStatistics]) -> None:
    """Write statistics as a table, the columns of the motifs with shuffled columns as null_*.

    Raises OutputError where the file cannot be written.
    """
    plain = [name for name in MotifStatistics._fields if name not in ("observed", "null")]
    columns: dict[str, Any] = {name: [getattr(row, name) for row in rows] for name in plain[:3]}
    for name in Summary._fields:
        columns[name] = [getattr(row.observed, name) for row in rows]
    for name in Summary._fields:
        columns[f"null_{name}"] = [getattr(row.null, name) for row in rows]
    columns |= {name: [getattr(row, name) for row in rows] for name in plain[3:]}
    write_table(path, {**columns, "carries": [int(row.carries) for row in rows]})


def write_seqlets(
    path: Path | str,
    seqlets: Mapping[str, tuple[Seqlets, Sequence[Nearest]]],
    regions: Sequence[Region],
) -> None:
    """Write each target's seqlets, with the motif nearest to each, as a table in their order.

    The strand is the motif's, as the genome has it. Raises OutputError where the file cannot be written,
    InputError where there is no region for a seqlet.
    """
    parts = [_seqlet_columns(target, *of_target, regions) for target, of_target in seqlets.items()]
    write_table(path, {name: [cell for part in parts for cell in part[name]] for name in parts[0]})


def _seqlet_columns(
    target: str, seqlets: Seqlets, nearest: Sequence[Nearest], regions: Sequence[Region]
) -> dict[str, Sequence[Any]]:
    """Where there were no motifs to compare with, what is said of the nearest is missing."""
    near = list(nearest) or [Nearest(MISSING, "+", 0, math.nan, math.nan)] * len(seqlets)
    strand = np.array([-1 if motif.strand == "-" else 1 for motif in near], int)
    places = on_genome(regions, seqlets.sequence, seqlets.start, seqlets.end, strand)
    return {
        "target": [target] * len(seqlets),
        "sequence": [regions[number].name or str(regions[number]) for number in seqlets.sequence.tolist()],
        "chrom": places.chrom,
        "start": places.start.tolist(),
        "end": places.end.tolist(),
        "strand": _letters(places.strand),
        "importance": seqlets.importance.tolist(),
        "nearest": [motif.motif for motif in near],
        "offset": [motif.offset for motif in near],
        "correlation": [motif.correlation for motif in near],
        "p_value": [motif.p_value for motif in near],
        "row": seqlets.sequence.tolist(),
        "row_start": seqlets.start.tolist(),
        "row_end": seqlets.end.tolist(),
    }


def _letters(strand: np.ndarray) -> list[str]:
    return ["-" if sign < 0 else "+" for sign in strand.tolist()]
