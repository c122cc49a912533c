"""Scores as other tools want them."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from seqattr.errors import InputError, UnknownName
from seqattr.io.hdf5.stored import StoredContributions, open_contributions
from seqattr.io.npz import write_modisco
from seqattr.io.ownership import Output
from seqattr.io.scores_folder import filename, scored_stems
from seqattr.support.caller import LIBRARY, Caller


class Writer(NamedTuple):
    """How an open file of contributions is written in a format, to which files of a folder, and its words.

    All rows are written, and zeros for the contributions of sequences that have no values.
    """

    write: Callable[[StoredContributions, Path], None]
    files: tuple[str, ...]
    help: str


def modisco(file: StoredContributions, out: Path) -> None:
    """ohe.npz and shap.npz for `modisco motifs -s ohe.npz -a shap.npz`."""
    write_modisco(out, file.one_hot, file.hypothetical_or_zeros)


WRITERS: dict[str, Writer] = {
    "modisco": Writer(modisco, ("ohe.npz", "shap.npz"), "ohe.npz and shap.npz"),
}


def export(
    folder: Path,
    form: str,
    target: str | None = None,
    out: Path | None = None,
    force: bool = False,
    caller: Caller = LIBRARY,
) -> Path:
    """One target of a folder of scores in another format; returns the folder that it was written to.

    The rows stay those of regions.bed; the caller is warned where some of them have no values. Raises
    UnknownName for a format or target that there is not, InputError where the target must be named,
    OutputError where something stands there that seqattr did not write, unless forced.
    """
    if form not in WRITERS:
        raise UnknownName("format", form, WRITERS)
    name, writer = pick(folder, target), WRITERS[form]
    destination = out or folder / f"{name}.{form}"
    Output(destination, force).claim_folder(writer.files, writer.files[-1])
    with open_contributions(folder / f"{name}.h5") as file:
        writer.write(file, destination)
        without = int((~file.has_values).sum())
        if without:
            caller.warn(
                f"{without:,} of {len(file):,} sequences have no values, but NaN; "
                f"{destination} has zeros for their contributions"
            )
    return destination


def pick(folder: Path, target: str | None) -> str:
    """The target's file name: the only one of the folder, or that of the target that was asked for."""
    if not folder.is_dir():
        raise InputError(f"there is no folder {folder}; it should be what `score` wrote")
    names = scored_stems(folder)
    if not names:
        raise InputError(f"{folder} holds no scores (.h5); it should be what `score` wrote")
    if target is None and len(names) > 1:
        raise InputError(f"{folder} holds several targets; say which with `target`: {', '.join(names)}")
    name = names[0] if target is None else filename(target)
    if name not in names:
        raise UnknownName("target", str(target), names)
    return name
