"""The main job: windows through a model and a method, into a folder of files that other tools read."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from seqattr.dna.alphabet import one_hot
from seqattr.engine.capture.model import Model
from seqattr.engine.graph.outputs import check_number
from seqattr.engine.walk.memory import keep_freed_memory
from seqattr.engine.walk.session import Session
from seqattr.errors import InputError, UnknownName, some_of
from seqattr.evaluate.verdict import Verdict
from seqattr.inputs import Inputs, by_length, naming, resize, write_dropped
from seqattr.io.atomic import check_writable, replacing_all
from seqattr.io.bed import write_regions
from seqattr.io.hdf5.contributions import ContributionWriter, Rows
from seqattr.io.ownership import Output, command_in
from seqattr.io.scores_folder import (
    DROPPED,
    check_told_apart,
    file_names,
    file_stems,
    scored_stems,
    stale_files,
    stems_of_run,
)
from seqattr.io.text import write_json
from seqattr.jobs.inspect import explained
from seqattr.jobs.patterns import load_patterns
from seqattr.jobs.provenance import provenance
from seqattr.jobs.sources import ModelFile, SequenceFile
from seqattr.jobs.tracks import Scratch, scratch_in, write_tracks
from seqattr.methods.attribution import Attribution, Explainer
from seqattr.methods.method import Method
from seqattr.methods.precisions import PRECISIONS, Precision, roughness
from seqattr.methods.registry import method_named, with_patterns
from seqattr.models.content import content_hash
from seqattr.refs.kinds import parse
from seqattr.refs.reference import Reference
from seqattr.support.caller import LIBRARY, Caller
from seqattr.support.prefetch import BackgroundWriter, prefetch
from seqattr.support.progress import Progress, silent
from seqattr.support.seeds import check_seed
from seqattr.support.version import package_version

# A batch in memory: so many numbers, of which a target takes so many for each base of the table it fills.
BATCH_NUMBERS = 2**23
NUMBERS_PER_TARGET = 12
MOST_WINDOWS = 1024
ROUGH_WINDOWS = 8  # on which a rough precision is measured


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
    patterns: str | None = None  # a file, for a method that needs one
    command: str = ""

    def __post_init__(self) -> None:
        check_seed(self.seed)


@dataclass
class Summary:
    """What a run did: the content of run.json."""

    targets: list[str]
    sequences: int
    additivity_error: dict[str, dict[str, float]]
    cancellation: dict[str, dict[str, float]]
    seconds: dict[str, float]
    complete: bool  # whether the method promises that contributions sum to the difference
    dtype: str
    verdict: Verdict
    explained: str  # in words, at which step of the model
    notes: list[str] = field(default_factory=list)


def run(
    model: ModelFile, sequences: SequenceFile, output: Output, settings: Settings, caller: Caller = LIBRARY
) -> Summary:
    """Score the sequences of a file with the model of another. Raises as `score` does.

    What somebody else, or another command, wrote to the folder is not replaced, unless forced.
    """
    check_writable(output.path)
    output.claim_folder(file_names([]), "run.json")
    before = command_in(output.path / "run.json", "settings", "command")
    output.claim_run(output.path, before, settings.command)
    keep_freed_memory()
    loaded = model.open(caller)
    return score(loaded, sequences.read(loaded, caller), output.path, settings, caller.progress)


def score(
    model: Model, inputs: Inputs, out: Path | str, settings: Settings, progress: Progress = silent
) -> Summary:
    """Attribute every window and write, for each target, a bigWig and an HDF5 file, with regions.bed and
    run.json beside them.

    Files take their names together, when all are whole; until then an earlier run in the folder stands, and
    then it goes with what was made of it there.
    Raises InputError for settings that cannot be, NotFinite naming the record where the model or the method
    answers with NaN or infinity, and OutputError where something cannot be written.
    """
    job = Job(model, inputs, Path(out), settings)
    check_writable(out)
    check_told_apart(job.out, job.stems)
    before = list(stale_files(job.out))
    with replacing_all(job.out, file_names(job.stems.values(), bool(inputs.dropped))) as job.paths:
        with scratch_in(job.out, [window.length for window in job.windows]) as scratch:
            job.attribute(scratch, progress)
            job.write_tracks(scratch)
        write_regions(job.paths["regions.bed"], job.regions)
        if inputs.dropped:
            write_dropped(job.paths[DROPPED], inputs.dropped)
        summary = job.finish()
        (job.out / "run.json").unlink(missing_ok=True)  # what is there is a whole run only with this file
        for path in before:
            path.unlink(missing_ok=True)
    return summary


class Batch(NamedTuple):
    """Windows of one length (B, 4, L) by their rows, their references, and which of them equal all theirs."""

    rows: npt.NDArray[np.intp]
    sequences: npt.NDArray[np.int8]
    references: npt.NDArray[Any]
    same: npt.NDArray[np.intp]


class Job:
    """One run of `score`."""

    def __init__(self, model: Model, inputs: Inputs, out: Path, settings: Settings) -> None:
        if settings.precision not in PRECISIONS:
            raise UnknownName("precision", settings.precision, PRECISIONS)
        self.model, self.windows, self.sizes, self.out = model, inputs.windows, inputs.sizes, out
        self.settings, self.notes = settings, list(inputs.notes)
        if inputs.dropped:
            self.notes.append(f"{DROPPED} lists the {len(inputs.dropped)} that were left out, and why")
        self.names = [window.name for window in self.windows]
        self.reference: Reference = parse(settings.references, self.names)
        picked = dict.fromkeys(model.pick(settings.targets))  # by name and by number is once
        self.targets = [target.name for target in picked]
        self.precision = PRECISIONS[settings.precision]
        self.method = method_of(settings)
        self.explainer = self.explainer_in(self.precision)
        self.session = self.explainer.session
        if self.precision.tf32 and self.session.device.type != "cuda":
            raise InputError("`precision=tf32` is a GPU's; on a CPU there is float32")
        check_number(self.targets, settings.targets is not None)
        self.stems = file_stems(self.targets)
        self.model_hash = content_hash(model)
        self.paths: Mapping[str, Path] = {}
        self.length = max(window.length for window in self.windows)
        self.regions = [resize(window, self.length).region for window in self.windows]
        self.errors, self.cancellation = np.zeros((2, len(self.targets), len(self.windows)))
        self.seconds = dict.fromkeys(("references", "attribution", "writing"), 0.0)
        self.started = time.perf_counter()

    def explainer_in(self, precision: Precision) -> Explainer:
        """The method in a session of its own, with the numbers of this precision."""
        session = Session(self.model, self.targets, self.settings.device, precision.dtype, precision.tf32)
        return Explainer(session, self.method)

    # --- attribution ---------------------------------------------------------------------------

    def attribute(self, scratch: Scratch, progress: Progress) -> None:
        """All windows, batch by batch, into the HDF5 files and the scratch file."""
        same: list[int] = []
        done = 0
        with ExitStack() as stack:
            writers = [stack.enter_context(self.writer(target)) for target in self.targets]
            for writer in writers:
                writer.write_regions(self.regions, forward=True)
            with BackgroundWriter() as behind:
                for batch in prefetch(self.draw, self.batches()):
                    result = self.explain(batch)
                    if self.precision.rough and not done:
                        self.notes.append(self.roughness(batch, result))
                    same.extend(batch.rows[batch.same])
                    behind.do(self.store, batch, result, writers, scratch)
                    done += len(batch.rows)
                    progress(done, len(self.windows))
        self.note_unshuffled(same)
        self.notes += [*self.session.notes, *self.explainer.plan.notes]
        if self.reference.name == "fasta":
            each = (
                f"a set of {self.reference.number} shared by all" if self.reference.shared else "one for each"
            )
            self.notes.append(f"references of {self.settings.references}: {each}")

    def batches(self) -> Iterator[npt.NDArray[np.intp]]:
        """Rows of equal length, in order."""
        numbers = self.reference.number + NUMBERS_PER_TARGET * len(self.targets)
        return by_length(
            self.windows, lambda length: min(MOST_WINDOWS, BATCH_NUMBERS // (4 * length * numbers))
        )

    def draw(self, rows: npt.NDArray[np.intp]) -> "Batch":
        """Some windows with their references."""
        start = time.perf_counter()
        sequences = one_hot(np.stack([self.windows[i].codes for i in rows]))
        references = self.reference.draw(sequences, self.settings.seed, [self.names[i] for i in rows])
        same = self.reference.degenerate(sequences, references)
        self.seconds["references"] += time.perf_counter() - start
        return Batch(rows, sequences, references, same)

    def explain(self, batch: "Batch") -> Attribution:
        """The attribution of a batch. Raises NotFinite naming the record."""
        start = time.perf_counter()
        try:
            with naming([self.names[i] for i in batch.rows]):
                return self.explainer.attribute(batch.sequences, batch.references, self.settings.batch_size)
        finally:
            self.seconds["attribution"] += time.perf_counter() - start

    def roughness(self, batch: "Batch", result: Attribution) -> str:
        """How far contributions are from those of float32, measured on some windows."""
        some = slice(min(len(batch.rows), ROUGH_WINDOWS))
        shared = batch.references.ndim == 3
        references = batch.references if shared else batch.references[some]
        exact = self.explainer_in(PRECISIONS["float32"]).attribute(batch.sequences[some], references)
        return roughness(self.settings.precision, result, exact)

    def store(
        self, batch: "Batch", result: Attribution, writers: Sequence[ContributionWriter], scratch: Scratch
    ) -> None:
        """One batch into the files, as it lies on the genome, shorter windows in the middle of their rows."""
        start = time.perf_counter()
        minus = np.array([self.windows[row].region.strand == "-" for row in batch.rows])
        for turned in (False, True):
            some = np.flatnonzero(minus == turned)
            if len(some):
                every = slice(None) if len(some) == len(minus) else some
                self.store_strand(every, turned, batch, result, writers, scratch)
        self.seconds["writing"] += time.perf_counter() - start

    def store_strand(
        self,
        some: slice | npt.NDArray[np.intp],
        turned: bool,
        batch: "Batch",
        result: Attribution,
        writers: Sequence[ContributionWriter],
        scratch: Scratch,
    ) -> None:
        """Those windows of a batch that lie on one strand; what was read from the other is `turned`."""
        rows, length = batch.rows[some], batch.sequences.shape[-1]
        left, turn = (self.length - length) // 2, slice(None, None, -1 if turned else None)
        left = self.length - length - left if turned else left
        sequences = batch.sequences[some][:, turn, turn]
        for t, writer in enumerate(writers):
            contributions = result.contributions[t].numpy()[some][:, turn]
            errors = result.standard_error
            made = Rows(
                sequences,
                result.hypothetical[t].numpy()[some][:, turn, turn],
                contributions,
                result.difference[t].numpy()[some],
                result.additivity_error[t].numpy()[some],
                None if errors is None else errors[t].numpy()[some][:, turn],
                result.cancellation[t].numpy()[some],
            )
            writer.write(rows, made, left)
            self.errors[t, rows] = made.additivity_error
            self.cancellation[t, rows] = result.cancellation[t][some]
            for row, values in zip(rows, contributions, strict=True):
                scratch.put(t, int(row), values)

    def note_unshuffled(self, same: Sequence[int]) -> None:
        if same:
            some = some_of([self.names[i] for i in same])
            self.notes.append(
                f"sequences that equal all their references ({self.settings.references}), and so score 0: "
                f"{len(same)} of {len(self.names)} ({some}); they may be too short, too periodic or all N"
            )

    # --- files ---------------------------------------------------------------------------------

    def writer(self, target: str) -> ContributionWriter:
        """The HDF5 file of one target."""
        attributes = {
            "target": target,
            "method": self.settings.method,
            "references": self.settings.references,
            "seed": self.settings.seed,
            "model": self.model_hash,
            "seqattr": package_version(),
        }
        path = self.paths[f"{self.stems[target]}.h5"]
        dtype: Any = self.settings.h5_dtype
        typical = int(np.median([window.length for window in self.windows]))
        return ContributionWriter(path, len(self.windows), self.length, attributes, dtype, typical)

    def write_tracks(self, scratch: Scratch) -> None:
        """A bigWig for each target."""
        start = time.perf_counter()
        paths = [self.paths[f"{self.stems[target]}.bw"] for target in self.targets]
        write_tracks(paths, scratch, self.windows, self.sizes)
        self.seconds["writing"] += time.perf_counter() - start

    def quantiles(self, numbers: npt.NDArray[np.float64]) -> dict[str, dict[str, float]]:
        """Of one number for each target and window: its median, 95th percentile and maximum, by target."""
        return {
            target: {f"q{q:g}": float(np.quantile(numbers[t], q)) for q in (0.5, 0.95, 1)}
            for t, target in enumerate(self.targets)
        }

    def finish(self) -> Summary:
        """run.json, and what the caller prints."""
        self.seconds["total"] = time.perf_counter() - self.started
        rounded = {key: round(value, 3) for key, value in self.seconds.items()}
        others = set(scored_stems(self.out)) - set(self.stems.values()) - set(stems_of_run(self.out))
        if others:
            self.notes.append(f"{self.out} also holds targets of another run: {', '.join(sorted(others))}")
        summary = Summary(
            self.targets,
            len(self.windows),
            self.quantiles(self.errors),
            self.quantiles(self.cancellation),
            rounded,
            self.method.complete,
            str(self.session.dtype).removeprefix("torch."),
            Verdict.of(self.errors, self.cancellation),
            explained(self.model),
            self.notes,
        )
        facts = provenance(self.session, self.model_hash, self.settings.__dict__, self.length)
        write_json(self.paths["run.json"], {**facts, **asdict(summary)})
        return summary


def method_of(settings: Settings) -> Method:
    """The method with the patterns that go with it. Raises InputError where they do not."""
    if settings.patterns is None:
        return method_named(settings.method)
    return with_patterns(settings.method, load_patterns(settings.patterns))
