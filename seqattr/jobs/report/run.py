"""The report on a folder of scores: what is read, examined, drawn and written."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from seqattr.dna.frequencies import background_of
from seqattr.dna.loci import Loci
from seqattr.evaluate.verdict import Verdict, together
from seqattr.figures.drawings import Drawing, files_of, links_of, write_drawings
from seqattr.io.atomic import check_writable, replacing_all
from seqattr.io.ownership import Output
from seqattr.io.stale import drop_stale
from seqattr.io.text import write_text
from seqattr.jobs.report import page
from seqattr.jobs.report.blocks import background_in, layout_of
from seqattr.jobs.report.examine import examine, ground_of, matches_in
from seqattr.jobs.report.findings import Evidence, Findings
from seqattr.jobs.report.pictures import panels, sequence_logos
from seqattr.jobs.report.scores import Scores, open_scores
from seqattr.jobs.report.settings import USUAL, Settings
from seqattr.motifs.scan import Scanner
from seqattr.motifs.sources import BUNDLED_NOTE, read_motifs
from seqattr.motifs.statistics import null_motifs
from seqattr.motifs.tables import write_matches, write_motif_table, write_seqlets

OWN_FIGURES = r"(importance_.+|sequence_\d+)\.(png|svg)"
TABLES = {
    "matches.tsv": "every match, with what it carries for each target",
    "matches.bed": "the same for a genome browser",
    "motifs.tsv": "every motif and target, with its null",
    "seqlets.tsv": "stretches of high contribution that no motif explains",
}


@dataclass(frozen=True)
class Summary:
    """What a report found, and where it is."""

    page: Path
    sequences: int
    motifs: int
    matches: int
    carrying: dict[str, list[str]]  # of each target, the motifs that carry importance
    unexplained: dict[str, int]  # of each target, the seqlets that no motif explains
    verdict: Verdict
    notes: list[str]  # which motifs were left out
    seconds: float

    @property
    def additive(self) -> bool:
        """Whether all but a few explanations add up."""
        return self.verdict.additive


def report(
    folder: Path | str,
    motif_specs: Sequence[str | Path],
    settings: Settings = USUAL,
    out: Path | str | None = None,
    force: bool = False,
) -> Summary:
    """Match motifs with the scores in a folder, and write tables, figures and report.html to DIR/report.

    Motifs are those of `read_motifs`. Files take their names together, when all are whole. Raises InputError
    where the folder holds no finished scores or a motif file or setting cannot be, OutputError where
    something cannot be written, or stands there that seqattr did not write, unless forced.
    """
    started = time.perf_counter()
    scores = open_scores(folder)
    out = scores.folder / "report" if out is None else Path(out)
    Output(out, force).claim_folder([*TABLES, "report.html"], "matches.tsv")
    evidence = gather(scores, motif_specs, settings)
    check_writable(out / "figures")
    drawn = [*panels(evidence, settings), *sequence_logos(evidence, settings)]
    write(out, evidence, settings, drawn)
    findings = evidence.findings
    return Summary(
        out / "report.html",
        len(evidence.regions),
        len(evidence.matches.motifs),
        len(evidence.each_locus_once),
        {one.target: one.carrying for one in findings},
        {one.target: one.unexplained_seqlets for one in findings},
        together([one.verdict for one in findings]),
        evidence.notes,
        time.perf_counter() - started,
    )


def gather(scores: Scores, motif_specs: Sequence[str | Path], settings: Settings) -> Evidence:
    """Scan once, then read and examine one target after the other."""
    pick, notes = settings.pick, list[str]()
    motifs = list(read_motifs(motif_specs, settings.strict, notes.append).values())
    notes += [BUNDLED_NOTE] if set(map(str, motif_specs)) == {"bundled"} else []
    with scores.open(scores.targets[0]) as file:
        loci, minus = layout_of(file)
        if settings.background is None:
            background = background_in(file, loci, minus, settings.strand)
        else:
            background = background_of(np.array(settings.background, float))
        regions = file.places
        matches, null = (
            matches_in(file, Scanner.of(some, pick, background, loci.length), minus)
            for some in (motifs, null_motifs(motifs, settings.seed))
        )
        ground = ground_of(file, null, loci)
    notes += [overlap_in_words(loci)] if loci.overlapping_rows else []
    notes += filter(None, [scores.without_values()])
    findings = list[Findings]()
    for target in scores.targets:
        with scores.open(target) as file:
            matches, one = examine(target, file, matches, ground, settings.strong, settings.sequences)
        findings.append(one)
    return Evidence(scores, regions, loci.length, loci, matches, findings, notes)


def overlap_in_words(loci: Loci) -> str:
    """How many sequences share bases, and what follows."""
    of = f"{loci.overlapping_rows:,} of {len(loci):,} sequences"
    return f"{of} hold bases that another one holds too; each place counts once"


def write(out: Path, evidence: Evidence, settings: Settings, drawings: Sequence[Drawing]) -> None:
    """All files, the page last; then figures of an earlier report go."""
    files = files_of(drawings)
    with replacing_all(out, [*TABLES, *files, "report.html"]) as paths:
        write_tables(paths, evidence)
        pictures = write_drawings(paths, drawings)
        content = page.page_of(evidence, settings, pictures, links_of(TABLES, drawings))
        write_text(paths["report.html"], page.render(content))
    drop_stale(out / "figures", (Path(name).name for name in files), OWN_FIGURES)


def write_tables(paths: Mapping[str, Path], evidence: Evidence) -> None:
    """All TABLES, under the paths of their names; rows are those of the files of scores."""
    matches, regions, row = evidence.each_locus_once, evidence.scores.places(), evidence.row_in_file
    matches = replace(matches, sequence=row[matches.sequence])
    write_matches(paths["matches.tsv"], paths["matches.bed"], matches, regions)
    rows = [row for one in evidence.findings for row in one.statistics]
    write_motif_table(paths["motifs.tsv"], rows)
    seqlets = {
        one.target: (replace(one.seqlets, sequence=row[one.seqlets.sequence]), one.nearest)
        for one in evidence.findings
    }
    write_seqlets(paths["seqlets.tsv"], seqlets, regions)
