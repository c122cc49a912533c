"""A model's sensitivity as files: a table, its arrays, and a figure."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seqattr.analyses.sensitivity import Sensitivity
from seqattr.dna.alphabet import ALPHABET
from seqattr.figures.heat import heat_map
from seqattr.figures.logos import COLOURS, MOST_DRAWN, plain, save, shortened
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
        save(heat_maps(found.targets, arrays["mean_absolute"], found.sequences), paths[FILES[2]], "png")


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


def heat_maps(targets: tuple[str, ...], values: np.ndarray, sequences: int) -> Figure:
    """For each of the first targets the mean over the bases along the sequence, and below it base by base."""
    shown = values[:MOST_DRAWN]
    figure = Figure(figsize=(10, 0.5 + 2.1 * len(shown)), layout="constrained")
    rows = figure.subplots(
        2 * len(shown), 1, sharex=True, squeeze=False, gridspec_kw={"height_ratios": [3, 2] * len(shown)}
    )[:, 0]
    for name, table, upper, lower in zip(targets, shown, rows[::2], rows[1::2], strict=False):
        draw_profile(upper, table, name)
        draw_bases(lower, table)
    rows[-1].set_xlabel("position (bp)", fontsize=8)
    of = f" of {len(values)} targets, the first {len(shown)}" if len(values) > len(shown) else ""
    figure.suptitle(f"mean |d output / d base| over {sequences:,} sequences{of}", fontsize=10)
    return figure


def draw_profile(axes: Axes, table: np.ndarray, name: str) -> None:
    profile = table.mean(0)
    axes.stairs(profile, np.arange(len(profile) + 1) - 0.5, fill=True, color="0.35")
    axes.set_ylim(0, 1.05 * (np.nanmax(profile) or 1))
    axes.set_ylabel(f"{shortened(name)}\nmean of bases", fontsize=8)
    axes.tick_params(labelsize=7)
    plain(axes)


def draw_bases(axes: Axes, table: np.ndarray) -> None:
    heat_map(axes, table, pad=0.01, aspect=8)
    axes.set_yticks(range(4), list(ALPHABET))
    for label in axes.get_yticklabels():
        label.set_color(COLOURS[label.get_text()])
        label.set_fontweight("bold")
    axes.tick_params(labelsize=7)
