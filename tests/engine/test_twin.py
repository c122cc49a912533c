"""Contributions equal those of the slow twin, written from the paper's formulas."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from seqattr.engine.capture.model import Model
from seqattr.methods.attribution import attribute
from tests.helpers import slow_deeplift as twin
from tests.helpers.pieces import Net, unsettle
from tests.helpers.sequences import one_hot, shuffled

L = 14
FIELDS = ("multipliers", "contributions", "hypothetical")  # what the twin gives
METHODS = ["deeplift", "deeplift-rescale", "deeplift-revealcancel"]


def prelu(channels: int) -> nn.PReLU:
    layer = nn.PReLU(channels)
    nn.init.uniform_(layer.weight, -0.4, 0.8)
    return layer


def dense(into: int) -> list[nn.Module]:
    return [nn.Flatten(), nn.Linear(into, 5), nn.ReLU(), nn.Linear(5, 2)]


NETS: dict[str, Callable[[], list[nn.Module]]] = {
    "two convolutions": lambda: [nn.Conv1d(4, 5, 4), nn.ReLU(), nn.Conv1d(5, 3, 3), nn.ReLU(), *dense(27)],
    "strided, dilated": lambda: [nn.Conv1d(4, 5, 3, stride=2, dilation=2), nn.ReLU(), *dense(25)],
    "dense only": lambda: [
        nn.Flatten(), nn.Linear(56, 6), nn.ReLU(), nn.Linear(6, 4), nn.Sigmoid(), nn.Linear(4, 2)
    ],
    "prelu": lambda: [nn.Conv1d(4, 5, 4), prelu(5), nn.Conv1d(5, 3, 3), prelu(3), *dense(27)],
    "average before a nonlinearity": lambda: [
        nn.Conv1d(4, 5, 4), nn.AvgPool1d(3, 2), nn.ReLU(), nn.AvgPool1d(2), nn.Tanh(), *dense(10)
    ],
    "prelu, average, prelu": lambda: [
        nn.Conv1d(4, 3, 4), prelu(3), nn.AvgPool1d(2), prelu(3), nn.Flatten(), nn.Linear(15, 4), prelu(4),
        nn.Linear(4, 2),
    ],
    "two nonlinearities in a row": lambda: [
        nn.Conv1d(4, 5, 4), nn.Sigmoid(), nn.Tanh(), nn.Flatten(), nn.Linear(55, 4), nn.Tanh(), nn.ReLU(),
        nn.Linear(4, 2),
    ],
    "batch norm folded": lambda: [nn.Conv1d(4, 5, 4), nn.BatchNorm1d(5), nn.ReLU(), *dense(55)],
    "batch norm before a nonlinearity": lambda: [
        nn.Conv1d(4, 5, 4), nn.ReLU(), nn.BatchNorm1d(5), nn.Sigmoid(), *dense(55)
    ],
    "batch norm after dense": lambda: [
        nn.Conv1d(4, 4, 4), nn.Tanh(), nn.Flatten(), nn.Linear(44, 5), nn.BatchNorm1d(5), nn.ReLU(),
        nn.BatchNorm1d(5), nn.Tanh(), nn.Linear(5, 2),
    ],
    "average, batch norm": lambda: [
        nn.Conv1d(4, 4, 4), nn.AvgPool1d(2), nn.BatchNorm1d(4), nn.ReLU(), nn.AvgPool1d(2), *dense(8)
    ],
}  # fmt: skip


@pytest.fixture(scope="module", params=NETS)
def net(request: pytest.FixtureRequest) -> tuple[nn.Sequential, Model]:
    torch.manual_seed(len(request.param))
    module = nn.Sequential(*NETS[request.param]()).double().eval()
    for layer in module:
        if isinstance(layer, nn.BatchNorm1d):
            unsettle(layer)
            with torch.no_grad():
                layer.weight[:2] = torch.tensor([-0.8, 1.1])
    return module, Model(module, torch.zeros(2, 4, L, dtype=torch.float64))


@pytest.mark.parametrize("method", METHODS)
def test_multipliers_equal_the_twins(net: tuple[nn.Sequential, Model], method: str) -> None:
    module, model = net
    x = one_hot(2, L, seed=5)
    references = torch.cat([shuffled(x, 1), torch.full((2, 1, 4, L), 0.25).double()], 1)
    got = attribute(model, x, references, method=method)
    layers = twin.layers_of(module, (4, L), method)
    for t, n in np.ndindex(2, 2):
        pairs = [(x[n].numpy(), r.numpy()) for r in references[n]]
        slow = [twin.explain(layers, *pair, t) for pair in pairs]
        for field, wanted in zip(
            ("multipliers", "contributions", "hypothetical"), zip(*slow, strict=True), strict=True
        ):
            close(getattr(got, field)[t, n], np.mean(wanted, 0))


def close(got: Tensor, wanted: np.ndarray) -> None:
    """Both are float64 and add in different orders."""
    np.testing.assert_allclose(got.numpy(), wanted, rtol=0, atol=1e-9 * np.abs(wanted).max())


# --- one step at a time: a linear map, the step, a sum with weights ----------------------------------


def single(function: Callable[[Net, Tensor], Tensor], **parts: Tensor) -> np.ndarray:
    """The multipliers of one model on real numbers in place of bases."""
    model = Model(Net(function, **parts), torch.zeros(2, 4, L, dtype=torch.float64))
    return attribute(model, X[None], R[None, None], method="deeplift-rescale").multipliers[0, 0].numpy()


RNG = np.random.default_rng(4)
X, R = (torch.from_numpy(RNG.normal(0, 1, (4, L))) for _ in range(2))
A, B = (torch.from_numpy(RNG.normal(0, 0.4, (4, 4))) for _ in range(2))
W = torch.from_numpy(RNG.normal(0, 1, (4, L)))


Slopes = Callable[[float, float, float, float], tuple[float, float]]
OF_TWO: dict[str, tuple[Callable[[Tensor, Tensor], Tensor], Slopes]] = {
    "product": (lambda a, b: a * b, partial(twin.in_both_orders, lambda a, b: a * b)),
    "quotient": (lambda a, b: a / b, twin.quotient),
    "product with one over it": (lambda a, b: b.reciprocal() * a, twin.quotient),
    "product with a constant over it, moved": (
        lambda a, b: a * (0.5 * (2 / b.mT).mT),
        twin.quotient,
    ),
}


@pytest.mark.parametrize("shift", [5, 0], ids=["denominators above 0", "of both signs"])
@pytest.mark.parametrize("name", OF_TWO)
def test_functions_of_two_arguments(name: str, shift: float) -> None:
    f, slopes_of = OF_TWO[name]
    got = single(lambda m, x: (m.w * f(m.a @ x, shift + m.b @ x)).sum((1, 2)), a=A, b=B, w=W)
    (a, a0), (b, b0) = ([(M @ v).numpy() + s for v in (X, R)] for M, s in ((A, 0), (B, shift)))
    assert shift or (b * b0 < 0).any()
    slopes = np.vectorize(slopes_of)(a, a0, b, b0)
    wanted = A.numpy().T @ (W.numpy() * slopes[0]) + B.numpy().T @ (W.numpy() * slopes[1])
    np.testing.assert_allclose(got, wanted, rtol=1e-9)


@pytest.mark.parametrize(("k", "stride"), [(3, 3), (4, 2), (5, 1)])
def test_max_pool_is_raised_or_lowered(k: int, stride: int) -> None:
    w = W[:, : (L - k) // stride + 1]
    got = single(lambda m, x: (m.w * torch.max_pool1d(x, k, stride)).sum((1, 2)), w=w)
    rows = [twin.max_pool(*row, k, stride) for row in zip(X.numpy(), R.numpy(), w.numpy(), strict=True)]
    np.testing.assert_allclose(got, np.stack(rows), rtol=1e-9)


@pytest.mark.parametrize(
    "function",
    [lambda h: h.softmax(1), lambda h: nn.functional.layer_norm(h, (L,)), lambda h: nn.functional.glu(h, 1)],
    ids=["softmax", "layer norm", "glu"],
)
def test_composites_have_no_parts(function: Callable[[Tensor], Tensor]) -> None:
    """What is inside them is passed by the Rescale rule, whatever the method."""
    module = Net(lambda m, x: (m.w[:2] * function(m.a @ x)[:, :2]).sum((1, 2)), a=A, w=W)
    model = Model(module, torch.zeros(2, 4, L, dtype=torch.float64))
    one, two = (attribute(model, X[None], R[None, None], method=m).multipliers for m in METHODS[1:])
    assert torch.equal(one, two)


NORMS = {
    "layer norm": (lambda x: nn.functional.layer_norm(x, (L,), eps=0.01), twin.layer_norm),
    "rms norm": (lambda x: nn.functional.rms_norm(x, (L,), eps=0.01), twin.rms_norm),
    "rms norm by hand": (lambda x: x * (x.square().mean(2, True) + 0.01) ** -0.5, twin.rms_norm),
    "rms norm by a root": (lambda x: x / torch.sqrt(x.pow(2).mean(2, True) + 0.01), twin.rms_norm),
}


@pytest.mark.parametrize("name", NORMS)
def test_norms_are_their_parts(name: str) -> None:
    norm, slow = NORMS[name]
    got = single(lambda m, x: (m.w * norm(x)).sum((1, 2)), w=W)
    rows = [slow(*row, 0.01) for row in zip(X.numpy(), R.numpy(), W.numpy(), strict=True)]
    np.testing.assert_allclose(got, np.stack(rows), rtol=1e-9)
