"""Train an architecture of the zoo on labelled sequences, and measure it on those held out.

Adam on the loss that fits the labels (`losses`): of classes the binary cross-entropy. The weights kept are
those of the epoch with the lowest loss on the valid split: unlike accuracy and AUROC, the loss weighs every
sequence and has no ties. Where labels are numbers, the last layer's biases begin at their mean.

Small batches take the paper's CNN off its first plateau within a few epochs. A learning rate several times as
high does so sooner and ends at a higher accuracy, but at other weights, with which the Rescale rule misses
few of the motifs that it misses with the paper's (figure 5b): 0-4 % of them instead of 4-10 %.

On the CPU one thread trains, so that the seed alone settles the result, however many threads there are; with
batches this small a second thread would save a third of the time.
"""

import contextlib
import copy
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.optim import Adam, Optimizer

from seqattr.data.dataset import Dataset
from seqattr.data.losses import Loss, loss_named, measures, score
from seqattr.data.monotone import keep_monotone
from seqattr.data.permutation import are_learned
from seqattr.data.training_settings import DEFAULT, Settings, network, settled, trained_on
from seqattr.dna.alphabet import one_hot
from seqattr.engine.numerics.device import pick_device
from seqattr.errors import InputError, NotFinite
from seqattr.models.zoo import Stack

ROWS = 500  # sequences at once where nothing is learned


class Epoch(NamedTuple):
    """One epoch, from 1 on: the mean loss on each split, and on the valid one the accuracy over all tasks, of
    numbers the mean of the tasks' correlations.
    """

    number: int
    train_loss: float
    valid_loss: float
    valid_score: float


class Training(NamedTuple):
    """The trained module, in eval mode on the CPU; what it reaches, as metrics.json has it; its epochs."""

    module: Stack
    metrics: dict[str, Any]
    history: tuple[Epoch, ...]


class Split(NamedTuple):
    """Sequences (N, 4, L) int8 and labels (N, T) float32, on the device that trains."""

    sequences: Tensor
    labels: Tensor


Progress = Callable[[int, int, Epoch], None]
Keep = Callable[[int, Stack, bool], None]


def train(
    dataset: Dataset,
    settings: Settings = DEFAULT,
    progress: Progress | None = None,
    keep: Keep | None = None,
) -> Training:
    """Learn from the train split, choose the epoch on the valid split, measure on valid and test.

    `progress(number, epochs, epoch)` is called after each epoch, before it `keep(number, module, last)`. The
    metrics are {"test": {task: measures}, "valid": ..., "architecture", "loss", "epochs", "best_epoch",
    "seconds", "parameters", "seed"}, measures as `losses` has them, and of permuted labels "train" too; a
    split of no sequences is left out. The caller's random state is left as it was.

    Raises InputError for labels that do not fit the sequences or the loss, an empty train or valid split, or
    an architecture that cannot be trained; UnknownName for one that there is not; NotFinite if the loss is
    NaN or infinite.
    """
    check(dataset)
    settings, dataset = settled(settings, dataset), trained_on(settings, dataset)
    loss = loss_named(settings.loss or "", dataset.labels)
    started = time.perf_counter()
    device = pick_device(settings.device)
    splits = {name: take_split(dataset, name, device) for name in ("train", "valid", "test")}
    with repeatable(settings.seed, device):
        module = network(settings, dataset, loss).to(device)
        history = fit(module, loss, splits, settings, progress, keep)
    module.eval()
    measured = {
        name: dict(zip(dataset.tasks, measure(module, loss, splits[name]), strict=True))
        for name in ("test", "valid", *(("train",) if settings.permute_labels else ()))
        if len(splits[name].labels)
    }
    seconds = round(time.perf_counter() - started, 2)
    metrics = measured | facts_of(settings, module, history) | {"seconds": seconds}
    return Training(module.cpu(), metrics, tuple(history))


def facts_of(settings: Settings, module: Stack, history: list[Epoch]) -> dict[str, Any]:
    """What was trained, and for how long, as metrics.json has it."""
    return {
        "architecture": settings.architecture,
        **({"arguments": dict(settings.arguments)} if settings.arguments else {}),
        "loss": settings.loss,
        **({"monotone": True} if settings.monotone else {}),
        **({"permuted_labels": True} if settings.permute_labels else {}),
        "epochs": len(history),
        "best_epoch": lowest(history, settings).number,
        "parameters": sum(weights.numel() for weights in module.parameters()),
        "seed": settings.seed,
    }


def check(dataset: Dataset) -> None:
    """Raises InputError unless codes (N, L), labels (N, T) and splits (N) belong together."""
    codes, labels, splits = dataset.codes, dataset.labels, dataset.splits
    shape = len(codes), len(dataset.tasks)
    if codes.ndim != 2 or labels.shape != shape or len(splits) != len(codes):
        raise InputError(
            f"{len(codes)} sequences need labels of the shape {shape} and {len(codes)} splits, not labels of "
            f"the shape {labels.shape} and {len(splits)} splits"
        )
    empty = next((name for name in ("train", "valid") if name not in splits), None)
    if empty:
        raise InputError(f"training needs sequences in the {empty} split, and there are none")


def take_split(dataset: Dataset, name: str, device: torch.device) -> Split:
    rows = dataset.indices(name)
    sequences, labels = one_hot(dataset.codes[rows]), dataset.labels[rows].astype(np.float32)
    return Split(torch.from_numpy(sequences).to(device), torch.from_numpy(labels).to(device))


# ---- learning


@contextlib.contextmanager
def repeatable(seed: int, device: torch.device) -> Iterator[None]:
    """Random draws from the seed and sums in one order; afterwards the caller's own state is back."""
    threads = torch.get_num_threads()
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(threads)


def fit(
    module: Stack,
    loss: Loss,
    splits: dict[str, Split],
    settings: Settings,
    progress: Progress | None,
    keep: Keep | None,
) -> list[Epoch]:
    """Train the module in place and leave the best epoch's weights in it."""
    optimizer = Adam(module.parameters(), settings.rate)
    history: list[Epoch] = []
    for number in range(1, settings.epochs + 1):
        if settings.monotone and number == settings.free_epochs + 1:
            keep_monotone(module, optimizer)
        train_loss, fits = learn_once(module, loss, splits["train"], settings, optimizer)
        history.append(Epoch(number, train_loss, *validate(module, loss, splits["valid"])))
        check_finite(history[-1], settings)
        best = lowest(history, settings)
        if best is history[-1]:
            kept = copy.deepcopy(module.state_dict())
        no_better = number > settings.free_epochs and number - best.number >= settings.patience
        last = number == settings.epochs or no_better or fits
        if keep:
            keep(number, module, last)
        if progress:
            progress(number, settings.epochs, history[-1])
        if last:
            break
    module.load_state_dict(kept)
    return history


def learn_once(
    module: Stack, loss: Loss, split: Split, settings: Settings, optimizer: Optimizer
) -> tuple[float, bool]:
    """One epoch: the loss, and whether permuted labels are learned by heart; of these the loss after it."""
    in_steps = learn(module, loss, split, settings.batch, optimizer)
    if not settings.permute_labels:
        return in_steps, False
    after, _ = validate(module, loss, split)
    return after, are_learned(measure(module, loss, split))


def learn(module: Stack, loss: Loss, split: Split, batch: int, optimizer: Optimizer) -> float:
    """One epoch over the sequences in random order; the mean loss of its steps."""
    module.train()
    losses = []
    for rows in batches(len(split.labels), batch):
        rows = rows.to(split.labels.device)
        value = loss.of(module.logits(split.sequences[rows].float()), split.labels[rows])
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        losses.append(value.detach())
    return float(torch.stack(losses).mean())


def batches(number: int, batch: int) -> list[Tensor]:
    """Indices in random order, so many at a time; one that is left over goes with those before it."""
    pieces = list(torch.randperm(number).split(batch))
    if len(pieces) > 1 and len(pieces[-1]) == 1 < batch:
        pieces[-2:] = [torch.cat(pieces[-2:])]
    return pieces


def validate(module: Stack, loss: Loss, split: Split) -> tuple[float, float]:
    """Mean loss and score over all sequences and tasks."""
    numbers = predict(module, split)
    return float(loss.of(numbers, split.labels)), score(loss, numbers, split.labels)


def check_finite(epoch: Epoch, settings: Settings) -> None:
    for loss in (epoch.train_loss, epoch.valid_loss):
        if not np.isfinite(loss):
            raise NotFinite(
                f"the loss is {loss} after epoch {epoch.number}; "
                f"a learning rate below {settings.rate:g} may keep it finite"
            )


def lowest(history: list[Epoch], settings: Settings) -> Epoch:
    """The epoch with the lowest valid loss, the earliest of equals; of permuted labels, which tell nothing of
    others, with the lowest on the train split. Free epochs do not count where there are others.
    """
    kept = history[settings.free_epochs :] or history
    return min(kept, key=lambda epoch: epoch.train_loss if settings.permute_labels else epoch.valid_loss)


# ---- measuring


def predict(module: Stack, split: Split) -> Tensor:
    """Numbers (N, T) before any sigmoid, in eval mode."""
    module.eval()
    with torch.no_grad():
        return torch.cat([module.logits(rows.float()) for rows in split.sequences.split(ROWS)])


def measure(module: Stack, loss: Loss, split: Split) -> list[dict[str, float | None]]:
    """What each task reaches."""
    return measures(loss, predict(module, split), split.labels)
