"""A model trained on a simulation, in a file, with its metrics and checkpoints beside it."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from seqattr.data.simulate import Simulation
from seqattr.data.simulation_files import read_simulation
from seqattr.data.train import Keep, Settings, Training, train
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
    return Request(data, Settings(**given), checkpoints, every, command)


class Trained(NamedTuple):
    """What was trained, and where its metrics are."""

    training: Training
    metrics: Path


def run(output: Output, request: Request, caller: Caller = LIBRARY) -> Trained:
    """Train a model and write it.

    Raises InputError where the folder holds no simulation or no epoch is one of the checkpoints', OutputError
    for what cannot be written or replaced.
    """
    simulation = read_simulation(request.data)
    claim(output, request)
    keep = keeper(request, simulation)
    training = train(
        simulation, request.settings, lambda number, epochs, _: caller.progress(number, epochs), keep
    )
    return Trained(training, save(output.path, training, simulation, request.command))


def claim(output: Output, request: Request) -> None:
    """The model file, the checkpoints, and the metrics of another run. Raises OutputError."""
    check_file(output.path)
    for path in [output.path, *named_as_checkpoints(request.checkpoints)]:
        replace(output, path=path).claim_file()
    before = command_in(metrics_path(output.path), "command")
    output.claim_run(output.path, before, request.command)


def keeper(request: Request, simulation: Simulation) -> Keep | None:
    """What keeps the checkpoints, where they are wanted."""
    if request.checkpoints is None:
        return None
    every = 1 if request.every is None else request.every
    return checkpoints_in(request.checkpoints, request.settings, simulation, every)
