"""A data set of one's own, as a folder of files:

sequences.fa   all sequences, of one length
labels.tsv     a header; then a name, and a number for each task: 0 or 1, counts, or any others
splits.tsv     a header; then a name, and test, valid or train; may be absent

The rows of the tables may be in any order. What `simulate` writes is such a folder too.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from seqattr.data.dataset import SPLITS, Dataset
from seqattr.data.simulation_files import read_simulation
from seqattr.data.splitting import split
from seqattr.dna.alphabet import encode
from seqattr.errors import InputError, no_folder, some_of
from seqattr.io.fasta.records import Record, read_fasta
from seqattr.io.reading import text_lines

SEQUENCES, LABELS, SPLIT_TABLE = "sequences.fa", "labels.tsv", "splits.tsv"
Cells = tuple[int, list[str]]  # the line's number, and what stands behind the name


def read_dataset(folder: str | Path) -> Dataset:
    """The data set of a folder, or the simulation. Raises InputError where it is no such thing."""
    folder = Path(folder)
    if (folder / "simulation.json").exists():
        return read_simulation(folder)
    for name in (SEQUENCES, LABELS):
        if not (folder / name).exists():
            raise InputError(no_dataset(folder, name))
    records = read_fasta(folder / SEQUENCES)
    names = tuple(record.name for record in records)
    tasks, labels = read_labels(folder / LABELS, names)
    splits, notes = read_splits(folder / SPLIT_TABLE, records)
    return Dataset(names, codes_of(folder / SEQUENCES, records), labels, splits, tasks, notes)


def no_dataset(folder: Path, name: str) -> str:
    """What is there instead, and what should be."""
    wanted = (
        f"a folder with {SEQUENCES} and {LABELS} is wanted (name, then a number for each task), or one that "
        f"`write_simulation` wrote"
    )
    if folder.is_dir():
        return f"there is no {folder / name}; {wanted}"
    return no_folder(folder, wanted)


def codes_of(path: Path, records: Sequence[Record]) -> np.ndarray:
    """The sequences as codes (N, L). Raises InputError unless they have one length."""
    first = records[0]
    other = next((record for record in records if len(record.text) != len(first.text)), None)
    if other is not None:
        raise InputError(
            f"the sequences of {path} must have one length, but '{first.name}' has {len(first.text)} bases "
            f"and '{other.name}' {len(other.text)}"
        )
    return np.stack([encode(record.text) for record in records])


# ---- tables


def read_labels(path: Path, names: Sequence[str]) -> tuple[tuple[str, ...], np.ndarray]:
    """The tasks and the labels (N, T) in the order of the names: int8 where all are 0 or 1."""
    tasks, rows = read_table(path, names)
    twice = next((task for task in tasks if tasks.count(task) > 1), None)
    if not tasks or twice is not None:
        what = "a column for each task" if not tasks else f"one column of the name '{twice}', not two"
        raise InputError(f"the header of {path} must have a column of names and {what}")
    if "" in tasks:
        raise InputError(f"column {tasks.index('') + 2} of {path} has no name in the header: name its task")
    numbers = np.array([[number(path, *cells) for cells in zip_cells(rows[name], tasks)] for name in names])
    return tuple(tasks), numbers.astype(np.int8) if np.isin(numbers, (0, 1)).all() else numbers


def zip_cells(cells: Cells, tasks: Sequence[str]) -> list[tuple[int, str, str]]:
    """(line, task, text) of each cell."""
    return [(cells[0], task, text) for task, text in zip(tasks, cells[1], strict=True)]


def number(path: Path, line: int, task: str, text: str) -> float:
    """A cell's number. Raises InputError where it is none, or not finite."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(
            f"line {line} of {path} has '{text[:40]}' for {task}: each task needs a finite number; "
            f"leave sequences without one out of both files"
        )
    return value


def read_splits(path: Path, records: Sequence[Record]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The split of each sequence; without such a table they are split, and a note says how."""
    if not path.exists():
        splits, note = split(records)
        return splits, (f"there is no {path.name}: {note}",)
    names = [record.name for record in records]
    columns, rows = read_table(path, names)
    if len(columns) != 1:
        raise InputError(f"{path} must have two columns, a name and its split, not {1 + len(columns)}")
    for line, (value,) in rows.values():
        if value not in SPLITS:
            raise InputError(
                f"line {line} of {path} has the split '{value}'; train, valid or test are wanted"
            )
    return tuple(rows[name][1][0] for name in names), ()


def read_table(path: Path, names: Sequence[str]) -> tuple[list[str], dict[str, Cells]]:
    """The header's columns behind the first, and the cells of each name.

    Raises InputError for lines of other widths, for no header, and unless each name has one row.
    """
    lines = ((line, text.split("\t")) for line, text in text_lines(path, "table"))
    header = next((cells for _, cells in islice(lines, 1)), [""])
    if header[0] in set(names):
        raise InputError(f"{path} must begin with a header: its first line is of the sequence '{header[0]}'")
    rows: dict[str, Cells] = {}
    for line, (name, *cells) in lines:
        if len(cells) + 1 != len(header):
            raise InputError(f"line {line} of {path} has {len(cells) + 1} columns, its header {len(header)}")
        if name in rows:
            raise InputError(f"{path} has two rows for '{name}', lines {rows[name][0]} and {line}")
        rows[name] = line, [cell.strip() for cell in cells]
    check_names(path, names, rows)
    return [column.strip() for column in header[1:]], rows


def check_names(path: Path, names: Sequence[str], rows: Mapping[str, Cells]) -> None:
    """Raises InputError for sequences without a row, and rows without a sequence."""
    missing = [name for name in names if name not in rows]
    if missing:
        raise InputError(f"{path} has no row for {some_of(missing, total=True)} of {SEQUENCES}")
    strange = list(rows.keys() - set(names))
    if strange:
        raise InputError(f"{path} has rows for {some_of(sorted(strange), total=True)}, not in {SEQUENCES}")
