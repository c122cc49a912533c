"""A folder of scores as a report reads it: what run.json says of the run, and the file of each target."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from seqattr.dna.places import Places
from seqattr.errors import InputError, UnknownName, no_folder
from seqattr.io.hdf5.stored import StoredContributions, open_contributions
from seqattr.io.kept import keep
from seqattr.io.run_folder import check_finished
from seqattr.io.scores_folder import file_stems, scored_stems


@dataclass(frozen=True)
class Scores:
    """One finished run of `seqattr score`."""

    folder: Path
    run: dict[str, Any]  # the content of run.json
    stems: dict[str, str]  # each target's file name without its ending
    kept: npt.NDArray[np.bool_] | None = field(default=None, compare=False)  # the rows (N,) of `only`

    @property
    def method(self) -> str:
        return str(self.run["settings"].get("method", "unknown method"))

    @property
    def targets(self) -> list[str]:
        return list(self.stems)

    def path(self, target: str) -> Path:
        """The HDF5 file of a target; raises UnknownName where the run has no such target."""
        if target not in self.stems:
            raise UnknownName("target", target, self.stems)
        return self.folder / f"{self.stems[target]}.h5"

    @cached_property
    def has_values(self) -> npt.NDArray[np.bool_]:
        """Which sequences (N,) have values for all targets; the others are left out.

        Raises InputError where the files of targets have other rows, or no sequence has values.
        """
        shapes, there = dict[str, tuple[int, int]](), list[npt.NDArray[np.bool_]]()
        for target in self.targets:
            with open_contributions(self.path(target)) as file:
                shapes[target] = len(file), file.length
                there.append(file.has_values)
        check_shapes(shapes)
        whole = np.logical_and.reduce(there if self.kept is None else [*there, self.kept])
        if not whole.any():
            raise InputError(f"no sequence in {self.folder} has values: all are NaN")
        return np.asarray(whole)

    def only(self, rows: npt.NDArray[np.bool_]) -> "Scores":
        """The same run as if these rows (N,) alone had values."""
        return replace(self, kept=rows)

    @contextmanager
    def open(self, target: str) -> Iterator[StoredContributions]:
        """The file of a target, as if it held those sequences alone that have values."""
        with open_contributions(self.path(target)) as file:
            yield file.only(self.has_values)

    def places(self) -> Places:
        """Where all rows of the files lie, with the strand that they are on."""
        with open_contributions(self.path(self.targets[0])) as file:
            return file.places_in_columns

    def without_values(self) -> str:
        """How many sequences have no values, and that they take no part; empty where all have."""
        count = int((~self.has_values).sum())
        of = f"{count:,} of {len(self.has_values):,} sequences"
        return f"{of} have no values, but NaN, and take no part" if count else ""


def names_of(scores: Sequence[Scores]) -> list[str]:
    """A name for each of several folders, by which it is told from the others.

    The last part of its path in which it differs from one of them, and as many before as it takes. Raises
    InputError where one is given twice.
    """
    parts = [one.folder.resolve().parts for one in scores]
    again = next((one.folder for one, of in zip(scores, parts, strict=True) if parts.count(of) > 1), None)
    if again is not None:
        raise InputError(f"the scores in {again} are given twice")
    if len(scores) == 1:
        return [scores[0].folder.resolve().name]
    while len({of[-1] for of in parts}) == 1:
        parts = [of[:-1] for of in parts]
    for count in range(1, max(map(len, parts)) + 1):
        names = ["/".join(of[-count:]).removeprefix("//") for of in parts]
        if len(set(names)) == len(names):
            break
    return names


def check_shapes(shapes: dict[str, tuple[int, int]]) -> None:
    """Raises InputError unless all targets have as many sequences (N, L), of as many bases."""
    first = next(iter(shapes))
    for target, (count, length) in shapes.items():
        if (count, length) != shapes[first]:
            here = f"{count} sequences of {length} bases"
            there = "{} of {}".format(*shapes[first])
            raise InputError(f"{target} has {here}, but {first} has {there}; score again")


def open_scores(folder: Path | str) -> Scores:
    """The run that a folder holds; raises InputError where it holds none, or half of one."""
    folder = Path(folder)
    wanted = "it should be what `score` wrote"
    if not folder.is_dir():
        raise InputError(no_folder(folder, wanted))
    held = scored_stems(folder)
    if not held:
        raise InputError(f"{folder} holds no scores (.h5); {wanted}")
    run = _run(folder / "run.json")
    stems = file_stems(run["targets"])
    lost = sorted(set(stems.values()) - set(held))
    if lost:
        raise InputError(f"{folder} has lost {lost[0]}.h5, which its run.json names; score it again")
    for name in ["run.json", *(f"{stem}.h5" for stem in stems.values())]:
        keep(folder / name)
    return Scores(folder, run, stems)


def _run(path: Path) -> dict[str, Any]:
    try:
        run = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(
            f"there is no {path}, which a finished `seqattr score` writes; score again"
        ) from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as JSON; score again") from error
    check_finished(path, run if isinstance(run, dict) else {})
    good = (
        isinstance(run, dict)
        and isinstance(run.get("settings"), dict)
        and isinstance(run.get("targets"), list)
    )
    if not good or not run["targets"] or not all(isinstance(name, str) for name in run["targets"]):
        raise InputError(f"{path} does not say which targets were scored; is it that of `seqattr score`?")
    return dict(run)
