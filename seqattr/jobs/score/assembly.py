"""From the blocks of a run to its files, which take their names together when all are whole."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from shutil import copyfile
from typing import Any

import numpy as np
import numpy.typing as npt

from seqattr.errors import NotFinite, some_of
from seqattr.evaluate.additivity import Additivity
from seqattr.inputs import Dropped, DroppedRows, write_dropped
from seqattr.io.bed import write_regions
from seqattr.io.hdf5.assembly import assemble as assemble_hdf5
from seqattr.io.ownership import RUN
from seqattr.io.run_folder import replacing_run
from seqattr.io.scores_folder import (
    DROPPED,
    FAILED,
    file_names,
    file_stems,
    folders_of,
    scored_stems,
    stale_files,
    stems_of_run,
)
from seqattr.io.text import write_json
from seqattr.io.tracks import write_track
from seqattr.jobs.score.blocks_folder import BlocksFolder, opened
from seqattr.jobs.score.plan import Plan
from seqattr.jobs.score.records import Failures, Records
from seqattr.jobs.score.summary import Summary, quantiles
from seqattr.support.advice import phrased
from seqattr.support.stages import in_threads
from seqattr.support.threads import in_use


def assemble(out: Path, plan: Plan, folders: Sequence[BlocksFolder]) -> Summary:
    """The files of a run, in `out`, from all its blocks, which lie in these folders.

    Raises InputError where some are missing, NotFinite where no sequence has values, and OutputError.
    """
    with opened([path for folder in folders for path in folder.journals()], verify=False) as journals:
        dropped = folders[0] / DROPPED
        return Assembly(Records(plan, journals), out, dropped if dropped.is_file() else None).write()


@dataclass(frozen=True)
class Assembly:
    """The files of a run in the folder `out`; `dropped` lists what gave no window, if something did."""

    records: Records
    out: Path
    dropped: Path | None = None

    def write(self) -> Summary:
        """All of them. What was there of another run goes, with what was made of it.

        Raises OutputError where something cannot be written.
        """
        self._check_any()
        folders = folders_of(self.out, self.plan.results)
        within = [folder.relative_to(self.out) for folder in folders]
        names = [str(folder / name) for folder in within for name in self._names]
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
        stale = [path for path in stale_files(self.out) if path not in {self.out / name for name in names}]
        with replacing_run(self.out, names, stale=stale) as paths:
            summaries = [
                self._write_result(number, {name: paths[str(folder / name)] for name in self._names})
                for number, folder in enumerate(within)
            ]
        return summaries[0]

    @property
    def _names(self) -> list[str]:
        """Of the files of one result."""
        stems = file_stems(self.plan.targets).values()
        return file_names(stems, self.dropped is not None, len(self.records.failures) > 0)

    def _check_any(self) -> None:
        """That there is a sequence with values."""
        failures = self.records.failures
        if len(failures) == self.plan.rows:
            first = self.records.names[0]
            raise NotFinite(f"{failures.reason(0)} of").for_record(f"{first}, as of all others")

    @property
    def plan(self) -> Plan:
        return self.records.plan

    # --- one result, a mean or a model's own -----------------------------------------------------

    def _write_result(self, number: int, paths: Mapping[str, Path]) -> Summary:
        """The files of the mean, or of one of the models, to these paths."""
        plan, stems, failures = self.plan, file_stems(self.plan.targets), self.records.failures
        tasks: list[Callable[[], object]] = []
        for target, name in enumerate(plan.targets):
            output = number * len(plan.targets) + target
            attributes = {"target": name, **plan.attributes[number]}
            tasks.append(partial(self._write_rows, output, attributes, paths[f"{stems[name]}.h5"]))
            tasks.append(partial(self._write_track, output, paths[f"{stems[name]}.bw"]))
        in_threads(tasks, in_use(), self.records.stop)
        write_regions(paths["regions.bed"], self.records.rows)
        if self.dropped is not None:
            copyfile(self.dropped, paths[DROPPED])
        if len(failures):
            write_dropped(paths[FAILED], self._failed(failures))
        summary = self._summary(number)
        write_json(
            paths[RUN],
            {**plan.facts, **plan.model_facts[number], **summary.facts(), "identity": plan.identity},
        )
        return summary

    def _failed(self, failures: Failures) -> DroppedRows:
        """The sequences without values, as they are listed."""
        windows = self.records.windows.select(failures.rows)

        def one(row: int) -> Dropped:
            return Dropped(windows.names[row], windows[row], failures.reason(row))

        return DroppedRows.made(len(failures), one)

    def _write_rows(self, output: int, attributes: Mapping[str, Any], path: Path) -> None:
        """The HDF5 file of one output."""
        encoded = self.records.encoded(output)
        assemble_hdf5(path, self.plan.layout, self.records.rows, attributes, encoded)

    def _write_track(self, output: int, path: Path) -> None:
        """Its bigWig."""
        write_track(path, self.records.bases, partial(self._values, output), self.plan.sizes)

    def _values(self, output: int, rows: npt.NDArray[np.intp]) -> list[npt.NDArray[np.float32]]:
        """The contributions of rows from their first base on that is no padding."""
        values, padding = self.records.values(output, rows), self.records.padding[rows].tolist()
        return [row[first:] for row, first in zip(values, padding, strict=True)]

    # --- in words ----------------------------------------------------------------------------------

    def _summary(self, number: int) -> Summary:
        plan, targets = self.plan, self.plan.targets
        outputs = range(number * len(targets), (number + 1) * len(targets))
        errors, cancellation = (
            self.records.numbers(name, outputs) for name in ("additivity_error", "cancellation")
        )
        whole = ~np.isnan(errors).any(axis=0)
        every = slice(None) if whole.all() else whole
        return Summary(
            targets=list(targets),
            sequences=plan.rows,
            additivity_error=quantiles(list(errors), targets),
            cancellation=quantiles(list(cancellation), targets),
            complete=plan.facts["complete"],
            dtype=plan.facts["dtype"],
            verdict=Additivity.of(errors[:, every], cancellation[:, every]),
            explained=plan.facts["explained"],
            failed=len(self.records.failures),
            dropped=plan.dropped,
            notes=self._notes(),
        )

    def _notes(self) -> list[str]:
        plan, records = self.plan, self.records
        notes = [*plan.notes, *records.notes]
        if len(records.same):
            notes.append(
                f"sequences that equal all their references ({plan.facts['settings']['references']}), and so "
                f"score 0: {len(records.same)} of {plan.rows} ({self._some(records.same)}); they may be too "
                "short, too periodic or all N"
            )
        failures = records.failures
        if len(failures):
            reasons, some = "; ".join(failures.reasons[:3]), self._some(failures.rows)
            notes.append(
                f"sequences without values: {len(failures)} of {plan.rows} ({some}), as {reasons}; "
                f"{FAILED} lists them"
            )
        others = (
            set(scored_stems(self.out)) - set(file_stems(plan.targets).values()) - set(stems_of_run(self.out))
        )
        if others:
            notes.append(f"{self.out} also holds targets of another run: {', '.join(sorted(others))}")
        return [phrased(note) for note in notes]

    def _some(self, rows: npt.NDArray[np.int64]) -> str:
        return some_of([self.records.names[row] for row in rows[:4].tolist()])
