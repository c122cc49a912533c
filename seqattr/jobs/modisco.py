"""TF-MoDISco run on a folder of scores: the patterns that repeat in the contributions of each target."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from seqattr.errors import InputError
from seqattr.io.atomic import check_writable, scratch_folder
from seqattr.io.kept import is_kept
from seqattr.io.motifs.modisco import Pattern, has_patterns, mark_patterns, read_modisco
from seqattr.io.npz import write_modisco
from seqattr.io.ownership import RUN, Output
from seqattr.io.run_folder import replacing_run
from seqattr.io.scores_folder import stems_of_run
from seqattr.io.tables import MISSING, write_table
from seqattr.io.text import write_json
from seqattr.jobs.provenance import facts_of_scores
from seqattr.jobs.report.run import claim, report
from seqattr.jobs.report.scores import Scores, open_scores
from seqattr.jobs.report.settings import USUAL
from seqattr.jobs.tools import MODISCO
from seqattr.motifs.pwm import PWM
from seqattr.motifs.similarity import Known, nearest_known
from seqattr.motifs.sources import read_motifs
from seqattr.support.caller import LIBRARY, Caller
from seqattr.support.version import package_version

WINDOW = 400  # bases around the centre, modisco-lite's own default
LEAST = 100  # seqlets below which modisco-lite looks for no patterns
# Positions on either side of a core that are compared with known motifs too: they contribute little, but tell
# which of them it is.
MORE = 3


@dataclass(frozen=True)
class Settings:
    """What TF-MoDISco is asked for.

    Of the `targets` (all for None), in the `window` bases around the centre of each sequence, from at most
    `seqlets` of either sign, with so many `runs` of its clustering. Patterns have the name of the motif of
    `known` (as `read_motifs` takes them) that they are like. With `pages`, a report is made with them.
    `command` is what was typed.
    """

    targets: Sequence[str] | None = None
    window: int = WINDOW
    seqlets: int = 20_000
    runs: int = 2
    known: Sequence[str | Path] = ()
    pages: bool = False
    command: str = ""

    def __post_init__(self) -> None:
        for name in ("window", "seqlets", "runs"):
            if getattr(self, name) < 1:
                raise InputError(f"`{name}` must be 1 or more, not {getattr(self, name)}")


@dataclass(frozen=True)
class Discovery:
    """The patterns of one target, and the file that holds them."""

    target: str
    path: Path
    patterns: list[Pattern]


def run(
    folder: Path, output: Output, settings: Settings, caller: Caller = LIBRARY
) -> tuple[list[Discovery], Path | None]:
    """Write <target>.modisco.h5 and <target>.patterns.tsv for each target, and a run.json that tells of those
    which are there; returns what was found, and the page of the report if there is one.

    modisco-lite gets the sequences that have values, in the order of the files; in its file they have the
    rows that they have in those. Raises InputError where it is not installed, fails, or the folder holds no
    scores, and OutputError.
    """
    scores = open_scores(folder)
    targets = _targets(scores, settings)
    _claim(output, _files(scores, settings), settings)
    known = list(read_motifs(settings.known, warn=caller.warn).values()) if settings.known else []
    MODISCO.path()
    check_writable(output.path)
    found = list[Discovery]()
    for number in range(len(targets)):
        caller.progress(number, len(targets))
        found.append(_discover(scores, targets[: number + 1], output.path, settings, known, caller))
    caller.progress(len(targets), len(targets))
    return found, _page(folder, output, settings, found)


def _claim(output: Output, files: Sequence[str], settings: Settings) -> None:
    """The folder, and that of the report in it. Raises OutputError where others' files stand there."""
    output.claim_results([*files, RUN], settings.command)
    if settings.pages:
        claim(replace(output, path=output.path / "report"), settings.command)


def _facts(scores: Scores, done: Sequence[str], settings: Settings) -> dict[str, Any]:
    """What it takes to do it again, and of which targets the patterns are there."""
    asked = {**vars(settings), "known": [*map(str, settings.known)]}
    return {**facts_of_scores(scores, asked), "targets": list(done)}


def _targets(scores: Scores, settings: Settings) -> list[str]:
    return scores.targets if settings.targets is None else list(settings.targets)


def _files(scores: Scores, settings: Settings) -> list[str]:
    """Of all targets."""
    return [name for target in _targets(scores, settings) for name in _names(scores.path(target).stem)]


def _stale(out: Path, files: Sequence[str]) -> list[Path]:
    """What a run before left, as its run.json tells, but for what this one writes and reads."""
    before = [out / name for stem in stems_of_run(out) for name in _names(stem) if name not in files]
    return [path for path in before if not is_kept(path)]


def _names(stem: str) -> tuple[str, str]:
    return f"{stem}.modisco.h5", f"{stem}.patterns.tsv"


def _discover(
    scores: Scores, done: Sequence[str], out: Path, settings: Settings, known: Sequence[PWM], caller: Caller
) -> Discovery:
    """One target, the last of those that are `done` then: its files take their names when they are whole."""
    target, (arrays, table) = done[-1], _names(scores.path(done[-1]).stem)
    with scratch_folder(out, "modisco") as folder:
        whole = _run_modisco(scores, target, folder, settings, caller)
        patterns = read_modisco(whole) if has_patterns(whole) else []
        near = _nearest(patterns, known)
        facts = {"seqattr": package_version(), "target": target}
        names = {name: one.name for name, one in near.items() if one.is_like}
        mark_patterns(whole, facts, names, np.flatnonzero(scores.has_values))
        patterns = read_modisco(whole) if patterns else []  # which have their names now
        stale = _stale(out, _files(scores, settings))
        with replacing_run(out, [arrays, table, RUN], stale=stale) as paths:
            write_json(paths[RUN], _facts(scores, done, settings))
            shutil.copyfile(whole, paths[arrays])
            write_table(paths[table], _columns(target, patterns, list(near.values())))
    if not patterns:
        caller.warn(f"TF-MoDISco found no pattern for {target}; it wants at least {LEAST} seqlets")
    return Discovery(target, out / arrays, patterns)


def _run_modisco(scores: Scores, target: str, folder: Path, settings: Settings, caller: Caller) -> Path:
    """What modisco-lite writes into a folder, of the sequences that have values."""
    with scores.open(target) as file:
        write_modisco(folder, file.one_hot, file.hypothetical_or_zeros)
        window = min(settings.window, file.length)
    words = ["motifs", "-s", folder / "ohe.npz", "-a", folder / "shap.npz", "-o", folder / "modisco.h5", "-v"]
    words += ["-n", settings.seqlets, "-l", settings.runs, "-w", window]
    caller.at(f"TF-MoDISco: {target}")
    MODISCO.run(words, lambda line: caller.at(f"TF-MoDISco: {target}: {line}"))
    return folder / "modisco.h5"


def _nearest(patterns: Sequence[Pattern], known: Sequence[PWM]) -> dict[str, Known]:
    """For each pattern the nearest of the known motifs, if there are any."""
    if not patterns or not known:
        return {}
    cores = [PWM(one.name, one.trimmed(MORE).probabilities) for one in patterns]
    return dict(zip([one.name for one in cores], nearest_known(cores, known), strict=True))


def _columns(target: str, patterns: Sequence[Pattern], near: Sequence[Known]) -> Mapping[str, Sequence[Any]]:
    """A row for each pattern: its core, and the known motif that it is nearest to."""
    cores = [one.trimmed() for one in patterns]
    near = near or [Known(MISSING, np.nan)] * len(cores)
    return {
        "target": [target] * len(cores),
        "pattern": [one.name for one in cores],
        "seqlets": [one.seqlets for one in cores],
        "width": [one.probabilities.shape[1] for one in cores],
        "consensus": [one.consensus for one in cores],
        "importance": [float(one.contributions.sum()) for one in cores],
        "nearest": [one.name for one in near],
        "e_value": [one.e_value for one in near],
    }


def _page(folder: Path, output: Output, settings: Settings, found: Sequence[Discovery]) -> Path | None:
    """A report of the scores with the patterns as its motifs."""
    files = [one.path for one in found if one.patterns]
    if not settings.pages or not files:
        return None
    asked = replace(USUAL, command=settings.command)
    return report(folder, files, asked, output.path / "report", output.force).page
