"""A captured graph is made smaller, and computes what it did."""

import pytest
import torch
from torch import Tensor, nn

from seqattr.engine.capture.model import Model
from seqattr.methods.attribution import attribute
from tests.helpers.pieces import Head, Net, conv
from tests.helpers.sequences import LENGTH, one_hot, shuffled
from tests.helpers.zoo import capture, captured

EXAMPLE = torch.zeros(2, 4, LENGTH, dtype=torch.float64)


def ops(model: Model) -> list[str]:
    return [step.op.split(".")[1] for step in model.graph.steps]


def test_batch_norms_fold_where_that_is_exact() -> None:
    folded = ops(captured("batch norm folded")[1])
    assert [op for op in folded if op in ("mul", "add", "batch_norm")] == []


@pytest.mark.parametrize("name", ["batch norm after relu", "batch norm of a value read twice"])
def test_batch_norms_stay_where_it_is_not(name: str) -> None:
    assert {"mul", "add"} <= set(ops(captured(name)[1]))


NORMED = {
    "conv": lambda: [conv()],
    "no bias": lambda: [conv(bias=False)],
    "grouped": lambda: [conv(groups=2)],
    "transposed": lambda: [conv(), nn.ConvTranspose1d(6, 6, 3, 2)],
    "transposed, grouped": lambda: [conv(), nn.ConvTranspose1d(6, 6, 3, groups=3)],
    "norm without scale": lambda: [conv()],
}


@pytest.mark.parametrize("name", NORMED)
def test_a_folded_norm_changes_no_number(name: str) -> None:
    """Folding is exact: the contributions equal those of the same model with its norm in the way of it."""
    torch.manual_seed(2)
    norm = nn.BatchNorm1d(6, affine=name != "norm without scale").double().eval()
    for tensor in (*norm.parameters(), norm.running_mean):
        nn.init.normal_(tensor)
    layers = nn.Sequential(*NORMED[name]()).double()
    head = Head(6).double()
    direct = Model(nn.Sequential(layers, norm, nn.ReLU(), head), EXAMPLE)
    apart = Net(lambda m, x: head(torch.relu(norm(m.layers(x))) + 0 * m.layers(x)), layers=layers)
    x = one_hot()
    got, wanted = (attribute(model, x, shuffled(x)) for model in (direct, Model(apart, EXAMPLE)))
    torch.testing.assert_close(got.hypothetical, wanted.hypothetical, rtol=0, atol=1e-13)
    assert ("mul" in ops(direct)) == (name == "transposed, grouped")


def test_dropout_is_gone() -> None:
    assert set(ops(captured("dropout")[1])) == {"conv1d", "relu", "silu", "mean", "linear"}


def test_parametrised_weights_are_worked_out_once() -> None:
    assert ops(captured("weight norm")[1]) == ops(captured("conv1d")[1])


def test_what_no_output_needs_is_dropped() -> None:
    def wasteful(m: Net, x: Tensor) -> Tensor:
        m.net(x).exp().sum(1)
        return m.net(x)

    assert "exp" not in ops(capture(wasteful)[1])
