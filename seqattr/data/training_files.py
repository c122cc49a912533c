"""What a training leaves in files: the model with its metrics, and checkpoints on the way."""

from dataclasses import replace
from pathlib import Path

import torch

from seqattr.data.simulate import TASKS, Simulation
from seqattr.data.train import Keep, Settings, Training
from seqattr.engine.capture.model import Model
from seqattr.errors import InputError
from seqattr.io.atomic import check_writable
from seqattr.io.ownership import ours
from seqattr.io.stale import drop_stale
from seqattr.io.text import write_json
from seqattr.models import native
from seqattr.models.checkpoints import OWN_FILES, Trained, named_as_checkpoints, save_checkpoint
from seqattr.models.content import content_hash
from seqattr.models.zoo import Classifier


def metrics_path(model: Path) -> Path:
    """Where the metrics of a trained model lie."""
    return model.with_suffix(".metrics.json")


def save(path: Path, training: Training, simulation: Simulation, command: str = "") -> Path:
    """Write the captured model, and beside it its metrics, its hash and the command as <name>.metrics.json.

    Returns the latter's path. Raises OutputError where a file cannot be written.
    """
    example = torch.zeros(2, 4, simulation.codes.shape[1])
    model = Model(training.module, example, targets=TASKS)
    native.save_model(path, model)
    metrics = metrics_path(path)
    write_json(metrics, {**training.metrics, "model": content_hash(model), "command": command})
    return metrics


def checkpoints_in(folder: Path, settings: Settings, simulation: Simulation, every: int = 1) -> Keep:
    """Keeps a checkpoint after every so many epochs and after the last. Those of an earlier training go, and
    files that seqattr did not write stay.

    Raises InputError where no epoch is one of them, OutputError where the folder cannot be written.
    """
    if not 1 <= every <= settings.epochs:
        raise InputError(f"a checkpoint every {every} epochs cannot be, of {settings.epochs} epochs")
    check_writable(folder)
    length, data = simulation.codes.shape[1], simulation.digest("train")
    about = Trained(settings.architecture, length, TASKS, 1, settings.rate, settings.seed, data)
    written: set[str] = set()
    foreign = {path.name for path in named_as_checkpoints(folder) if not ours(path)}

    def keep(number: int, module: Classifier, last: bool) -> None:
        if number % every == 0 or last:
            written.add(save_checkpoint(folder, module, replace(about, epoch=number)).name)
            drop_stale(folder, written | foreign, OWN_FILES)

    return keep
