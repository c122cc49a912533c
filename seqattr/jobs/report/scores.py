"""A folder of scores as a report reads it: what run.json says of the run, and the file of each target."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqattr.errors import InputError, UnknownName
from seqattr.io.scores_folder import file_stems, scored_stems


@dataclass(frozen=True)
class Scores:
    """One finished run of `seqattr score`."""

    folder: Path
    run: dict[str, Any]  # the content of run.json
    stems: dict[str, str]  # each target's file name without its ending

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


def open_scores(folder: Path | str) -> Scores:
    """The run that a folder holds; raises InputError where it holds none, or half of one."""
    folder = Path(folder)
    wanted = "it should be what `score` wrote"
    if not folder.is_dir():
        raise InputError(f"there is no folder {folder}; {wanted}")
    held = scored_stems(folder)
    if not held:
        raise InputError(f"{folder} holds no scores (.h5); {wanted}")
    run = _run(folder / "run.json")
    stems = file_stems(run["targets"])
    lost = sorted(set(stems.values()) - set(held))
    if lost:
        raise InputError(f"{folder} has lost {lost[0]}.h5, which its run.json names; score it again")
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
    good = (
        isinstance(run, dict)
        and isinstance(run.get("settings"), dict)
        and isinstance(run.get("targets"), list)
    )
    if not good or not run["targets"] or not all(isinstance(name, str) for name in run["targets"]):
        raise InputError(f"{path} does not say which targets were scored; is it that of `seqattr score`?")
    return dict(run)
