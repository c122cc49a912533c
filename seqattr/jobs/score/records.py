"""The records of all blocks of a run, from the journals that hold them, as whole columns and row by row."""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from threading import Event
from typing import Any

import numpy as np
import numpy.typing as npt

from seqattr.dna.places import Places
from seqattr.errors import InputError
from seqattr.io.hdf5.blocks import EncodedBlock
from seqattr.io.journal import Journal
from seqattr.io.packed import LENGTH_BYTES, Index, head_size, index_of
from seqattr.jobs.score.block import NUMBERS, left_of
from seqattr.jobs.score.plan import Plan
from seqattr.support.packed import Numbering, Texts

FLOAT = np.dtype(np.float32).itemsize


@dataclass(frozen=True)
class Record:
    """A block's record in its journal, and what it holds."""

    journal: Journal
    number: int
    index: Index

    @classmethod
    def of(cls, journal: Journal, number: int) -> "Record":
        size = head_size(journal.read(number, 0, LENGTH_BYTES))
        return cls(journal, number, index_of(journal.read(number, 0, size)))

    @property
    def facts(self) -> dict[str, Any]:
        return self.index.facts

    def content(self, name: str) -> bytes:
        """The bytes of an array."""
        member = self.index.members[name]
        return self.journal.read(self.number, member.start, member.size)

    def array(self, name: str) -> npt.NDArray[Any]:
        member = self.index.members[name]
        return np.frombuffer(self.content(name), member.dtype).reshape(member.shape)


def check_none_missing(plan: Plan, there: Container[int], why: str = "") -> None:
    """That all blocks of a plan are there. Raises InputError, which says `why` they may not be."""
    missing = [number for number in range(plan.blocks) if number not in there]
    if missing:
        first = plan.rows_of(missing[0])
        raise InputError(
            f"{len(missing)} of {plan.blocks} blocks are missing{why}, the first of them that of sequences "
            f"{first.start + 1} to {first.stop}"
        )


class Stopped(Exception):
    """Another of the threads that write files has failed, or the run is interrupted."""


class Records:
    """The blocks of a plan, all of which are to be there. Raises InputError for one that is in no journal."""

    def __init__(self, plan: Plan, journals: Sequence[Journal]) -> None:
        self.plan, self._stopped = plan, Event()
        holders = {number: journal for journal in journals for number in journal.records}
        check_none_missing(plan, holders)
        self.blocks = [Record.of(holders[number], number) for number in range(plan.blocks)]
        self.first = np.array([plan.rows_of(number).start for number in range(plan.blocks)], np.int64)

    def stop(self) -> None:
        """Whoever reads outputs from now on, in whatever thread, is to end."""
        self._stopped.set()

    def _check_going(self) -> None:
        if self._stopped.is_set():
            raise Stopped

    # --- columns -------------------------------------------------------------------------------

    def column(self, name: str, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """An array of all rows."""
        shape = self.blocks[0].index.members[name].shape[1:]
        column = np.empty((self.plan.rows, *shape), dtype)
        for first, block in zip(self.first.tolist(), self.blocks, strict=True):
            part = block.array(name)
            column[first : first + len(part)] = part
        return column

    @cached_property
    def names(self) -> Texts:
        sizes = self.column("name_sizes", np.int32)
        blob = b"".join(block.content("names") for block in self.blocks)
        return Texts(blob, np.cumsum(sizes, dtype=np.int64) - sizes, sizes)

    @cached_property
    def _chroms(self) -> tuple[Sequence[str], npt.NDArray[np.int32]]:
        """The names of chromosomes, and which of them each row's is."""
        numbering, column = Numbering(), self.column("chrom", np.int32)
        for first, block in zip(self.first.tolist(), self.blocks, strict=True):
            numbers = np.array([numbering.number(name) for name in block.facts["chroms"]], np.int32)
            rows = slice(first, first + block.index.members["chrom"].shape[0])
            column[rows] = numbers[column[rows]]
        return numbering.texts(), column

    @cached_property
    def lengths(self) -> npt.NDArray[np.int32]:
        """Of each window."""
        return self.column("lengths", np.int32)

    @cached_property
    def start(self) -> npt.NDArray[np.int64]:
        """Where each window begins."""
        return self.column("start", np.int64)

    @cached_property
    def minus(self) -> npt.NDArray[np.bool_]:
        """Which windows lie on strand '-'."""
        return self.column("minus", np.bool_)

    @property
    def windows(self) -> Places:
        """Where the windows lie."""
        return self._places(self.start, self.start + self.lengths)

    @property
    def rows(self) -> Places:
        """Where the rows of the HDF5 files lie, which are as long as the longest window."""
        length = self.plan.length
        start = self.start - np.where(
            self.minus, left_of(self.lengths, length, True), left_of(self.lengths, length, False)
        )
        return self._places(start, start + length)

    @property
    def bases(self) -> Places:
        """Where the bases lie that are no padding."""
        first, end = self.column("inside", np.int32).T
        start = self.start + self.padding
        return self._places(start, start + (end - first))

    @cached_property
    def padding(self) -> npt.NDArray[np.int32]:
        """How many bases of it stand before each window's own on the genome."""
        first, end = self.column("inside", np.int32).T
        return np.where(self.minus, self.lengths - end, first)

    def _places(self, start: npt.NDArray[np.int64], end: npt.NDArray[np.int64]) -> Places:
        """Those of all rows; none are kept, as they are some of the largest columns."""
        chroms, chrom = self._chroms
        return Places(chroms, chrom, start, end, self.names, self.minus)

    # --- outputs -------------------------------------------------------------------------------

    def encoded(self, output: int) -> Iterator[EncodedBlock]:
        """What one output's HDF5 file is made of, block by block. Raises Stopped, as `values` does."""
        for block in self.blocks:
            self._check_going()
            yield EncodedBlock.from_bytes(block.content(f"encoded.{output}"))

    def numbers(self, name: str, outputs: Sequence[int]) -> npt.NDArray[np.float64]:
        """One of the NUMBERS of some outputs T, of all rows: (T, N)."""
        row, numbers = NUMBERS.index(name), np.empty((len(outputs), self.plan.rows))
        for first, block in zip(self.first.tolist(), self.blocks, strict=True):
            for number, output in enumerate(outputs):
                part = block.array(f"numbers.{output}")[row]
                numbers[number, first : first + len(part)] = part
        return numbers

    @cached_property
    def _value_starts(self) -> npt.NDArray[np.int32]:
        """Where in its block each row's values begin, in numbers."""
        starts = np.empty(self.plan.rows, np.int32)
        for number in range(len(self.blocks)):
            rows = self.plan.rows_of(number)
            lengths = self.lengths[rows.start : rows.stop]
            starts[rows.start : rows.stop] = np.cumsum(lengths) - lengths
        return starts

    def values(self, output: int, rows: npt.NDArray[np.integer]) -> list[npt.NDArray[np.float32]]:
        """The contributions of some rows, as they lie on the genome, from their windows' start on.

        Rows that follow each other are read at once.
        """
        self._check_going()
        found: list[npt.NDArray[np.float32]] = []
        number = np.searchsorted(self.first, rows, side="right") - 1
        apart = np.flatnonzero((np.diff(rows) != 1) | (np.diff(number) != 0)) + 1
        runs = np.concatenate([[0], apart, [len(rows)]])
        ends = np.cumsum(self.lengths[rows], dtype=np.int64)
        columns = (runs[:-1], runs[1:], number[runs[:-1]], self._value_starts[rows[runs[:-1]]])
        for first, end, block, start in zip(*(column.tolist() for column in columns), strict=True):
            before = int(ends[first - 1]) if first else 0
            read = self._read(output, self.blocks[block], start, int(ends[end - 1]) - before)
            found += [read] if end - first == 1 else np.split(read, ends[first : end - 1] - before)
        return found

    @staticmethod
    def _read(output: int, block: Record, start: int, size: int) -> npt.NDArray[np.float32]:
        """So many values of a block."""
        at = block.index.members[f"values.{output}"].start + FLOAT * start
        return np.frombuffer(block.journal.read(block.number, at, FLOAT * size), np.float32)

    # --- facts ---------------------------------------------------------------------------------

    @property
    def notes(self) -> list[str]:
        """What a user should know of how blocks were worked out, each once."""
        return list(dict.fromkeys(note for block in self.blocks for note in block.facts["notes"]))

    @cached_property
    def same(self) -> npt.NDArray[np.int64]:
        """The rows that equal all their references."""
        return np.concatenate([block.array("same") for block in self.blocks])

    @cached_property
    def failures(self) -> "Failures":
        """The rows that have no values, and why."""
        reasons, numbers = Numbering(), list[npt.NDArray[np.int32]]()
        for block in self.blocks:
            known = np.array([reasons.number(reason) for reason in block.facts["reasons"]], np.int32)
            numbers.append(known[block.array("reason")])
        rows = np.concatenate([block.array("failed") for block in self.blocks])
        return Failures(rows, np.concatenate(numbers), reasons.texts())


@dataclass(frozen=True)
class Failures:
    """Rows (K,) that have no values, and why: by numbers (K,) of a few reasons."""

    rows: npt.NDArray[np.int64]
    number: npt.NDArray[np.int32]
    reasons: Sequence[str]

    def __len__(self) -> int:
        return len(self.rows)

    def reason(self, which: int) -> str:
        """That of the first, the second ... of them."""
        return self.reasons[int(self.number[which])]
