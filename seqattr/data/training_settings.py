"""How to train: the settings, what they leave open as the labels choose it, and the untrained module."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import nn

from seqattr.data.dataset import Dataset
from seqattr.data.losses import Loss, loss_for
from seqattr.data.monotone import head_of
from seqattr.data.permutation import permute, without_dropout
from seqattr.errors import InputError, UnknownName
from seqattr.models.zoo import ARCHITECTURES, Stack, build, trainable
from seqattr.support.seeds import check_seed


@dataclass(frozen=True)
class Settings:
    """How to train: `batch` sequences a step, `rate` the learning rate.

    Training ends after `epochs`, or once the valid loss has been no better for `patience` of them. `device`
    is auto, cpu, cuda or cuda:i. `arguments` are the architecture's own, such as its widths; the loss is one
    of LOSSES, None for the one that fits the labels. With `monotone` the head's weights are kept from being
    negative, after the first third of the epochs (`monotone`). With `permute_labels`
    labels are permuted and learned by heart (`permutation`): training ends when the train split fits, and
    patience is with its loss. Raises InputError for numbers that cannot be.
    """

    architecture: str = "tal-gata"
    arguments: Mapping[str, Any] = field(default_factory=dict)
    loss: str | None = None
    epochs: int = 15
    patience: int = 10
    batch: int = 20
    rate: float = 1e-3
    seed: int = 0
    device: str = "auto"
    monotone: bool = False
    permute_labels: bool = False

    def __post_init__(self) -> None:
        for name, least in (("epochs", 1), ("patience", 1), ("batch", 1), ("seed", 0)):
            if getattr(self, name) < least:
                raise InputError(f"{name} must be at least {least}, not {getattr(self, name)}")
        check_seed(self.seed)
        if not 0 < self.rate < float("inf"):
            raise InputError(f"the learning rate must be a number above 0, not {self.rate:g}")
        if "classes" in self.arguments:
            raise InputError("whether the model gives classes follows from the loss; `classes` is not given")

    @property
    def free_epochs(self) -> int:
        """The first epochs of a monotone training, in which weights may have either sign; none is kept."""
        return self.epochs // 3 if self.monotone else 0


DEFAULT = Settings()


def trained_on(settings: Settings, dataset: Dataset) -> Dataset:
    """The data set with the labels that are learned."""
    return permute(dataset, settings.seed) if settings.permute_labels else dataset


def settled(settings: Settings, dataset: Dataset) -> Settings:
    """The settings with the architecture that is trained, and the loss that fits it and the labels.

    Raises UnknownName for an architecture that there is not, InputError for one that cannot be trained.
    """
    if settings.architecture not in ARCHITECTURES:
        raise UnknownName("architecture", settings.architecture, ARCHITECTURES)
    found = ARCHITECTURES[settings.architecture]
    if not found.plain and not found.instead:
        raise InputError(
            f"the architecture {settings.architecture} does not give one number for each task, and cannot be "
            f"trained here; those that can: {', '.join(trainable())}"
        )
    name = settings.architecture if found.plain else found.instead
    fitting = loss_for(dataset.labels)
    if fitting == "poisson":
        fitting = ARCHITECTURES[name].counts
    return replace(settings, architecture=name, loss=settings.loss or fitting)


def network(settings: Settings, dataset: Dataset, loss: Loss) -> Stack:
    """The untrained module; where labels are numbers its last biases are the mean of what it is to give."""
    length = dataset.codes.shape[1]
    arguments = {**settings.arguments, "classes": loss.classes}
    module = build(settings.architecture, length, len(dataset.tasks), **arguments)
    assert isinstance(module, Stack)  # as those are that have a plain head
    if settings.monotone:
        head_of(module)
    last = module.logits[-1]
    if not loss.classes and isinstance(last, nn.Linear):
        labels = torch.from_numpy(dataset.labels[dataset.indices("train")].astype(np.float32))
        last.bias.data.copy_(loss.scale(labels).mean(0))
    check_batches(module, settings, dataset)
    if settings.permute_labels:
        without_dropout(module)
    return module


def check_batches(module: Stack, settings: Settings, dataset: Dataset) -> None:
    """Raises InputError for batches of one sequence where there are batch norms."""
    least = min(settings.batch, len(dataset.indices("train")))
    if least < 2 and any(isinstance(part, nn.BatchNorm1d) for part in module.modules()):
        raise InputError(
            f"the architecture {settings.architecture} has batch norms: batches need at least 2 training "
            f"sequences, not {least}"
        )
