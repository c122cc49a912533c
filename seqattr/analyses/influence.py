"""The influence of training sequences on tests: TracIn, over the checkpoints of a training.

A step of gradient descent on a training sequence z, at the learning rate r, lowers the loss of a test z' by
r * grad loss(z) . grad loss(z'), to first order. The influence is the sum of that over the checkpoints
(Pruthi, Liu, Kale & Sundararajan 2020, section 3, TracInCP); gradients are those with respect to all trained
weights, in eval mode, of the loss of the training. Adam's steps are not plain descent's, as the paper's too
are not always: the influence is that of the direction, at the nominal rate.

A test without labels has no loss. There the influence is on the output itself: how far such a step would
raise it, -r * grad loss(z) . grad output(z').
"""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap

from seqattr.data.dataset import Dataset
from seqattr.data.losses import LOSSES, Loss
from seqattr.dna.alphabet import one_hot
from seqattr.engine.graph.choice import choose
from seqattr.engine.graph.forward import outputs_of
from seqattr.engine.graph.graph import INPUT, Graph
from seqattr.engine.graph.outputs import Target
from seqattr.engine.graph.selections import Outputs
from seqattr.engine.numerics.device import full_precision, pick_device
from seqattr.engine.walk.memory import pieces
from seqattr.errors import InputError, ModelError, NotFinite, UnknownName
from seqattr.models.checkpoints import Checkpoint
from seqattr.models.zoo import Stack
from seqattr.support.progress import Counter, Progress, silent

GRADIENTS_AT_ONCE = 2**23  # numbers: as many sequences as that allows go back together
MOST_ROWS = 64
GRADIENTS_KEPT = 2**27  # numbers: of as many tests as that allows at least one; the others wait
Slopes = Callable[[Mapping[str, Tensor], Tensor, Tensor], dict[str, Tensor]]
Value = Callable[[Stack, Mapping[str, Tensor], Tensor, Tensor], Tensor]


class Examples(NamedTuple):
    """Sequences with their names, codes (N, L) and labels (N, T), if they have any."""

    names: tuple[str, ...]
    codes: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.number] | None = None

    def only(self, rows: Sequence[int] | npt.NDArray[np.integer]) -> "Examples":
        """The examples of these numbers."""
        labels = None if self.labels is None else self.labels[rows]
        return Examples(tuple(self.names[row] for row in rows), self.codes[rows], labels)


def examples_of(dataset: Dataset, split: str) -> Examples:
    """A split of a data set. Raises InputError where it is empty, UnknownName where there is none."""
    if split not in ("train", "valid", "test"):
        raise UnknownName("split", split, ("train", "valid", "test"))
    rows = dataset.indices(split)
    if not len(rows):
        raise InputError(f"the data set has no sequences in the {split} split")
    return Examples(dataset.names, dataset.codes, dataset.labels).only(rows)


def influence(
    checkpoints: Sequence[Checkpoint],
    training: Examples,
    tests: Examples,
    target: str | None = None,
    device: str = "auto",
    progress: Progress = silent,
) -> npt.NDArray[np.float64]:
    """The influence of each training sequence on each test, (tests, training).

    With labels it is on the test's loss, of all targets together or of one: above 0 the training sequence
    lowered it (a proponent), below 0 raised it (an opponent). Without, on the output of the target, before
    the sigmoid: above 0 it raised that. Gradients of a block of tests are kept while those of the training
    sequences pass by; many tests of a large model make several blocks. `progress(done, total)` counts both.

    Raises InputError where lengths or labels do not fit, UnknownName for the target, ModelError where a
    checkpoint's weights do not, NotFinite.
    """
    trained = checkpoints[0].trained
    for what, examples in (("training", training), ("test", tests)):
        check_fit(what, examples, trained.length, len(trained.targets))
    if training.labels is None:
        raise InputError("training sequences need labels")
    loss_of_all = loss_by(trained_loss(checkpoints[0]), None)
    value, sign = value_of(tests, target, checkpoints[0])
    torch_device, number = pick_device(device), len(training.names)
    blocks = pieces(len(tests.names), rows_within(GRADIENTS_KEPT, checkpoints[0].module()))
    tell = Counter(len(checkpoints) * (len(tests.names) + len(blocks) * number), progress)
    scores = np.zeros((len(tests.names), number))
    with full_precision():
        for checkpoint, block in itertools.product(checkpoints, blocks):
            module = checkpoint.module().to(torch_device)
            kept = all_gradients(module, tests.only(range(len(tests.names))[block]), value, tell)
            for rows, slopes in gradients(module, training, loss_of_all):
                products = sign * checkpoint.trained.rate * (kept @ slopes.T)
                scores[block, rows] += products.double().cpu().numpy()
                tell.add(len(slopes))
    if not np.isfinite(scores).all():
        raise NotFinite("an influence is NaN or infinite; are the weights of every checkpoint finite?")
    return scores


def check_fit(what: str, examples: Examples, length: int, targets: int) -> None:
    """Raises InputError for examples of another length, or with other labels."""
    bases = examples.codes.shape[1]
    if bases != length:
        raise InputError(f"the {what} sequences have {bases} bp, but the checkpoints are for {length} bp")
    if examples.labels is not None and examples.labels.shape[1] != targets:
        raise InputError(
            f"{what} sequences with {examples.labels.shape[1]} labels do not fit {targets} targets"
        )


# --- what is differentiated --------------------------------------------------------------------


def logits_of(module: Stack, weights: Mapping[str, Tensor], sequence: Tensor) -> Tensor:
    """The logits (1, T) of one sequence (4, L), as a function of the weights."""
    logits: Tensor = functional_call(module.logits, dict(weights), (sequence[None],))
    return logits


def trained_loss(checkpoint: Checkpoint) -> Loss:
    """The loss of the training. Raises ModelError for one that there is not."""
    name = checkpoint.trained.loss
    if name not in LOSSES:
        raise ModelError(f"{checkpoint.path} was trained on '{name[:40]}', a loss that is not known here")
    return LOSSES[name]


def loss_by(loss: Loss, index: int | None) -> Value:
    """The training's loss of one sequence: the mean over the targets, or that of one."""
    columns = slice(None) if index is None else slice(index, index + 1)

    def value(module: Stack, weights: Mapping[str, Tensor], sequence: Tensor, labels: Tensor) -> Tensor:
        return loss.of(logits_of(module, weights, sequence)[:, columns], labels[None, columns])

    return value


def output_of(index: int) -> Value:
    """A target's number."""

    def value(module: Stack, weights: Mapping[str, Tensor], sequence: Tensor, _: Tensor) -> Tensor:
        return logits_of(module, weights, sequence)[0, index]

    return value


def value_of(tests: Examples, target: str | None, checkpoint: Checkpoint) -> tuple[Value, int]:
    """What the influence on the tests is of, and whether a proponent lowers it (1) or raises it (-1)."""
    targets = checkpoint.trained.targets
    if tests.labels is not None and target is None:
        return loss_by(trained_loss(checkpoint), None), 1
    if target is None:
        names = ", ".join(targets)
        raise InputError(f"test sequences without labels need the output they are about: `target` {names}")
    if target not in targets:
        return of_expression(tests, target, targets), -1
    index = targets.index(target)
    if tests.labels is None:
        return output_of(index), -1
    return loss_by(trained_loss(checkpoint), index), 1


def of_expression(tests: Examples, target: str, targets: Sequence[str]) -> Value:
    """The value of an expression of logits. Raises as `choose`, and InputError where a loss is asked for."""
    named = tuple(Target(name, 0, index) for index, name in enumerate(targets))
    logits = Outputs(((len(targets),),), ("",), named)
    chosen = choose(Graph((), {}, (INPUT,)), logits, target).cut()
    if tests.labels is not None:
        raise InputError(f"a loss is of one of the targets, {', '.join(targets)}, and not of '{target}'")
    if len(chosen.targets) > 1:
        raise InputError(f"one target is wanted, and '{target}' is {len(chosen.targets)} of them")
    of = chosen.targets[0]

    def value(module: Stack, weights: Mapping[str, Tensor], sequence: Tensor, _: Tensor) -> Tensor:
        answers = outputs_of(chosen.graph, logits_of(module, weights, sequence))
        return answers[of.output].reshape(-1)[of.index]

    return value


def gradients(module: Stack, examples: Examples, value: Value) -> Iterator[tuple[slice, Tensor]]:
    """The gradient of each example's value with respect to all weights, so many rows (rows, P) at a time."""
    weights = {name: weight.detach() for name, weight in module.logits.named_parameters()}
    like = next(iter(weights.values()))
    labels = examples.labels if examples.labels is not None else np.zeros((len(examples.names), 1))
    by_example = each_alone if is_recurrent(module) else vmapped
    slope_of = by_example(grad(lambda weights, *example: value(module, weights, *example)))
    size = min(rows_within(GRADIENTS_AT_ONCE, module), MOST_ROWS)
    for rows in pieces(len(examples.names), size):
        sequences = torch.from_numpy(one_hot(examples.codes[rows])).to(like)
        slopes = slope_of(weights, sequences, torch.from_numpy(labels[rows]).to(like))
        yield rows, torch.cat([gradient.flatten(1) for gradient in slopes.values()], 1)


def is_recurrent(module: Stack) -> bool:
    """Whether there are recurrent layers, which torch cannot run for many weights at once."""
    return any(isinstance(part, nn.RNNBase) for part in module.modules())


def vmapped(slope: Slopes) -> Slopes:
    """Slopes of many examples, all at once."""
    together: Slopes = vmap(slope, (None, 0, 0))
    return together


def each_alone(slope: Slopes) -> Slopes:
    """Slopes of many examples, one after the other."""

    def of_all(weights: Mapping[str, Tensor], sequences: Tensor, labels: Tensor) -> dict[str, Tensor]:
        alone = [slope(weights, *example) for example in zip(sequences, labels, strict=True)]
        return {name: torch.stack([slopes[name] for slopes in alone]) for name in weights}

    return of_all


def all_gradients(module: Stack, examples: Examples, value: Value, tell: Counter) -> Tensor:
    """The gradients of all examples (N, P), as they come written where they stay."""
    like = next(module.logits.parameters())
    kept = like.new_empty((len(examples.names), weights_of(module)))
    for rows, slopes in gradients(module, examples, value):
        kept[rows] = slopes
        tell.add(len(slopes))
    return kept


def weights_of(module: Stack) -> int:
    """How many trained weights there are."""
    return sum(weight.numel() for weight in module.logits.parameters())


def rows_within(numbers: int, module: Stack) -> int:
    """The gradients of how many examples have no more numbers, at least 1."""
    return max(1, numbers // weights_of(module))
