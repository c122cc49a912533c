"""What a model wants, in files: the maximised sequences, the way to them, and figures of both."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seqattr.analyses.maximize import Maximized, Settings, headers, maximize, path_table
from seqattr.dna.alphabet import codes_of, decode
from seqattr.engine.capture.model import Model
from seqattr.figures.logos import (
    GREY,
    INCHES_PER_BASE,
    ROW_INCHES,
    SERIES,
    draw_logo,
    plain,
    save,
    shortened,
)
from seqattr.io.atomic import check_writable, replacing_all
from seqattr.io.fasta import write_fasta
from seqattr.io.tables import write_table
from seqattr.support.progress import Progress

DRAWN = 5  # the best so many
MOST_BASES = 200  # of each: the stretch that carries most
FILES = ("path.tsv", "logos.svg", "logos.png", "ascent.svg", "ascent.png", "sequences.fa")


class Row(NamedTuple):
    """A stretch of a sequence: its first base, its bases (4, W), and what each is worth (W,)."""

    first: int
    one_hot: npt.NDArray[np.int8]
    importance: npt.NDArray[np.floating]


def maximized(
    model: Model, target: int | str, folder: Path | str, settings: Settings, device: str, progress: Progress
) -> Maximized:
    """Maximise an output and write the FILES to a folder. Raises as `maximize` does, and OutputError."""
    (picked,) = model.pick([target])
    check_writable(folder)
    found = maximize(model, target, settings, device, progress)
    write_maximized(folder, found, picked.name)
    return found


def write_maximized(folder: Path | str, found: Maximized, target: str) -> None:
    """Write the FILES to a folder that is there, all or none. Raises OutputError."""
    codes = codes_of(found.sequences.numpy())
    drawn = {"logos": logos(found, target), "ascent": ascent(found, target)}
    with replacing_all(folder, FILES) as paths:
        write_table(paths["path.tsv"], path_table(found))
        for name, figure in drawn.items():
            for form in ("svg", "png"):
                save(figure, paths[f"{name}.{form}"], form)
        write_fasta(paths["sequences.fa"], headers(found), [decode(row) for row in codes])


def logos(found: Maximized, target: str) -> Figure:
    """The best sequences, each letter as high as the output falls, on average, with another base there."""
    rows = rows_of(found)
    width = max(6.0, rows[0].one_hot.shape[1] * INCHES_PER_BASE)
    figure = Figure(figsize=(width, (ROW_INCHES + 0.15) * len(rows) + 0.8), layout="constrained")
    for rank, (row, axes) in enumerate(
        zip(rows, figure.subplots(len(rows), 1, squeeze=False)[:, 0], strict=True)
    ):
        draw_logo(axes, row.importance, row.one_hot, f"maximized_{rank + 1}", row.first)
        axes.set_title(f"output {found.output[rank]:.3g}", fontsize=8, loc="left")
    axes.set_xlabel("position (bp)", fontsize=8)
    figure.suptitle(
        f"{shortened(target)}: letters as high as it falls with another base in their place", fontsize=10
    )
    return figure


def rows_of(found: Maximized) -> list[Row]:
    sequences, importance = (
        found.sequences[:DRAWN].to(torch.int8).numpy(),
        found.importance[:DRAWN].double().numpy(),
    )
    return [strongest(*pair) for pair in zip(sequences, importance, strict=True)]


def strongest(one_hot: npt.NDArray[np.int8], importance: npt.NDArray[np.floating]) -> Row:
    """The stretch of at most MOST_BASES with the largest sum of importance, the first of equals."""
    width = min(MOST_BASES, len(importance))
    sums = np.convolve(importance, np.ones(width), "valid")
    first = int(sums.argmax())
    return Row(first, one_hot[:, first : first + width], importance[first : first + width])


def ascent(found: Maximized, target: str) -> Figure:
    """Outputs of relaxed sequences on their way up, and of their most probable bases; the best in colour."""
    figure = Figure(figsize=(8.2, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    draw_paths(left, found.ascent.relaxed.double().numpy(), "relaxed sequence")
    draw_paths(right, found.ascent.discretised.double().numpy(), "its most probable bases")
    left.set_ylabel(f"{shortened(target)}: output", fontsize=9)
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles[::-1], labels[::-1], fontsize=7, frameon=False, loc="outside right center")
    return figure


def draw_paths(axes: Axes, values: npt.NDArray[np.floating], title: str) -> None:
    """A line for each column of (S + 1, N), the first ones in colour and on top."""
    axes.plot(values[:, DRAWN:], color=GREY, linewidth=0.6, alpha=0.6)
    for rank in reversed(range(min(DRAWN, values.shape[1]))):
        axes.plot(values[:, rank], color=SERIES[rank], linewidth=1.1, label=f"maximized_{rank + 1}")
    axes.set_title(title, fontsize=10)
    axes.set_xlabel("step", fontsize=9)
    axes.tick_params(labelsize=8)
    plain(axes)
