"""What training lowers: one loss for each kind of labels, on the numbers (N, T) that a module gives."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

from seqattr.errors import InputError, UnknownName
from seqattr.support.ranks import auroc, spearman

Numbers = npt.NDArray[np.floating]
Measures = dict[str, float | None]


class Loss(NamedTuple):
    """What it is, in a line; the loss of numbers (N, T) that have these labels, its mean; the labels it is
    fit for, in words and as a test; the labels as the numbers are to be; whether a sigmoid makes classes of
    these.
    """

    summary: str
    of: Callable[[Tensor, Tensor], Tensor]
    labels: str
    fits: Callable[[Numbers], bool]
    scale: Callable[[Tensor], Tensor]
    classes: bool = False


def squared(numbers: Tensor, labels: Tensor) -> Tensor:
    """The mean squared error."""
    return (numbers - labels).square().mean()


def poisson(numbers: Tensor, labels: Tensor) -> Tensor:
    """exp(z) - y z: the negative log likelihood of counts y at the rate exp(z), but for a term of y alone."""
    return (numbers.exp() - labels * numbers).mean()


def log_counts(numbers: Tensor, labels: Tensor) -> Tensor:
    """The mean squared error of log(1 + counts) (Avsec et al. 2021, Methods)."""
    return squared(numbers, labels.log1p())


def identity(labels: Tensor) -> Tensor:
    """The labels themselves."""
    return labels


LOSSES: dict[str, Loss] = {
    "cross-entropy": Loss(
        "the binary cross-entropy of a probability for each task",
        cross_entropy,
        "0 or 1",
        lambda labels: bool(np.isin(labels, (0, 1)).all()),
        identity,
        classes=True,
    ),
    "poisson": Loss(
        "the Poisson likelihood of counts, whose log the model gives",
        poisson,
        "numbers from 0 on",
        lambda labels: bool((labels >= 0).all()),
        torch.log1p,
    ),
    "log-counts": Loss(
        "the squared error of log(1 + counts)",
        log_counts,
        "numbers from 0 on",
        lambda labels: bool((labels >= 0).all()),
        torch.log1p,
    ),
    "squared": Loss("the squared error", squared, "numbers", lambda labels: True, identity),
}


def loss_for(labels: Numbers) -> str:
    """The loss that fits what labels hold: classes, counts, or any other numbers."""
    if LOSSES["cross-entropy"].fits(labels):
        return "cross-entropy"
    counts = LOSSES["poisson"].fits(labels) and bool((labels == np.round(labels)).all())
    return "poisson" if counts else "squared"


def loss_named(name: str, labels: Numbers) -> Loss:
    """The loss of a name. Raises UnknownName, and InputError for labels that it is not for."""
    if name not in LOSSES:
        raise UnknownName("loss", name, LOSSES)
    loss = LOSSES[name]
    if not loss.fits(labels):
        raise InputError(
            f"the loss {name} is for labels that are {loss.labels}; {loss_for(labels)} would fit"
        )
    return loss


# ---- measuring


def score(loss: Loss, numbers: Tensor, labels: Tensor) -> float:
    """How good numbers (N, T) are: the accuracy of classes, else the mean correlation of the tasks."""
    if loss.classes:
        return float(((numbers > 0) == (labels > 0)).float().mean())
    truth = loss.scale(labels).cpu().numpy().T
    return float(
        np.mean([pearson(*both) or 0.0 for both in zip(numbers.cpu().numpy().T, truth, strict=True)])
    )


def measures(loss: Loss, numbers: Tensor, labels: Tensor) -> list[Measures]:
    """Of each task: accuracy and AUROC of classes, else Pearson's and Spearman's correlation of the numbers
    with what they are to be. None where there is none, as all labels are the same.
    """
    measure = of_classes if loss.classes else of_numbers
    truth = loss.scale(labels).cpu().numpy().T
    return [measure(*both) for both in zip(numbers.cpu().numpy().T, truth, strict=True)]


def of_classes(logits: Numbers, labels: Numbers) -> Measures:
    """Accuracy and AUROC."""
    truth = labels > 0
    return {"accuracy": float(((logits > 0) == truth).mean()), "auroc": auroc(logits, truth)}


def of_numbers(numbers: Numbers, truth: Numbers) -> Measures:
    """Pearson's and Spearman's correlation."""
    by_rank = spearman(numbers, truth)
    return {"pearson": pearson(numbers, truth), "spearman": None if np.isnan(by_rank) else by_rank}


def pearson(one: Numbers, other: Numbers) -> float | None:
    """The correlation of two rows of numbers (n,); None where a side has only one value."""
    a, b = (values.astype(np.float64) - values.mean(dtype=np.float64) for values in (one, other))
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / scale if scale else None
