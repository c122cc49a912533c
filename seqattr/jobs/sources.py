"""What most jobs read: a model file, and a file of sequences with the windows of it that are meant."""

from dataclasses import dataclass, field
from pathlib import Path

from seqattr import inputs
from seqattr.engine.capture.model import Model
from seqattr.errors import InputError
from seqattr.inputs import DroppedRows, Inputs
from seqattr.models.load import Foreign, load_model
from seqattr.support.caller import LIBRARY, Caller


@dataclass(frozen=True)
class ModelFile:
    """A model file, whether it is trusted, and what must be said of one that is not in our own format."""

    path: Path
    trust: bool = False
    foreign: Foreign = field(default_factory=Foreign)

    def open(self, caller: Caller = LIBRARY) -> Model:
        """The model; the caller is warned of what was done to read it. Raises as `load_model` does."""
        model = load_model(self.path, trust=self.trust, foreign=self.foreign)
        caller.tell(model.notes)
        return model


@dataclass(frozen=True)
class SequenceFile:
    """A FASTA file, which windows of it are meant, and how far they may be fitted to a model.

    Each record is a window, unless there are `regions` (BED) to take them around, or one is to begin every
    `tile` bases. Windows of nothing but N are left out, and those with a share of N above `max_n`.
    Shorter ones are filled up with N where `pad` says so, longer ones cut to their middle where
    `crop` does; with `any_length` all are taken at which the model runs. What does not fit is left out, or
    with `strict` an error. Where `placed`, headers such as chr1:100-200 are coordinates on a genome, whose
    chromosomes are as long as the file `sizes` says. Raises InputError for regions and tiles together.
    """

    fasta: Path
    regions: Path | None = None
    tile: int | None = None
    ignore_strand: bool = False
    pad: bool = False
    crop: bool = False
    any_length: bool = False
    strict: bool = False
    sizes: Path | None = None
    placed: bool = True
    max_n: float | None = None

    def __post_init__(self) -> None:
        if self.max_n is not None and not 0 <= self.max_n <= 1:
            raise InputError(f"`max_n` is a share of a window's bases, from 0 to 1, not {self.max_n:g}")
        if self.regions is not None and self.tile is not None:
            raise InputError("`regions` and `tile` exclude each other")

    def read(self, model: Model, caller: Caller = LIBRARY, folder: Path | None = None) -> Inputs:
        """The windows, fitted to the model as far as they may be, with notes in the caller's words.

        Codes that are too many for memory come into a file in the folder, which nobody sees; without one into
        the system's.
        """
        with inputs.spooling_in(folder):
            windows = self._fitted(model)
        notes = [caller.phrase(note) for note in windows.notes]
        return windows._replace(notes=notes, dropped=DroppedRows.of(windows.dropped).phrased(caller.phrase))

    def _fitted(self, model: Model) -> Inputs:
        length, free = model.example_length, self.any_length or model.lengths.is_fixed
        lengths = model.lengths if free else inputs.OneLength(length, model.lengths)
        windows = inputs.fit_windows(self._windows(length), lengths, length, self.pad, self.crop, self.strict)
        return inputs.drop_unknown(windows, self.max_n, self.strict)

    def _windows(self, length: int) -> Inputs:
        if self.regions is not None:
            return inputs.from_regions(
                self.fasta, self.regions, length, self.pad, self.ignore_strand, self.strict
            )
        if self.tile is not None:
            return inputs.from_tiles(self.fasta, length, self.tile, self.pad, self.strict)
        return inputs.from_fasta(self.fasta, self.sizes, self.placed, self.strict)


def open_both(model: ModelFile, sequences: SequenceFile, caller: Caller) -> tuple[Model, Inputs]:
    """The model and the windows for it; the caller is warned of what became of both."""
    loaded = model.open(caller)
    windows = sequences.read(loaded, caller)
    caller.tell(windows.notes)
    return loaded, windows
