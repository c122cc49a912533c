"""A model's sensitivity as files: a table, its arrays, and a figure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from seqattr.analyses.sensitivity import Sensitivity, sensitivity
from seqattr.dna.alphabet import ALPHABET
from seqattr.engine.capture.model import Model
from seqattr.engine.graph.outputs import check_number
from seqattr.engine.walk.session import Session
from seqattr.figures.sensitivity import sensitivity_figure
from seqattr.figures.style import save
from seqattr.inputs import Aligned, Window, names_of, naming, once
from seqattr.io.atomic import check_writable
from seqattr.io.ownership import RUN, Output
from seqattr.io.run_folder import replacing_run
from seqattr.io.tables import write_table
from seqattr.io.text import write_json
from seqattr.jobs.provenance import provenance
from seqattr.jobs.sources import ModelFile, SequenceFile, open_both
from seqattr.support.caller import LIBRARY, Caller
from seqattr.support.progress import Progress, silent

FILES = ("sensitivity.tsv", "sensitivity.npz", "sensitivity.png", RUN)
MOMENTS = ("mean_absolute", "standard_error", "mean", "mean_square")


@dataclass(frozen=True)
class Settings:
    """Which targets to measure, all for None, and how: see `sensitivity`. `command` is what was typed."""

    targets: Sequence[int | str] | None = None
    device: str = "auto"
    batch_size: int | None = None
    command: str = ""


def run(
    model: ModelFile, sequences: SequenceFile, output: Output, settings: Settings, caller: Caller = LIBRARY
) -> Sensitivity:
    """Measure a model's sensitivity over the sequences of a file, and write it.

    Raises as `sensitivity` does, NotFinite naming the record, InputError for very many targets that were not
    asked for and for sequences of several lengths, and OutputError.
    """
    check_writable(output.path)
    output.claim_results(FILES, settings.command)
    loaded, inputs = open_both(model, sequences, caller)
    chosen = loaded.choose(settings.targets)
    check_number([target.name for target in chosen.targets], chosen=settings.targets is not None)
    caller.tell(chosen.notes)
    measured = measure(loaded, inputs.windows, settings, caller.progress)
    session, length = Session(loaded, settings.targets, settings.device), measured.mean.shape[2]
    write_sensitivity(output.path, measured, provenance(session, vars(settings), length))
    return measured


def measure(
    model: Model, windows: Sequence[Window], settings: Settings, progress: Progress = silent
) -> Sensitivity:
    """The sensitivity over windows; what is given again does not count, and what overlaps is one cluster."""
    Aligned(windows)  # which have one length, or are refused
    single, clusters = once(windows)
    with naming(names_of(single)):
        how = {name: value for name, value in vars(settings).items() if name != "command"}
        return sensitivity(model, Aligned(single), progress=progress, clusters=clusters, **how)


def write_sensitivity(out: Path | str, measured: Sensitivity, facts: Mapping[str, Any]) -> None:
    """Write OUT/sensitivity.tsv, .npz and .png, and run.json, all of them or none. Raises OutputError."""
    check_writable(out)
    arrays = {name: getattr(measured, name).numpy() for name in MOMENTS}
    counts = measured.counts.numpy()
    with replacing_run(out, FILES) as paths:
        write_json(paths[RUN], facts)
        write_table(paths["sensitivity.tsv"], columns(measured.targets, arrays, counts))
        with open(paths["sensitivity.npz"], "wb") as file:  # given a name, numpy would put .npz behind it
            np.savez_compressed(
                file, targets=measured.targets, sequences=measured.sequences, counts=counts, **arrays
            )
        save(
            sensitivity_figure(measured.targets, arrays["mean_absolute"], measured.sequences),
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
