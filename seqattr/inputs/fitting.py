"""Windows brought to the length of a model, as far as they may be."""

from collections.abc import Container, Sequence
from dataclasses import dataclass

from seqattr.errors import InputError, some_of
from seqattr.inputs.dropped import Dropped
from seqattr.inputs.windows import Inputs, Window, resize

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
        return f"{self.length} bp (it was made for these; `any_length=True` would allow {self.runs})"


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
    windows = [
        resize(w, length) if (pad and w.length < length) or (crop and w.length > length) else w
        for w in inputs.windows
    ]
    wrong = [w for w in windows if w.length not in lengths]
    if not wrong:
        return inputs._replace(windows=windows)
    misfit = f"the model, which takes {lengths}"
    if strict or len(wrong) == len(windows):
        others = "".join(f"{one.reason}; " for one in inputs.dropped[:1])
        what = f"{others}{count_in_words(wrong, windows)} not fit {misfit}"
        raise InputError(f"{what}: {some_windows(wrong)}; {hint(wrong, length)}")
    dropped = [Dropped(w.name, w.region, f"{w.length} bp do not fit {misfit}") for w in wrong]
    what = f"{count_in_words(wrong, windows)} not fit {misfit}, and were left out"
    note = f"{what}: {some_windows(wrong)}; {hint(wrong, length)}"
    kept = [w for w in windows if w.length in lengths]
    return inputs._replace(windows=kept, notes=[*inputs.notes, note], dropped=[*inputs.dropped, *dropped])


def count_in_words(wrong: Sequence[Window], windows: Sequence[Window]) -> str:
    """As 2 of 5 records do, before `not`."""
    return f"{len(wrong)} of {len(windows)} records {'does' if len(wrong) == 1 else 'do'}"


def some_windows(wrong: Sequence[Window]) -> str:
    """The first few, with their lengths."""
    return some_of([f"{w.name} ({w.length} bp)" for w in wrong])


def hint(wrong: Sequence[Window], length: int) -> str:
    """What would help: another use of a genome, or other lengths."""
    longest = max(w.length for w in wrong)
    genome = "of a genome, `regions` takes windows around peaks and `tile` windows all along it"
    if longest > _GENOME * length:
        return genome
    hints = {
        "`pad=True` would fill up short ones with N": any(w.length < length for w in wrong),
        "`crop=True` would cut long ones to their middle": longest > length,
    }
    lengths = " and ".join(text for text, helps in hints.items() if helps)
    return f"{lengths}; {genome}" if longest >= _PERHAPS_GENOME * length else lengths
