"""Patterns of TF-MoDISco, as modisco-lite 2 and 3 write them to HDF5.

<sign>_patterns/pattern_<number> holds `sequence` (w, 4), the share of each base among the pattern's seqlets,
and `contrib_scores` (w, 4), the mean contributions of those bases: its contribution weights.
seqlets/n_seqlets is how many they are. Patterns inside a pattern are parts of it, and are not read.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
import numpy.typing as npt

from seqattr.dna.alphabet import ALPHABET
from seqattr.errors import InputError
from seqattr.io.motifs.collection import Collection, Entry, Matrix, Motif, collect
from seqattr.io.reading import is_gzip, reading

SIGNS = ("pos_patterns", "neg_patterns")
LEAST_SHARE = 0.3  # of the largest importance of a position, where a pattern begins and ends
NEAREST = "nearest"  # the attribute of a pattern with the known motif that it is like
_MAGIC = b"\x89HDF\r\n\x1a\n"
_FIRST_FORMAT = "metacluster_idx_to_submetacluster_results"
_MOST_POSITIONS = 10_000
_SCORES = "projected_shap"


class Pattern(NamedTuple):
    """A pattern as it stands in a file, with the flanks that its seqlets have."""

    name: str  # pos_patterns.pattern_0, and behind it the known motif that it is like, if that is written
    probabilities: Motif  # (4, w)
    contributions: Motif  # (4, w)
    seqlets: int

    @property
    def consensus(self) -> str:
        """The most frequent base in each position."""
        return "".join(ALPHABET[row] for row in self.probabilities.argmax(axis=0))

    def trimmed(self, more: int = 0) -> "Pattern":
        """From the first to the last position of `core`, and so many more of its flanks on either side."""
        first, end = core(self.contributions)
        first, end = max(first - more, 0), end + more
        return self._replace(
            probabilities=self.probabilities[:, first:end], contributions=self.contributions[:, first:end]
        )


def core(contributions: Motif) -> tuple[int, int]:
    """Where a pattern (4, w) begins and ends: at the first and behind the last position whose importance, the
    sum of absolute contributions, is at least 0.3 of the largest. TF-MoDISco's report and Fi-NeMo trim so.
    """
    importance = abs(contributions).sum(axis=0)
    inside = np.flatnonzero(importance >= LEAST_SHARE * importance.max())
    return int(inside[0]), int(inside[-1]) + 1


def is_hdf5(head: bytes) -> bool:
    """Whether a file begins as HDF5 files do."""
    return head.startswith(_MAGIC)


def parse_modisco(path: Path | str, strict: bool) -> Collection:
    """The patterns of a file without their flanks, with their contribution weights.

    Raises InputError for a file that holds none. An odd pattern is left out unless `strict`.
    """
    with _open(path) as file:
        return collect(path, (_entry(path, *pattern) for pattern in _groups(path, file)), strict)


def read_modisco(path: Path | str, strict: bool = True) -> list[Pattern]:
    """The patterns of a file, in its order, with their flanks.

    Raises InputError for a file that holds none, and for an odd one, which is left out unless `strict`.
    """
    patterns: list[Pattern] = []
    with reading(path, "motif"), _open(path) as file:
        for name, group in _groups(path, file):
            with nullcontext() if strict else suppress(InputError):
                patterns.append(_pattern(path, name, group))
    return patterns


def has_patterns(path: Path | str) -> bool:
    """Whether a file that modisco-lite wrote holds any pattern: where nothing repeats it has no group."""
    with _open(path) as file:
        return any(len(file[sign]) for sign in SIGNS if sign in file)


def write_patterns(path: Path | str, tables: Sequence[tuple[Motif, Motif]]) -> None:
    """Motifs, each the shares of its bases and its contribution weights (4, w), as pos_patterns.pattern_<n>.

    All get the width of the widest, as modisco-lite's have one; what is added has weights of 0.
    """
    widest = max(shares.shape[1] for shares, _ in tables)
    with h5py.File(path, "w", locking=False) as file:
        for number, (shares, weights) in enumerate(tables):
            group, more = file.create_group(f"{SIGNS[0]}/pattern_{number}"), widest - shares.shape[1]
            group["sequence"] = np.pad(shares, ((0, 0), (0, more)), constant_values=1 / len(ALPHABET)).T
            group["contrib_scores"] = group["hypothetical_contribs"] = np.pad(weights, ((0, 0), (0, more))).T


def mark_patterns(
    path: Path | str, facts: Mapping[str, str], nearest: Mapping[str, str], rows: npt.NDArray[np.integer]
) -> None:
    """Write into a file of modisco-lite's whose it is, which known motif each pattern is like, by its name,
    and, where it counts sequences, the `rows` that these have elsewhere.
    """
    with h5py.File(path, "r+", locking=False) as file:
        file.attrs.update(facts)
        for name, known in nearest.items():
            file[name.replace(".", "/", 1)].attrs[NEAREST] = np.bytes_("_".join(known.split()).encode())
        found = list[h5py.Dataset]()
        file.visititems(lambda name, item: found.append(item) if name.endswith("/example_idx") else None)
        for numbers in found:
            numbers[:] = rows[numbers[:]]


@contextmanager
def _open(path: Path | str) -> Iterator[h5py.File]:
    """What goes wrong within, in files that are cut or changed too, is an InputError."""
    if is_gzip(path):
        raise InputError(f"{path} is an HDF5 file inside gzip; unpack it first (`gunzip`)")
    try:
        with h5py.File(path, "r", locking=False) as file:
            yield file
    except (OSError, KeyError, TypeError, ValueError, RuntimeError, AttributeError, OverflowError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(
            f"{path} is no whole file of patterns: {reason}; give what `modisco motifs` wrote"
        ) from error


def _groups(path: Path | str, file: h5py.File) -> Iterator[tuple[str, h5py.Group]]:
    """The patterns with their names, first those for and then those against, by number."""
    if _FIRST_FORMAT in file:
        raise InputError(
            f"{path} is of the first TF-MoDISco; `modisco convert -i OLD -o NEW` makes one to read"
        )
    if not any(isinstance(file.get(sign), h5py.Group) and len(file[sign]) for sign in SIGNS):
        cure = "`seqattr modisco` finds patterns in it" if _SCORES in file else "`modisco motifs` writes one"
        raise InputError(f"{path} is an HDF5 file without patterns of TF-MoDISco; {cure}")
    for sign in SIGNS:
        group = file.get(sign)
        names = sorted(group, key=_number) if isinstance(group, h5py.Group) else []
        yield from ((f"{sign}.{name}", group[name]) for name in names)


def _number(name: str) -> tuple[int, str]:
    """pattern_10 comes behind pattern_9."""
    digits = name.rpartition("_")[2]
    return (int(digits) if digits.isdecimal() and len(digits) < 10 else 1 << 40), name


def _entry(path: Path | str, name: str, group: Any) -> Entry:
    return Entry(_full_name(name, group), "", str(path), partial(_matrix, path, name, group))


def _matrix(path: Path | str, name: str, group: Any) -> Matrix:
    pattern = _pattern(path, name, group).trimmed()
    return Matrix(pattern.probabilities, contributions=pattern.contributions)


def _pattern(path: Path | str, name: str, group: Any) -> Pattern:
    where = f"pattern '{name}' in {path}"
    contributions = _table(where, group, "contrib_scores")
    shares = _table(where, group, "sequence")
    if shares.shape != contributions.shape:
        raise InputError(f"{where} has tables of {shares.shape[1]} and of {contributions.shape[1]} positions")
    if not (shares >= 0).all() or not shares.sum(axis=0).all():
        raise InputError(f"{where}: its `sequence` holds no shares of A, C, G and T")
    if not contributions.any():
        raise InputError(f"{where} has no contributions other than 0")
    return Pattern(_full_name(name, group), shares / shares.sum(axis=0), contributions, _seqlets(group))


def _table(where: str, group: Any, name: str) -> Motif:
    """(4, w) of a dataset (w, 4). Raises InputError for anything else."""
    stored = group.get(name) if isinstance(group, h5py.Group) else None
    if not isinstance(stored, h5py.Dataset) or stored.dtype.kind not in "fiu" or stored.shape[1:] != (4,):
        raise InputError(f"{where} has no `{name}` of four numbers for each position")
    if not 0 < len(stored) <= _MOST_POSITIONS:
        raise InputError(f"{where} has {len(stored)} positions, of at least 1 and at most {_MOST_POSITIONS}")
    table = np.asarray(stored[:], np.float64).T
    if not np.isfinite(table).all():
        raise InputError(f"{where}: its `{name}` holds numbers that are not finite")
    return np.ascontiguousarray(table)


def _seqlets(group: h5py.Group) -> int:
    """How many seqlets a pattern is made of; 0 where the file does not say."""
    stored = group.get("seqlets/n_seqlets")
    if not isinstance(stored, h5py.Dataset) or stored.size != 1 or stored.dtype.kind not in "iu":
        return 0
    return int(np.asarray(stored[()]).ravel()[0])


def _full_name(name: str, group: Any) -> str:
    """With the known motif that the pattern is like, as behind an identifier of JASPAR."""
    nearest = _fixed_text(group, NEAREST) if isinstance(group, h5py.Group) else ""
    return f"{name}.{nearest}" if nearest.split() == [nearest] else name


def _fixed_text(group: h5py.Group, name: str) -> str:
    """An attribute that is a text of a fixed length, else an empty one.

    Texts of any length lie in a heap, in which the HDF5 library can go round for ever in a damaged file.
    """
    attributes = group.attrs
    if name not in attributes or attributes.get_id(name).dtype.kind != "S":
        return ""
    stored = attributes[name]
    return stored.decode(errors="replace") if isinstance(stored, bytes) else ""
