"""The tables of a report: what was found, folder by folder and target by target."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from seqattr.dna.places import Places
from seqattr.io.tables import MISSING, growing_table, write_table
from seqattr.jobs.report.findings import Evidence, Findings
from seqattr.motifs.groups import GroupStatistics
from seqattr.motifs.tables import BedHits, Columns, bed_lines, hit_columns, seqlet_columns

TABLES = {
    "hits.tsv": "every hit, sure or not, with what it carries and its q-value",
    "hits.bed": "those that are sure (q < 0.05) for a genome browser",
    "groups.tsv": "groups of like motifs, and what each explains of every target",
    "motifs.tsv": "every motif that has hits, and what it explains",
    "seqlets.tsv": "stretches of high contribution that no sure hit explains",
    "matches.tsv.gz": "every match, hit or not: of up to 100 motifs all, of more those of groups that carry",
}
_ROWS_AT_ONCE = 1 << 13
_NUMBERS = [name for name in GroupStatistics._fields if name not in ("target", "group", "members")]


def write_tables(paths: Mapping[str, Path], evidence: Evidence) -> None:
    """All TABLES but that of matches, under the paths of their names; rows are those of the scores' files."""
    places = {source.name: source.scores.places() for source in evidence.sources}
    write_hits(paths["hits.tsv"], evidence, places)
    write_bed(paths["hits.bed"], evidence, places)
    write_table(paths["groups.tsv"], group_columns(evidence))
    parts = [motif_columns(evidence, one) for one in evidence.findings]
    write_parts(paths["motifs.tsv"], parts)
    parts = [_seqlets(evidence, one, places[one.source.name]) for one in evidence.findings]
    write_parts(paths["seqlets.tsv"], parts)


def write_parts(path: Path, parts: list[Columns]) -> None:
    """A table of parts, one below the other."""
    with growing_table(path, list(parts[0])) as add:
        for part in parts:
            add(part)


def origin(evidence: Evidence, findings: Findings, rows: int) -> Columns:
    """The columns that say of which folder, where there are several, and target so many rows are."""
    folder = {"scores": [findings.source.name] * rows} if len(evidence.sources) > 1 else {}
    return {**folder, "target": [findings.target] * rows}


# --- groups and motifs ---------------------------------------------------------------------------


def group_columns(evidence: Evidence) -> Columns:
    """A row for each group; for each target its columns of `GroupStatistics` side by side."""
    columns: dict[str, Any] = {
        "group": [group.name for group in evidence.groups],
        "motifs": [len(group.members) for group in evidence.groups],
        "members": [",".join(group.members) for group in evidence.groups],
    }
    for one in evidence.findings:
        rows = {row.group: row for row in one.groups}
        ordered = [rows[group.name] for group in evidence.groups]
        columns[f"carries_{one.label}"] = [int(row.carries) for row in ordered]
        columns |= {f"{name}_{one.label}": [getattr(row, name) + 0 for row in ordered] for name in _NUMBERS}
    return columns


def motif_columns(evidence: Evidence, findings: Findings) -> Columns:
    """Of one target a row for each motif in a group, group by group; shares are of all contributions."""
    group_of, hits, count = evidence.group_of, findings.counted, len(evidence.motifs)
    carrying, number = set(findings.carrying), {pwm.name: index for index, pwm in enumerate(evidence.motifs)}
    members = [member for row in findings.groups for member in row.members]
    some = np.array([number[name] for name in members], int)
    motif, total = hits.matches.motif, hits.explained.total or 1.0
    hit = np.bincount(motif, minlength=count)[some]
    twins = hits.by_chance or hits.select(slice(0))
    matched, by_twins = hits.candidates
    by_chance = (
        np.bincount(twins.matches.motif[twins.counts], minlength=count) * matched / np.maximum(by_twins, 1)
    )
    mean = {
        name: np.bincount(motif, getattr(hits, name), count)[some] / np.where(hit, hit, np.nan)
        for name in ("importance", "coefficient", "similarity")
    }
    return {
        **origin(evidence, findings, len(members)),
        "group": [group_of[name] for name in members],
        "motif": members,
        "width": [evidence.motifs[index].width for index in some.tolist()],
        "carries": [int(group_of[name] in carrying) for name in members],
        "hits": hit,
        "by_chance": by_chance[some],
        "share": np.bincount(motif, hits.positive - hits.negative, count)[some] / total,
        **{f"mean_{name}": values for name, values in mean.items()},
    }


# --- hits and seqlets ----------------------------------------------------------------------------


def write_hits(path: Path, evidence: Evidence, places: Mapping[str, Places]) -> None:
    """Every hit, each place once, some at a time."""
    columns = (_hits(evidence, one, slice(0), places[one.source.name]) for one in evidence.findings)
    with growing_table(path, list(next(columns))) as add:
        for one in evidence.findings:
            for first in range(0, len(one.hits), _ROWS_AT_ONCE):
                add(_hits(evidence, one, slice(first, first + _ROWS_AT_ONCE), places[one.source.name]))


def _hits(evidence: Evidence, findings: Findings, some: slice, places: Places) -> Columns:
    hits = findings.hits.select(some)
    hits = hits.select(hits.counts).renumbered(findings.source.row_in_file)
    group_of = evidence.group_of
    columns = {**origin(evidence, findings, len(hits)), **hit_columns(hits, places)}
    groups = [group_of.get(name, MISSING) for name in columns["motif"]]
    front = ("scores", "target", "sequence", "chrom", "start", "end", "strand", "motif")
    return {
        **{name: columns[name] for name in front if name in columns},
        "group": groups,
        **{name: values for name, values in columns.items() if name not in front},
    }


def write_bed(path: Path, evidence: Evidence, places: Mapping[str, Places]) -> None:
    """Every sure hit, each place once, sorted by its place on the genome."""
    parts = [
        BedHits(one.label, one.believed.renumbered(one.source.row_in_file), places[one.source.name])
        for one in evidence.findings
    ]
    with growing_table(path, ()) as add:
        for columns in bed_lines(parts):
            add(columns)


def _seqlets(evidence: Evidence, findings: Findings, places: Places) -> Columns:
    sequence = findings.source.row_in_file[findings.seqlets.sequence]
    seqlets = replace(findings.seqlets, sequence=sequence)
    return {
        **origin(evidence, findings, len(seqlets)),
        **seqlet_columns(seqlets, findings.nearest, places),
    }
