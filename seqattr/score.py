"""The main job: windows through a model and a method, into a folder of files that other tools read."""

import json
import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
import torch

from seqattr.alphabet import one_hot
from seqattr.engine.model import Model
from seqattr.errors import InputError, NotFinite
from seqattr.inputs import Inputs, Window, resized
from seqattr.io.atomic import check_writable, replacing
from seqattr.io.bed import write_regions
from seqattr.io.bigwig import Track, write_bigwig
from seqattr.io.hdf5 import ContributionWriter, Rows
from seqattr.methods import Attribution
from seqattr.methods.attribution import Engine
from seqattr.models.native import fingerprint, package_version
from seqattr.references import Reference, parse
from seqattr.regions import Region, cut_overlaps, genome_order

Progress = Callable[[int, int], None]  # windows done, windows in all
PRECISIONS = {"model": None, "float32": torch.float32, "float64": torch.float64}


@dataclass(frozen=True)
class Settings:
    """How to score: what the command line's options say."""

    references: str = "shuffle:10"
    method: str = "deeplift"
    targets: Sequence[int | str] | None = None
    seed: int = 0
    device: str = "auto"
    precision: str = "model"
    batch_size: int | None = None
    h5_dtype: str = "float32"


@dataclass
class Summary:
    """What a run did: the content of run.json."""

    targets: list[str]
    sequences: int
    additivity_error: dict[str, dict[str, float]]
    seconds: dict[str, float]
    notes: list[str] = field(default_factory=list)


def score(
    model: Model, inputs: Inputs, out: Path | str, settings: Settings, progress: Progress | None = None
) -> Summary:
    """Attribute every window and write, for each target, a bigWig and an HDF5 file, with regions.bed and
    run.json beside them.

    Files take their names one by one when they are whole, run.json last. Raises InputError for settings
    that cannot be, NotFinite naming the record where the model answers with NaN or infinity, and OutputError
    where something cannot be written.
    """
    job = Job(model, inputs, Path(out), settings)
    check_writable(out)
    (job.out / "run.json").unlink(missing_ok=True)  # what is there is a whole run only with this file
    with job.scratch() as scratch:
        job.attribute(scratch, progress or (lambda done, total: None))
        job.write_tracks(scratch)
    write_regions(job.out / "regions.bed", job.regions)
    return job.finish()


class Job:
    """One run of `score`."""

    def __init__(self, model: Model, inputs: Inputs, out: Path, settings: Settings) -> None:
        if settings.precision not in PRECISIONS:
            raise InputError(f"unknown precision '{settings.precision}'; there is: {', '.join(PRECISIONS)}")
        self.model, self.windows, self.sizes, self.out = model, inputs.windows, inputs.sizes, out
        self.settings, self.notes = settings, list(inputs.notes)
        self.names = [window.name for window in self.windows]
        self.reference: Reference = parse(settings.references, self.names)
        self.engine = Engine(
            model,
            method=settings.method,
            targets=settings.targets,
            device=settings.device,
            dtype=PRECISIONS[settings.precision],
        )
        self.targets = [target.name for target in self.engine.picked]
        self.length = max(window.length for window in self.windows)
        self.regions = [centred(window, self.length).region for window in self.windows]
        self.errors = np.zeros((len(self.targets), len(self.windows)))
        self.seconds = dict.fromkeys(("references", "attribution", "writing"), 0.0)
        self.started = time.perf_counter()

    def scratch(self) -> IO[bytes]:
        """Contributions (T, N, L) float32 on the way to the tracks; the system removes the file by itself."""
        return tempfile.TemporaryFile(dir=self.out)

    # --- attribution ---------------------------------------------------------------------------

    def attribute(self, scratch: IO[bytes], progress: Progress) -> None:
        """All windows, batch by batch, into the HDF5 files and the scratch file."""
        same: list[int] = []
        done = 0
        with ExitStack() as stack:
            writers = [stack.enter_context(self.writer(target)) for target in self.targets]
            for writer in writers:
                writer.write_regions(self.regions)
            for rows in self.batches():
                result, sequences = self.one_batch(rows, same)
                self.store(rows, sequences, result, writers, scratch)
                done += len(rows)
                progress(done, len(self.windows))
        self.note_unshuffled(same)

    def batches(self) -> Iterator[npt.NDArray[np.intp]]:
        """Rows of equal length, in order."""
        lengths = np.array([window.length for window in self.windows])
        for length in np.unique(lengths):
            rows = np.flatnonzero(lengths == length)
            pairs = self.settings.batch_size or self.engine.pairs_at_once(int(length))
            size = min(1024, max(1, pairs // self.reference.number))
            for start in range(0, len(rows), size):
                yield rows[start : start + size]

    def one_batch(
        self, rows: npt.NDArray[np.intp], same: list[int]
    ) -> tuple[Attribution, npt.NDArray[np.int8]]:
        """The attribution of some rows; rows that no reference differs from are added to `same`."""
        start = time.perf_counter()
        sequences = one_hot(np.stack([self.windows[i].codes for i in rows]))
        references = self.reference.draw(sequences, self.settings.seed, [self.names[i] for i in rows])
        same.extend(rows[self.reference.degenerate(sequences, references)])
        drawn = time.perf_counter()
        try:
            result = self.engine.attribute(sequences, references, self.settings.batch_size)
        except NotFinite as error:
            name = self.names[rows[error.row]]
            raise NotFinite(f"{error}, the record {name}; nothing was written for this run") from error
        self.seconds["references"] += drawn - start
        self.seconds["attribution"] += time.perf_counter() - drawn
        return result, sequences

    def store(
        self,
        rows: npt.NDArray[np.intp],
        sequences: npt.NDArray[np.int8],
        result: Attribution,
        writers: Sequence[ContributionWriter],
        scratch: IO[bytes],
    ) -> None:
        """One batch into the files, shorter windows in the middle of their rows."""
        start = time.perf_counter()
        left = (self.length - sequences.shape[-1]) // 2
        sides = (left, self.length - sequences.shape[-1] - left)
        for t, writer in enumerate(writers):
            contributions = widen(result.contributions[t].numpy(), sides)
            writer.write(
                rows,
                Rows(
                    widen(sequences, sides),
                    widen(result.hypothetical[t].numpy(), sides),
                    contributions,
                    result.difference[t].numpy(),
                    result.additivity_error[t].numpy(),
                ),
            )
            self.errors[t, rows] = result.additivity_error[t]
            for row, values in zip(rows, contributions.astype(np.float32), strict=True):
                scratch.seek(4 * self.length * (t * len(self.windows) + int(row)))
                scratch.write(values.tobytes())
        self.seconds["writing"] += time.perf_counter() - start

    def note_unshuffled(self, same: Sequence[int]) -> None:
        if same:
            some = ", ".join(self.names[i] for i in same[:3]) + (", ..." if len(same) > 3 else "")
            why = f"too short or too periodic for {self.settings.references}"
            self.notes.append(
                f"{len(same)} sequences are {why}: they equal all their references and score 0: {some}"
            )

    # --- files ---------------------------------------------------------------------------------

    def writer(self, target: str) -> ContributionWriter:
        """The HDF5 file of one target."""
        attributes = {
            "target": target,
            "method": self.settings.method,
            "references": self.settings.references,
            "seed": self.settings.seed,
            "model": fingerprint(self.model),
            "seqattr": package_version(),
        }
        path = self.out / f"{filename(target)}.h5"
        dtype: Any = self.settings.h5_dtype
        return ContributionWriter(path, len(self.windows), self.length, attributes, dtype)

    def write_tracks(self, scratch: IO[bytes]) -> None:
        """A bigWig for each target, on genome coordinates where windows have them."""
        start = time.perf_counter()
        sizes = dict(sorted(self.sizes.items()))  # readers search the names in byte order
        inner = [inside(window) for window in self.windows]
        order = genome_order(inner, sizes)
        cuts = cut_overlaps([inner[i] for i in order])
        for t, target in enumerate(self.targets):
            tracks = (
                self.track(scratch, t, int(i), begin, end)
                for i, (begin, end) in zip(order, cuts, strict=True)
                if end > begin
            )
            total = sum(end - begin for begin, end in cuts)
            write_bigwig(self.out / f"{filename(target)}.bw", sizes, tracks, total)
        self.seconds["writing"] += time.perf_counter() - start

    def track(self, scratch: IO[bytes], target: int, row: int, begin: int, end: int) -> Track:
        """What one window writes of the genome: bases begin to end, on the forward strand."""
        scratch.seek(4 * self.length * (target * len(self.windows) + row))
        values = np.frombuffer(scratch.read(4 * self.length), np.float32)
        region = self.regions[row]
        if region.strand == "-":
            values = values[::-1]
        return Track(region.chrom, begin, values[begin - region.start : end - region.start])

    def finish(self) -> Summary:
        """run.json, and what the caller prints."""
        self.seconds["total"] = time.perf_counter() - self.started
        errors = {
            target: {f"q{q:g}": float(np.quantile(self.errors[t], q)) for q in (0.5, 0.95, 1)}
            for t, target in enumerate(self.targets)
        }
        rounded = {key: round(value, 3) for key, value in self.seconds.items()}
        summary = Summary(self.targets, len(self.windows), errors, rounded, self.notes)
        write_json(self.out / "run.json", {**provenance(self), **summary.__dict__})
        return summary


def provenance(job: Job) -> dict[str, Any]:
    """What it takes to run this again: versions, settings, the model's hash, and how much work it was."""
    return {
        "seqattr": package_version(),
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": np.__version__,
        },
        "model": fingerprint(job.model),
        "explained": explained(job.model),
        "settings": job.settings.__dict__,
        "device": str(job.engine.place),
        "dtype": str(job.engine.dtype).removeprefix("torch."),
        "length": job.length,
        "rows_forward": job.engine.rows_forward,
        "rows_backward": job.engine.rows_backward,
    }


def explained(model: Model) -> str:
    """In words, at which step the targets are explained."""
    finals = sorted({final for final in model.finals if final})
    if not finals:
        return "the model's own outputs"
    mean = ", minus their mean over the classes" if any("softmax" in final for final in finals) else ""
    return f"the values before the final {' and '.join(finals)}{mean}"


def write_json(path: Path, data: dict[str, Any]) -> None:
    with replacing(path) as part:
        part.write_text(json.dumps(data, indent=2) + os.linesep, encoding="utf-8")


def centred(window: Window, length: int) -> Window:
    return window if window.length == length else resized(window, length)


def inside(window: Window) -> Region:
    """The genome interval of a window's own bases, without padding."""
    first, end = window.inside
    region = window.region
    if region.strand == "-":
        first, end = window.length - end, window.length - first
    return Region(region.chrom, region.start + first, region.start + end, window.name, region.strand)


def widen(values: npt.NDArray[Any], sides: tuple[int, int]) -> npt.NDArray[Any]:
    """Zeros on both sides of the last dimension."""
    if sides == (0, 0):
        return values
    return np.pad(values, [(0, 0)] * (values.ndim - 1) + [sides])


def filename(target: str) -> str:
    """A target's name where only letters, digits and ._- may stand."""
    return "".join(c if c.isalnum() or c in "._-" else "_" for c in target)
