"""Scores as other tools want them."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from seqattr.errors import InputError, UnknownName
from seqattr.io.hdf5.stored import open_contributions
from seqattr.io.npz import write_modisco
from seqattr.io.ownership import Output
from seqattr.io.scores_folder import filename, scored_stems


class Writer(NamedTuple):
    """How a file of contributions is written in a format, to which files of a folder, and what they are."""

    write: Callable[[Path, Path], None]
    files: tuple[str, ...]
    help: str


def modisco(source: Path, out: Path) -> None:
    """ohe.npz and shap.npz for `modisco motifs -s ohe.npz -a shap.npz`."""
    with open_contributions(source) as file:
        write_modisco(out, file.one_hot, file.hypothetical)


WRITERS: dict[str, Writer] = {
    "modisco": Writer(modisco, ("ohe.npz", "shap.npz"), "ohe.npz and shap.npz"),
}


def export(
    folder: Path, form: str, target: str | None = None, out: Path | None = None, force: bool = False
) -> Path:
    """One target of a folder of scores in another format; returns the folder that it was written to.

    Raises UnknownName for a format or target that there is not, InputError where the target must be named,
    OutputError where something stands there that seqattr did not write, unless forced.
    """
    if form not in WRITERS:
        raise UnknownName("format", form, WRITERS)
    name, writer = pick(folder, target), WRITERS[form]
    destination = out or folder / f"{name}.{form}"
    Output(destination, force).claim_folder(writer.files, writer.files[-1])
    writer.write(folder / f"{name}.h5", destination)
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
