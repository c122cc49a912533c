"""Pairs of sequences answer as each does whole, however they differ."""

from functools import cache

import pytest
import torch
from torch import Tensor, nn

from seqattr.engine.capture.model import Model
from seqattr.engine.edits.pairs import Pairs, changes_between
from seqattr.engine.edits.strips import Shared
from seqattr.engine.walk.forward import flat, side_values
from seqattr.engine.walk.plan import Plan
from seqattr.models.zoo.bpnet import BPNet
from tests.helpers.sequences import LENGTH, one_hot
from tests.helpers.zoo import captured

NAMES = ["conv1d", "dense", "relu, overlapping max pool", "bpnet", "multihead", "transformer"]


def changed(sequences: Tensor) -> Tensor:
    """Nothing, one base, a few, many; bases at both ends; and all from the middle on moved by two."""
    other = one_hot(8)[5:6].expand(len(sequences), -1, -1)
    made, length = sequences.clone(), sequences.shape[2]
    spans = [(0, 0), (9, 10), (9, 12), (3, length - 2), (length - 1, length), (0, 1)]
    for row, (start, end) in enumerate(spans):
        made[row, :, start:end] = other[row, :, start:end]
    middle = length // 2
    made[6, :, middle:-2] = sequences[6, :, middle + 2 :]
    return made


@pytest.mark.parametrize("rows", [2, 50])
@pytest.mark.parametrize("name", NAMES)
def test_both_of_a_pair_answer_as_the_model_does(name: str, rows: int) -> None:
    model, first = captured(name)[1], one_hot(7)
    second, plan = changed(first), Plan(model.graph.to("cpu", torch.float64), None)
    with torch.no_grad():
        found = Pairs(plan, rows).answers(first, second)
        for outputs, sequences in zip(found, (first, second), strict=True):
            values = side_values(plan, sequences)
            for output in model.graph.outputs:
                torch.testing.assert_close(outputs[output], flat(values[output]), rtol=1e-12, atol=1e-12)


def test_where_sequences_differ() -> None:
    first = one_hot(2)
    second = first.clone()
    second[1, :, 4:7] = first[1, :, 4:7].flip(0)
    changes = changes_between(first, second)
    assert changes.width.tolist() == [0, 3]
    assert int(changes.start[1]) == 4


class Cropped(nn.Module):
    """Layers that pad, of which only the middle is read, that no padding reaches."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv1d(4, 5, 5, padding=2), nn.Conv1d(5, 5, 3, padding=2, dilation=2)
        self.head = nn.Linear(5, 2)

    def forward(self, x: Tensor) -> Tensor:
        hidden = torch.relu(self.first(x))
        return self.head((hidden + torch.relu(self.second(hidden)))[:, :, 6:-6].mean(2))


class ReadTwice(nn.Module):
    """What a convolution gives is read by another before its ReLU."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv1d(4, 5, 5), nn.Conv1d(5, 5, 3)
        self.head = nn.Linear(5, 2)

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.first(x)
        beside = self.second(hidden)
        return self.head((torch.relu(hidden)[:, :, 1:-1] + beside).relu().mean(2))


@cache
def model_of(name: str) -> Model:
    """Of the zoo, or one that shares what windows have in common."""
    if name in SHARING:
        with torch.random.fork_rng([]):
            torch.manual_seed(0)
            return Model(SHARING[name]().double().eval(), one_hot(2))
    return captured(name)[1]


SHARING = {
    "layers that do not pad": lambda: BPNet(5, 1, first_width=3, profile_width=3),
    "margins cut off": Cropped,
    "read before and after a ReLU": ReadTwice,
}


@pytest.mark.parametrize("spacing", [1, 5, 40])
@pytest.mark.parametrize("name", [*SHARING, "relu, overlapping max pool", "bpnet"])
def test_windows_that_overlap_answer_as_each_does(name: str, spacing: int) -> None:
    """In any order, with one that says it lies there and does not hold the bases."""
    model, long = model_of(name), one_hot(1, 400)[0]
    places = torch.tensor([7, 2, 0, 1, 5, 3, 6]) * spacing
    first = torch.stack([long[:, place : place + LENGTH] for place in places.tolist()])
    second, plan = changed(first), Plan(model.graph.to("cpu", torch.float64), None)
    with torch.no_grad():
        for wrong in (False, True):
            if wrong:
                first = torch.cat([first, one_hot(1, LENGTH, 5)])
                second, places = torch.cat([second, first[-1:]]), torch.cat([places, places[:1]])
            found = Pairs(plan, 3).answers(first, second, places)
            for outputs, sequences in zip(found, (first, second), strict=True):
                values = side_values(plan, sequences)
                for output in model.graph.outputs:
                    torch.testing.assert_close(outputs[output], flat(values[output]), rtol=1e-12, atol=1e-12)


def test_what_pads_or_strides_shares_nothing() -> None:
    shared = {}
    for name in (*SHARING, "bpnet", "relu, overlapping max pool", "dense"):
        plan = Plan(model_of(name).graph.to("cpu", torch.float64), None)
        with torch.no_grad():
            shared[name] = Shared(plan, side_values(plan, one_hot(1))).works
    assert list(shared.values()) == [True] * len(SHARING) + [False] * 3
