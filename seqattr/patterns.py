"""Patterns of a model: learned from the windows of files, saved, and loaded again."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch

from seqattr.alphabet import one_hot
from seqattr.engine.model import Model
from seqattr.errors import InputError, NotFinite
from seqattr.inputs import Window
from seqattr.io.patterns import PatternRow, read_patterns, write_patterns
from seqattr.methods.patterns import Learning, Patterns, StepPattern
from seqattr.models.native import package_version

Progress = Callable[[int, int], None]  # windows done, windows in all
MOST_BASES = 2**15  # between two steps of a progress bar


def nothing(done: int, total: int) -> None:
    """For those who want no progress."""


def learn_patterns(
    model: Model, windows: list[Window], device: str = "auto", progress: Progress = nothing
) -> Patterns:
    """The patterns of every step with weights, from one pass over windows of one length or of several.

    Raises ModelError for a model without weights, NotFinite naming the record where it answers with NaN.
    """
    learning = Learning(model, device)
    for batch in batches(windows):
        before = learning.seen
        try:
            learning.add(one_hot(np.stack([window.codes for window in batch])))
        except NotFinite as error:
            what = str(error).removesuffix(f"sequence number {error.row}")
            name = batch[error.row - before].name
            raise NotFinite(f"{what}{name}; nothing was written") from error
        progress(learning.seen, len(windows))
    return learning.patterns()


def batches(windows: list[Window]) -> Iterator[list[Window]]:
    """Windows of equal length together, in order."""
    for length in sorted({window.length for window in windows}):
        alike = [window for window in windows if window.length == length]
        size = max(1, MOST_BASES // length)
        yield from (alike[start : start + size] for start in range(0, len(alike), size))


def save_patterns(path: Path | str, patterns: Patterns) -> None:
    """Write patterns with their model's hash, whole or not at all. Raises OutputError."""
    rows = [PatternRow(**(each._asdict() | {"values": each.values.numpy()})) for each in patterns.steps]
    facts = {"model": patterns.model, "sequences": patterns.sequences, "seqattr": package_version()}
    write_patterns(path, rows, facts)


def load_patterns(path: Path | str) -> Patterns:
    """Read patterns that `save_patterns` or `seqattr patterns` wrote.

    Raises InputError for a file that is missing, damaged, or none of patterns.
    """
    rows, facts = read_patterns(path)
    steps = tuple(StepPattern(**(row._asdict() | {"values": torch.from_numpy(row.values)})) for row in rows)
    if not all(each.values.isfinite().all() for each in steps):
        raise InputError(f"{path} is no whole file of patterns: some are not finite")
    return Patterns(facts["model"], facts["sequences"], steps)
