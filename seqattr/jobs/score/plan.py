"""What is fixed before a run begins: how its windows are cut into blocks, and what it takes to go on."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from seqattr.errors import InputError
from seqattr.io.hdf5.layout import Layout
from seqattr.io.text import read_json, write_json

# So many bases make a block: a second or so of work on a GPU's large models, some tens on a CPU's.
BLOCK_BASES = 2**18
MOST_VALUES = 2**20  # bases times what is written of each, a target of a model


@dataclass(frozen=True)
class Plan:
    """All that a run's files are made of, beside its blocks.

    `identity` holds by name what must be the same for a run to go on with the blocks of another. Rows of
    `length` bases are written by `block_rows`. `results` are the names of the models whose own results are
    written, after "" for the mean of all. `attributes` go into each HDF5 file; `facts`, those of the model
    and `notes` into run.json.
    """

    identity: dict[str, Any]
    rows: int
    length: int
    typical: int
    dtype: Literal["float32", "float16"]
    block_rows: int
    targets: list[str]
    results: list[str]
    sizes: dict[str, int]
    attributes: list[dict[str, Any]]  # of each of the results
    model_facts: list[dict[str, Any]]  # of each too
    facts: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    dropped: int = 0

    @property
    def blocks(self) -> int:
        """How many there are."""
        return -(-self.rows // self.block_rows)

    @property
    def layout(self) -> Layout:
        """How each HDF5 file lies on the disk."""
        return Layout(self.rows, self.length, self.dtype, self.typical)

    def rows_of(self, number: int) -> range:
        """The rows of a block."""
        return range(number * self.block_rows, min((number + 1) * self.block_rows, self.rows))

    def write(self, path: Path) -> None:
        facts = dict(vars(self))
        write_json(path, {"checksum": _checksum(facts), **facts})

    @classmethod
    def read(cls, path: Path) -> "Plan":
        """Raises InputError where the file is none, or not as it was written."""
        facts = read_json(path)
        if facts.pop("checksum", None) != _checksum(facts):
            raise InputError(
                f"{path} is damaged, and does not say what run it is of; `restart=True` begins the run anew"
            )
        return cls(**facts)


def _checksum(facts: Mapping[str, Any]) -> str:
    """Of a plan's facts and their names, so that a plan of another version is none."""
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def rows_of_a_block(chunk_rows: int, length: int, outputs: int, rows: int) -> int:
    """How many rows make a block: whole chunks of the HDF5 file, as of `outputs` results for each row."""
    bases = min(BLOCK_BASES, MOST_VALUES // max(1, outputs))
    chunks = max(1, round(bases / (chunk_rows * length)))
    return min(chunks * chunk_rows, max(rows, 1))
