"""Motifs in the minimal MEME format, version 4."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import pairwise, takewhile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from seqattr.dna.alphabet import ALPHABET
from seqattr.dna.frequencies import UNIFORM
from seqattr.errors import InputError, OutputError
from seqattr.io.atomic import replacing
from seqattr.io.motifs.collection import Collection, Entry, Matrix, Motif, collect
from seqattr.io.reading import text_lines

Section = list[tuple[int, str]]  # some lines with their numbers

_SUM_TOLERANCE = 0.02  # the probabilities of published collections are rounded to two or three digits
_MATRIX = "letter-probability matrix:"
_RNA = "ACGU"
_DIGITS = 9
_JASPAR_ID = re.compile(r"[A-Z]{2}\d{4}\.\d+")


def read_meme(path: Path | str) -> dict[str, Motif]:
    """Motif name -> probabilities (4, w) as they stand in the file, plain or gzip, in file order.

    A JASPAR identifier is followed by the factor's name: MA0140.2.GATA1::TAL1. Raises InputError, with the
    line, for a file that is not MEME, an alphabet other than DNA's, a motif without a matrix, a matrix of the
    wrong width, a column that is no distribution, or a repeated name.
    """
    matrices = parse_meme(path, text_lines(path, "MEME"), strict=True).matrices
    return {name: matrix.probabilities for name, matrix in matrices.items()}


def parse_meme(path: Path | str, lines: Iterable[tuple[int, str]], strict: bool) -> Collection:
    """As `read_meme`, from the file's numbered lines without the blank ones; the path is for messages.

    Whatever stands before the line with the version and between the parts of a motif is passed over, as in
    MEME's own text output. Motifs of RNA, or with `strands: +`, are of one strand. An odd one is left out
    unless `strict`.
    """
    numbered = iter(lines)
    _check_version(path, numbered)
    head, sections = _sections(numbered)
    one_strand = _is_one_strand(path, head)
    collection = collect(path, (_entry(path, section, one_strand) for section in sections), strict)
    if not sections:
        raise InputError(f"{path} holds no motif; a MEME file has lines 'MOTIF name' and '{_MATRIX}'")
    return collection


def write_meme(
    path: Path | str, motifs: Mapping[str, npt.NDArray[np.floating]], background: npt.ArrayLike = UNIFORM
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


def is_version(line: str) -> bool:
    """Whether a line says that a file is MEME's."""
    return line.startswith("MEME version")


def _check_version(path: Path | str, lines: Iterator[tuple[int, str]]) -> None:
    """Go on to the line with the version."""
    if not any(is_version(line) for _, line in lines):
        raise InputError(f"{path} does not start with 'MEME version'; is this a MEME motif file?")


def _sections(lines: Iterator[tuple[int, str]]) -> tuple[Section, list[Section]]:
    """What stands before the first motif, and the lines of each motif."""
    head: Section = []
    sections: list[Section] = []
    for number, line in lines:
        if line.split(maxsplit=1)[0] == "MOTIF":
            sections.append([])
        (sections[-1] if sections else head).append((number, line))
    return head, sections


def _is_one_strand(path: Path | str, head: Section) -> bool:
    """Whether the motifs are of one strand. Raises InputError for an alphabet other than DNA's and RNA's."""
    alphabet, strands = ALPHABET, ""
    for number, line in head:
        if line.startswith("ALPHABET"):
            alphabet = _alphabet(f"line {number} of {path}", line, head)
        elif line.startswith("strands:"):
            strands = line.removeprefix("strands:").strip()
    return alphabet == _RNA or strands == "+"


def _alphabet(where: str, line: str, head: Section) -> str:
    """The letters of `ALPHABET= ACGT`, or of a definition that ends with END ALPHABET."""
    if line.startswith("ALPHABET="):
        letters = line.removeprefix("ALPHABET=").strip()
    else:
        lines = [text for _, text in head]
        definition = lines[lines.index(line) + 1 :]
        core = takewhile(lambda text: not text.startswith("END ALPHABET"), definition)
        letters = "".join(sorted(set("".join(map(_core_letters, core)))))
    if letters not in (ALPHABET, _RNA):
        raise InputError(f"{where} sets the alphabet '{letters}'; only DNA motifs ({ALPHABET}) can be read")
    return letters


def _core_letters(line: str) -> str:
    """The letters that a line of an alphabet's definition adds: none where it says which others one means."""
    first, *rest = line.split()
    complement = rest[rest.index("~") + 1 :][:1] if "~" in rest else []
    return "" if "=" in rest or len(first) > 1 else "".join([first, *complement])


def _entry(path: Path | str, section: Section, one_strand: bool) -> Entry:
    (number, heading), *body = section
    words = _heading_words(heading)
    name = motif_name(words)
    other = words[1] if len(words) > 1 and not _JASPAR_ID.fullmatch(words[0]) else ""
    read = partial(_read_matrix, path, name, body, one_strand)
    return Entry(name, other, f"line {number} of {path}", read)


def _heading_words(heading: str) -> list[str]:
    """The names behind MOTIF; MEME's own output goes on with `width = 8`."""
    words = heading.split()[1:]
    facts = [index for index, word in enumerate(words) if word == "width" and words[index + 1 :][:1] == ["="]]
    return words[: min(facts, default=len(words))]


def motif_name(words: Sequence[str]) -> str:
    """A motif's name from the words of its heading: the first, and behind a JASPAR identifier the next too.

    MA0140.2 alone tells nobody which factor it is; JASPAR itself writes MA0140.2.GATA1::TAL1.
    """
    first, second = (*words, "", "")[:2]
    if not second or not _JASPAR_ID.fullmatch(first):
        return first
    return second if f"{second}.".startswith(f"{first}.") else f"{first}.{second}"


def _read_matrix(path: Path | str, name: str, body: Section, one_strand: bool) -> Matrix:
    """The matrix in a motif's lines: as many rows as its heading says, or all there are."""
    begins = next((index for index, (_, line) in enumerate(body) if line.startswith(_MATRIX)), None)
    if begins is None:
        raise InputError(f"motif '{name}' in {path} has no matrix; '{_MATRIX}' must follow its name")
    number, heading = body[begins]
    where = f"motif '{name}' at line {number} of {path}"
    width = _width(where, heading)
    rows = _rows(where, (line for _, line in body[begins + 1 :]), width)
    matrix = np.array(rows, dtype=np.float64)
    if not _are_distributions(matrix):
        raise InputError(f"{where} has a column whose probabilities do not sum to 1")
    return Matrix(np.ascontiguousarray(matrix.T), one_strand)


def _width(where: str, heading: str) -> int | None:
    """The width that a matrix's heading gives, if it gives one."""
    settings = dict(pairwise(heading.replace("=", " ").split()))
    if settings.get("alength", "4") != "4":
        raise InputError(
            f"{where} has {settings['alength']} letters; only DNA motifs ({ALPHABET}) can be read"
        )
    width = settings.get("w")
    if width is None:
        return None
    if not width.isdecimal() or len(width) > _DIGITS:
        raise InputError(f"{where} gives no width; behind w= belongs a whole number, not '{width[:20]}'")
    if int(width) < 1:
        raise InputError(f"{where} has a width of 0; a motif has at least one position")
    return int(width)


def _rows(where: str, lines: Iterator[str], width: int | None) -> list[list[float]]:
    """The rows of numbers that begin the lines."""
    rows = list(takewhile(bool, map(_numbers, lines)))
    whole = all(len(row) == 4 for row in rows[:width])
    if width is None and not (rows and whole):
        raise InputError(f"{where} has no rows of four probabilities")
    if width is not None and (len(rows) < width or not whole):
        raise InputError(f"{where} has fewer rows of four probabilities than its width w= says")
    if width is not None and len(rows) > width:
        raise InputError(f"{where} has {len(rows)} rows, but its width w= says {width}")
    return rows


def _numbers(line: str) -> list[float]:
    """The numbers of a line; none where there are other words too."""
    try:
        return [float(word) for word in line.split()]
    except ValueError:
        return []


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
