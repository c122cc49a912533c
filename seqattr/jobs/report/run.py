"""The report on a folder of scores: tables, figures and one page."""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from seqattr.dna.frequencies import background_of
from seqattr.dna.loci import Loci
from seqattr.dna.regions import Region
from seqattr.errors import InputError
from seqattr.evaluate.verdict import Verdict, together
from seqattr.figures import logos as figures
from seqattr.figures.drawings import Drawing, files_of, links_of, write_drawings
from seqattr.figures.html import Link, Picture, png_text
from seqattr.figures.logos import SERIES, Points
from seqattr.io.atomic import check_writable, replacing_all
from seqattr.io.hdf5.stored import open_contributions
from seqattr.io.ownership import Output
from seqattr.io.stale import drop_stale
from seqattr.io.text import write_text
from seqattr.jobs.report import page
from seqattr.jobs.report.blocks import background_in, layout_of
from seqattr.jobs.report.examine import examine, ground_of, scanned
from seqattr.jobs.report.excerpts import Window
from seqattr.jobs.report.findings import Findings, boxes_in, in_turns, ranked
from seqattr.jobs.report.page import Page
from seqattr.jobs.report.scores import Scores, open_scores
from seqattr.motifs.matches import STRONG, Matches
from seqattr.motifs.scan import Pick, Scanner
from seqattr.motifs.sources import BUNDLED_NOTE, read_motifs
from seqattr.motifs.statistics import counting_matches, null_motifs
from seqattr.motifs.tables import write_matches, write_motif_table, write_seqlets
from seqattr.support.seeds import check_seed

OWN_FIGURES = r"(importance_.+|sequence_\d+)\.(png|svg)"
MOST_POINTS = 20_000  # of the grey ones in a panel
TABLES = {
    "matches.tsv": "every match, with what it carries for each target",
    "matches.bed": "the same for a genome browser",
    "motifs.tsv": "every motif and target, with its null",
    "seqlets.tsv": "stretches of high contribution that no motif explains",
}


@dataclass(frozen=True)
class Settings:
    """How to look for matches, and how much to draw.

    Matches are the `top` of each motif and sequence (all with None) that reach `log_odds` and `p_value`;
    those that reach `strong` count as strong. The background is measured where none is given. `sequences`
    are drawn. The seed is that of the shuffled motifs. An odd motif is left out, unless it is to be strict.
    """

    strand: str = "both"
    top: int | None = 5
    log_odds: float | None = 0.0
    p_value: float | None = None
    strong: float = STRONG
    background: Sequence[float] | None = None
    sequences: int = 20
    seed: int = 0
    strict: bool = False

    def __post_init__(self) -> None:
        if self.sequences < 0:
            raise InputError(f"the number of sequences to draw must be 0 or more, not {self.sequences}")
        for name in ("log_odds", "p_value", "strong"):
            if getattr(self, name) is not None and math.isnan(getattr(self, name)):
                raise InputError(f"{name} must be a number, not nan")
        check_seed(self.seed)

    @property
    def pick(self) -> Pick:
        return Pick(self.top, self.log_odds, self.p_value, self.strand)


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


class Evidence(NamedTuple):
    """All that was computed."""

    scores: Scores
    regions: list[Region]
    length: int
    loci: Loci
    matches: Matches  # all, also those that count in another row that holds the same place
    findings: list[Findings]
    notes: list[str]

    @property
    def counted(self) -> Matches:
        """The matches, each place once."""
        return self.matches.select(counting_matches(self.matches, self.loci))


def report(
    folder: Path | str,
    motif_specs: Sequence[str | Path],
    settings: Settings = Settings(),
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
    drawn = [*panels(evidence, settings), *logos(evidence, settings)]
    write(out, evidence, settings, drawn)
    findings = evidence.findings
    return Summary(
        out / "report.html",
        len(evidence.regions),
        len(evidence.matches.motifs),
        len(evidence.counted),
        {each.target: each.carrying for each in findings},
        {each.target: each.unexplained_seqlets for each in findings},
        together([each.verdict for each in findings]),
        evidence.notes,
        time.perf_counter() - started,
    )


def gather(scores: Scores, motif_specs: Sequence[str | Path], settings: Settings) -> Evidence:
    """Scan once, then read and examine one target after the other."""
    pick, notes = settings.pick, list[str]()
    motifs = list(read_motifs(motif_specs, settings.strict, notes.append).values())
    notes += [BUNDLED_NOTE] if set(map(str, motif_specs)) == {"bundled"} else []
    with open_contributions(scores.path(scores.targets[0])) as file:
        loci, minus = layout_of(file)
        if settings.background is None:
            background = background_in(file, loci, minus, settings.strand)
        else:
            background = background_of(np.array(settings.background, float))
        regions = file.places
        matches, null = (
            scanned(file, Scanner.of(some, pick, background, loci.length), minus)
            for some in (motifs, null_motifs(motifs, settings.seed))
        )
        ground = ground_of(scores.targets[0], file, null, loci)
    notes += [overlap_in_words(loci)] if loci.shared else []
    findings = list[Findings]()
    for target in scores.targets:
        with open_contributions(scores.path(target)) as file:
            matches, found = examine(target, file, matches, ground, settings.strong, settings.sequences)
        findings.append(found)
    return Evidence(scores, regions, loci.length, loci, matches, findings, notes)


def overlap_in_words(loci: Loci) -> str:
    of = f"{loci.shared:,} of {len(loci):,} sequences"
    return f"{of} hold bases that another one holds too; each place counts once"


# --- figures -------------------------------------------------------------------------------------


def panels(evidence: Evidence, settings: Settings) -> Iterator[Drawing]:
    """Importance against log-odds, one panel for each target; a motif has one colour in all of them."""
    coloured, matches = clearest_motifs(evidence.findings), evidence.counted
    for findings in evidence.findings:
        named, others = points_of(matches, findings.target, coloured, settings.seed)
        figure = figures.importance_panel(named, others, settings.strong, findings.target)
        name = f"importance_{evidence.scores.stems[findings.target]}"
        yield Drawing(name, f"importance against log-odds for {findings.target}", figure)


def clearest_motifs(findings: Sequence[Findings]) -> list[str]:
    """As many motifs as there are colours, each target's clearest in turn."""
    orders = [ranked(each.statistics) for each in findings]
    names = dict.fromkeys(row.motif for rows in zip(*orders, strict=True) for row in rows)
    return list(names)[: len(SERIES)]


def points_of(
    matches: Matches, target: str, coloured: Sequence[str], seed: int
) -> tuple[list[Points], Points]:
    """The matches of some motifs, each by itself, and (a sample of) the others together."""
    importance = matches.targets[target].importance
    number = {pwm.name: index for index, pwm in enumerate(matches.motifs)}
    some = [np.flatnonzero(matches.motif == number[name]) for name in coloured]
    rest = np.flatnonzero(~np.isin(matches.motif, [number[name] for name in coloured]))
    if len(rest) > MOST_POINTS:
        rest = np.random.default_rng(seed).choice(rest, MOST_POINTS, replace=False)
    named = [
        Points(name, matches.log_odds[own], importance[own]) for name, own in zip(coloured, some, strict=True)
    ]
    return named, Points("other motifs", matches.log_odds[rest], importance[rest])


def logos(evidence: Evidence, settings: Settings) -> Iterator[Drawing]:
    """The strongest sequences, each for the target that it was chosen for."""
    chosen = in_turns(evidence.findings, evidence.loci, settings.sequences)
    for number, (findings, window) in enumerate(chosen, start=1):
        boxes = boxes_in(window, findings, evidence.matches, settings.strong)
        figure = figures.contribution_logos(
            {findings.target: window.contributions}, window.one_hot, boxes, first=window.start
        )
        yield Drawing(f"sequence_{number:02d}", caption_of(evidence, findings, window), figure)


def caption_of(evidence: Evidence, findings: Findings, window: Window) -> str:
    region = evidence.regions[window.row]
    return f"{region.name or region}, bases {window.start}–{window.end}, for {findings.target}"


# --- files ---------------------------------------------------------------------------------------


def write(out: Path, evidence: Evidence, settings: Settings, drawings: Sequence[Drawing]) -> None:
    """All files, the page last; then figures of an earlier report go."""
    files = files_of(drawings)
    with replacing_all(out, [*TABLES, *files, "report.html"]) as paths:
        write_tables(paths, evidence)
        pictures = write_drawings(paths, drawings)
        told = page_of(evidence, settings, pictures, links_of(TABLES, drawings))
        write_text(paths["report.html"], page.render(told))
    drop_stale(out / "figures", (Path(name).name for name in files), OWN_FIGURES)


def write_tables(paths: Mapping[str, Path], evidence: Evidence) -> None:
    write_matches(paths["matches.tsv"], paths["matches.bed"], evidence.counted, evidence.regions)
    rows = [row for each in evidence.findings for row in each.statistics]
    write_motif_table(paths["motifs.tsv"], rows)
    seqlets = {each.target: (each.seqlets, each.nearest) for each in evidence.findings}
    write_seqlets(paths["seqlets.tsv"], seqlets, evidence.regions)


def page_of(
    evidence: Evidence, settings: Settings, pictures: Sequence[Picture], links: Sequence[Link]
) -> Page:
    count = len(evidence.findings)
    motifs = evidence.matches.motifs
    named = {pwm.name: pwm for pwm in motifs}
    rows = page.shown(page.all_rows(evidence.findings), len(motifs))
    return Page(
        scores=evidence.scores,
        sequences=len(evidence.regions),
        length=evidence.length,
        motifs=len(motifs),
        picked=picked_in_words(settings, len(evidence.counted)),
        background=background_in_words(evidence.matches.background, settings),
        strong=settings.strong,
        findings=evidence.findings,
        places=[seqlet_places(each, evidence.regions) for each in evidence.findings],
        logos={
            name: png_text(figures.motif_logo(named[name].probabilities), transparent=True)
            for name in page.first_motifs(rows)
        },
        panels=pictures[:count],
        drawn=pictures[count:],
        links=links,
        notes=evidence.notes,
    )


def seqlet_places(findings: Findings, regions: Sequence[Region]) -> list[list[str]]:
    """The sequence of each of a target's seqlets, and its bases in it."""
    seqlets = findings.seqlets
    return [
        [regions[row].name or str(regions[row]), f"{start}–{start + seqlets.width}"]
        for row, start in zip(seqlets.sequence.tolist(), seqlets.start.tolist(), strict=True)
    ]


def picked_in_words(settings: Settings, count: int) -> str:
    strands = {"both": "both strands", "forward": "the forward strand", "reverse": "the reverse strand"}
    kept = "all" if settings.top is None else f"at most {settings.top} per motif and sequence"
    limits = [] if settings.log_odds is None else [f"log-odds ≥ {settings.log_odds:g}"]
    limits += [] if settings.p_value is None else [f"p ≤ {settings.p_value:g}"]
    return f"{count:,}: {', '.join([kept, *limits])}, on {strands[settings.strand]}"


def background_in_words(background: np.ndarray, settings: Settings) -> str:
    shares = " ".join(f"{base} {share:.3f}" for base, share in zip("ACGT", background, strict=True))
    return f"{shares} ({'measured' if settings.background is None else 'given'})"
