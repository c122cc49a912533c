"""Small questions of `seqattr evaluate`: a linear model, whose answers have closed forms, and a small net."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import torch
from torch import Tensor, nn

from seqattr.engine.capture.model import Model
from seqattr.evaluate.question import Question
from tests.helpers.sequences import one_hot, shuffled

LENGTH = 30
TARGETS = ("a", "b")


@cache
def linear_model() -> Model:
    """Two targets, each a sum of a weight for each base in each place."""
    with torch.random.fork_rng([]):
        torch.manual_seed(3)
        module = nn.Sequential(nn.Flatten(), nn.Linear(4 * LENGTH, 2)).double()
    return Model(module, one_hot(2, LENGTH), targets=TARGETS)


@cache
def small_model() -> Model:
    """A conv, ReLUs and a dense head."""
    with torch.random.fork_rng([]):
        torch.manual_seed(4)
        conv = nn.Conv1d(4, 6, 5), nn.ReLU(), nn.Flatten()
        head = nn.Linear(6 * (LENGTH - 4), 8), nn.ReLU(), nn.Linear(8, 2)
        module = nn.Sequential(*conv, *head).double()
    return Model(module, one_hot(2, LENGTH), targets=TARGETS)


def weights_of(model: Model) -> Tensor:
    """What each base adds in each place, (T, 4, L), of a linear model."""
    with torch.no_grad():
        nothing = torch.zeros(1, 4, LENGTH, dtype=torch.float64)
        ones = torch.eye(4 * LENGTH, dtype=torch.float64).reshape(-1, 4, LENGTH)
        return (model.predict(ones) - model.predict(nothing)).T.reshape(-1, 4, LENGTH)


def question(model: Model, methods: Sequence[str] = ("gradient",), number: int = 6) -> Question:
    """Sequences with an unknown base in the first, and two shuffles of each."""
    sequences = one_hot(number, LENGTH, seed=5)
    references = shuffled(sequences, 2, seed=6)
    sequences[0, :, 7] = 0
    references[0, :, :, 7] = 0
    return Question(model, sequences, references, tuple(methods))


def part_of(whole: Question, rows: slice, batch_size: int | None = None) -> Question:
    """The same question of some of its sequences."""
    references = whole.references[rows] if whole.references is not None else None
    return replace(
        whole,
        sequences=whole.sequences[rows],
        references=references,
        batch_size=batch_size,
        _kept={},
    )
