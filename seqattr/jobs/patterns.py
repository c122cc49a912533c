"""Patterns of a model: learned from the windows of files, saved, and loaded again."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from seqattr.analyses.patterns import Learning
from seqattr.dna.alphabet import one_hot
from seqattr.engine.capture.model import Model
from seqattr.errors import InputError
from seqattr.inputs import Window, Windows, by_length, naming, shares
from seqattr.io.atomic import check_file
from seqattr.io.hdf5.patterns import read_patterns, write_patterns
from seqattr.io.ownership import Output
from seqattr.jobs.sources import ModelFile, SequenceFile
from seqattr.methods.learned_patterns import Patterns, StepPattern
from seqattr.support.caller import LIBRARY, Caller
from seqattr.support.progress import Progress, silent
from seqattr.support.version import package_version

STEPS = 16  # of weights, so that windows of one weight are many
MOST_BASES = 2**22  # in memory as bytes, four to a base; the model takes as many of them as it can


def run(
    model: ModelFile, sequences: SequenceFile, output: Output, device: str, caller: Caller = LIBRARY
) -> Patterns:
    """Learn the patterns of a model from sequences of a file, and save them.

    Raises as `learn_patterns` does, and OutputError.
    """
    check_file(output.path)
    output.claim_file()
    loaded = model.open(caller)
    inputs = sequences.read(loaded, caller)
    patterns = learn_patterns(loaded, inputs.windows, device, caller.progress)
    save_patterns(output.path, patterns)
    caller.tell(inputs.notes)
    return patterns


def learn_patterns(
    model: Model, windows: Sequence[Window], device: str = "auto", progress: Progress = silent
) -> Patterns:
    """The patterns of every step with weights, from one pass over windows of one length or of several.

    A window that shares bases with others counts by the share that is its own. Raises ModelError for a model
    without weights, NotFinite naming the record where it answers with NaN.
    """
    learning = Learning(model, device)
    table = Windows.of(windows)
    weights, batches = weights_and_batches(table)
    with naming([table.names[row] for rows in batches for row in rows.tolist()]):
        for rows in batches:
            learning.add(
                one_hot(table.codes(rows)),
                progress=lambda *_: progress(learning.seen, len(windows)),
                weight=float(weights[rows[0]]),
            )
    return learning.patterns()


def weights_and_batches(windows: Sequence[Window]) -> tuple[np.ndarray, list[np.ndarray]]:
    """The weight of each window, in steps of 1 / STEPS, and rows of one length and weight above 0 that go
    together.
    """
    windows = Windows.of(windows)
    weights, batches = np.ones(len(windows)), list[np.ndarray]()
    for rows in by_length(windows, lambda _: len(windows)):
        weights[rows] = np.rint(STEPS * shares(windows.select(rows))) / STEPS
        for weight in np.unique(weights[rows])[::-1]:
            own = rows[weights[rows] == weight] if weight else rows[:0]
            size = max(1, MOST_BASES // int(windows.lengths[rows[0]]))
            batches += [own[first : first + size] for first in range(0, len(own), size)]
    return weights, batches


def save_patterns(path: Path | str, patterns: Patterns) -> None:
    """Write patterns with their model's hash, whole or not at all. Raises OutputError."""
    rows = [each._asdict() | {"values": each.values.numpy()} for each in patterns.steps]
    facts = {"model": patterns.model, "sequences": patterns.sequences, "seqattr": package_version()}
    write_patterns(path, rows, facts)


def load_patterns(path: Path | str) -> Patterns:
    """Read patterns that `save_patterns` or `seqattr patterns` wrote.

    Raises InputError for a file that is missing, damaged, or none of patterns.
    """
    rows, facts = read_patterns(path)
    steps = tuple(StepPattern(**(row | {"values": torch.from_numpy(row["values"])})) for row in rows)
    if not all(each.values.isfinite().all() for each in steps):
        raise InputError(f"{path} is no whole file of patterns: some are not finite")
    return Patterns(facts["model"], facts["sequences"], steps)
