"""The influence of training sequences in files: what was asked for, and the table that answers it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from os.path import realpath
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from seqattr.analyses.influence import Examples, examples_of, influence
from seqattr.data.dataset import Dataset
from seqattr.data.dataset_files import read_dataset
from seqattr.engine.graph.lengths import Lengths
from seqattr.errors import InputError, UnknownName
from seqattr.inputs import Windows, fit_windows, from_fasta
from seqattr.io.atomic import check_file, replacing_all
from seqattr.io.hdf5.named_table import write_named
from seqattr.io.kept import refuse_input
from seqattr.io.ownership import Output
from seqattr.io.tables import write_table
from seqattr.models.checkpoints import Checkpoint, read_checkpoints
from seqattr.support.caller import LIBRARY, Caller


@dataclass(frozen=True)
class Request:
    """Whose influence, on what, and where to write it.

    `data` is the folder of a data set. The tests are those of `fasta`, or of a split of the data; of these
    the ones of the given names, else the first `number` (0 for all). `top` proponents and as many opponents
    of each go to `out`, all scores to `scores`; `pad` and `crop` fit the sequences of `fasta` to the model.
    What somebody else wrote there is replaced only if `force` is set. Raises InputError for numbers that
    cannot be, and for one name for both files.
    """

    checkpoints: Path
    data: Path
    fasta: Path | None = None
    split: str = "test"
    names: tuple[str, ...] = ()
    number: int = 10
    target: str | None = None
    top: int = 10
    out: Path = Path("influence.tsv")
    scores: Path | None = None
    device: str = "auto"
    pad: bool = False
    crop: bool = False
    force: bool = False

    def __post_init__(self) -> None:
        if self.top < 1:
            raise InputError(f"at least 1 proponent and opponent must be listed, not {self.top}")
        if self.number < 0:
            raise InputError(f"the number of test sequences must be 0 or more, not {self.number}")
        if self.scores and realpath(self.scores) == realpath(self.out):
            raise InputError(
                f"the table and all scores cannot both be {self.out}; `scores` needs its own name"
            )

    @property
    def outputs(self) -> list[Path]:
        """The files to write."""
        return [path for path in (self.out, self.scores) if path]


def run(request: Request, caller: Caller = LIBRARY) -> str:
    """Work out the influence and write it, both files or none; what was done, in a line.

    Raises as `influence` and `read_checkpoints` do, InputError for another data set, and OutputError.
    """
    for path in request.outputs:
        Output(path, request.force).claim_file()
    for path in request.outputs:
        check_file(path)
    checkpoints = read_checkpoints(request.checkpoints)
    dataset = read_dataset(request.data)
    check_data(request, checkpoints[0], dataset)
    for path in request.outputs:
        refuse_input(path)  # now that it is known what is read
    training = examples_of(dataset, "train")
    tests, notes = tests_of(request, checkpoints[0].trained.length, dataset)
    scores = influence(checkpoints, training, tests, request.target, request.device, caller.progress)
    write_files(request, checkpoints, training, tests, scores)
    what = subject(tests, request.target)
    number = f"{len(training.names)} training sequences on the {what} of {len(tests.names)} test sequences"
    caller.tell(notes)
    return f"influence of {number}, over {len(checkpoints)} checkpoints; wrote {request.out}"


def write_files(
    request: Request,
    checkpoints: Sequence[Checkpoint],
    training: Examples,
    tests: Examples,
    scores: npt.NDArray[np.float64],
) -> None:
    """The table, and all scores if they were asked for, together."""
    columns = table(tests, training, scores, checkpoints[0].trained.targets, request.top)
    about = {"influence_on": subject(tests, request.target), **history(checkpoints)}
    paths = [str(path) for path in reversed(request.outputs)]
    with replacing_all(Path(), paths) as parts:
        write_table(parts[str(request.out)], columns)
        if request.scores:
            write_named(parts[str(request.scores)], scores, tests.names, training.names, about)


def check_data(request: Request, checkpoint: Checkpoint, dataset: Dataset) -> None:
    """Raises InputError unless the data's train split is what the checkpoints were trained on."""
    if dataset.digest("train") != checkpoint.trained.data:
        raise InputError(
            f"the checkpoints in {request.checkpoints} were trained on other sequences than the train split "
            f"of {request.data}; `data` must be the data set of their training"
        )


def subject(tests: Examples, target: str | None) -> str:
    """What the influence is on."""
    kind = "output" if tests.labels is None else "loss"
    return f"{kind} for {target}" if target else kind


def history(checkpoints: Sequence[Checkpoint]) -> dict[str, Any]:
    """Epochs and learning rates."""
    return {
        "epochs": [checkpoint.trained.epoch for checkpoint in checkpoints],
        "rates": [checkpoint.trained.rate for checkpoint in checkpoints],
    }


# --- test sequences ----------------------------------------------------------------------------


def tests_of(request: Request, length: int, dataset: Dataset) -> tuple[Examples, list[str]]:
    """The tests that are asked for, and what the user should know of them."""
    if request.fasta:
        tests, notes = examples_from(request.fasta, length, request.pad, request.crop)
        return chosen(tests, request.names, request.number), notes
    return chosen(examples_of(dataset, request.split), request.names, request.number), []


def examples_from(
    path: Path | str, length: int, pad: bool = False, crop: bool = False
) -> tuple[Examples, list[str]]:
    """Sequences of a FASTA file, which have no labels, and notes on their letters.

    Raises InputError where they have not that length and may not be padded or cropped to it.
    """
    read = from_fasta(path, placed=False)
    windows = Windows.of(fit_windows(read, Lengths(length, length), length, pad, crop).windows)
    return Examples(tuple(windows.names), windows.codes(slice(None))), read.notes


def chosen(tests: Examples, names: Sequence[str], number: int) -> Examples:
    """The tests of these names, or else the first so many, all for 0. Raises UnknownName."""
    rows = {name: row for row, name in enumerate(tests.names)}
    unknown = next((name for name in names if name not in rows), None)
    if unknown is not None:
        some = [*tests.names[:5], *(["..."] if len(tests.names) > 5 else [])]
        raise UnknownName("test sequence", unknown, some)
    return tests.only([rows[name] for name in names] or list(range(len(tests.names)))[: number or None])


# --- tables ------------------------------------------------------------------------------------


def strongest(scores: npt.NDArray[np.float64], top: int) -> Iterator[tuple[int, str, int, int]]:
    """(row, side, rank, column) of the largest scores above 0 of each row, and of the smallest below."""
    for row, values in enumerate(scores):
        for side, sign in (("proponent", 1), ("opponent", -1)):
            order = np.argsort(-sign * values, kind="stable")[:top]
            for rank, column in enumerate(order[sign * values[order] > 0].tolist(), 1):
                yield row, side, rank, column


def table(
    tests: Examples, training: Examples, scores: npt.NDArray[np.float64], targets: Sequence[str], top: int
) -> dict[str, Sequence[Any]]:
    """The columns of a table of the `top` proponents and opponents of each test, with their labels."""
    ranked = list(strongest(scores, top))
    labels = np.zeros((len(training.names), 0), int) if training.labels is None else training.labels
    columns: dict[str, Sequence[Any]] = {
        "test": [tests.names[row] for row, *_ in ranked],
        "side": [side for _, side, _, _ in ranked],
        "rank": [rank for _, _, rank, _ in ranked],
        "training": [training.names[column] for *_, column in ranked],
        "score": [float(scores[row, column]) for row, _, _, column in ranked],
    }
    of_training = labels[[column for *_, column in ranked]]
    return columns | dict(zip(targets, of_training.T.tolist(), strict=True))
