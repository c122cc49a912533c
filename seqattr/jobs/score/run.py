"""The main job: windows through models and a method, into a folder of files that other tools read."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from seqattr.engine.capture.model import Model
from seqattr.engine.walk.memory import keep_freed_memory
from seqattr.errors import NotFinite
from seqattr.inputs import Inputs
from seqattr.io.atomic import check_name, check_writable, removed_if_unused
from seqattr.io.ownership import RUN, Output
from seqattr.io.scores_folder import (
    CHECK,
    SHARD,
    TIMING,
    check_told_apart,
    file_names,
    file_stems,
    folders_of,
    names_beside,
)
from seqattr.io.text import write_json
from seqattr.jobs.score.assembly import assemble
from seqattr.jobs.score.blocks_folder import BlocksFolder, finished_blocks
from seqattr.jobs.score.done import Part, done_before, keep_shard
from seqattr.jobs.score.plan import Plan
from seqattr.jobs.score.settings import Settings, Working
from seqattr.jobs.score.summary import Summary
from seqattr.jobs.score.task import Scoring, Task
from seqattr.jobs.score.workers import devices_of, work_in_processes
from seqattr.jobs.sources import ModelFile, SequenceFile
from seqattr.support.caller import LIBRARY, Caller
from seqattr.support.interruptions import resumable
from seqattr.support.progress import Progress, silent
from seqattr.support.threads import in_use

# Works out blocks of these numbers into a folder, and tells of each how many rows it has.
Work = Callable[[BlocksFolder, Sequence[int]], Iterator[int]]
HERE = Working()


def run(
    models: Sequence[ModelFile],
    sequences: SequenceFile,
    output: Output,
    settings: Settings,
    working: Working = HERE,
    caller: Caller = LIBRARY,
) -> Summary | Part:
    """Score the sequences of a file with the model of another, or with several as folds.

    Raises as `score` does. What somebody else, or another command, wrote to the folder is not replaced,
    unless forced.
    """
    task = Task(tuple(models), sequences, settings)
    with removed_if_unused(output.path):
        check_writable(output.path)
        output.claim_results(names_beside(), settings.command)
        keep_freed_memory()
        devices = devices_of(settings.device, working.workers)
        scoring = task.open(output.path, caller, devices[0])
        claim_targets(output, scoring.plan)
    work = scoring.work if len(devices) == 1 else partial(work_in_processes, task, devices)
    working = replace(working, force=working.force or output.force)
    done = Run(scoring, output.path, working, caller.progress).finish(work)
    return examined(done, scoring, output.path, working, caller)


def claim_targets(output: Output, plan: Plan) -> None:
    """The files of the targets, of all results. Raises OutputError where others' files stand there."""
    names = file_names(file_stems(plan.targets).values())
    for folder in folders_of(output.path, plan.results):
        replace(output, path=folder).claim_folder(names, RUN)


def score(
    model: Model | Sequence[Model],
    inputs: Inputs,
    out: Path | str,
    settings: Settings,
    progress: Progress = silent,
    working: Working = HERE,
) -> Summary | Part:
    """Attribute every window and write, for each target, a bigWig and an HDF5 file, with regions.bed and
    run.json beside them.

    Several models are folds, of whose results the mean is written. Files take their names together, when all
    are whole; until then an earlier run in the folder stands, and then it goes with what was made of it
    there. Blocks of rows that are done are kept in OUT/blocks until the end: the same call goes on with them,
    whatever ended the one before. All is done in this process; `run` knows of several. A sequence for which a
    model answers with NaN or infinity has no values, and is listed in failed.tsv. Where the results are there
    already nothing is done.

    Raises InputError for settings that cannot be, NotFinite where no sequence has values, and OutputError
    where something cannot be written, where another run is at work in the folder, or where it holds blocks
    of a run that is not the same.
    """
    models = [model] if isinstance(model, Model) else list(model)
    scoring = Scoring(models, [f"model{number}" for number in range(len(models))], inputs, settings)
    check_writable(out)
    done = Run(scoring, Path(out), working, progress).finish(scoring.work)
    return examined(done, scoring, Path(out), working, LIBRARY)


def examined(
    done: Summary | Part, scoring: Scoring, out: Path, working: Working, caller: Caller
) -> Summary | Part:
    """The results with the check of them, where one is asked for."""
    if working.check and isinstance(done, Summary):
        from seqattr.jobs.score.check import check  # with its figures, which scoring alone does without

        with resumable():
            done.credit = check(scoring, done, out, caller)
    return done


@dataclass(frozen=True)
class Run:
    """One run into a folder."""

    scoring: Scoring
    out: Path
    working: Working
    progress: Progress

    def finish(self, work: Work) -> Summary | Part:
        """All its blocks, then its files; of a shard the blocks alone."""
        plan, shard, folder = self.scoring.plan, self.working.shard, BlocksFolder(self.out)
        stems = file_stems(plan.targets)
        check_told_apart(self.out, stems)
        for name in [*file_names(stems.values(), dropped=True, failed=True), TIMING, SHARD, CHECK]:
            check_name(self.out / name)
        done = done_before(self.out, plan, shard)
        if done is not None and not self.working.force:
            self.tidy(folder)
            return done
        start = time.perf_counter()
        with folder.at_work():
            if self.working.restart or isinstance(done, Part):  # that is forced: it is nothing but its blocks
                folder.clear()
            folder.continue_as(plan, shard)
            self.scoring.list_dropped(folder)
            with resumable(kept=lambda: finished_blocks(folder.journals())):
                before = self.work_out(folder, work)
                if not shard.is_whole:
                    return keep_shard(self.out, plan, shard)
                assembling = time.perf_counter()
                summary = self.assembled(folder)
            folder.remove()
        end = time.perf_counter()
        seconds = {**self.scoring.calculation.seconds, "assembly": end - assembling, "total": end - start}
        summary.seconds = {part: round(value, 3) for part, value in seconds.items()}
        self.write_timing(summary, before)
        return summary

    def assembled(self, folder: BlocksFolder) -> Summary:
        """The results of the blocks, which go where no sequence has values: nothing is left to go on with."""
        try:
            return assemble(self.out, self.scoring.plan, [folder])
        except NotFinite:
            folder.remove()
            raise

    def tidy(self, folder: BlocksFolder) -> None:
        """Remove what is left of the blocks of a run that was killed when its results were whole."""
        shard, there = self.working.shard, folder.path.is_dir()
        if there and shard.is_whole and (not folder.has_plan() or folder.is_of(self.scoring.plan, shard)):
            with folder.at_work():
                folder.clear()

    def work_out(self, folder: BlocksFolder, work: Work) -> int:
        """The blocks that are not done yet; how many were done before."""
        plan, numbers = self.scoring.plan, self.working.shard.numbers(self.scoring.plan.blocks)
        finished = finished_blocks(folder.journals())
        rows = {number: len(plan.rows_of(number)) for number in numbers}
        done, total = sum(rows[number] for number in numbers if number in finished), sum(rows.values())
        before = len(finished & set(numbers))
        if before:
            self.progress(done, total)
        missing = [number for number in numbers if number not in finished]
        for count in work(folder, missing) if missing else ():
            done += count
            self.progress(done, total)
        return before

    def write_timing(self, summary: Summary, before: int) -> None:
        """How long it took, which is of every run another."""
        sessions = [explainer.session for explainer in self.scoring.setup.ensemble.explainers]
        write_json(
            self.out / TIMING,
            {
                "seconds": summary.seconds,
                "blocks": self.scoring.plan.blocks,
                "blocks_done_before": before,
                "threads": in_use(),
                "workers": self.working.workers,
                "rows_forward": sum(session.rows_forward for session in sessions),
                "rows_backward": sum(session.rows_backward for session in sessions),
            },
        )
