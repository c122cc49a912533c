"""The files of a run of `score`: an HDF5 file and a track for each target, forward on the genome."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from seqattr.inputs import Inputs, Windows
from seqattr.io.hdf5.contributions import ContributionWriter, Rows
from seqattr.io.scores_folder import file_stems
from seqattr.jobs.tracks import Scratch, scratch_in, write_tracks
from seqattr.methods.attribution import Attribution


class Batch(NamedTuple):
    """Windows of one length (B, 4, L) by their rows, their references, and which of them equal all theirs."""

    rows: npt.NDArray[np.intp]
    sequences: npt.NDArray[np.int8]
    references: npt.NDArray[Any]
    same: npt.NDArray[np.intp]


class ScoreFiles:
    """Takes attributions batch by batch, to files of all windows.

    A row is as long as the longest window; shorter ones lie in its middle. `attributes` are written to each
    HDF5 file. `errors` and `cancellation` (targets, windows) are those of what was stored.
    """

    def __init__(
        self, inputs: Inputs, targets: Sequence[str], attributes: Mapping[str, Any], dtype: Any = "float32"
    ) -> None:
        self.windows, self.sizes = Windows.of(inputs.windows), inputs.sizes
        self.targets, self.stems = targets, file_stems(targets)
        self.attributes, self.dtype = attributes, dtype
        self.length = int(self.windows.lengths.max())
        self.regions = self.windows.resize(self.length).regions
        self.errors, self.cancellation = np.zeros((2, len(targets), len(self.windows)))
        self.seconds = 0.0

    @contextmanager
    def open(self, paths: Mapping[str, Path], folder: Path) -> Iterator[None]:
        """Within the block `store` takes batches; after it the tracks are written. Raises OutputError."""
        with scratch_in(folder, self.windows.lengths.tolist()) as self._scratch:
            with ExitStack() as stack:
                self._writers = [stack.enter_context(self._writer(paths, target)) for target in self.targets]
                for writer in self._writers:
                    writer.write_regions(self.regions, forward=True)
                yield
            self._write_tracks(paths, self._scratch)

    def _writer(self, paths: Mapping[str, Path], target: str) -> ContributionWriter:
        """The HDF5 file of one target."""
        attributes = {"target": target, **self.attributes}
        path, dtype = paths[f"{self.stems[target]}.h5"], self.dtype
        typical = int(np.median(self.windows.lengths))
        return ContributionWriter(path, len(self.windows), self.length, attributes, dtype, typical)

    def _write_tracks(self, paths: Mapping[str, Path], scratch: Scratch) -> None:
        """A bigWig for each target."""
        start = time.perf_counter()
        tracks = [paths[f"{self.stems[target]}.bw"] for target in self.targets]
        write_tracks(tracks, scratch, self.windows, self.sizes)
        self.seconds += time.perf_counter() - start

    def store(self, batch: Batch, result: Attribution) -> None:
        """One batch into the files, as it lies on the genome."""
        start = time.perf_counter()
        minus = self.windows.minus[batch.rows]
        for reverse in (False, True):
            strand = np.flatnonzero(minus == reverse)
            if len(strand):
                self._store_strand(
                    slice(None) if len(strand) == len(minus) else strand, reverse, batch, result
                )
        self.seconds += time.perf_counter() - start

    def _store_strand(
        self, some: slice | npt.NDArray[np.intp], reverse: bool, batch: Batch, result: Attribution
    ) -> None:
        """Those windows of a batch that lie on one strand; what was read in reverse is turned."""
        rows, length = batch.rows[some], batch.sequences.shape[-1]
        left, turn = (self.length - length) // 2, slice(None, None, -1 if reverse else None)
        left = self.length - length - left if reverse else left
        sequences = batch.sequences[some][:, turn, turn]
        for t, writer in enumerate(self._writers):
            errors = result.standard_error
            values = Rows(
                sequences,
                result.hypothetical[t].numpy()[some][:, turn, turn],
                result.contributions[t].numpy()[some][:, turn],
                result.difference[t].numpy()[some],
                result.additivity_error[t].numpy()[some],
                None if errors is None else errors[t].numpy()[some][:, turn],
                result.cancellation[t].numpy()[some],
            )
            writer.write(rows, values, left)
            self.errors[t, rows] = values.additivity_error
            self.cancellation[t, rows] = result.cancellation[t][some]
            for row, contributions in zip(rows, values.contributions, strict=True):
                self._scratch.put(t, int(row), contributions)
