"""Checkpoints of a training: model files of our own that also hold the weights and how they were trained.

The captured graph has batch norms folded away and names of its own, so that gradients with respect to the
weights that were trained need these as they were. Read with weights_only=True, as every model file.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from seqattr.engine.capture.model import Model
from seqattr.engine.graph.source_lines import first_line
from seqattr.engine.ops.sizes import is_size
from seqattr.errors import InputError, ModelError, no_folder
from seqattr.io.kept import keep
from seqattr.models.native import to_plain, write_plain
from seqattr.models.recognition import OWN, look
from seqattr.models.zoo import ARCHITECTURES, Stack, build

_TYPES: dict[str, Any] = {
    "architecture": str,
    "targets": tuple,
    "rate": float | int,
    "data": str,
    "loss": str,
    "arguments": dict,
}
OWN_FILES = r"epoch_\d+\.pt"  # one folder is of one training: those of an earlier one go


@dataclass(frozen=True)
class Trained:
    """How the module of a checkpoint was trained, up to the end of `epoch` (from 1 on), at which rate.

    `data` is the hash of the train split, as `Dataset.digest` has it; `arguments` are those that the
    architecture was built with.
    """

    architecture: str
    length: int
    targets: tuple[str, ...]
    epoch: int
    rate: float
    seed: int
    data: str
    loss: str = "cross-entropy"
    arguments: Mapping[str, Any] = field(default_factory=lambda: {"classes": True})


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint as it was read: where from, its training, and its weights by their names."""

    path: Path
    trained: Trained
    weights: dict[str, Tensor]

    def module(self) -> Stack:
        """The module with these weights, in eval mode. Raises ModelError where they do not fit it."""
        trained = self.trained
        how = trained.architecture, trained.length, len(trained.targets)
        try:
            with torch.device("meta"):  # takes no memory, however long the sequences are said to be
                build(*how, **trained.arguments).load_state_dict(self.weights, assign=True)
            module = build(*how, **trained.arguments)
            module.load_state_dict(self.weights)
        except (RuntimeError, AttributeError, TypeError, ValueError, InputError) as error:
            raise ModelError(
                f"the weights of {self.path} do not fit {how[0]}: {first_line(error)}"
            ) from error
        assert isinstance(module, Stack)  # as reading has checked
        return module.eval()


def save_checkpoint(folder: Path, module: Stack, trained: Trained) -> Path:
    """Write folder/epoch_NNN.pt, whole or not at all. Raises OutputError."""
    model = Model(module, torch.zeros(2, 4, trained.length), targets=trained.targets)
    path = folder / f"epoch_{trained.epoch:03d}.pt"
    weights = {name: tensor.detach().cpu() for name, tensor in module.state_dict().items()}
    plain = {**to_plain(model), "training": asdict(trained), "weights": weights}
    write_plain(path, plain | {"training": plain["training"] | {"targets": list(trained.targets)}})
    return path


def read_checkpoints(folder: Path | str) -> list[Checkpoint]:
    """The checkpoints of one training, in the order of their epochs.

    Raises ModelError where the folder holds none, a file in it is none, or they are of different trainings.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ModelError(no_folder(folder, f"checkpoints are wanted, {HINT}"))
    checkpoints = sorted(
        (read_checkpoint(path) for path in sorted(folder.glob("*.pt"))),
        key=lambda checkpoint: checkpoint.trained.epoch,
    )
    if not checkpoints:
        raise ModelError(f"{folder} holds no checkpoints (.pt); {HINT}")
    for checkpoint in checkpoints[1:]:
        _check_alike(checkpoints[0], checkpoint)
    return checkpoints


HINT = "`checkpoints_in` writes them"


def named_as_checkpoints(folder: Path | None) -> list[Path]:
    """The files in a folder that a training's checkpoints may replace, whoever wrote them."""
    inside = sorted(folder.iterdir()) if folder is not None and folder.is_dir() else []
    return [path for path in inside if re.fullmatch(OWN_FILES, path.name)]


def read_checkpoint(path: Path) -> Checkpoint:
    """One checkpoint. Raises ModelError where the file is none."""
    keep(path)
    kind, data = look(path)
    if kind != OWN:
        raise ModelError(f"{path} is {kind}, no checkpoint; {HINT}")
    training = data.get("training")
    if not isinstance(training, dict) or "rate" not in training:
        raise ModelError(f"{path} says no learning rate, so it is no checkpoint; {HINT}")
    try:
        trained = Trained(**(training | {"targets": tuple(training["targets"])}))
        weights = dict(data["weights"])
        _check_types(trained)
        _check_numbers(trained)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"the checkpoint {path} is damaged: {first_line(error)}") from error
    return Checkpoint(path, trained, weights)


def _check_types(trained: Trained) -> None:
    """Raises ValueError unless each is a plain value of its own type, numbers of 64 bits."""
    for each in fields(trained):
        value = getattr(trained, each.name)
        is_number = isinstance(value, int | float)
        if not isinstance(value, _TYPES.get(each.name, int)) or (is_number and not is_size(value)):
            raise ValueError(f"its {each.name} is {str(value)[:40]!r}")
    if not trained.targets or not all(isinstance(target, str) for target in trained.targets):
        raise ValueError(f"its targets are {str(trained.targets)[:40]!r}")


def _check_numbers(trained: Trained) -> None:
    """Raises ValueError for numbers of no training, and for an architecture that cannot be trained."""
    if not 0 < trained.rate < float("inf") or trained.epoch < 1:
        raise ValueError(f"its learning rate is {trained.rate}, its epoch {trained.epoch}")
    if trained.architecture not in ARCHITECTURES or not ARCHITECTURES[trained.architecture].plain:
        raise ValueError(f"its architecture is {trained.architecture!r}, which cannot be trained")


def _check_alike(first: Checkpoint, other: Checkpoint) -> None:
    """Raises ModelError unless both are of one training, at different epochs."""
    ours, theirs = (_training_of(checkpoint.trained) for checkpoint in (first, other))
    if ours != theirs:
        raise ModelError(
            f"checkpoints of different trainings: {first.path} is {ours}, {other.path.name} is {theirs}"
        )
    if other.trained.epoch == first.trained.epoch:
        raise ModelError(f"{first.path} and {other.path.name} are both of epoch {first.trained.epoch}")


def _training_of(trained: Trained) -> str:
    net = f"{trained.architecture} for {trained.length} bp and {', '.join(trained.targets)}"
    arguments = {name: value for name, value in trained.arguments.items() if name != "classes"}
    how = f"{trained.loss} with {arguments}" if arguments else trained.loss
    return f"{net} by {how}, seed {trained.seed}, trained on {trained.data}"
