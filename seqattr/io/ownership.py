"""What may be replaced: nothing that seqattr did not write, and no other run's results, unless forced.

Figures, tables and arrays (.npz) carry no mark of ours: any of these counts as our own.
"""

import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import h5py

from seqattr.errors import OutputError
from seqattr.io.atomic import check_name
from seqattr.io.kept import refuse_input
from seqattr.support.commands import but_for_out
from seqattr.support.differences import differences

_HEAD_BYTES = 4096
_PICTURES = (b"\x89PNG", b"<?xml", b"<svg", b"%PDF")
_ARCHIVE, _HDF5, _ARRAY = b"PK\x03\x04", b"\x89HDF", b"\x93NUMPY"
_BIGWIG = b"\x26\xfc\x8f\x88"  # in the order of bytes of most machines
_MODEL, _PAGE = b"seqattr model", b"seqattr"
_ANOTHER = "it holds the results of another run"
RUN = "run.json"  # tells of the files beside it which command wrote them


@dataclass(frozen=True)
class Output:
    """Where a job writes: a file or a folder, and whether what somebody else wrote there may be replaced.

    A job claims it before its work. Inputs are never replaced. Each method raises OutputError, which names
    the `parameter` that says where.
    """

    path: Path
    force: bool = False
    parameter: str = "out"

    def refuse(self, why: str) -> NoReturn:
        """Raises OutputError with what can be done about it."""
        raise OutputError(f"{why}; give another `{self.parameter}`, or replace it with `force=True`")

    def claim_file(self, model: bool = False) -> None:
        """For one file, such as a `model`."""
        refuse_input(self.path, self.parameter)
        own = our_model if model else ours
        if not self.force and self.path.is_file() and not own(self.path):
            self.refuse(f"cannot write {self.path}: {_not_ours(self.path)}")

    def claim_folder(self, names: Sequence[str], mark: str) -> None:
        """For files of these names in a folder, of which seqattr's own have the one named `mark`."""
        present = [name for name in names if (self.path / name).is_file()]
        if not self.force and present and not (mark in present and ours(self.path / mark)):
            self.refuse(f"cannot write to {self.path}: {_not_ours(self.path / present[0])} ({present[0]})")

    def claim_results(self, names: Sequence[str], command: str, figures: str = "") -> None:
        """For what `claim_marked` is for, where it is the results of this command."""
        self.claim_marked(names, figures)
        self.claim_run(self.path, command_in(self.path / RUN, "settings", "command"), command)

    def claim_marked(self, names: Sequence[str], figures: str = "", mark: str = RUN) -> None:
        """For files of these names, one of them the `mark` of all, and for those in the folder `figures`
        whose names fit that pattern. No folder may have one of the names.
        """
        drawn = [path.name for path in (self.path / "figures").glob("*") if re.fullmatch(figures, path.name)]
        self.claim_folder([*names, *(f"figures/{name}" for name in drawn)], mark)
        for name in names:
            check_name(self.path / name)

    def claim_result(self, names: Sequence[str], result: str) -> None:
        """For files of these names, one of them RUN, of a result of the library's, by its hash."""
        self.claim_folder(names, RUN)
        if command_in(self.path / RUN, "result") != result:
            self.claim_run(self.path, command_in(self.path / RUN, "settings", "command"), result)

    def claim_identity(self, before: Any, identity: Mapping[str, Any]) -> None:
        """For the results of a run that these facts tell; `before` are those of what there is, if any."""
        if before is None or self.force:
            return
        different = [*differences(identity, before)] if isinstance(before, Mapping) else ["other facts"]
        if different:
            self.refuse(f"cannot write {self.path}: {_ANOTHER}, with {'; '.join(different)}")

    def claim_run(self, path: Path, before: str | None, command: str) -> None:
        """For the results of a command, which may stand there already: `before` wrote what there is, None of
        nothing. Where either says that results lie is no part of it.
        """
        if not self.force and before is not None and but_for_out(before) != but_for_out(command):
            self.refuse(f"cannot write {path}: {_ANOTHER}" + (f" ({before})" if before else ""))


def command_in(path: Path, *keys: str) -> str | None:
    """The command that a JSON file beside results tells of: None where it is missing, "" if untold."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        for key in keys:
            value = value[key]
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return value if isinstance(value, str) else ""


def ours(path: Path) -> bool:
    """Whether a file is empty, a figure, a table under names of columns, or marked as seqattr's."""
    try:
        with open(path, "rb") as file:
            head = file.read(_HEAD_BYTES)
        if head.startswith(_ARCHIVE):
            return _our_archive(path)
        if head.startswith(_HDF5):
            with h5py.File(path, "r", locking=False) as store:
                return "seqattr" in store.attrs
    except (OSError, zipfile.BadZipFile, ValueError):
        return False
    return not head or head.startswith((*_PICTURES, _ARRAY)) or _PAGE in head or _is_table(head)


def _not_ours(path: Path) -> str:
    """Why a file may not be replaced, in words."""
    with suppress(OSError), open(path, "rb") as file:
        if file.read(len(_BIGWIG)) in (_BIGWIG, _BIGWIG[::-1]):
            return "what is there is a bigWig, which does not tell who wrote it"
    return "what is there was not written by seqattr"


def our_model(path: Path) -> bool:
    """Whether a file is empty, or a model of ours."""
    try:
        return not path.stat().st_size or _our_archive(path, arrays=False)
    except (OSError, zipfile.BadZipFile, ValueError):
        return False


def _our_archive(path: Path, arrays: bool = True) -> bool:
    """Whether an archive is a model of ours, or one of `arrays` (.npz), which carry no mark either."""
    with zipfile.ZipFile(path) as archive:
        if arrays and all(name.endswith(".npy") for name in archive.namelist()):
            return True
        pickles = [name for name in archive.namelist() if name.endswith("/data.pkl")]
        return any(_MODEL in archive.open(name).read(_HEAD_BYTES) for name in pickles)


def _is_table(head: bytes) -> bool:
    """Whether the first line is one of column names, as no BED file has."""
    fields = head.split(b"\n", 1)[0].split(b"\t")
    return (
        len(fields) > 1
        and not any(field.strip().isdigit() for field in fields)
        and fields[0][:1] not in b">@#"
    )
