"""Windows brought to the length of a model, as far as they may be."""

from collections.abc import Container
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seqattr.errors import InputError, some_of
from seqattr.inputs.dropped import Dropped, DroppedRows
from seqattr.inputs.table import Windows
from seqattr.inputs.windows import Inputs
from seqattr.support.advice import advice

_GENOME = 20  # a record of so many times the model's length is no sequence for it
_PERHAPS_GENOME = 3  # a small one, or records to be cropped


@dataclass(frozen=True)
class OneLength:
    """The length that a model was made for, where it would run at others too."""

    length: int
    runs: Container[int]

    def __contains__(self, length: object) -> bool:
        return length == self.length

    def __str__(self) -> str:
        made = "it was made for these"
        return (
            f"{self.length} bp ({'; '.join([made, *advice(f'`any_length=True` would allow {self.runs}')])})"
        )


def fit_windows(
    inputs: Inputs,
    lengths: Container[int],
    length: int,
    pad: bool = False,
    crop: bool = False,
    strict: bool = True,
) -> Inputs:
    """The windows padded with N, or cropped, around their middle to `length`, as far as allowed.

    `lengths` are those that the model takes; windows of others are dropped. Raises InputError naming them
    where those are all, or in a `strict` run.
    """
    windows = Windows.of(inputs.windows)
    change = (pad & (windows.lengths < length)) | (crop & (windows.lengths > length))
    windows = windows.resize(length, change) if change.any() else windows
    taken = [one for one in np.unique(windows.lengths).tolist() if one in lengths]
    fits = np.isin(windows.lengths, taken)
    if fits.all():
        return inputs._replace(windows=windows) if change.any() else inputs
    wrong, misfit = windows.select(~fits), f"the model, which takes {lengths}"
    if strict or not taken:
        others = "".join(f"{one.reason}; " for one in inputs.dropped[:1])
        what = f"{others}{count_in_words(len(wrong), len(windows))} not fit {misfit}"
        raise InputError(f"{what}: {some_windows(wrong)}{hint(wrong.lengths, length)}")

    def one_dropped(row: int) -> Dropped:
        reason = f"{wrong.lengths[row]} bp do not fit {misfit}"
        return Dropped(wrong.names[row], wrong.regions[row], reason)

    what = f"{count_in_words(len(wrong), len(windows))} not fit {misfit}, and were left out"
    note = f"{what}: {some_windows(wrong)}{hint(wrong.lengths, length)}"
    dropped = DroppedRows.of(inputs.dropped) + DroppedRows.made(len(wrong), one_dropped)
    return inputs._replace(windows=windows.select(fits), notes=[*inputs.notes, note], dropped=dropped)


def count_in_words(wrong: int, windows: int) -> str:
    """As 2 of 5 records do, before `not`."""
    return f"{wrong} of {windows} records {'does' if wrong == 1 else 'do'}"


def some_windows(wrong: Windows) -> str:
    """The first few, with their lengths."""
    rows = range(min(len(wrong), 4))
    return some_of([f"{wrong.names[row]} ({wrong.lengths[row]} bp)" for row in rows])


def hint(wrong: npt.NDArray[np.int32], length: int) -> str:
    """What would help, behind a semicolon: another use of a genome, or other lengths."""
    longest = int(wrong.max())
    genome = advice(
        "of a genome, `regions` takes windows around peaks and `tile` windows all along it",
        "of a genome, `regions` takes windows around peaks",
    )[:1]
    pad = ["`pad=True` would fill up short ones with N"] if (wrong < length).any() else []
    crop = ["`crop=True` would cut long ones to their middle"] if longest > length else []
    lengths = " and ".join(advice(*pad, *crop))
    if longest > _GENOME * length and genome:
        cures = genome
    else:
        cures = [lengths, *genome] if longest >= _PERHAPS_GENOME * length else [lengths]
    return "".join(f"; {cure}" for cure in cures if cure)
