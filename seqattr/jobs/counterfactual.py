"""Counterfactuals in a file: the paths of all windows as one table."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from seqattr.analyses import counterfactual as methods
from seqattr.dna.alphabet import one_hot
from seqattr.engine.capture.model import Model
from seqattr.inputs import Window, naming
from seqattr.io.atomic import check_file
from seqattr.io.ownership import Output
from seqattr.io.tables import write_table
from seqattr.jobs.sources import ModelFile, SequenceFile, open_both
from seqattr.support.caller import LIBRARY, Caller


@dataclass(frozen=True)
class Settings:
    """Which target is to `reach` which value, after at most so many substitutions."""

    target: int | str | None = None  # the first
    reach: float = 0.0
    most: int = 20
    device: str = "auto"


def run(
    model: ModelFile, sequences: SequenceFile, output: Output, settings: Settings, caller: Caller = LIBRARY
) -> list[methods.Path]:
    """The paths of the sequences of a file, in a table. Raises as `write_counterfactuals` does."""
    output.claim_file()
    loaded, inputs = open_both(model, sequences, caller)
    return write_counterfactuals(output.path, loaded, inputs.windows, settings)


def write_counterfactuals(
    out: Path | str, model: Model, windows: Sequence[Window], settings: Settings = Settings()
) -> list[methods.Path]:
    """Find the paths and write their table.

    Raises as `counterfactuals` does, NotFinite naming the record, and OutputError.
    """
    check_file(out)
    names = [window.name for window in windows]
    sequences = [one_hot(window.codes[None])[0] for window in windows]
    asked = {**asdict(settings), "target": model.single(settings.target)[1]}
    with naming(names):
        paths = methods.counterfactuals(model, sequences, **asked)
    write_table(out, methods.table(names, paths))
    return paths
