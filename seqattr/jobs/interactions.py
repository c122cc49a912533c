"""Interactions in files: the hits of a report and the scores that it is of, two tables and a figure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from seqattr.analyses.arrangements import INTERACT, UNKNOWN, VERDICTS
from seqattr.dna.alphabet import codes_of, one_hot
from seqattr.engine.capture.model import Model
from seqattr.errors import InputError
from seqattr.evaluate.interactions import (
    Case,
    Instance,
    Interaction,
    Match,
    instances_of,
    interactions_of,
    masks,
    strongest,
)
from seqattr.evaluate.question import Question
from seqattr.figures.drawings import Drawing, files_of, write_drawings
from seqattr.figures.matrix import SMALL_CELLS, MatrixWords, matrix_figure
from seqattr.figures.numbers import signed_percent, typed
from seqattr.io.atomic import check_writable
from seqattr.io.hdf5.stored import open_contributions
from seqattr.io.ownership import RUN, Output
from seqattr.io.reading import text_lines
from seqattr.io.run_folder import replacing_run
from seqattr.io.scores_folder import filename
from seqattr.io.stale import drop_stale
from seqattr.io.tables import MISSING, write_table
from seqattr.io.text import write_json
from seqattr.jobs.provenance import facts_of_scores
from seqattr.jobs.report.scores import Scores, open_scores
from seqattr.jobs.sources import ModelFile
from seqattr.models.content import content_hash
from seqattr.motifs.matches import STRONG
from seqattr.refs.kinds import parse
from seqattr.refs.pairs import origins
from seqattr.support.caller import LIBRARY, Caller
from seqattr.support.ranks import is_sure

TABLES = ("interactions.tsv", "instances.tsv")
OWN_FIGURES = r"interactions_.+\.(png|svg)"
COLUMNS = ("motif", "log_odds", "row", "row_start", "row_end")  # of hits.tsv, and of matches


@dataclass(frozen=True)
class Settings:
    """Which matches are groups, and what they are compared with.

    Those of the table `matches`, else the hits of the report in the folder of scores, from a log-odds of
    `strong` on (None for all sure hits, for which their importance speaks, and for STRONG of matches), at
    most `most` of a sequence. Against the run's own references, or others as `refs` says. `seed` is that of
    the null's places and of the test; `command` is what was typed. Raises InputError for numbers that cannot
    be.
    """

    matches: Path | None = None
    strong: float | None = None
    most: int = 8
    refs: str | None = None
    seed: int = 0
    command: str = ""

    def __post_init__(self) -> None:
        if self.most < 2:
            raise InputError(f"at least 2 matches of a sequence make a pair, not {self.most}")


@dataclass(frozen=True)
class Found:
    """What was found, with the names of the targets, and of the sequences by their rows."""

    targets: tuple[str, ...]
    names: list[str]
    instances: list[Instance]
    interactions: list[Interaction]

    def with_verdict(self, verdict: str) -> list[Interaction]:
        """Those of which this is told."""
        return [one for one in self.interactions if one.verdict == verdict]

    def lines(self) -> list[str]:
        """Those that interact, for a terminal."""
        lines = [self._line(one) for one in self.with_verdict(INTERACT)]
        of = "what pairs add beyond the sum, as a share of what lies between a sequence and its references:"
        return [of, *lines] if lines else []

    def _line(self, one: Interaction) -> str:
        (a, b), target = one.motifs, self.targets[one.target]
        share, low, high = (typed(signed_percent(value)) for value in (one.share, *one.shares))
        return f"{target}: {a} with {b} {share} [{low}, {high}] (q {one.q_value:.2g})"

    def verdicts(self) -> str:
        """How many there are of each."""
        interact, add_up, unknown = (len(self.with_verdict(verdict)) for verdict in VERDICTS)
        unsure = f", of {unknown} it cannot be told" if unknown else ""
        every = len(self.interactions)
        return f"{interact} of {every} pairs and targets interact, {add_up} add up{unsure}"


def run(
    folder: Path, model: ModelFile, output: Output, settings: Settings, caller: Caller = LIBRARY
) -> Found:
    """Work out the pairs of the matches in a folder of scores, and write TABLES, figures/ and run.json.

    Raises InputError for a table that is none of the folder's matches, or another model than the scores are
    of, and OutputError.
    """
    scores = open_scores(folder)
    output.claim_results([*TABLES, RUN], settings.command, OWN_FIGURES)
    check_writable(output.path / "figures")
    loaded = model.open(caller)
    check_model(scores, loaded)
    table = table_of(scores, settings)
    found = find(scores, loaded, table, settings, caller)
    write(output.path, found, facts_of_scores(scores, {**vars(settings), "matches": str(table)}))
    return found


def check_model(scores: Scores, model: Model) -> None:
    """Raises InputError where the scores are of another model."""
    if scores.run.get("model") != content_hash(model):
        raise InputError(f"the scores in {scores.folder} are not those of this model")


def table_of(scores: Scores, settings: Settings) -> Path:
    """Where the matches are. Raises InputError where none is named and there is no report."""
    if settings.matches is not None:
        return settings.matches
    folder = scores.folder / "report"
    there = (path for path in (folder / "hits.tsv", folder / "matches.tsv") if path.is_file())
    path = next(there, None)  # the second is of a report from before there were hits
    if path is None:
        raise InputError(
            f"there is no {folder / 'hits.tsv'}: make a report of the scores first, or name a table"
            " of `matches`"
        )
    return path


class Table(NamedTuple):
    """The matches of each row, and whether they are hits, of motifs named by their groups."""

    rows: dict[int, list[Match]]
    hits: bool


def read_matches(path: Path) -> Table:
    """The sure hits or the matches of a table, each once, whichever targets it carries importance for.

    Raises InputError for any other file, and for a table of several folders of scores.
    """
    lines = text_lines(path, "table")
    names = next(lines, (0, ""))[1].split("\t")
    if not set(COLUMNS) <= set(names):
        raise InputError(f"{path} is no table of matches, as `report` writes: hits.tsv, or matches.tsv.gz")
    if "scores" in names:
        raise InputError(f"{path} is of several folders of scores; make a report of one alone")
    hits = "group" in names
    numbers = [names.index(name) for name in ("group" if hits else COLUMNS[0], *COLUMNS[1:])]
    judged = names.index("q_value") if hits and "q_value" in names else None
    rows: dict[int, dict[Match, None]] = {}
    for line, text in lines:
        cells = text.split("\t")
        try:
            motif, log_odds, row, start, end = (cells[number] for number in numbers)
            match = Match(motif, int(start), int(end), float(log_odds))
            if believed(cells, judged):
                rows.setdefault(int(row), {})[match] = None
        except (ValueError, IndexError) as error:
            raise InputError(f"line {line} of {path} is no match") from error
    return Table({row: list(matches) for row, matches in rows.items()}, hits)


def believed(cells: Sequence[str], judged: int | None) -> bool:
    """Whether a hit is believed by its q-value in the column `judged`, or was never judged."""
    return judged is None or cells[judged] in ("", MISSING) or is_sure(float(cells[judged]))


def find(scores: Scores, model: Model, path: Path, settings: Settings, caller: Caller) -> Found:
    """All pairs of strong matches, sequence by sequence."""
    matches, hits = read_matches(path)
    least = settings.strong if settings.strong is not None else -math.inf if hits else STRONG
    run, instances = scores.run["settings"], list[Instance]()
    spec = settings.refs or run.get("references")
    if not spec:
        given = scores.run.get("given_references")
        how = f"with {given}" if given else "without references"
        raise InputError(f"the scores were made {how}; say which to compare with, as `refs`")
    with open_contributions(scores.path(scores.targets[0])) as file:
        codes, names = file.one_hot[:], file.names
    check_rows(matches, codes.shape, path)
    x = torch.from_numpy(codes).to(model.dtype)
    question = Question(model, x, methods=(), targets=run.get("targets"))
    letters, pairs = codes_of(codes), run.get("pairs", False)
    reference = parse(spec, names[::2] if pairs else names)
    for done, row in enumerate(sorted(matches), 1):
        strong = [one for one in matches[row] if one.log_odds >= least]
        groups = strongest(strong, settings.most)
        if len(groups) > 1:
            origin = origins(np.array([row]), letters.__getitem__, pairs)
            named = [names[int(origin.rows[0])]]
            drawn = reference.draw(one_hot(origin.codes), run.get("seed", 0), named)[0]
            pool = torch.from_numpy(np.array(drawn)).to(x)
            case = Case(row, x[row], pool, groups, masks(strong, codes.shape[2]).any(0))
            instances += instances_of(question.predict, case, settings.seed)
        caller.progress(done, len(matches))
    return Found(question.names, names, instances, interactions_of(instances, settings.seed))


def check_rows(matches: dict[int, list[Match]], shape: tuple[int, ...], path: Path) -> None:
    """Raises InputError for matches of no bases, or beyond the rows or bases of scores (N, 4, L)."""
    ends = [one.end for some in matches.values() for one in some]
    starts = [one.start for some in matches.values() for one in some]
    if any(one.end <= one.start for some in matches.values() for one in some):
        raise InputError(f"{path} has matches that do not end behind their start")
    if matches and (min(matches) < 0 or max(matches) >= shape[0] or max(ends) > shape[2] or min(starts) < 0):
        raise InputError(
            f"{path} has matches beyond the {shape[0]} sequences of {shape[2]} bases that were scored"
        )


# --- what is written -------------------------------------------------------------------------------


def write(out: Path, found: Found, facts: dict[str, Any]) -> None:
    """All files, together; then the figures of other targets that an earlier call left go."""
    drawings = [heat_map(found, target) for target in range(len(found.targets))] if found.interactions else []
    files = files_of(drawings)
    with replacing_run(out, [*files, *TABLES, RUN]) as paths:
        write_drawings(paths, drawings)
        write_json(paths[RUN], facts)
        write_table(paths["instances.tsv"], instance_columns(found))
        write_table(paths["interactions.tsv"], interaction_columns(found))
    drop_stale(out / "figures", (Path(name).name for name in files), OWN_FIGURES)


def interaction_columns(found: Found) -> dict[str, Sequence[Any]]:
    """A row for each pair of motifs and target."""
    rows = found.interactions
    columns: dict[str, Sequence[Any]] = {
        "motif_a": [one.motifs[0] for one in rows],
        "motif_b": [one.motifs[1] for one in rows],
        "target": [found.targets[one.target] for one in rows],
    }
    shown = ("sequences", "instances", "mean", "low", "high", "share", "null", "p_value", "q_value", "gap")
    return columns | {name: [getattr(one, name) for one in rows] for name in (*shown, "verdict")}


def instance_columns(found: Found) -> dict[str, Sequence[Any]]:
    """A row for each pair of matches in a sequence and target."""
    rows = [(one, target) for one in found.instances for target in range(len(found.targets))]
    columns: dict[str, Sequence[Any]] = {
        "sequence": [found.names[one.row] for one, _ in rows],
        "row": [one.row for one, _ in rows],
        "target": [found.targets[target] for _, target in rows],
    }
    for letter, side in (("a", "first"), ("b", "second")):
        matches = [getattr(one, side) for one, _ in rows]
        columns[f"motif_{letter}"] = [match.motif for match in matches]
        columns[f"start_{letter}"] = [match.start for match in matches]
        columns[f"end_{letter}"] = [match.end for match in matches]
    columns["gap"] = [one.gap for one, _ in rows]
    for name in ("interaction", "null", "difference"):
        columns[name] = [float(getattr(one, name)[target]) for one, target in rows]
    return columns


def heat_map(found: Found, target: int) -> Drawing:
    """Motifs by motifs: the mean interaction as a share of the sequences' differences, with the verdicts."""
    names = sorted({name for one in found.interactions for name in one.motifs})
    values, verdicts = np.full((len(names), len(names)), np.nan), dict[tuple[int, int], str]()
    for one in found.interactions:
        if one.target == target:
            a, b = (names.index(name) for name in one.motifs)
            values[a, b] = values[b, a] = one.share
            verdicts[a, b] = verdicts[b, a] = one.verdict
    limit = float(np.abs(values[np.isfinite(values)]).max(initial=0)) or 1.0
    caption = (
        f"What pairs of motif matches add to {found.targets[target]} together and neither does alone, as a "
        "share of what lies between a sequence and its references. Two interact where the number is bold; it "
        "cannot be told where there is a question mark."
    )
    bold, asked = (
        frozenset(cell for cell, verdict in verdicts.items() if verdict == wanted)
        for wanted in (INTERACT, UNKNOWN)
    )
    key = "\nbold: two interact; ?: cannot be told" if len(names) <= SMALL_CELLS else ""
    title = f"{found.targets[target]}{key}"
    words = MatrixWords(title, "interaction, as a share\nof a sequence's difference", bold, asked)
    name = f"interactions_{filename(found.targets[target])}"
    return Drawing(name, caption, matrix_figure(values, names, names, limit, words))
