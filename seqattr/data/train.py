"""Train a classifier of the zoo on simulated sequences, and measure it on those held out.

Adam on the binary cross-entropy of the logits. The weights kept are those of the epoch with the lowest loss
on the valid split: unlike accuracy and AUROC, the loss weighs every sequence and has no ties.

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
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy
from torch.optim import Adam, Optimizer

from seqattr.data.simulate import TASKS, Simulation
from seqattr.dna.alphabet import one_hot
from seqattr.engine.numerics.device import pick_device
from seqattr.errors import InputError, NotFinite
from seqattr.models.zoo import ARCHITECTURES, Classifier, build, trainable
from seqattr.support.ranks import auroc
from seqattr.support.seeds import check_seed

ROWS = 500  # sequences at once where nothing is learned


@dataclass(frozen=True)
class Settings:
    """How to train: `batch` sequences a step, `rate` the learning rate.

    Training ends after `epochs`, or once the valid loss has been no better for `patience` of them. `device`
    is auto, cpu, cuda or cuda:i. Raises InputError for numbers that cannot be.
    """

    architecture: str = "tal-gata"
    epochs: int = 15
    patience: int = 10
    batch: int = 20
    rate: float = 1e-3
    seed: int = 0
    device: str = "auto"

    def __post_init__(self) -> None:
        for name, least in (("epochs", 1), ("patience", 1), ("batch", 1), ("seed", 0)):
            if getattr(self, name) < least:
                raise InputError(f"{name} must be at least {least}, not {getattr(self, name)}")
        check_seed(self.seed)
        if not 0 < self.rate < float("inf"):
            raise InputError(f"the learning rate must be a number above 0, not {self.rate:g}")


DEFAULT = Settings()


class Epoch(NamedTuple):
    """One epoch, from 1 on: the mean loss on each split, and the accuracy on the valid one over all tasks."""

    number: int
    train_loss: float
    valid_loss: float
    valid_accuracy: float


class Training(NamedTuple):
    """The trained module, in eval mode on the CPU; what it reaches, as metrics.json has it; its epochs."""

    module: Classifier
    metrics: dict[str, Any]
    history: tuple[Epoch, ...]


class Split(NamedTuple):
    """Sequences (N, 4, L) int8 and labels (N, T) float32, on the device that trains."""

    sequences: Tensor
    labels: Tensor


Progress = Callable[[int, int, Epoch], None]
Keep = Callable[[int, Classifier, bool], None]


def train(
    simulation: Simulation,
    settings: Settings = DEFAULT,
    progress: Progress | None = None,
    keep: Keep | None = None,
) -> Training:
    """Learn from the train split, choose the epoch on the valid split, measure on valid and test.

    `progress(number, epochs, epoch)` is called after each epoch, before it `keep(number, module, last)`. The
    metrics are {"test": {task: {"accuracy", "auroc"}}, "valid": ..., "architecture", "epochs", "best_epoch",
    "seconds", "parameters", "seed"}; a split of no sequences is left out. The caller's random state is left
    as it was.

    Raises InputError for labels that do not fit the sequences, an empty train or valid split, or an
    architecture that gives no classes; UnknownName for one that there is not; NotFinite if the loss is
    NaN or infinite.
    """
    check(simulation)
    started = time.perf_counter()
    device = pick_device(settings.device)
    splits = {name: take_split(simulation, name, device) for name in ("train", "valid", "test")}
    with repeatable(settings.seed, device):
        module = classifier(settings.architecture, simulation.codes.shape[1]).to(device)
        history = fit(module, splits, settings, progress, keep)
    module.eval()
    measured = {name: measure(module, splits[name]) for name in ("test", "valid") if len(splits[name].labels)}
    facts = {
        "architecture": settings.architecture,
        "epochs": len(history),
        "best_epoch": lowest(history).number,
        "seconds": round(time.perf_counter() - started, 2),
        "parameters": sum(weights.numel() for weights in module.parameters()),
        "seed": settings.seed,
    }
    return Training(module.cpu(), measured | facts, tuple(history))


def check(simulation: Simulation) -> None:
    """Raises InputError unless codes (N, L), labels (N, T) and splits (N) belong together."""
    codes, labels, splits = simulation.codes, simulation.labels, simulation.splits
    if codes.ndim != 2 or labels.shape != (len(codes), len(TASKS)) or len(splits) != len(codes):
        raise InputError(
            f"{len(codes)} sequences need labels of the shape ({len(codes)}, {len(TASKS)}) and {len(codes)} "
            f"splits, not labels of the shape {labels.shape} and {len(splits)} splits"
        )
    empty = next((name for name in ("train", "valid") if name not in splits), None)
    if empty:
        raise InputError(f"training needs sequences in the {empty} split, and there are none")


def take_split(simulation: Simulation, name: str, device: torch.device) -> Split:
    rows = simulation.indices(name)
    sequences, labels = one_hot(simulation.codes[rows]), simulation.labels[rows].astype(np.float32)
    return Split(torch.from_numpy(sequences).to(device), torch.from_numpy(labels).to(device))


def classifier(architecture: str, length: int) -> Classifier:
    if architecture in ARCHITECTURES and not ARCHITECTURES[architecture].plain:
        names = ", ".join(trainable())
        raise InputError(f"the architecture {architecture} gives no classes to train; those that do: {names}")
    module = build(architecture, length, len(TASKS), classes=True)
    assert isinstance(module, Classifier)  # as it was asked for
    return module


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
    module: Classifier,
    splits: dict[str, Split],
    settings: Settings,
    progress: Progress | None,
    keep: Keep | None,
) -> list[Epoch]:
    """Train the module in place and leave the best epoch's weights in it."""
    optimizer = Adam(module.parameters(), settings.rate)
    history: list[Epoch] = []
    for number in range(1, settings.epochs + 1):
        train_loss = learn(module, splits["train"], settings.batch, optimizer)
        history.append(Epoch(number, train_loss, *validate(module, splits["valid"])))
        check_finite(history[-1], settings)
        best = lowest(history)
        if best is history[-1]:
            kept = copy.deepcopy(module.state_dict())
        last = number == settings.epochs or number - best.number >= settings.patience
        if keep:
            keep(number, module, last)
        if progress:
            progress(number, settings.epochs, history[-1])
        if last:
            break
    module.load_state_dict(kept)
    return history


def learn(module: Classifier, split: Split, batch: int, optimizer: Optimizer) -> float:
    """One epoch over the sequences in random order; the mean loss of its steps."""
    module.train()
    losses = []
    for rows in torch.randperm(len(split.labels)).to(split.labels.device).split(batch):
        loss = cross_entropy(module.logits(split.sequences[rows].float()), split.labels[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return float(torch.stack(losses).mean())


def validate(module: Classifier, split: Split) -> tuple[float, float]:
    """Mean loss and accuracy over all sequences and tasks."""
    logits = predict(module, split)
    right = (logits > 0) == (split.labels > 0)
    return float(cross_entropy(logits, split.labels)), float(right.float().mean())


def check_finite(epoch: Epoch, settings: Settings) -> None:
    for loss in (epoch.train_loss, epoch.valid_loss):
        if not np.isfinite(loss):
            raise NotFinite(
                f"the loss is {loss} after epoch {epoch.number}; "
                f"a learning rate below {settings.rate:g} may keep it finite"
            )


def lowest(history: list[Epoch]) -> Epoch:
    """The epoch with the lowest valid loss, the earliest of equals."""
    return min(history, key=lambda epoch: epoch.valid_loss)


# ---- measuring


def predict(module: Classifier, split: Split) -> Tensor:
    """Logits (N, T), in eval mode."""
    module.eval()
    with torch.no_grad():
        return torch.cat([module.logits(rows.float()) for rows in split.sequences.split(ROWS)])


def measure(module: Classifier, split: Split) -> dict[str, dict[str, float | None]]:
    """The accuracy and the AUROC of each task; an AUROC is None where a class is missing."""
    logits, labels = predict(module, split).cpu().numpy(), split.labels.cpu().numpy() > 0
    return {
        task: {
            "accuracy": float(((scores > 0) == truth).mean()),
            "auroc": auroc(scores, truth),
        }
        for task, scores, truth in zip(TASKS, logits.T, labels.T, strict=True)
    }
