"""Fi-NeMo run on a folder of scores, and where its hits and our own agree."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from seqattr.dna.loci import Loci
from seqattr.errors import InputError
from seqattr.figures.agreement import Counts, agreement_figure
from seqattr.figures.drawings import Drawing, files_of, write_drawings
from seqattr.io.atomic import check_writable, scratch_folder
from seqattr.io.finemo import FinemoHits, read_hits, write_regions
from seqattr.io.hdf5.stored import StoredContributions
from seqattr.io.motifs.modisco import core, read_modisco, write_patterns
from seqattr.io.ownership import RUN, Output
from seqattr.io.run_folder import replacing_run
from seqattr.io.scores_folder import filename
from seqattr.io.tables import growing_table, write_table
from seqattr.io.text import write_json
from seqattr.jobs.provenance import facts_of_scores
from seqattr.jobs.report.blocks import background_in, code_blocks, layout_of
from seqattr.jobs.report.scores import Scores, open_scores
from seqattr.jobs.tools import FINEMO
from seqattr.motifs.called import Calls, called_hits, found_by
from seqattr.motifs.hits import HitFinder, Hits
from seqattr.motifs.matches import Matches
from seqattr.motifs.profiles import profile_of
from seqattr.motifs.pwm import PWM
from seqattr.motifs.sources import is_learned, read_motifs
from seqattr.motifs.tables import BedHits, bed_lines, hit_columns
from seqattr.support.caller import LIBRARY, Caller

TABLES = ("hits.tsv", "hits.bed", "agreement.tsv")
OWN_FIGURES = r"agreement\.(png|svg)"
CAPTION = (
    "Hits of each motif by Fi-NeMo and by seqattr. The dark part are those that both have: they overlap by "
    "half of a hit at least, and are of the same motif."
)
_BYTES_AT_ONCE = 1 << 31
_ARRAYS = 8  # of the size of the coefficients, that Fi-NeMo has at a time
_MOST_AT_ONCE = 2000  # rows, as many as it takes by itself


@dataclass(frozen=True)
class Settings:
    """What Fi-NeMo is asked for: hits of `motifs` (as `read_motifs` takes them) in the scores of `targets`
    (all for None), with `sparsity`, its lambda: the least similarity of a hit's contributions. The seed is
    that of the motifs that our own hits are compared with; `command` is what was typed.
    """

    motifs: Sequence[str | Path]
    targets: Sequence[str] | None = None
    sparsity: float = 0.7
    seed: int = 0
    command: str = ""

    def __post_init__(self) -> None:
        if not 0 < self.sparsity < 1:
            raise InputError(f"`sparsity` must be between 0 and 1, not {self.sparsity:g}")


class Comparison(NamedTuple):
    """Of one target: Fi-NeMo's hits, ours, and which of either the other way found too, of the same motif or
    of any; each place once.
    """

    target: str
    theirs: Hits
    ours: Hits
    theirs_agree: np.ndarray
    ours_agree: np.ndarray
    theirs_of_any: np.ndarray
    ours_of_any: np.ndarray


@dataclass(frozen=True)
class Patterns:
    """The motifs as Fi-NeMo gets them: a file, their names in it, where each core begins, and the width."""

    path: Path
    motifs: list[PWM]
    names: list[str]
    first: list[int]
    width: int
    options: tuple[object, ...] = ()

    def calls(self, found: FinemoHits) -> Calls:
        """Fi-NeMo's hits as those of the cores: a start of it is that of a pattern with its flanks.

        Hits of patterns that were left out, as odd ones, are left out too.
        """
        numbers = {name: number for number, name in enumerate(self.names)}
        found = found.select([name in numbers for name in found.motif])
        motif = np.array([numbers[name] for name in found.motif], np.int64)
        core_width = np.array([pwm.width for pwm in self.motifs], np.int64)[motif]
        first = np.array(self.first, np.int64)[motif]
        start = found.start + np.where(found.strand < 0, self.width - first - core_width, first)
        return Calls(found.row, start, motif, found.strand, found.coefficient, found.similarity)


def run(folder: Path, output: Output, settings: Settings, caller: Caller = LIBRARY) -> list[Comparison]:
    """Write hits.tsv, hits.bed (Fi-NeMo's hits), agreement.tsv and a figure that compare with our own hits,
    and run.json.

    Fi-NeMo gets the sequences that have values, in the order of the files, and an odd one of their bases less
    at the end, as it takes an even number. Raises InputError where it is not installed, fails, or the folder
    holds no scores, and OutputError.
    """
    scores = open_scores(folder)
    targets = scores.targets if settings.targets is None else list(settings.targets)
    paths = [scores.path(target) for target in targets]
    output.claim_results([*TABLES, RUN], settings.command, OWN_FIGURES)
    motifs = list(read_motifs(settings.motifs, warn=caller.warn).values())
    FINEMO.path()
    check_writable(output.path / "figures")
    with scratch_folder(output.path, "finemo") as temporary:
        patterns = patterns_of(settings.motifs, motifs, temporary)
        compared = list[Comparison]()
        for number, target in enumerate(targets):
            caller.progress(number, len(paths))
            caller.at(f"Fi-NeMo: {target}")
            compared.append(compare(scores, target, patterns, settings, temporary))
    caller.progress(len(paths), len(paths))
    asked = {**vars(settings), "motifs": [*map(str, settings.motifs)]}
    write(output.path, scores, compared, facts_of_scores(scores, asked))
    return compared


def patterns_of(specs: Sequence[str | Path], motifs: list[PWM], folder: Path) -> Patterns:
    """One file of TF-MoDISco's as it is; of all else a file with the profiles that our own hits are fitted
    with.
    """
    if len(specs) == 1 and is_learned(specs[0]):
        stored = {one.name: one for one in read_modisco(specs[0], strict=False)}
        first = [core(stored[pwm.name].contributions)[0] for pwm in motifs]
        names = [".".join(pwm.name.split(".")[:2]) for pwm in motifs]
        width = max(one.probabilities.shape[1] for one in stored.values())
        return Patterns(Path(specs[0]), motifs, names, first, width)
    path, background = folder / "motifs.h5", np.full(4, 0.25)
    write_patterns(path, [(pwm.probabilities, profile_of(pwm, background)) for pwm in motifs])
    names = [f"pos_patterns.pattern_{number}" for number in range(len(motifs))]
    widest = max(pwm.width for pwm in motifs)
    return Patterns(path, motifs, names, [0] * len(motifs), widest, ("-t", 1e-6))


def compare(scores: Scores, target: str, patterns: Patterns, settings: Settings, folder: Path) -> Comparison:
    """Fi-NeMo's hits of one target, and our own."""
    with scores.open(target) as file:
        found = run_finemo(file, target, patterns, settings, folder)
        loci, minus = layout_of(file)
        background = background_in(file, loci, minus)
        blocks = ((rows, codes, file.contributions(rows)) for rows, codes in code_blocks(file))
        theirs = called_hits(patterns.motifs, background, patterns.calls(found), blocks)
        finder = HitFinder.of(patterns.motifs, background, file.length, settings.seed, loci=loci)
        ours = finder.assemble(
            finder.fit(rows, codes, file.contributions(rows), finder.candidates(codes, minus[rows]))
            for rows, codes in code_blocks(file)
        )
    once = counted(theirs.matches, loci), ours.counts
    both = (theirs.matches, ours.matches), (ours.matches, theirs.matches)
    agree, of_any = (
        [found_by(*sides, same_motif=same)[each] for sides, each in zip(both, once, strict=True)]
        for same in (True, False)
    )
    return Comparison(target, theirs.select(once[0]), ours.select(once[1]), *agree, *of_any)


def counted(matches: Matches, loci: Loci) -> np.ndarray:
    """Which matches (K,) count: of those of one place that several rows hold, those in one row."""
    return loci.counts(matches.sequence, matches.start, matches.end - matches.start)


def run_finemo(
    file: StoredContributions, target: str, patterns: Patterns, settings: Settings, folder: Path
) -> FinemoHits:
    """Run Fi-NeMo. Raises InputError where a pattern is wider than the sequences."""
    even = file.length - file.length % 2
    if patterns.width > even:
        raise InputError(
            f"{target} has sequences of {file.length} bases, but the motifs have {patterns.width} with their "
            "flanks; Fi-NeMo takes none that are wider"
        )
    write_regions(folder / "regions.npz", Bases(file, even), Values(file, even))
    places = 2 * len(patterns.motifs) * (even - patterns.width + 1)
    rows = max(1, min(len(file), _MOST_AT_ONCE, _BYTES_AT_ONCE // (4 * _ARRAYS * places)))
    hits = folder / f"hits_{filename(target)}"
    words = ["call-hits", "-r", folder / "regions.npz", "-m", patterns.path, "-o", hits]
    FINEMO.run([*words, "-l", settings.sparsity, "-b", rows, *patterns.options])
    return read_hits(hits / "hits.tsv")


class Bases:
    """The bases (N, 4, l) of an open file, the first of each sequence."""

    def __init__(self, file: StoredContributions, length: int) -> None:
        self._file = file
        self.shape: tuple[int, ...] = (len(file), 4, length)

    def __getitem__(self, rows: slice, /) -> Any:
        return self._file.one_hot[rows][:, :, : self.shape[2]]


class Values:
    """The contributions (N, l) of an open file, on the first bases of each sequence."""

    def __init__(self, file: StoredContributions, length: int) -> None:
        self._file = file
        self.shape: tuple[int, ...] = (len(file), length)

    def __getitem__(self, rows: slice, /) -> Any:
        return self._file.contributions(rows, slice(0, self.shape[1]))


# --- what is written -------------------------------------------------------------------------------


def write(out: Path, scores: Scores, compared: Sequence[Comparison], facts: dict[str, Any]) -> None:
    """The tables, the figure and run.json, together; rows are those of the files of scores."""
    counts = {one.target: counts_of(one) for one in compared}
    drawings = [Drawing("agreement", CAPTION, agreement_figure(counts, ("Fi-NeMo", "seqattr")))]
    places = scores.places()
    row = np.flatnonzero(scores.has_values).astype(np.int32)
    hits = [(one.target, one.theirs.renumbered(row)) for one in compared]
    with replacing_run(out, [*files_of(drawings), *TABLES, RUN]) as paths:
        write_drawings(paths, drawings)
        write_json(paths[RUN], facts)
        write_table(paths["agreement.tsv"], agreement_columns(compared))
        with growing_table(paths["hits.bed"], ()) as add:
            for columns in bed_lines([BedHits(target, some, places) for target, some in hits]):
                add(columns)
        tables = [{"target": [target] * len(some), **hit_columns(some, places)} for target, some in hits]
        with growing_table(paths["hits.tsv"], list(tables[0])) as add:
            for table in tables:
                add(table)


def counts_of(one: Comparison) -> list[Counts]:
    """For each motif that either has hits of, how many hits there are, and how many the other has too."""
    number = len(one.ours.matches.motifs)
    theirs, ours, theirs_agree, ours_agree = (
        np.bincount(motif, minlength=number).tolist()
        for motif in (
            one.theirs.matches.motif,
            one.ours.matches.motif,
            one.theirs.matches.motif[one.theirs_agree],
            one.ours.matches.motif[one.ours_agree],
        )
    )
    return [
        Counts(pwm.name, (theirs[index], ours[index]), (theirs_agree[index], ours_agree[index]))
        for index, pwm in enumerate(one.ours.matches.motifs)
        if theirs[index] or ours[index]
    ]


def agreement_columns(compared: Sequence[Comparison]) -> dict[str, Sequence[Any]]:
    """A row for each target and motif, and for each target one of all hits."""
    rows = [(one.target, counts) for one in compared for counts in [*counts_of(one), whole(one)]]
    finemo, seqattr = ([counts.hits[side] for _, counts in rows] for side in (0, 1))
    finemo_agree, seqattr_agree = ([counts.agree[side] for _, counts in rows] for side in (0, 1))
    return {
        "target": [target for target, _ in rows],
        "motif": [counts.motif for _, counts in rows],
        "finemo": finemo,
        "seqattr": seqattr,
        "finemo_agree": finemo_agree,
        "seqattr_agree": seqattr_agree,
        "finemo_share": shares(finemo_agree, finemo),
        "seqattr_share": shares(seqattr_agree, seqattr),
    }


def shares(parts: Sequence[int], of: Sequence[int]) -> list[float]:
    """NaN of nothing."""
    return [part / whole if whole else np.nan for part, whole in zip(parts, of, strict=True)]


def whole(one: Comparison) -> Counts:
    """All hits of a target, whichever the motif, that overlap hits of any motif."""
    agree = int(one.theirs_of_any.sum()), int(one.ours_of_any.sum())
    return Counts("all, of any motif", (len(one.theirs), len(one.ours)), agree)
