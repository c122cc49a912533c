"""Where motifs come from: MOTIF_SOURCES says what `read_motifs` can read.

A source is one line of the table. One that is a file's format has a function that recognises it by its lines,
or by its first bytes where it is no text, and one that reads it.
"""

import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from seqattr.errors import InputError, nearest
from seqattr.io.motifs.blocks import Lines
from seqattr.io.motifs.cisbp import is_cisbp, parse_cisbp
from seqattr.io.motifs.collection import Collection, Matrix
from seqattr.io.motifs.jaspar_database import fetch_jaspar
from seqattr.io.motifs.meme import parse_meme
from seqattr.io.motifs.meme_xml import is_meme_xml, parse_meme_xml
from seqattr.io.motifs.modisco import is_hdf5, parse_modisco
from seqattr.io.motifs.text_formats import (
    is_encode,
    is_homer,
    is_jaspar,
    is_meme,
    is_plain,
    parse_encode,
    parse_homer,
    parse_jaspar,
    parse_plain,
)
from seqattr.io.motifs.transfac import is_transfac, parse_transfac
from seqattr.io.reading import first_bytes, numbered_lines, reading
from seqattr.motifs.pwm import BUNDLED, PWM


class Content(NamedTuple):
    """What a file is known by: its numbered lines, or its first bytes where it is no text."""

    lines: Lines = ()
    head: bytes = b""


NO_FILE = Content()


class MotifSource(NamedTuple):
    """One line of MOTIF_SOURCES: how it is written, what it is, what it recognises, how it is read.

    Both functions get what the user gave, and the content of a file, NO_FILE for what is none; reading also
    gets whether to be strict about odd motifs. `learned` are motifs that have no names but their numbers:
    those of several files are told apart by the files' names.
    """

    form: str
    help: str
    recognises: Callable[[str, Content], bool]
    read: Callable[[str, Content, bool], Collection]
    learned: bool = False


def _of_file(
    help: str,
    recognises: Callable[[Lines], bool],
    read: Callable[[Path | str, Lines, bool], Collection],
) -> MotifSource:
    return MotifSource(
        "FILE",
        help,
        lambda spec, content: recognises(content.lines),
        lambda spec, content, strict: read(spec, content.lines, strict),
    )


MOTIF_SOURCES: dict[str, MotifSource] = {
    "bundled": MotifSource(
        "bundled",
        "two motifs alone, TAL1 and GATA1, those of the paper",
        lambda spec, content: spec == "bundled",
        lambda spec, content, strict: Collection(
            {name: Matrix(pwm.probabilities) for name, pwm in BUNDLED.items()}
        ),
    ),
    "database": MotifSource(
        "jaspar:NAME",
        "an identifier or a factor in JASPAR; needs pyjaspar, which seqattr[motifs] brings",
        lambda spec, content: spec.startswith("jaspar:"),
        lambda spec, content, strict: fetch_jaspar(spec.removeprefix("jaspar:"), strict),
    ),
    "MEME": _of_file(
        "MEME version 4 or later, as are meme.txt, streme.txt and dreme.txt", is_meme, parse_meme
    ),
    "MEME XML": _of_file("meme.xml, streme.xml and dreme.xml", is_meme_xml, parse_meme_xml),
    "HOMER": _of_file(
        ">consensus, name, threshold; a row of four probabilities per position", is_homer, parse_homer
    ),
    "ENCODE": _of_file(
        ">name; a row of a letter and four probabilities per position", is_encode, parse_encode
    ),
    "JASPAR": _of_file(
        ">identifier name; rows of counts per base, as A [ 1 2 ] or bare, or per position as HOCOMOCO's pcm;"
        " HOCOMOCO's pwm (log-odds) become probabilities again",
        is_jaspar,
        parse_jaspar,
    ),
    "CIS-BP": _of_file("TF, TF Name, Motif; Pos A C G T (or U), a row per position", is_cisbp, parse_cisbp),
    "TRANSFAC": _of_file(
        "AC, ID, DE; P0 A C G T, a row of counts per position; RSAT's and STAMP's too",
        is_transfac,
        parse_transfac,
    ),
    "matrix": _of_file("one matrix, four rows or four columns, named as the file", is_plain, parse_plain),
    "TF-MoDISco": MotifSource(
        "FILE",
        "patterns that modisco-lite found (HDF5), with their contribution weights; flanks are cut off",
        lambda spec, content: is_hdf5(content.head),
        lambda spec, content, strict: parse_modisco(spec, strict),
        learned=True,
    ),
}

BUNDLED_NOTE = (
    "bundled is two motifs, TAL1 and GATA1; whatever other factors bind is seen with their motifs alone"
)
_MOST_CHARACTERS = 1 << 28  # a large collection has a hundredth of it
_MOST_REASONS = 10


def is_learned(spec: str | Path) -> bool:
    """Whether a file holds patterns that were learned from contributions, with flanks. Raises as
    `read_motifs` does where there is none.
    """
    source = _source_of(str(spec), NO_FILE) or _source_of(str(spec), _content(str(spec)))
    return source is not None and source.learned


def read_motifs(
    specs: Iterable[str | Path], strict: bool = False, warn: Callable[[str], Any] = warnings.warn
) -> dict[str, PWM]:
    """The motifs of files (plain or gzip, recognised by content) and of other MOTIF_SOURCES, in order.

    An odd motif, or one that has the name of another of its file, is left out with a warning that names it,
    or with `strict` raises InputError; so does what is of no known format, what holds no motif that can be
    used, and a name that two of them have. Patterns of several files of TF-MoDISco's have the files' names
    in front of their own.
    """
    given = [(spec, *_read(spec, strict)) for spec in map(str, specs)]
    several = sum(source.learned for _, source, _ in given) > 1
    motifs: dict[str, PWM] = {}
    origin: dict[str, str] = {}
    for spec, source, collection in given:
        prefix = f"{_stem(spec)}." if several and source.learned else ""
        for name, matrix in collection.matrices.items():
            pwm = _pwm(prefix + name, matrix)
            if pwm.name in motifs:
                raise InputError(
                    f"the motif '{pwm.name}' is in {origin[pwm.name]} and again in {spec}; names must differ"
                )
            motifs[pwm.name], origin[pwm.name] = pwm, spec
    if not motifs:
        raise InputError("there are no motifs; give a file of them, or 'bundled'")
    _tell([reason for _, _, collection in given for reason in collection.left_out], warn)
    return motifs


def _pwm(name: str, matrix: Matrix) -> PWM:
    probabilities = matrix.probabilities / matrix.probabilities.sum(axis=0)
    return PWM(name, probabilities, matrix.one_strand, matrix.contributions)


def _stem(path: str) -> str:
    """A file's name without its endings, as TAL1 of TAL1.modisco.h5."""
    return Path(path).name.partition(".")[0]


def _tell(left_out: list[str], warn: Callable[[str], Any]) -> None:
    for reason in left_out[:_MOST_REASONS]:
        warn(f"a motif was left out: {reason}")
    if len(left_out) > _MOST_REASONS:
        warn(f"{len(left_out) - _MOST_REASONS} more motifs were left out for such reasons")


def _read(spec: str, strict: bool) -> tuple[MotifSource, Collection]:
    content = NO_FILE
    source = _source_of(spec, content)
    if source is None:
        _refuse_misspelt(spec)
        content = _content(spec)
        source = _source_of(spec, content)
    if source is None:
        what = "is no motif file" if content.lines else "is empty"
        formats = ", ".join(name for name, source in MOTIF_SOURCES.items() if source.form == "FILE")
        raise InputError(f"{spec} {what}; a file of one of these formats was expected: {formats}")
    return source, source.read(spec, content, strict)


def _refuse_misspelt(spec: str) -> None:
    """Raises InputError for what is no file, and nearly the name of another source."""
    forms = [source.form for source in MOTIF_SOURCES.values() if source.form != "FILE"]
    near = nearest(spec, forms)
    if near and not Path(spec).exists():
        raise InputError(f"there is no motif file {spec}; did you mean '{near}'?")


def _content(path: str) -> Content:
    """The lines of a file of text; the first bytes of HDF5, which is none."""
    with reading(path, "motif") as file:
        head = first_bytes(file)
        return Content(head=head) if is_hdf5(head) else Content(_lines(path, file), head)


def _lines(path: str, file: BinaryIO) -> Lines:
    """The numbered lines of a file without blank ones and comments. Raises InputError for far too many."""
    lines, room = [], _MOST_CHARACTERS
    for number, line in numbered_lines(path, "motif", file):
        room -= len(line) + 1
        if room < 0:
            raise InputError(f"{path} has more than {_MOST_CHARACTERS:,} letters; is this a motif file?")
        if not line.startswith("#"):
            lines.append((number, line))
    return lines


def _source_of(spec: str, content: Content) -> MotifSource | None:
    return next((source for source in MOTIF_SOURCES.values() if source.recognises(spec, content)), None)
