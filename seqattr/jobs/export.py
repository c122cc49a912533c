"""Scores as other tools want them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from seqattr.errors import InputError, UnknownName, no_folder
from seqattr.io.atomic import check_writable, removed_if_unused
from seqattr.io.hdf5.stored import StoredContributions, open_contributions
from seqattr.io.kept import keep
from seqattr.io.npz import OF_MODISCO, write_modisco_files
from seqattr.io.ownership import RUN, Output, command_in
from seqattr.io.run_folder import check_finished, replacing_run
from seqattr.io.scores_folder import filename, scored_stems
from seqattr.io.text import read_json, write_json
from seqattr.support.caller import LIBRARY, Caller
from seqattr.support.version import package_version


class Writer(NamedTuple):
    """How an open file of contributions is written in a format, to paths of its files by their names.

    All rows are written, and zeros for the contributions of sequences that have no values.
    """

    write: Callable[[StoredContributions, Mapping[str, Path]], None]
    files: tuple[str, ...]
    help: str


def modisco(file: StoredContributions, paths: Mapping[str, Path]) -> None:
    """ohe.npz and shap.npz for `modisco motifs -s ohe.npz -a shap.npz`."""
    write_modisco_files(paths, file.one_hot, file.hypothetical_or_zeros)


WRITERS: dict[str, Writer] = {
    "modisco": Writer(modisco, OF_MODISCO, "ohe.npz and shap.npz"),
}


def export(
    folder: Path,
    form: str,
    target: str | None = None,
    out: Path | None = None,
    force: bool = False,
    caller: Caller = LIBRARY,
) -> Path:
    """One target of a folder of scores in another format; returns the folder that it was written to, with a
    run.json beside it.

    The rows stay those of regions.bed; the caller is warned where some of them have no values. Raises
    UnknownName for a format or target that there is not, InputError where the target must be named or the
    scores are not whole, OutputError where something cannot be written, or stands there that seqattr did not
    write, or of another call, unless forced.
    """
    if form not in WRITERS:
        raise UnknownName("format", form, WRITERS)
    name, writer = pick(folder, target), WRITERS[form]
    destination = out or folder / f"{name}.{form}"
    settings = {"scores": str(folder), "format": form, "target": name}
    claim(Output(destination, force), writer, settings)
    with removed_if_unused(destination):
        check_writable(destination)
        with open_contributions(folder / f"{name}.h5") as file:
            with replacing_run(destination, [*writer.files, RUN]) as paths:
                writer.write(file, paths)
                facts = {"seqattr": package_version(), "settings": settings, "sequences": len(file)}
                write_json(paths[RUN], facts)
            without = int((~file.has_values).sum())
            if without:
                caller.warn(
                    f"{without:,} of {len(file):,} sequences have no values, but NaN; "
                    f"{destination} has zeros for their contributions"
                )
    return destination


def claim(output: Output, writer: Writer, settings: Mapping[str, str]) -> None:
    """The folder of an export of these settings. Raises OutputError where others' files stand there."""
    output.claim_marked([*writer.files, RUN])
    by = command_in(output.path / RUN, "settings", "command")  # which an export does not tell
    if by:
        output.claim_run(output.path, by, "")
    output.claim_identity(None if by is None else read_json(output.path / RUN).get("settings", ""), settings)


def pick(folder: Path, target: str | None) -> str:
    """The target's file name: the only one of the folder, or that of the target that was asked for."""
    if not folder.is_dir():
        raise InputError(no_folder(folder, "it should be what `score` wrote"))
    check_finished(folder / RUN, read_json(folder / RUN))
    keep(folder / RUN)
    names = scored_stems(folder)
    if not names:
        raise InputError(f"{folder} holds no scores (.h5); it should be what `score` wrote")
    if target is None and len(names) > 1:
        raise InputError(f"{folder} holds several targets; say which with `target`: {', '.join(names)}")
    name = names[0] if target is None else filename(target)
    if name not in names:
        raise UnknownName("target", str(target), names)
    return name
