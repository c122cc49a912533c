"""What a run works on: models, windows, references and settings, made ready; from files or not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from seqattr.engine.capture.model import Model
from seqattr.engine.graph.outputs import check_number
from seqattr.errors import InputError
from seqattr.inputs import Inputs, Windows, write_dropped
from seqattr.io.journal import appending
from seqattr.io.scores_folder import DROPPED, file_stems
from seqattr.jobs.score.blocks_folder import BlocksFolder
from seqattr.jobs.score.calculation import Calculation, Setup
from seqattr.jobs.score.planning import model_names, plan_of
from seqattr.jobs.score.settings import Settings
from seqattr.jobs.sources import ModelFile, SequenceFile
from seqattr.refs.kinds import parse
from seqattr.support.caller import Caller
from seqattr.support.threads import in_use


class Scoring:
    """Models, of several of which `names` tell the results apart, and windows, made ready.

    Raises InputError for settings that cannot be.
    """

    def __init__(
        self,
        models: Sequence[Model],
        names: Sequence[str],
        inputs: Inputs,
        settings: Settings,
        device: str | None = None,
    ) -> None:
        self.inputs, self.windows = inputs, Windows.of(inputs.windows)
        if settings.pairs:
            check_pairs(self.windows, len(inputs.dropped))
        names_drawn_for = self.windows.names[::2] if settings.pairs else self.windows.names
        self.reference = parse(settings.references, names_drawn_for)
        self.setup = Setup(models, settings, device)
        check_number(self.setup.targets, settings.targets is not None)
        file_stems(self.setup.targets)
        self.plan = plan_of(self.setup, inputs, self.reference, names)
        self.calculation = Calculation(self.setup, self.windows, self.reference, self.plan)

    def work(self, folder: BlocksFolder, numbers: Sequence[int]) -> Iterator[int]:
        """Work out blocks of these numbers in this process, and tell each one's count of rows."""
        yield from self.work_as(0, folder, numbers, in_use())

    def work_as(
        self, worker: int, folder: BlocksFolder, numbers: Iterator[int] | Sequence[int], threads: int
    ) -> Iterator[int]:
        """The same, for the journal of one of several workers."""
        with appending(folder.journal(worker)) as journal:
            yield from self.calculation.blocks(numbers, journal.add, folder.out, threads)

    def list_dropped(self, folder: BlocksFolder) -> None:
        """What gave no window, for the results."""
        if len(self.inputs.dropped):
            write_dropped(folder / DROPPED, self.inputs.dropped)


def check_pairs(windows: Windows, dropped: int) -> None:
    """Raises InputError unless every two windows are as long as each other, and none was left out."""
    lengths = windows.lengths
    if dropped or len(lengths) % 2 or (lengths[::2] != lengths[1::2]).any():
        raise InputError("`pairs` are every two sequences, of one length, and none of them may be left out")


@dataclass(frozen=True)
class Task:
    """A run as files and settings, which any process can open."""

    models: tuple[ModelFile, ...]
    sequences: SequenceFile
    settings: Settings

    def open(self, folder: Path, caller: Caller, device: str) -> Scoring:
        """Read all of it; what is spooled lies in the folder. Raises as reading models and sequences does."""
        models = [model.open(caller) for model in self.models]
        inputs = self.sequences.read(models[0], caller, folder)
        names = model_names([model.path for model in self.models])
        return Scoring(models, names, inputs, self.settings, device)
