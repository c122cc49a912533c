"""Motifs as position probability matrices: where they come from, log-odds, scanning, the best matches.

MOTIF_SOURCES says where `read_motifs` can take motifs from.
"""

import warnings
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from seqattr.errors import InputError, nearest
from seqattr.io.motifs.collection import MOST_COLUMNS, Collection
from seqattr.io.motifs.jaspar_database import fetch_jaspar
from seqattr.io.motifs.meme import parse_meme
from seqattr.io.motifs.text_formats import (
    Lines,
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
from seqattr.refs.kinds import BACKGROUND, background_of

_STEPS = 100  # per nat, where the distribution of scores is computed


@dataclass(frozen=True, eq=False)
class PWM:
    """A motif: the probabilities (4, w) of A, C, G, T at each of its w positions.

    One of RNA, or of one strand alone, is not looked for on the other. Raises InputError unless each of at
    least one column and at most MOST_COLUMNS is a distribution, to within 1 in 100.
    """

    name: str
    probabilities: np.ndarray
    one_strand: bool = False

    def __post_init__(self) -> None:
        table = np.array(self.probabilities, dtype=np.float64)
        if table.ndim != 2 or table.shape[0] != 4 or table.shape[1] < 1:
            raise InputError(f"motif {self.name}: probabilities must be (4, width >= 1), not {table.shape}")
        if table.shape[1] > MOST_COLUMNS:
            raise InputError(f"motif {self.name} has {table.shape[1]} columns, of at most {MOST_COLUMNS}")
        off = np.flatnonzero(~((table >= 0).all(axis=0) & (abs(table.sum(axis=0) - 1) <= 0.01)))
        if len(off):
            raise InputError(
                f"motif {self.name}: column {off[0] + 1} must be four probabilities that sum to 1,"
                f" not {', '.join(f'{value:g}' for value in table[:, off[0]])}"
            )
        table.setflags(write=False)
        object.__setattr__(self, "probabilities", table)

    @property
    def width(self) -> int:
        return self.probabilities.shape[1]

    def log_odds(self, background: ArrayLike = BACKGROUND, pseudocount: float = 0.001) -> np.ndarray:
        """(4, w) natural log-odds, once a share `pseudocount` of each column is spread over the bases."""
        smoothed = (1 - pseudocount) * self.probabilities + pseudocount / 4
        return np.log(smoothed / background_of(np.asarray(background))[:, None])

    def score(self, words: np.ndarray, background: ArrayLike = BACKGROUND) -> np.ndarray:
        """Log-odds (...) of words (..., w) given as codes; an N counts 0.

        Raises InputError for words of another width.
        """
        if words.shape[-1] != self.width:
            raise InputError(f"motif {self.name} is {self.width} wide, the words {words.shape[-1]}")
        table = np.vstack([self.log_odds(background), np.zeros(self.width)])
        return np.asarray(sum(table[words[..., position], position] for position in range(self.width)))

    def sample(self, rng: np.random.Generator) -> np.ndarray:
        """Codes (w,) of one instance, each position drawn from its own column."""
        upto = self.probabilities.cumsum(axis=0)
        return (rng.random(self.width) * upto[-1] >= upto).sum(axis=0).astype(np.uint8)

    def reverse_complement(self) -> "PWM":
        return PWM(f"{self.name}_rc", self.probabilities[::-1, ::-1], self.one_strand)

    def shuffled(self, seed: int = 0) -> "PWM":
        """Its columns in another order: of the same bases and information, and by chance alone a motif.

        The order depends on the seed and the motif's name, not on the collection it is in.
        """
        rng = np.random.default_rng([seed, zlib.crc32(self.name.encode())])
        return PWM(self.name, self.probabilities[:, rng.permutation(self.width)], self.one_strand)


def score_threshold(pwm: PWM, p_value: float, background: ArrayLike = BACKGROUND) -> float:
    """The log-odds that random bases reach with a probability of at most `p_value`; infinite if none.

    Exact for log-odds in steps of 1/100 (Staden 1989), and midway between the last score that is rare enough
    and the first that is not. Raises InputError unless 0 < p_value <= 1.
    """
    if not 0 < p_value <= 1:
        raise InputError(f"a p-value is above 0 and at most 1, not {p_value:g}")
    frequencies = background_of(np.asarray(background))
    steps = np.rint(pwm.log_odds(frequencies) * _STEPS).astype(int)
    lowest = steps.min(axis=0)
    chance = np.ones(1)  # of each sum of the columns so far, from their lowest on
    for column in (steps - lowest).T:
        longer = np.zeros(len(chance) + column.max())
        for step, frequency in zip(column, frequencies, strict=True):
            longer[step : step + len(chance)] += frequency * chance
        chance = longer
    sums = np.flatnonzero(chance)[::-1]
    rare = int(np.searchsorted(chance[sums].cumsum(), p_value * (1 + 1e-9), side="right"))
    edges = np.array([np.inf, *(sums + lowest.sum()), -np.inf]) / _STEPS
    return float(edges[rare : rare + 2].mean())


# ---- where motifs come from

# The two motifs of the paper's simulation, as ENCODE has them (Kheradpour & Kellis 2014).
TAL1 = PWM(
    "TAL1_known1",
    np.array(
        [
            [0.23, 0.15, 0.14, 0.66, 0.61, 0, 1, 0, 0.86, 0, 0, 0.01, 0.03, 0.20, 0.27, 0.23],
            [0.35, 0.30, 0.23, 0.09, 0.30, 1, 0, 0, 0.01, 0, 0, 0.03, 0.17, 0.43, 0.23, 0.26],
            [0.28, 0.23, 0.44, 0.14, 0.03, 0, 0, 1, 0.10, 0, 1, 0.61, 0.01, 0.17, 0.31, 0.32],
            [0.14, 0.32, 0.19, 0.11, 0.06, 0, 0, 0, 0.03, 1, 0, 0.35, 0.79, 0.20, 0.19, 0.19],
        ]
    ),
)
GATA1 = PWM(
    "GATA_disc1",
    np.array(
        [
            [0.322751, 0.137566, 0.666667, 0, 1, 0, 0.878307, 0.973545, 0, 0.243386],
            [0.185185, 0.476190, 0.100529, 0, 0, 0, 0, 0.026455, 0.052910, 0.248677],
            [0.359788, 0.322751, 0, 1, 0, 0, 0, 0, 0.947090, 0.507937],
            [0.132275, 0.063492, 0.232804, 0, 0, 1, 0.121693, 0, 0, 0],
        ]
    ),
)

BUNDLED: dict[str, PWM] = {motif.name: motif for motif in (TAL1, GATA1)}


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
    found: dict[str, PWM] = {}
    origin: dict[str, str] = {}
    left_out: list[str] = []
    for spec in map(str, specs):
        collection = _read(spec, strict)
        left_out += collection.left_out
        for name, matrix in collection.motifs.items():
            if name in found:
                raise InputError(
                    f"the motif '{name}' is in {origin[name]} and again in {spec}; names must differ"
                )
            found[name] = PWM(name, matrix / matrix.sum(axis=0), name in collection.one_strand)
            origin[name] = spec
    if not found:
        raise InputError("there are no motifs; give a file of them, or 'bundled'")
    for reason in left_out[:_MOST_REASONS]:
        warn(f"a motif was left out: {reason}")
    if len(left_out) > _MOST_REASONS:
        warn(f"{len(left_out) - _MOST_REASONS} more motifs were left out for such reasons")
    return found


def motif_files_among(specs: Iterable[str]) -> list[str]:
    """Which of them are files to be read, and not what comes with the package or out of a database."""
    return [spec for spec in specs if _recognised(spec, ()) is None]


def own_motifs(specs: Sequence[str]) -> list[str]:
    """What the config of a workflow gives as `motifs`; raises InputError where that is nothing."""
    if not specs:
        raise InputError(
            "the config's `motifs` names no file; give a collection such as JASPAR's, in MEME format"
        )
    return list(specs)


def _read(spec: str, strict: bool) -> Collection:
    lines: Lines = ()
    source = _recognised(spec, lines)
    if source is None:
        _refuse_misspelt(spec)
        lines = _lines(spec)
        source = _recognised(spec, lines)
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


def _recognised(spec: str, lines: Lines) -> MotifSource | None:
    return next((source for source in MOTIF_SOURCES.values() if source.recognises(spec, lines)), None)
