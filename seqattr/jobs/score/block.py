"""Some neighbouring rows of a run's files, worked out: where they lie, and what is written of them.

The record of a block, which a journal keeps, is a packed piece (`io.packed`). Of the windows it holds
`chrom` (B,), numbers in the fact `chroms`, `start` (B,), `minus` (B,), `inside` (B, 2), `lengths` (B,) and
`names`, the bytes of all, `name_sizes` (B,). Of each output k, a target of one of the results, it holds
`encoded.k`, the chunks of its HDF5 file, `numbers.k` (3, B), and `values.k`, the contributions of each window
in turn, float32, as they lie on the genome. `failed` (F,) are the rows that have failed, counted from the
run's first, `reason` (F,) numbers in the fact `reasons`, and `same` (E,) the rows that equal all their
references. The fact `notes` is what a user should know.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from seqattr.dna.alphabet import UNKNOWN, reverse_complement_codes
from seqattr.inputs import Windows
from seqattr.io.hdf5.blocks import BlockRows, Layout, encode_block
from seqattr.io.packed import Buffer, pack
from seqattr.methods.attribution import Attribution
from seqattr.support.packed import Texts

NUMBERS = ("difference", "additivity_error", "cancellation")


class Group(NamedTuple):
    """Windows of one length, by their rows in the block: codes (K, L), and the results, each (T, K, ...)."""

    rows: npt.NDArray[np.intp]
    codes: npt.NDArray[np.uint8]
    results: Sequence[Attribution]


@dataclass
class Block:
    """Rows [first, first + B) of a run, and what became of them; `same` (E,) of these, counted from `first`,
    equal all their references.
    """

    number: int
    first: int
    windows: Windows
    groups: list[Group]
    same: npt.NDArray[np.intp]
    notes: list[str]

    def record(self, layout: Layout, paths: Sequence[Path]) -> list[Buffer]:
        """What a journal keeps. `paths` are the HDF5 files of all outputs, for messages.

        Raises OutputError for what a file's numbers cannot hold.
        """
        failures = self._failures()
        reasons = {reason: number for number, reason in enumerate(dict.fromkeys(failures.values()))}
        chroms, chrom = self._chroms()
        arrays: dict[str, npt.NDArray[Any]] = {
            "chrom": chrom,
            **self._places(),
            "same": self.first + np.sort(self.same).astype(np.int64),
            "failed": self.first + np.array([*failures], np.int64),
            "reason": np.array([reasons[reason] for reason in failures.values()], np.int32),
        }
        targets = len(paths) // len(self.groups[0].results)
        for output, path in enumerate(paths):
            result, target = divmod(output, targets)
            rows = self._rows_of(result, target, layout.length)
            encoded = encode_block(path, layout, self.first, rows)
            arrays[f"encoded.{output}"] = np.frombuffer(encoded.to_bytes(), np.uint8)
            arrays[f"numbers.{output}"] = np.stack([rows.numbers[name] for name in NUMBERS])
            arrays[f"values.{output}"] = self._values(rows.contributions, layout.length)
        facts = {
            "notes": self.notes,
            "first": self.first,
            "chroms": chroms,
            "reasons": [*reasons],
        }
        return pack(facts, arrays)

    def _failures(self) -> dict[int, str]:
        """The rows of the block without values in their order, and why."""
        failures = {
            int(group.rows[row]): reason
            for group in self.groups
            for row, reason in group.results[0].failures.items()
        }
        return dict(sorted(failures.items()))

    # --- places --------------------------------------------------------------------------------

    def _chroms(self) -> tuple[list[str], npt.NDArray[np.int32]]:
        """The names of the chromosomes of this block, and which of them each window's is."""
        known, numbers = np.unique(self.windows.chrom, return_inverse=True)
        return [self.windows.chroms[int(number)] for number in known], numbers.astype(np.int32)

    def _places(self) -> Mapping[str, npt.NDArray[Any]]:
        windows = self.windows
        names = Texts.of(windows.names)
        return {
            "start": windows.start,
            "minus": windows.minus,
            "inside": windows.inside,
            "lengths": windows.lengths,
            "names": np.frombuffer(b"".join(names.content()), np.uint8),
            "name_sizes": names.sizes,
        }

    # --- values --------------------------------------------------------------------------------

    def _rows_of(self, result: int, target: int, length: int) -> BlockRows:
        """One output's rows, of the file's length and forward on the genome."""
        return BlockRows(
            self._together([group.codes for group in self.groups], length, UNKNOWN, reverse_complement_codes),
            self._together(self._part("hypothetical", result, target), length, 0, backwards),
            self._together(self._part("contributions", result, target), length, 0, backwards),
            {name: self._flat(self._part(name, result, target)) for name in NUMBERS},
            self._standard_error(result, target, length),
        )

    def _part(self, name: str, result: int, target: int) -> list[npt.NDArray[Any]]:
        """A field of one target's results, of each group."""
        return [getattr(group.results[result], name)[target].numpy() for group in self.groups]

    def _standard_error(self, result: int, target: int, length: int) -> npt.NDArray[Any] | None:
        if self.groups[0].results[result].standard_error is None:
            return None
        return self._together(self._part("standard_error", result, target), length, 0, backwards)

    def _flat(self, parts: Sequence[npt.NDArray[Any]]) -> npt.NDArray[np.float64]:
        """One number of each window."""
        values = np.empty(len(self.windows))
        for group, part in zip(self.groups, parts, strict=True):
            values[group.rows] = part
        return values

    def _together(
        self,
        parts: Sequence[npt.NDArray[Any]],
        length: int,
        padding: int,
        turn: Callable[[npt.NDArray[Any]], npt.NDArray[Any]],
    ) -> npt.NDArray[Any]:
        """Values (K, ..., L) of each group as rows (B, ..., length), shorter ones in the middle."""
        minus = self.windows.minus
        if len(parts) == 1 and parts[0].shape[-1] == length and not minus.any():
            return in_file_type(parts[0])
        shape = (len(self.windows), *parts[0].shape[1:-1], length)
        rows = np.full(shape, padding, in_file_type(parts[0][:0]).dtype)
        for group, part in zip(self.groups, parts, strict=True):
            for reverse in (False, True):
                some = np.flatnonzero(minus[group.rows] == reverse)
                left = left_of(part.shape[-1], length, reverse)
                values = turn(part[some]) if reverse else part[some]
                rows[group.rows[some], ..., left : left + part.shape[-1]] = values
        return rows

    def _values(self, contributions: npt.NDArray[np.floating], length: int) -> npt.NDArray[np.float32]:
        """The contributions of each window in turn, without padding of the file."""
        rows = contributions.astype(np.float32, copy=False)
        lengths = self.windows.lengths
        if (lengths == length).all():
            return rows.reshape(-1)
        lefts = np.where(self.windows.minus, left_of(lengths, length, True), left_of(lengths, length, False))
        pieces = [row[left : left + size] for row, left, size in zip(rows, lefts, lengths, strict=True)]
        return np.concatenate(pieces)


def left_of(size: Any, length: int, reverse: bool) -> Any:
    """How many bases of padding stand before a window of this size in a row of `length`, forward."""
    left = (length - size) // 2
    return length - size - left if reverse else left


def backwards(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Values (K, L) or (K, 4, L) of the other strand."""
    return values[:, ::-1, ::-1] if values.ndim == 3 else values[:, ::-1]


def in_file_type(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Numbers as float32, codes as they are."""
    return values if values.dtype == np.uint8 else values.astype(np.float32, copy=False)
