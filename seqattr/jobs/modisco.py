"""TF-MoDISco run on a folder of scores: the patterns that repeat in the contributions of each target."""

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from seqattr.errors import InputError
from seqattr.io.atomic import check_writable, replacing
from seqattr.io.motifs.modisco import Pattern, has_patterns, mark_patterns, read_modisco
from seqattr.io.npz import write_modisco
from seqattr.io.ownership import Output
from seqattr.io.tables import MISSING, write_table
from seqattr.jobs.report.run import report
from seqattr.jobs.report.scores import Scores, open_scores
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
    """

    targets: Sequence[str] | None = None
    window: int = WINDOW
    seqlets: int = 20_000
    runs: int = 2
    known: Sequence[str | Path] = ()
    pages: bool = False

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
    """Write <target>.modisco.h5 and <target>.patterns.tsv for each target; returns what was found, and the
    page of the report if there is one.

    modisco-lite gets the sequences that have values, in the order of the files; in its file they have the
    rows that they have in those. Raises InputError where it is not installed, fails, or the folder holds no
    scores, and OutputError.
    """
    scores = open_scores(folder)
    targets = scores.targets if settings.targets is None else list(settings.targets)
    stems = {target: scores.path(target).stem for target in targets}
    for stem in stems.values():
        output.claim_folder(_names(stem), _names(stem)[0])
    known = list(read_motifs(settings.known, warn=caller.warn).values()) if settings.known else []
    MODISCO.path()
    check_writable(output.path)
    found = list[Discovery]()
    for number, target in enumerate(targets):
        caller.progress(number, len(targets))
        found.append(_discover(scores, target, output.path, settings, known, caller))
    caller.progress(len(targets), len(targets))
    return found, _page(folder, output, settings, found)


def _names(stem: str) -> tuple[str, str]:
    return f"{stem}.modisco.h5", f"{stem}.patterns.tsv"


def _discover(
    scores: Scores, target: str, out: Path, settings: Settings, known: Sequence[PWM], caller: Caller
) -> Discovery:
    """One target; its files take their names when they are whole."""
    path, table = (out / name for name in _names(scores.path(target).stem))
    with tempfile.TemporaryDirectory(dir=out, prefix=".modisco-") as folder:
        whole = _run_modisco(scores, target, Path(folder), settings, caller)
        patterns = read_modisco(whole) if has_patterns(whole) else []
        near = _nearest(patterns, known)
        facts = {"seqattr": package_version(), "target": target}
        names = {name: one.name for name, one in near.items() if one.is_like}
        mark_patterns(whole, facts, names, np.flatnonzero(scores.has_values))
        with replacing(path) as part:
            shutil.copyfile(whole, part)
    patterns = read_modisco(path) if patterns else []
    if not patterns:
        caller.warn(f"TF-MoDISco found no pattern for {target}; it wants at least {LEAST} seqlets")
    write_table(table, _columns(target, patterns, list(near.values())))
    return Discovery(target, path, patterns)


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
    return report(folder, files, out=output.path / "report", force=output.force).page
