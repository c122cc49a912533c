"""The records of all blocks of a run, from the journals that hold them, as whole columns and row by row."""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
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


class Records:
    """The blocks of a plan, all of which are to be there. Raises InputError for one that is in no journal."""

    def __init__(self, plan: Plan, journals: Sequence[Journal]) -> None:
        self.plan = plan
        holders = {number: journal for journal in journals for number in journal.records}
        check_none_missing(plan, holders)
        self.blocks = [Record.of(holders[number], number) for number in range(plan.blocks)]
        self.first = np.array([plan.rows_of(number).start for number in range(plan.blocks)], np.int64)

    # --- columns -------------------------------------------------------------------------------

    def column(self, name: str) -> npt.NDArray[Any]:
        """An array of all rows."""
        return np.concatenate([block.array(name) for block in self.blocks])

    @cached_property
    def names(self) -> Texts:
        sizes = self.column("name_sizes")
        blob = b"".join(block.content("names") for block in self.blocks)
        return Texts(blob, np.cumsum(sizes, dtype=np.int64) - sizes, sizes)

    @cached_property
    def _chroms(self) -> tuple[Sequence[str], npt.NDArray[np.int32]]:
        """The names of chromosomes, and which of them each row's is."""
        numbering = Numbering()
        columns = []
        for block in self.blocks:
            numbers = np.array([numbering.number(name) for name in block.facts["chroms"]], np.int32)
            columns.append(numbers[block.array("chrom")])
        return numbering.texts(), np.concatenate(columns)

    @cached_property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Of each window."""
        return self.column("lengths").astype(np.int64)

    @cached_property
    def windows(self) -> Places:
        """Where the windows lie."""
        start, (chroms, chrom) = self.column("start"), self._chroms
        return Places(chroms, chrom, start, start + self.lengths, self.names, self.column("minus"))

    @cached_property
    def rows(self) -> Places:
        """Where the rows of the HDF5 files lie, which are as long as the longest window."""
        windows, length = self.windows, self.plan.length
        left = np.where(
            windows.minus, left_of(self.lengths, length, True), left_of(self.lengths, length, False)
        )
        start = windows.start - left
        return Places(windows.chroms, windows.chrom, start, start + length, windows.names, windows.minus)

    @cached_property
    def bases(self) -> Places:
        """Where the bases lie that are no padding."""
        windows, inside = self.windows, self.column("inside").astype(np.int64)
        turned = self.lengths[:, None] - inside[:, ::-1]
        first, end = np.where(windows.minus[:, None], turned, inside).T
        start = windows.start
        return Places(windows.chroms, windows.chrom, start + first, start + end, windows.names, windows.minus)

    # --- outputs -------------------------------------------------------------------------------

    def encoded(self, output: int) -> Iterator[EncodedBlock]:
        """What one output's HDF5 file is made of, block by block."""
        for block in self.blocks:
            yield EncodedBlock.from_bytes(block.content(f"encoded.{output}"))

    def numbers(self, output: int) -> dict[str, npt.NDArray[np.float64]]:
        """The numbers (N,) of one output: difference, additivity_error and cancellation."""
        parts = [block.array(f"numbers.{output}") for block in self.blocks]
        return dict(zip(NUMBERS, np.concatenate(parts, axis=1), strict=True))

    @cached_property
    def _value_starts(self) -> npt.NDArray[np.int64]:
        """Where in its block each row's values begin, in numbers."""
        ends = np.cumsum(self.lengths)
        before = np.concatenate([[0], ends])
        return before[:-1] - np.repeat(before[self.first], self._sizes)

    @cached_property
    def _sizes(self) -> npt.NDArray[np.int64]:
        """How many rows each block has."""
        return np.diff(np.append(self.first, self.plan.rows))

    def values(self, output: int, rows: npt.NDArray[np.integer]) -> list[npt.NDArray[np.float32]]:
        """The contributions of some rows, as they lie on the genome, from their windows' start on.

        Rows that follow each other are read at once.
        """
        found: list[npt.NDArray[np.float32]] = []
        number = np.searchsorted(self.first, rows, side="right") - 1
        follows = (np.diff(rows) == 1) & (np.diff(number) == 0)
        for run in np.split(np.arange(len(rows)), np.flatnonzero(~follows) + 1):
            if len(run):
                lengths = self.lengths[rows[run]]
                start = int(self._value_starts[rows[run[0]]])
                block = self.blocks[int(number[run[0]])]
                at = block.index.members[f"values.{output}"].start + FLOAT * start
                content = block.journal.read(block.number, at, FLOAT * int(lengths.sum()))
                found += np.split(np.frombuffer(content, np.float32), np.cumsum(lengths)[:-1])
        return found

    # --- facts ---------------------------------------------------------------------------------

    @property
    def notes(self) -> list[str]:
        """What a user should know of how blocks were worked out, each once."""
        return list(dict.fromkeys(note for block in self.blocks for note in block.facts["notes"]))

    @property
    def same(self) -> list[int]:
        """The rows that equal all their references."""
        return [row for block in self.blocks for row in block.facts["same"]]

    @cached_property
    def failures(self) -> dict[int, str]:
        """The rows that have no values, and why."""
        return {int(row): why for block in self.blocks for row, why in block.facts["failures"].items()}
