"""The report on folders of scores: what is read, examined, drawn and written."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from seqattr.errors import InputError
from seqattr.evaluate.additivity import Additivity, together
from seqattr.figures.drawings import Drawing, files_of, links_of, write_drawings
from seqattr.io.atomic import check_writable
from seqattr.io.ownership import RUN, Output
from seqattr.io.run_folder import replacing_run
from seqattr.io.scores_folder import OWN_FIGURES
from seqattr.io.stale import drop_stale
from seqattr.io.text import write_json, write_text
from seqattr.jobs.report import page
from seqattr.jobs.report.examine import FIRST_PASS, SECOND_PASS, Examined, Tick, examine
from seqattr.jobs.report.findings import Evidence, Findings, Source, labels_of
from seqattr.jobs.report.matches import THIRD_PASS, write_matches
from seqattr.jobs.report.pictures import drawings
from seqattr.jobs.report.scores import Scores, names_of, open_scores
from seqattr.jobs.report.settings import USUAL, Settings
from seqattr.jobs.report.sources import finder_of, source_of
from seqattr.jobs.report.story import hardly_in_words
from seqattr.jobs.report.tables import TABLES, write_tables
from seqattr.jobs.report.unexplained import unexplained
from seqattr.motifs.groups import Group, group_motifs, judge
from seqattr.motifs.sources import BUNDLED_NOTE, read_motifs
from seqattr.support.caller import LIBRARY, Caller
from seqattr.support.progress import Progress
from seqattr.support.version import package_version

PAGE = "report.html"


@dataclass(frozen=True)
class Summary:
    """What a report found, and where it is; what is of each target is under its label."""

    page: Path
    sequences: int
    motifs: int
    hits: dict[str, int]
    sure: dict[str, int]  # of these hits
    explained: dict[str, float]  # the share of all absolute contributions that sure hits explain
    carrying: dict[str, list[str]]  # the groups of motifs that carry importance
    unexplained: dict[str, int]  # the seqlets that no sure hit explains
    hardly: dict[str, str]  # of targets that the motifs hardly explain, that in words
    verdict: Additivity
    notes: list[str]  # which motifs and sequences were left out
    seconds: float

    @property
    def additive(self) -> bool:
        """Whether all but a few explanations add up."""
        return self.verdict.additive


def report(
    folders: Path | str | Sequence[Path | str],
    motif_specs: Sequence[str | Path],
    settings: Settings = USUAL,
    out: Path | str | None = None,
    force: bool = False,
    caller: Caller = LIBRARY,
) -> Summary:
    """Explain the scores in one or several folders by motifs; write tables, figures and report.html.

    Motifs are those of `read_motifs`. Written to DIR/report, of several folders only where it is said. Files
    take their names together, when all are whole. Raises InputError where a folder holds no finished scores
    or a motif file or setting cannot be, OutputError where something cannot be written, or stands there that
    seqattr did not write, unless forced.
    """
    started = time.perf_counter()
    scores = [open_scores(folder) for folder in ([folders] if isinstance(folders, Path | str) else folders)]
    out = default_folder(scores) if out is None else Path(out)
    claim(Output(out, force), settings.command)
    work = Work(scores, caller.progress)
    evidence = gather(scores, motif_specs, settings, work.tick)
    check_writable(out / "figures")
    drawn = list(drawings(evidence, settings))
    write(out, evidence, Asked([*map(str, motif_specs)], settings), drawn, work.tick)
    findings = evidence.findings
    return Summary(
        out / PAGE,
        evidence.sequences,
        len(evidence.motifs),
        {one.label: int(one.hits.counts.sum()) for one in findings},
        {one.label: len(one.believed) for one in findings},
        {one.label: one.explained for one in findings},
        {one.label: one.carrying for one in findings},
        {one.label: one.unexplained_seqlets for one in findings},
        {one.label: hardly_in_words(one) for one in findings if one.hardly},
        together([one.verdict for one in findings]),
        evidence.notes,
        time.perf_counter() - started,
    )


def claim(output: Output, command: str) -> None:
    """The folder of a report that this command makes. Raises OutputError where others' files stand there."""
    output.claim_results([*TABLES, PAGE, RUN], command, OWN_FIGURES)


class Asked(NamedTuple):
    """What a report was asked for: motifs as they were named, and settings."""

    motifs: list[str]
    settings: Settings


def facts_of(evidence: Evidence, asked: Asked) -> dict[str, Any]:
    """What it takes to do it again."""
    return {
        "seqattr": package_version(),
        "settings": {
            "scores": [str(source.scores.folder) for source in evidence.sources],
            "motifs": asked.motifs,
            **vars(asked.settings),
        },
        "sequences": evidence.sequences,
    }


def default_folder(scores: Sequence[Scores]) -> Path:
    """Where the report goes if nobody says. Raises InputError for several folders."""
    if len(scores) > 1:
        raise InputError(
            "a report of several folders of scores needs a folder of its own; say which, as `out`"
        )
    return scores[0].folder / "report"


class Work:
    """How much of all is done, in sequences: each is looked at again and again."""

    def __init__(self, scores: Sequence[Scores], progress: Progress) -> None:
        self.rows = sum(int(one.has_values.sum()) for one in scores)
        passes = (FIRST_PASS + SECOND_PASS, THIRD_PASS)
        self.total = sum(
            int(one.has_values.sum()) * (passes[0] * len(one.targets) + passes[1]) for one in scores
        )
        self.done, self.progress = 0, progress

    def tick(self, work: int) -> None:
        """So much more is done."""
        self.done += work
        self.progress(self.done * self.rows // max(self.total, 1), self.rows)


def gather(
    scores: Sequence[Scores],
    motif_specs: Sequence[str | Path],
    settings: Settings,
    tick: Tick = int,
) -> Evidence:
    """Examine one folder after the other; then group the motifs by what they explain in all of them."""
    notes = list[str]()
    motifs = tuple(read_motifs(motif_specs, settings.strict, notes.append).values())
    notes += [BUNDLED_NOTE] if set(map(str, motif_specs)) == {"bundled"} else []
    sources = [source_of(one, name, settings) for one, name in zip(scores, names_of(scores), strict=True)]
    notes += [note for source in sources for note in notes_on(source, len(sources) > 1)]
    examined = [
        list(examine(one, finder_of(one, motifs, settings), settings.sequences, tick)) for one in sources
    ]
    groups = group_motifs(motifs, [one.hits for some in examined for one in some])
    findings = [
        findings_of(label, source, one, groups)
        for source, labels, some in zip(sources, labels_of(sources), examined, strict=True)
        for label, one in zip(labels, some, strict=True)
    ]
    return Evidence(sources, findings, motifs, groups, notes)


def findings_of(label: str, source: Source, examined: Examined, groups: Sequence[Group]) -> Findings:
    """With what each group explains of the target, on the bases of all."""
    judged, statistics = judge(examined.hits, groups, label, source.loci)
    left = unexplained(source.scores, examined.target, examined.seqlets, judged)
    own = {**examined._asdict(), "hits": judged, **left._asdict()}
    return Findings(label=label, source=source, groups=statistics, **own)


def notes_on(source: Source, named: bool) -> list[str]:
    """What is to be said of a folder's sequences, with its name where there are several."""
    loci, notes = source.loci, [source.scores.without_values()]
    if loci.overlapping_rows:
        of = f"{loci.overlapping_rows:,} of {len(loci):,} sequences"
        notes.insert(0, f"{of} hold bases that another one holds too; each place counts once")
    return [f"{source.name}: {note}" if named else note for note in notes if note]


def write(
    out: Path,
    evidence: Evidence,
    asked: Asked,
    drawings: Sequence[Drawing],
    tick: Tick,
) -> None:
    """All files, run.json last; then figures of an earlier report go."""
    files, links = files_of(drawings), links_of({**TABLES, RUN: "what it takes to do it again"}, drawings)
    with replacing_run(out, [*TABLES, *files, PAGE, RUN]) as paths:
        write_tables(paths, evidence)
        write_matches(paths["matches.tsv.gz"], evidence, asked.settings.pick, tick)
        pictures = write_drawings(paths, drawings)
        content = page.page_of(evidence, asked.settings, pictures, links)
        write_text(paths[PAGE], page.render(content))
        write_json(paths[RUN], facts_of(evidence, asked))
    drop_stale(out / "figures", (Path(name).name for name in files), OWN_FIGURES)
