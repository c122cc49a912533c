"""What a training leaves in files: the model with its metrics, and checkpoints on the way."""

import json
from dataclasses import replace
from pathlib import Path

import torch

from seqattr.data.dataset import Dataset
from seqattr.data.losses import loss_named
from seqattr.data.train import Keep, Settings, Training, settled
from seqattr.data.training_settings import trained_on
from seqattr.engine.capture.model import Model
from seqattr.errors import InputError
from seqattr.io.atomic import check_writable, replacing_all
from seqattr.io.ownership import ours
from seqattr.io.stale import drop_stale
from seqattr.io.text import write_json
from seqattr.models import native
from seqattr.models.checkpoints import OWN_FILES, Trained, named_as_checkpoints, save_checkpoint
from seqattr.models.content import content_hash
from seqattr.models.zoo import Stack


def metrics_path(model: Path) -> Path:
    """Where the metrics of a trained model lie."""
    return model.with_suffix(".metrics.json")


def save(path: Path, training: Training, dataset: Dataset, command: str = "") -> Path:
    """Write the captured model, and beside it its metrics, its hash and the command as <name>.metrics.json.

    Returns the latter's path. Raises OutputError where a file cannot be written.
    """
    example = torch.zeros(2, 4, dataset.codes.shape[1])
    model = Model(training.module, example, targets=dataset.tasks)
    model.provenance = origin(training, dataset)
    metrics = metrics_path(path)
    with replacing_all(path.parent, [path.name, metrics.name]) as parts:
        native.save_model(parts[path.name], model)
        facts = {**training.metrics, "model": content_hash(model), "command": command}
        write_json(parts[metrics.name], facts)
    return metrics


def origin(training: Training, dataset: Dataset) -> dict[str, str | int | float]:
    """Of which architecture a model is, with which arguments, and whether its labels told it anything."""
    metrics = training.metrics
    if "architecture" not in metrics:
        return {}
    classes = loss_named(metrics["loss"], dataset.labels).classes
    facts = {
        "arch": metrics["architecture"],
        "arch_args": json.dumps({**metrics.get("arguments", {}), "classes": classes}),
    }
    return facts | ({"labels": "permuted"} if metrics.get("permuted_labels") else {})


def checkpoints_in(folder: Path, settings: Settings, dataset: Dataset, every: int = 1) -> Keep:
    """Keeps a checkpoint after every so many epochs and after the last. Those of an earlier training go, and
    files that seqattr did not write stay.

    Raises InputError where no epoch is one of them, OutputError where the folder cannot be written.
    """
    if not 1 <= every <= settings.epochs:
        raise InputError(f"a checkpoint every {every} epochs cannot be, of {settings.epochs} epochs")
    check_writable(folder)
    settings = settled(settings, dataset)
    loss = settings.loss or ""
    about = Trained(
        architecture=settings.architecture,
        length=dataset.codes.shape[1],
        targets=dataset.tasks,
        epoch=1,
        rate=settings.rate,
        seed=settings.seed,
        data=trained_on(settings, dataset).digest("train"),
        loss=loss,
        arguments={**settings.arguments, "classes": loss_named(loss, dataset.labels).classes},
    )
    written: set[str] = set()
    foreign = {path.name for path in named_as_checkpoints(folder) if not ours(path)}

    def keep(number: int, module: Stack, last: bool) -> None:
        if number % every == 0 or last:
            written.add(save_checkpoint(folder, module, replace(about, epoch=number)).name)
            drop_stale(folder, written | foreign, OWN_FILES)

    return keep
