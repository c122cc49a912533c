"""A model trained on a data set, in a file, with its metrics and checkpoints beside it."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from seqattr.data.dataset import Dataset
from seqattr.data.dataset_files import read_dataset
from seqattr.data.losses import LOSSES
from seqattr.data.permutation import EPOCHS
from seqattr.data.train import Keep, Settings, Training, check, settled, train
from seqattr.data.training_files import checkpoints_in, metrics_path, save
from seqattr.io.atomic import check_file
from seqattr.io.ownership import Output, command_in
from seqattr.models.checkpoints import named_as_checkpoints
from seqattr.support.caller import LIBRARY, Caller


@dataclass(frozen=True)
class Request:
    """What to train on, how, and where to keep checkpoints: after `every` so many epochs, or each.

    `command` is recorded, and tells this run from others.
    """

    data: Path
    settings: Settings = field(default_factory=Settings)
    checkpoints: Path | None = None
    every: int | None = None
    command: str = ""


def request(
    data: Path, checkpoints: Path | None, every: int | None, command: str, **settings: Any
) -> Request:
    """A request of which everything is said; `settings` are fields of Settings, or None."""
    given = {name: value for name, value in settings.items() if value is not None}
    if given.get("permute_labels"):
        given.setdefault("epochs", EPOCHS)
    return Request(data, Settings(**given), checkpoints, every, command)


class Trained(NamedTuple):
    """What was trained, where its metrics are, and what was chosen for the user, in lines."""

    training: Training
    metrics: Path
    choices: list[str]


def run(output: Output, request: Request, caller: Caller = LIBRARY) -> Trained:
    """Train a model and write it.

    Raises InputError where the folder holds no data set or no epoch is one of the checkpoints', OutputError
    for what cannot be written or replaced.
    """
    dataset = read_dataset(request.data)
    check(dataset)
    claim(output, request)
    chosen = replace(request, settings=settled(request.settings, dataset))
    keep = keeper(chosen, dataset)
    training = train(
        dataset, chosen.settings, lambda number, epochs, _: caller.progress(number, epochs), keep
    )
    metrics = save(output.path, training, dataset, request.command)
    return Trained(training, metrics, choices(request.settings, chosen.settings, dataset))


def choices(asked: Settings, chosen: Settings, dataset: Dataset) -> list[str]:
    """What the user did not say, and what was done: splits, the loss, an architecture's part."""
    lines = list(dataset.notes)
    if asked.architecture != chosen.architecture:
        trunk = f"{asked.architecture} without its profile head, as labels are no profiles"
        lines.append(f"trained {chosen.architecture}: {trunk}")
    if asked.loss is None and not dataset.classes:
        assert chosen.loss is not None  # as it is chosen
        lines.append(f"the loss is {LOSSES[chosen.loss].summary} ({chosen.loss})")
    return lines


def claim(output: Output, request: Request) -> None:
    """The model file, the checkpoints, and the metrics of another run. Raises OutputError, also where another
    model has the name.
    """
    check_file(output.path)
    for path in [output.path, *named_as_checkpoints(request.checkpoints)]:
        replace(output, path=path).claim_file(model=True)
    before = command_in(metrics_path(output.path), "command")
    if before is None and output.path.is_file() and output.path.stat().st_size:
        before = ""  # a model of which nobody knows how it came, as a converted one
    output.claim_run(output.path, before, request.command)


def keeper(request: Request, dataset: Dataset) -> Keep | None:
    """What keeps the checkpoints, where they are wanted."""
    if request.checkpoints is None:
        return None
    every = 1 if request.every is None else request.every
    return checkpoints_in(request.checkpoints, request.settings, dataset, every)
