"""The tables of the benchmark, rounded so that the last bits of a sum leave no trace."""

from collections.abc import Mapping, Sequence
from typing import Any

from seqattr.data.simulate import CLASSES, TASKS
from seqattr.tal_gata.claims import Judged
from seqattr.tal_gata.evidence import Evidence
from seqattr.tal_gata.figures import classes_of, drawn_matches
from seqattr.tal_gata.summary import DIGITS, SHARES, Summary

CLASS_WORDS = tuple("+".join(motif.name for motif in motifs) or "none" for motifs in CLASSES)

Columns = Mapping[str, Sequence[Any]]


def tables(evidence: Evidence, summary: Summary, claims: Sequence[Judged]) -> dict[str, Columns]:
    """The columns of each table."""
    return {
        "measures.tsv": measures_table(evidence),
        "means.tsv": means_table(summary),
        "claims.tsv": claims_table(claims),
        "nets.tsv": nets_table(evidence),
        "points.tsv": points_table(evidence),
    }


def measures_table(evidence: Evidence) -> Columns:
    """A row for each net, references, method and motif."""
    rows = [(run, motif, reached) for run in evidence.runs for motif, reached in run.measures.items()]
    return {
        "net": [run.net for run, _, _ in rows],
        "method": [run.method for run, _, _ in rows],
        "references": [run.references for run, _, _ in rows],
        "motif": [motif for _, motif, _ in rows],
        "matches": [reached.matches for _, _, reached in rows],
        **{name: round_all(getattr(reached, name) for _, _, reached in rows) for name in SHARES},
    }


def means_table(summary: Summary) -> Columns:
    """A row for each method, references and motif: means over nets with the ends of their 95 % intervals."""
    keys, rows = list(summary.means), list(summary.means.values())
    columns: dict[str, Sequence[Any]] = {
        name: [getattr(key, name) for key in keys] for name in ("method", "references", "motif")
    }
    columns["nets"] = [len(row[SHARES[0]].values) for row in rows]
    for name in SHARES:
        for part, suffix in (("mean", ""), ("low", "_low"), ("high", "_high")):
            columns[name + suffix] = round_all(getattr(row[name], part) for row in rows)
    return columns


def claims_table(claims: Sequence[Judged]) -> Columns:
    """A row for each claim; the verdict is on the means over the nets."""
    return {
        "claim": [judged.claim.text for judged in claims],
        "source": [judged.claim.source for judged in claims],
        "measured": [judged.verdict.measured for judged in claims],
        "verdict": [judged.word for judged in claims],
        "nets_holding": [judged.held for judged in claims],
        "nets": [judged.nets for judged in claims],
    }


def nets_table(evidence: Evidence) -> Columns:
    """What training reached on its own test split, where the metrics were given."""
    columns: dict[str, Sequence[Any]] = {
        "net": [net.name for net in evidence.nets],
        "model": [net.model for net in evidence.nets],
    }
    for task in TASKS:
        for name in ("accuracy", "auroc"):
            values = (net.test(task, name) for net in evidence.nets)
            columns[f"{name}_{task}"] = round_all(values)
    return columns


def points_table(evidence: Evidence) -> Columns:
    """The points of figure 5a: a row for each match, a column for each method and task."""
    drawn = drawn_matches(evidence)
    matches = evidence.matches.select(drawn)
    classes = classes_of(evidence.simulation)
    columns: dict[str, Sequence[Any]] = {
        "sequence": [evidence.simulation.names[row] for row in matches.sequence],
        "planted": [CLASS_WORDS[classes[row]] for row in matches.sequence],
        "motif": matches.names,
        "start": matches.start.tolist(),
        "log_odds": round_all(matches.log_odds),
    }
    for run in evidence.drawn_runs:
        for task in TASKS:
            columns[f"{run.method} {task}"] = round_all(run.importance[task][drawn])
    return columns


def round_all(values: Any) -> list[float]:
    """To so many digits as a few thousand matches can tell."""
    return [round(float(value), DIGITS) + 0.0 for value in values]  # no -0
