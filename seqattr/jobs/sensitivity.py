"""A model's sensitivity as files: a table, its arrays, and a figure."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from seqattr.analyses.sensitivity import Sensitivity
from seqattr.dna.alphabet import ALPHABET
from seqattr.figures.logos import save
from seqattr.figures.sensitivity import sensitivity_figure
from seqattr.io.atomic import check_writable, replacing_all
from seqattr.io.tables import write_table

FILES = ("sensitivity.tsv", "sensitivity.npz", "sensitivity.png")
MOMENTS = ("mean_absolute", "standard_error", "mean", "mean_square")


def write_sensitivity(out: Path | str, found: Sensitivity) -> None:
    """Write OUT/sensitivity.tsv, .npz and .png, all of them or none. Raises OutputError."""
    check_writable(out)
    arrays = {name: getattr(found, name).numpy() for name in MOMENTS}
    counts = found.counts.numpy()
    with replacing_all(out, FILES) as paths:
        write_table(paths["sensitivity.tsv"], columns(found.targets, arrays, counts))
        with open(paths["sensitivity.npz"], "wb") as file:  # given a name, numpy would put .npz behind it
            np.savez_compressed(
                file, targets=found.targets, sequences=found.sequences, counts=counts, **arrays
            )
        save(
            sensitivity_figure(found.targets, arrays["mean_absolute"], found.sequences),
            paths[FILES[2]],
            "png",
        )


def columns(targets: tuple[str, ...], arrays: Mapping[str, np.ndarray], counts: np.ndarray) -> dict[str, Any]:
    """A row for each target, position (0-based) and base; `sequences` are those with one at that position."""
    count, bases, length = arrays["mean_absolute"].shape
    rows = {
        "target": np.repeat(targets, bases * length),
        "position": np.tile(np.repeat(np.arange(length), bases), count),
        "base": np.tile(list(ALPHABET), count * length),
    }
    seen = {"sequences": np.tile(np.repeat(counts, bases), count)}
    return rows | seen | {name: values.transpose(0, 2, 1).ravel() for name, values in arrays.items()}
