"""Models that take the size of their batch as a plain number: captured for batches of any size."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from seqattr.engine.capture.batches import SIZES, Differs, graph_of_any_batch
from seqattr.engine.capture.model import Model
from seqattr.engine.graph.graph import Graph, Ref, Step
from seqattr.errors import ModelError
from seqattr.methods.attribution import attribute
from tests.helpers.sequences import LENGTH, one_hot, shuffled


class BothStrands(nn.Module):
    """A net on the sequences and, behind them in the batch, their reverse complements, then joined."""

    def __init__(self, joined: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.joined = joined
        self.conv, self.dense = nn.Conv1d(4, 6, 5), nn.Linear(6, 2)
        generator = torch.Generator().manual_seed(5)
        for parameter in self.parameters():
            parameter.data = 0.4 * torch.randn(parameter.shape, generator=generator)

    def forward(self, x: Tensor) -> Tensor:
        both = torch.cat([x, x.flip([1, 2])])
        return self.joined(x, self.dense(self.conv(both).relu().amax(2)))


def halves(y: Tensor, half: int) -> Tensor:
    return y[:half] + y[half:].relu()


JOINED: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "int": lambda x, y: halves(y, int(y.shape[0] / 2)),
    "int of a share": lambda x, y: halves(y, int(0.5 * y.size(0))),
    "round": lambda x, y: halves(y, round(y.shape[0] / 2)),
    "floordiv": lambda x, y: halves(y, y.shape[0] // 2),
    "len": lambda x, y: halves(y, len(x)),
    "chunk": lambda x, y: torch.stack(y.chunk(2)).amax(0),
    "split": lambda x, y: torch.stack(y.split(y.shape[0] // 2)).amax(0),
    "view": lambda x, y: y.view(2, -1, 2).amax(0),
    "view of len": lambda x, y: y.view(2, len(x), 2).amax(0),
    "kron": lambda x, y: torch.kron(halves(y, x.shape[0]), torch.ones(1, 2)),
    "take_along_dim": lambda x, y: torch.take_along_dim(halves(y, x.shape[0]), torch.tensor([[1, 0]]), 1),
}
# a few of each way in which torch gives up; the others take the same way
COMMON = {"int", "chunk", "view of len", "kron"}


@pytest.mark.parametrize(
    "name", [n if n in COMMON else pytest.param(n, marks=pytest.mark.slow) for n in JOINED]
)
def test_a_batch_halved_by_its_size_is_captured(name: str) -> None:
    module = BothStrands(JOINED[name])
    model = Model(module, torch.zeros(2, 4, LENGTH))
    x = one_hot(7).float()
    for rows in (1, 4, 7):
        torch.testing.assert_close(model.predict(x[:rows]), module(x[:rows]).detach())
    result = attribute(model, x, shuffled(x), dtype=torch.float64)
    assert result.additivity_error.amax() <= 1e-10
    alone = attribute(model, x[2:3], shuffled(x)[2:3], dtype=torch.float64)
    torch.testing.assert_close(result.contributions[:, 2:3], alone.contributions)


REFUSED: dict[str, tuple[str, Callable[[Tensor, Tensor], Tensor]]] = {
    "half a batch": ("fixes the number of sequences", lambda x, y: y[: len(x) // 2].repeat(2, 1)),
    "a share": ("mixes the sequences of a batch", lambda x, y: halves(y, len(x)) * (1 / len(x))),
    "a mean": ("mixes the sequences of a batch", lambda x, y: halves(y, len(x)) - y.mean(0)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_follows_the_batch_otherwise_is_refused(name: str) -> None:
    pattern, joined = REFUSED[name]
    with pytest.raises(ModelError, match=pattern):
        Model(BothStrands(joined), torch.zeros(4, 4, LENGTH))


def graphs(*values: object) -> list[Graph]:
    return [Graph((Step("y", "aten.mul.Scalar", (Ref("sequence"), v)),), {}, ("y",)) for v in values]


def test_integers_on_a_line_become_steps_on_the_size() -> None:
    found = graph_of_any_batch(graphs(*([3 * size - 1, 4] for size in SIZES)))
    *sizes, last = found.steps
    assert [(step.op, step.args[1]) for step in sizes] == [
        ("aten.sym_size.int", 0),
        ("operator.mul", 3),
        ("operator.add", -1),
    ]
    assert last.args == (Ref("sequence"), [Ref(sizes[-1].name), 4])


@pytest.mark.parametrize("values", [(2, 3, 6), (2.0, 3.0, 5.0), (True, False, False), ([1], [1], [1, 1])])
def test_nothing_else_may_differ(values: tuple[object, ...]) -> None:
    with pytest.raises(Differs):
        graph_of_any_batch(graphs(*values))
