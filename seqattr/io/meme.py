"""Motifs in the minimal MEME format, version 4."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from seqattr.alphabet import ALPHABET
from seqattr.errors import InputError, OutputError
from seqattr.io.atomic import replacing
from seqattr.io.reading import text_lines

Motif = npt.NDArray[np.float64]  # (4, w), rows A C G T, columns summing to 1

_UNIFORM = (0.25, 0.25, 0.25, 0.25)
_SUM_TOLERANCE = 0.02  # the probabilities of published collections are rounded to two or three digits
_MATRIX = "letter-probability matrix:"
_ALPHABETS = {ALPHABET, "ACGU"}
_JASPAR_ID = re.compile(r"[A-Z]{2}\d{4}\.\d+")


def read_meme(path: Path | str) -> dict[str, Motif]:
    """Motif name -> probabilities (4, w) as they stand in the file, plain or gzip, in file order.

    A JASPAR identifier is followed by the factor's name: MA0140.2.GATA1::TAL1. Raises InputError, with the
    line, for a file that is not MEME, an alphabet other than DNA's, a motif without a matrix, a matrix of the
    wrong width, a column that is no distribution, or a repeated name.
    """
    return parse_meme(path, text_lines(path, "MEME"))


def parse_meme(path: Path | str, lines: Iterator[tuple[int, str]]) -> dict[str, Motif]:
    """As `read_meme`, from the file's numbered lines without the blank ones; the path is for messages."""
    _check_version(path, lines)
    motifs: dict[str, Motif] = {}
    name: str | None = None
    for number, line in lines:
        where = f"line {number} of {path}"
        if line.startswith("ALPHABET="):
            _check_alphabet(where, line)
        elif line.startswith("MOTIF"):
            _check_complete(path, name)
            name = _new_name(where, line, motifs)
        elif line.startswith(_MATRIX) and name is not None:
            motifs[name] = _read_matrix(f"motif '{name}' at {where}", line, lines)
            name = None
    _check_complete(path, name)
    if not motifs:
        raise InputError(f"{path} holds no motif; a MEME file has lines 'MOTIF name' and '{_MATRIX}'")
    return motifs


def write_meme(
    path: Path | str, motifs: Mapping[str, npt.NDArray[np.floating]], background: npt.ArrayLike = _UNIFORM
) -> None:
    """Write motifs (4, w) with six digits, and the background probabilities (4,) of A C G T.

    Raises OutputError for a name with blanks, a matrix that is not (4, w) or whose columns are no
    distributions, and where the file cannot be written.
    """
    for name, matrix in motifs.items():
        _check_motif(path, name, np.asarray(matrix, dtype=np.float64))
    frequencies = np.asarray(background, dtype=np.float64)
    if frequencies.shape != (4,) or not _are_distributions(frequencies[None]):
        raise OutputError(f"cannot write {path}: the background must be four probabilities that sum to 1")
    with replacing(path) as part, open(part, "w", encoding="utf-8", newline="\n") as file:
        file.write(_heading(frequencies))
        file.writelines(_motif_text(name, np.asarray(matrix)) for name, matrix in motifs.items())


def _check_version(path: Path | str, lines: Iterator[tuple[int, str]]) -> None:
    _, first = next(lines, (0, ""))
    if not first.startswith("MEME version"):
        raise InputError(f"{path} does not start with 'MEME version'; is this a MEME motif file?")


def _check_alphabet(where: str, line: str) -> None:
    letters = line.removeprefix("ALPHABET=").strip()
    if letters not in _ALPHABETS:
        raise InputError(f"{where} sets the alphabet '{letters}'; only DNA motifs ({ALPHABET}) can be read")


def _check_complete(path: Path | str, name: str | None) -> None:
    """The motif before has had its matrix."""
    if name is not None:
        raise InputError(f"motif '{name}' in {path} has no matrix; '{_MATRIX}' must follow its name")


def _new_name(where: str, line: str, motifs: Mapping[str, Motif]) -> str:
    name = motif_name(line.split()[1:])
    if not name:
        raise InputError(f"{where} gives a motif no name")
    if name in motifs:
        raise InputError(f"{where} repeats the motif '{name}'")
    return name


def motif_name(words: Sequence[str]) -> str:
    """A motif's name from the words of its heading: the first, and behind a JASPAR identifier the next too.

    MA0140.2 alone tells nobody which factor it is; JASPAR itself writes MA0140.2.GATA1::TAL1.
    """
    first, second = (*words, "", "")[:2]
    if not second or not _JASPAR_ID.fullmatch(first):
        return first
    return second if f"{second}.".startswith(f"{first}.") else f"{first}.{second}"


def _read_matrix(where: str, heading: str, lines: Iterator[tuple[int, str]]) -> Motif:
    """The rows that a matrix's heading announces."""
    rows = [_row(where, lines) for _ in range(_width(where, heading))]
    matrix = np.array(rows, dtype=np.float64)
    if not _are_distributions(matrix):
        raise InputError(f"{where} has a column whose probabilities do not sum to 1")
    return np.ascontiguousarray(matrix.T)


def _width(where: str, heading: str) -> int:
    words = heading.replace("=", " ").split()
    settings = dict(pairwise(words))
    if settings.get("alength", "4") != "4":
        raise InputError(
            f"{where} has {settings['alength']} letters; only DNA motifs ({ALPHABET}) can be read"
        )
    width = settings.get("w", "")
    if not width.isdecimal():
        raise InputError(f"{where} gives no width; '{_MATRIX}' must go on with w= and a whole number")
    if int(width) < 1:
        raise InputError(f"{where} has a width of 0; a motif has at least one position")
    return int(width)


def _row(where: str, lines: Iterator[tuple[int, str]]) -> list[float]:
    _, line = next(lines, (0, ""))
    try:
        row = [float(word) for word in line.split()]
    except ValueError:
        row = []
    if len(row) != 4:
        raise InputError(f"{where} has fewer rows of four probabilities than its width w= says")
    return row


def _are_distributions(rows: Motif) -> bool:
    """Whether the rows (w, 4) are probabilities, as far as rounding lets one say."""
    sums = np.abs(rows.sum(axis=1) - 1)
    return bool(np.isfinite(rows).all() and (rows >= 0).all() and (sums <= _SUM_TOLERANCE).all())


def _check_motif(path: Path | str, name: str, matrix: Motif) -> None:
    if len(name.split()) != 1 or name != name.strip():
        raise OutputError(f"cannot write {path}: a motif's name is one word, not {name!r}")
    if matrix.ndim != 2 or matrix.shape[0] != 4 or matrix.shape[1] < 1:
        raise OutputError(f"cannot write {path}: motif '{name}' has the shape {matrix.shape}, not (4, w)")
    if not _are_distributions(matrix.T):
        raise OutputError(f"cannot write {path}: motif '{name}' has columns that do not sum to 1")


def _heading(background: Motif) -> str:
    pairs = " ".join(f"{letter} {p:.6f}" for letter, p in zip(ALPHABET, background, strict=True))
    return (
        f"MEME version 4\n\nALPHABET= {ALPHABET}\n\nstrands: + -\n\nBackground letter frequencies\n{pairs}\n"
    )


def _motif_text(name: str, matrix: npt.NDArray[np.floating]) -> str:
    rows = "\n".join(" ".join(f"{p:.6f}" for p in row) for row in matrix.T)
    return f"\nMOTIF {name}\n{_MATRIX} alength= 4 w= {matrix.shape[1]} nsites= 20 E= 0\n{rows}\n"
