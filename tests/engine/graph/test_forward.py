"""A graph run plainly: no value stays beyond its last use, and long examples are tried on few rows."""

import weakref

import torch
from torch import nn

from seqattr.engine.capture.check import PROBES, some_of
from seqattr.engine.capture.model import Model
from seqattr.engine.graph.forward import outputs_of, random_sequences, step_by_step
from seqattr.engine.graph.lengths import LONG, Lengths
from tests.helpers.zoo import captured


def test_values_go_at_their_last_use_on_every_side() -> None:
    graph = captured("bpnet")[1].graph
    alive: list[weakref.ref[torch.Tensor]] = []
    most = 0
    batches = [random_sequences(rows, 60, torch.float64, "cpu") for rows in (2, 3)]
    for _, values in step_by_step(graph, *batches):
        alive = [w for w in alive if w() is not None] + [weakref.ref(value) for value in values]
        most = max(most, len(alive))
        del values
    assert most < len(graph.steps)  # of two sides


def test_outputs_are_the_values_of_their_steps() -> None:
    graph, batch = captured("bpnet")[1].graph, random_sequences(2, 60, torch.float64, "cpu")
    values = {step.name: value for step, (value,) in step_by_step(graph, batch)}
    for name, output in zip(graph.outputs, outputs_of(graph, batch), strict=True):
        assert torch.equal(values[name], output)


def test_twice_the_length_is_tried_unless_that_is_long() -> None:
    assert Lengths(10, None).other_than(100) == 200
    assert Lengths(10, None).other_than(4 * LONG) == 2 * LONG
    assert Lengths(3 * LONG, None).other_than(4 * LONG) == 8 * LONG


def test_of_long_sequences_two_are_tried() -> None:
    short, long = (torch.zeros(PROBES, 4, length) for length in (LONG, LONG + 1))
    assert len(some_of(short)) == PROBES
    assert len(some_of(long)) == 2


def test_a_batch_within_a_dimension_is_found_beside_one_that_comes_first() -> None:
    """Of a dimension that holds both, the rows come before or after the positions: values tell which."""

    class Merged(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            n, c, length = x.shape
            behind = x.permute(1, 2, 0).reshape(c, length * n)
            return behind.view(c, length, n).permute(2, 0, 1).sum((1, 2))[:, None] * 2

    steps = Model(Merged(), torch.zeros(2, 4, 12)).graph.steps
    assert (1, 12, 1) in [step.layout for step in steps]
