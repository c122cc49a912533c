"""Logarithms of outputs are told where the graph tells them, and nowhere else."""

import pytest
import torch
from torch import Tensor, nn

import seqattr
from seqattr.engine.graph.logarithms import with_logarithms
from seqattr.engine.walk.forward import ForwardPlan, output_values

LENGTH = 12


class Net(nn.Module):
    """What becomes of three numbers."""

    def __init__(self, last) -> None:
        super().__init__()
        self.dense, self.last = nn.Linear(4 * LENGTH, 3), last

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.dense(x.flatten(1)))


def logarithms(last) -> tuple[Tensor, Tensor | None]:
    """A model's outputs for two sequences, and their logarithms."""
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        net = Net(last).double().eval()
    x = torch.eye(4).double()[torch.arange(2 * LENGTH).reshape(2, LENGTH) % 3].transpose(1, 2)
    model = seqattr.Model(net, x)
    graph, names = with_logarithms(model.graph, dict(enumerate(model.finals)))
    assert graph.outputs[0] == model.graph.outputs[0]
    with torch.no_grad():
        return net(x), output_values(ForwardPlan(graph), x)[names[0]] if names else None


@pytest.mark.parametrize(
    "last",
    [
        lambda logits: logits.softmax(1),
        lambda logits: logits.softmax(1)[:, 2:],
        lambda logits: torch.cat([logits[:, :2].softmax(1), logits[:, 1:].softmax(1)], 1),
        torch.exp,
    ],
)
def test_they_are_those_of_the_outputs(last):
    outputs, logs = logarithms(last)
    torch.testing.assert_close(logs, outputs.log(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "last",
    [
        nn.Identity(),
        nn.Softplus(),
        torch.sigmoid,
        lambda x: torch.cat([x.exp(), x], 1),
        lambda x: 1 - x.exp(),
    ],
)
def test_of_others_there_are_none(last):
    assert logarithms(last)[1] is None
