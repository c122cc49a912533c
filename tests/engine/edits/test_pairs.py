"""Pairs of sequences answer as each does whole, however they differ."""

import pytest
import torch
from torch import Tensor

from seqattr.engine.edits.pairs import Pairs, changes_between
from seqattr.engine.walk.forward import flat, side_values
from seqattr.engine.walk.plan import Plan
from tests.helpers.sequences import one_hot
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
