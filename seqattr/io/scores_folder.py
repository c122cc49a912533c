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


def folders_of(folder: Path, results: Sequence[str]) -> list[Path]:
    """Of each of the results, a model's own or that of all ("")."""
    return [folder_of_model(folder, name) if name else folder for name in results]


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
    stems = file_stems(targets).values()
    return [one / f"{stem}.{ending}" for one in folders_of(folder, results) for stem in stems]


OF_REPORTS = r"report\.html|run\.json|(hits|groups|motifs|seqlets)\.tsv|matches\.tsv\.gz|hits\.bed"
OWN_FIGURES = r"(importance_.+|(overview|sequence|distances)_\d+)\.(png|svg)"
# What is made of scores in folders within their own: reports, and files for other tools.
MADE_OF_SCORES = {
    "report": rf"{OF_REPORTS}|figures/({OWN_FIGURES})",
    "*.modisco": r"(ohe|shap)\.npz|run\.json",
}


def stale_files(folder: Path) -> Iterator[Path]:
    """The files of the run that a folder holds, and what was made of it there: none fits another run's.

    What lies beside no run.json may be of anything, and stays; so does what this run reads.
    """
    yield from (path for path in _of_run(folder) if path.is_file() and not is_kept(path))


def _of_run(folder: Path) -> Iterator[Path]:
    """The files that a run may have left, each model's own too, and what was made of them."""
    if not (folder / "run.json").is_file():
        return
    yield from (folder / name for name in [*names_beside(), *file_names(stems_of_run(folder))])
    for pattern, names in MADE_OF_SCORES.items():
        for made in folder.glob(pattern):
            paths = [*made.glob("*"), *made.glob("figures/*")] if (made / "run.json").is_file() else []
            yield from (path for path in paths if re.fullmatch(names, path.relative_to(made).as_posix()))
    for model in folder.glob("models/*"):
        yield from _of_run(model)


def names_beside() -> list[str]:
    """The files of a run that are of no target."""
    return [*file_names([], dropped=True, failed=True), TIMING, CHECK]


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
