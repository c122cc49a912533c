"""A folder of scores: DIR/<target>.h5 and .bw for each target, regions.bed and run.json."""

import json
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from seqattr.errors import InputError
from seqattr.io.kept import is_kept


def filename(target: str) -> str:
    """A target's name where only letters, digits and ._- may stand, and no dot in front."""
    name = "".join(c if c.isalnum() or c in "._-" else "_" for c in target)
    return f"_{name}" if name.startswith(".") or not name else name


def file_stems(targets: Sequence[str]) -> dict[str, str]:
    """Each target's file name without its ending. Raises InputError where two would have the same."""
    owners: dict[str, str] = {}
    for target in targets:
        stem = filename(target)
        if stem in owners:
            raise InputError(
                f"the targets '{owners[stem]}' and '{target}' would both be written to {stem}.h5; give them "
                "other names (`targets=NAME=EXPRESSION`), or score them apart"
            )
        owners[stem] = target
    return {target: stem for stem, target in owners.items()}


def check_told_apart(folder: Path, stems: Mapping[str, str]) -> None:
    """Raises InputError where the files of two targets would be one in a folder that knows no case."""
    owners: dict[str, str] = {}
    alike = [(owners.setdefault(stem.casefold(), target), target) for target, stem in stems.items()]
    pair = next((names for names in alike if names[0] != names[1]), None)
    if pair and not tells_case_apart(folder):
        raise InputError(
            f"the targets '{pair[0]}' and '{pair[1]}' differ in case alone, which {folder} does not "
            "tell apart; give them other names (`targets=NAME=EXPRESSION`), or score them apart"
        )


def tells_case_apart(folder: Path) -> bool:
    """Whether a and A are two files in a folder, which must be there."""
    probe = folder / f".{secrets.token_hex(4)}.part"
    try:
        probe.touch()
        return not probe.with_suffix(".PART").exists()
    finally:
        probe.unlink(missing_ok=True)


DROPPED, FAILED = "dropped.tsv", "failed.tsv"
SHARD = "shard.json"  # marks a folder whose blocks are a whole shard
CHECK = "check.json"  # whether the results are to be believed
TIMING = "timing.json"  # how long the parts of a run took; of each run another


def folder_of_model(folder: Path, name: str) -> Path:
    """Where one of several models has its own results, beside their mean."""
    return folder / "models" / filename(name)


def file_names(stems: Iterable[str], dropped: bool = False, failed: bool = False) -> list[str]:
    """All files of a run, with the lists of what it `dropped` and of what `failed`; run.json, which says that
    they belong together, is the last.
    """
    lists = ["regions.bed", *[DROPPED] * dropped, *[FAILED] * failed]
    return [*(f"{stem}.{ending}" for stem in stems for ending in ("h5", "bw")), *lists, "run.json"]


def result_paths(
    folder: Path, results: Sequence[str], targets: Sequence[str], ending: str = "h5"
) -> list[Path]:
    """A file of each target of each of the results; those of a model (not "") have folders of their own."""
    folders = [folder_of_model(folder, name) if name else folder for name in results]
    return [one / f"{stem}.{ending}" for one in folders for stem in file_stems(targets).values()]


# What reports write, and wrote before there were hits.
OF_REPORTS = r"report\.html|run\.json|(hits|groups|motifs|seqlets|matches)\.tsv|matches\.tsv\.gz"
OF_REPORTS += r"|(hits|matches)\.bed"
OWN_FIGURES = r"(importance_.+|(overview|sequence|distances)_\d+)\.(png|svg)"
# What is made of scores in their own folder: reports, and files for other tools.
MADE_OF_SCORES = {
    "report/*": OF_REPORTS,
    "report/figures/*": OWN_FIGURES,
    "*.modisco/*": r"(ohe|shap)\.npz|run\.json",
}
_OF_MODELS = {  # each model's own scores, and what was made of those
    "models/*/*": r".+\.(h5|bw)|regions\.bed|(dropped|failed)\.tsv|(run|timing)\.json",
    **{f"models/*/{pattern}": name for pattern, name in MADE_OF_SCORES.items()},
}


def stale_files(folder: Path) -> Iterator[Path]:
    """The files of the run that a folder holds, and what was made of it there: none fits another run's.

    A report beside no run.json may be of anything, and stays; so does what this run reads.
    """
    names = [*file_names(stems_of_run(folder), dropped=True, failed=True), TIMING, CHECK]
    paths = [folder / name for name in names]
    made = {**MADE_OF_SCORES, **_OF_MODELS} if (folder / "run.json").is_file() else {}
    for pattern, name in made.items():
        paths += [path for path in folder.glob(pattern) if re.fullmatch(name, path.name)]
    yield from (path for path in paths if path.is_file() and not is_kept(path))


def remove_files(folder: Path, paths: Iterable[Path]) -> None:
    """Remove files that lie in a folder, and the folders in it that are empty then."""
    emptied: set[Path] = set()
    for path in paths:
        path.unlink(missing_ok=True)
        emptied.update(parent for parent in path.parents if folder in parent.parents)
    for parent in sorted(emptied, key=lambda one: len(one.parts), reverse=True):
        with suppress(OSError):  # somebody keeps something else there
            parent.rmdir()


def stems_of_run(folder: Path) -> list[str]:
    """The file names of the targets that a folder's run.json tells of; none where there is no such file."""
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        targets = json.loads((folder / "run.json").read_text(encoding="utf-8"))["targets"]
        return [filename(target) for target in targets]
    return []


def scored_stems(folder: Path) -> list[str]:
    """The stems of the targets that a folder holds."""
    return sorted(path.stem for path in folder.glob("*.h5"))
