"""Where motifs come from: MOTIF_SOURCES says what `read_motifs` can read.

A source is one line of the table. One that is a file's format has a function that recognises it by its lines,
and one that reads them.
"""

import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from seqattr.errors import InputError, nearest
from seqattr.io.motifs.blocks import Lines
from seqattr.io.motifs.collection import Collection
from seqattr.io.motifs.jaspar_database import fetch_jaspar
from seqattr.io.motifs.meme import parse_meme
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
from seqattr.io.reading import text_lines
from seqattr.motifs.pwm import BUNDLED, PWM


class MotifSource(NamedTuple):
    """One line of MOTIF_SOURCES: how it is written, what it is, what it recognises, how it is read.

    Both functions get what the user gave, and a file's numbered lines, empty for what is no file; reading
    also gets whether to be strict about odd motifs.
    """

    form: str
    help: str
    recognises: Callable[[str, Lines], bool]
    read: Callable[[str, Lines, bool], Collection]


def _of_file(
    help: str,
    recognises: Callable[[Lines], bool],
    read: Callable[[Path | str, Lines, bool], Collection],
) -> MotifSource:
    return MotifSource("FILE", help, lambda spec, lines: recognises(lines), read)


MOTIF_SOURCES: dict[str, MotifSource] = {
    "bundled": MotifSource(
        "bundled",
        "two motifs alone, TAL1 and GATA1, those of the paper",
        lambda spec, lines: spec == "bundled",
        lambda spec, lines, strict: Collection({name: pwm.probabilities for name, pwm in BUNDLED.items()}),
    ),
    "database": MotifSource(
        "jaspar:NAME",
        "an identifier or a factor in JASPAR; needs pyjaspar, which seqattr[motifs] brings",
        lambda spec, lines: spec.startswith("jaspar:"),
        lambda spec, lines, strict: fetch_jaspar(spec.removeprefix("jaspar:"), strict),
    ),
    "MEME": _of_file("MEME version 4 or later, MEME's own text output too", is_meme, parse_meme),
    "HOMER": _of_file(
        ">consensus, name, threshold; a row of four probabilities per position", is_homer, parse_homer
    ),
    "ENCODE": _of_file(
        ">name; a row of a letter and four probabilities per position", is_encode, parse_encode
    ),
    "JASPAR": _of_file(
        ">identifier name; a row of counts per base, as A [ 1 2 ] or bare", is_jaspar, parse_jaspar
    ),
    "TRANSFAC": _of_file("AC, ID; P0 A C G T, a row of counts per position", is_transfac, parse_transfac),
    "matrix": _of_file("one matrix, four rows or four columns, named as the file", is_plain, parse_plain),
}

BUNDLED_NOTE = (
    "bundled is two motifs, TAL1 and GATA1; whatever other factors bind is seen with their motifs alone"
)
_MOST_CHARACTERS = 1 << 28  # a large collection has a hundredth of it
_MOST_REASONS = 10


def read_motifs(
    specs: Iterable[str | Path], strict: bool = False, warn: Callable[[str], Any] = warnings.warn
) -> dict[str, PWM]:
    """The motifs of files (plain or gzip, recognised by content) and of other MOTIF_SOURCES, in order.

    An odd motif, or one that has the name of another of its file, is left out with a warning that names it,
    or with `strict` raises InputError; so does what is of no known format, what holds no motif that can be
    used, and a name that two of them have.
    """
    motifs: dict[str, PWM] = {}
    origin: dict[str, str] = {}
    left_out: list[str] = []
    for spec in map(str, specs):
        collection = _read(spec, strict)
        left_out += collection.left_out
        for name, matrix in collection.motifs.items():
            if name in motifs:
                raise InputError(
                    f"the motif '{name}' is in {origin[name]} and again in {spec}; names must differ"
                )
            motifs[name] = PWM(name, matrix / matrix.sum(axis=0), name in collection.one_strand)
            origin[name] = spec
    if not motifs:
        raise InputError("there are no motifs; give a file of them, or 'bundled'")
    for reason in left_out[:_MOST_REASONS]:
        warn(f"a motif was left out: {reason}")
    if len(left_out) > _MOST_REASONS:
        warn(f"{len(left_out) - _MOST_REASONS} more motifs were left out for such reasons")
    return motifs


def _read(spec: str, strict: bool) -> Collection:
    lines: Lines = ()
    source = _source_of(spec, lines)
    if source is None:
        _refuse_misspelt(spec)
        lines = _lines(spec)
        source = _source_of(spec, lines)
    if source is None:
        what = "is no motif file" if lines else "is empty"
        formats = ", ".join(name for name, source in MOTIF_SOURCES.items() if source.form == "FILE")
        raise InputError(f"{spec} {what}; a file of one of these formats was expected: {formats}")
    return source.read(spec, lines, strict)


def _refuse_misspelt(spec: str) -> None:
    """Raises InputError for what is no file, and nearly the name of another source."""
    forms = [source.form for source in MOTIF_SOURCES.values() if source.form != "FILE"]
    near = nearest(spec, forms)
    if near and not Path(spec).exists():
        raise InputError(f"there is no motif file {spec}; did you mean '{near}'?")


def _lines(path: str) -> Lines:
    """The numbered lines of a file without blank ones and comments. Raises InputError for far too many."""
    lines, room = [], _MOST_CHARACTERS
    for number, line in text_lines(path, "motif"):
        room -= len(line) + 1
        if room < 0:
            raise InputError(f"{path} has more than {_MOST_CHARACTERS:,} letters; is this a motif file?")
        if not line.startswith("#"):
            lines.append((number, line))
    return lines


def _source_of(spec: str, lines: Lines) -> MotifSource | None:
    return next((source for source in MOTIF_SOURCES.values() if source.recognises(spec, lines)), None)
