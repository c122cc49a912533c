"""The main job: windows through a model and a method, into a folder of files that other tools read."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from seqattr.dna.alphabet import one_hot
from seqattr.engine.capture.model import Model
from seqattr.engine.graph.outputs import check_number
from seqattr.engine.walk.memory import keep_freed_memory
from seqattr.engine.walk.session import Session
from seqattr.errors import InputError, UnknownName, some_of
from seqattr.evaluate.verdict import Verdict
from seqattr.inputs import Inputs, Windows, by_length, naming, write_dropped
from seqattr.io.atomic import check_writable, replacing_all
from seqattr.io.bed import write_regions
from seqattr.io.ownership import Output, command_in
from seqattr.io.scores_folder import (
    DROPPED,
    check_told_apart,
    file_names,
    scored_stems,
    stale_files,
    stems_of_run,
)
from seqattr.io.text import write_json
from seqattr.jobs.inspect import explained_outputs
from seqattr.jobs.patterns import load_patterns
from seqattr.jobs.provenance import provenance
from seqattr.jobs.score_files import Batch, ScoreFiles
from seqattr.jobs.sources import ModelFile, SequenceFile
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
    check_told_apart(job.out, job.files.stems)
    before = list(stale_files(job.out))
    with replacing_all(job.out, file_names(job.files.stems.values(), bool(inputs.dropped))) as paths:
        with job.files.open(paths, job.out):
            job.attribute(progress)
        write_regions(paths["regions.bed"], job.files.regions)
        if inputs.dropped:
            write_dropped(paths[DROPPED], inputs.dropped)
        summary = job.finish(paths["run.json"])
        (job.out / "run.json").unlink(missing_ok=True)  # what is there is a whole run only with this file
        for path in before:
            path.unlink(missing_ok=True)
    return summary


class Job:
    """One run of `score`."""

    def __init__(self, model: Model, inputs: Inputs, out: Path, settings: Settings) -> None:
        if settings.precision not in PRECISIONS:
            raise UnknownName("precision", settings.precision, PRECISIONS)
        self.model, self.windows, self.out = model, Windows.of(inputs.windows), out
        self.settings, self.notes = settings, list(inputs.notes)
        if inputs.dropped:
            self.notes.append(f"{DROPPED} lists the {len(inputs.dropped)} that were left out, and why")
        self.names = self.windows.names
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
        self.model_hash = content_hash(model)
        self.files = ScoreFiles(inputs, self.targets, self.attributes(), settings.h5_dtype)
        self.seconds = dict.fromkeys(("references", "attribution", "writing"), 0.0)
        self.started = time.perf_counter()

    def explainer_in(self, precision: Precision) -> Explainer:
        """The method in a session of its own, with the numbers of this precision."""
        session = Session(self.model, self.targets, self.settings.device, precision.dtype, precision.tf32)
        return Explainer(session, self.method)

    def attributes(self) -> dict[str, Any]:
        """What each HDF5 file says of the run."""
        return {
            "method": self.settings.method,
            "references": self.settings.references,
            "seed": self.settings.seed,
            "model": self.model_hash,
            "seqattr": package_version(),
        }

    # --- attribution ---------------------------------------------------------------------------

    def attribute(self, progress: Progress) -> None:
        """All windows, batch by batch, into the files."""
        same: list[int] = []
        done = 0
        with BackgroundWriter() as behind:
            for batch in prefetch(self.draw, self.batches()):
                result = self.explain(batch)
                if self.precision.rough and not done:
                    self.notes.append(self.roughness(batch, result))
                same.extend(batch.rows[batch.same])
                behind.do(self.files.store, batch, result)
                done += len(batch.rows)
                progress(done, len(self.windows))
        self.note_unshuffled(same)
        self.notes += [*self.session.notes, *self.explainer.plan.notes]
        if self.reference.name == "fasta":
            sharing = f"a set of {self.reference.number} shared by all"
            kind = sharing if self.reference.shared else "one for each"
            self.notes.append(f"references of {self.settings.references}: {kind}")

    def batches(self) -> Iterator[npt.NDArray[np.intp]]:
        """Rows of equal length, in order."""
        numbers = self.reference.number + NUMBERS_PER_TARGET * len(self.targets)
        return by_length(
            self.windows, lambda length: min(MOST_WINDOWS, BATCH_NUMBERS // (4 * length * numbers))
        )

    def draw(self, rows: npt.NDArray[np.intp]) -> Batch:
        """Some windows with their references."""
        start = time.perf_counter()
        sequences = one_hot(self.windows.codes(rows))
        references = self.reference.draw(sequences, self.settings.seed, [self.names[i] for i in rows])
        same = self.reference.degenerate(sequences, references)
        self.seconds["references"] += time.perf_counter() - start
        return Batch(rows, sequences, references, same)

    def explain(self, batch: Batch) -> Attribution:
        """The attribution of a batch. Raises NotFinite naming the record."""
        start = time.perf_counter()
        try:
            with naming([self.names[i] for i in batch.rows]):
                return self.explainer.attribute(batch.sequences, batch.references, self.settings.batch_size)
        finally:
            self.seconds["attribution"] += time.perf_counter() - start

    def roughness(self, batch: Batch, result: Attribution) -> str:
        """How far contributions are from those of float32, measured on some windows."""
        some = slice(min(len(batch.rows), ROUGH_WINDOWS))
        shared = batch.references.ndim == 3
        references = batch.references if shared else batch.references[some]
        exact = self.explainer_in(PRECISIONS["float32"]).attribute(batch.sequences[some], references)
        return roughness(self.settings.precision, result, exact)

    def note_unshuffled(self, same: Sequence[int]) -> None:
        if same:
            some = some_of([self.names[i] for i in same])
            self.notes.append(
                f"sequences that equal all their references ({self.settings.references}), and so score 0: "
                f"{len(same)} of {len(self.names)} ({some}); they may be too short, too periodic or all N"
            )

    # --- summary -------------------------------------------------------------------------------

    def quantiles(self, numbers: npt.NDArray[np.float64]) -> dict[str, dict[str, float]]:
        """Of one number for each target and window: its median, 95th percentile and maximum, by target."""
        return {
            target: {f"q{q:g}": float(np.quantile(numbers[t], q)) for q in (0.5, 0.95, 1)}
            for t, target in enumerate(self.targets)
        }

    def finish(self, path: Path) -> Summary:
        """run.json, and what the caller prints."""
        self.seconds["writing"] = self.files.seconds
        self.seconds["total"] = time.perf_counter() - self.started
        rounded = {key: round(value, 3) for key, value in self.seconds.items()}
        others = set(scored_stems(self.out)) - set(self.files.stems.values()) - set(stems_of_run(self.out))
        if others:
            self.notes.append(f"{self.out} also holds targets of another run: {', '.join(sorted(others))}")
        summary = Summary(
            self.targets,
            len(self.windows),
            self.quantiles(self.files.errors),
            self.quantiles(self.files.cancellation),
            rounded,
            self.method.complete,
            str(self.session.dtype).removeprefix("torch."),
            Verdict.of(self.files.errors, self.files.cancellation),
            explained_outputs(self.model),
            self.notes,
        )
        facts = provenance(self.session, self.model_hash, vars(self.settings), self.files.length)
        write_json(path, {**facts, **asdict(summary)})
        return summary


def method_of(settings: Settings) -> Method:
    """The method with the patterns that go with it. Raises InputError where they do not."""
    if settings.patterns is None:
        return method_named(settings.method)
    return with_patterns(settings.method, load_patterns(settings.patterns))
