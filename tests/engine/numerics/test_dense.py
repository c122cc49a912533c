"""Dense layers, and what float32 loses in their sums."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from seqattr.engine.capture.model import Model
from seqattr.engine.numerics import dense
from seqattr.engine.numerics.device import full_precision
from seqattr.methods.attribution import attribute
from tests.helpers.sequences import one_hot, shuffled


def numbers(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


X, WEIGHT, BIAS, M = (numbers(*s, seed=i) for i, s in enumerate([(6, 900), (20, 900), (20,), (6, 20)]))
CALLS: dict[str, Callable[[torch.dtype], Tensor]] = {
    "forward": lambda dtype: dense.forward(X.to(dtype), WEIGHT.to(dtype), BIAS.to(dtype)),
    "without a bias": lambda dtype: dense.forward(X.to(dtype), WEIGHT.to(dtype)),
    "back": lambda dtype: dense.transpose(M.to(dtype), WEIGHT.to(dtype)),
}


@pytest.mark.parametrize("name", CALLS)
def test_sums_in_float64_are_rounded_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    call = CALLS[name]
    exact, short = call(torch.float64), call(torch.float32)
    monkeypatch.setattr(dense, "sums_longer", lambda values: True)
    long = call(torch.float32)
    assert long.dtype == short.dtype == torch.float32
    assert torch.equal(long, exact.float())
    torch.testing.assert_close(short.double(), exact, rtol=1e-4, atol=1e-4)


class On:
    """What a choice asks of values."""

    def __init__(self, ndim: int = 2, device: str = "cuda", dtype: torch.dtype = torch.float32) -> None:
        self.ndim, self.dtype, self.device = ndim, dtype, torch.device(device)


@pytest.mark.parametrize(
    ("values", "capability", "tf32", "longer"),
    [
        (On(), (9, 0), False, True),
        (On(), (9, 0), True, False),
        (On(), (8, 9), False, False),  # 64 times as slow there
        (On(3), (9, 0), False, False),  # of a transformer they are most of the arithmetic
        (On(dtype=torch.float64), (9, 0), False, False),
        (On(device="cpu"), (9, 0), False, False),
    ],
)
def test_where_sums_are_longer(
    values: Tensor, capability: tuple[int, int], tf32: bool, longer: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dense, "has_full_rate", lambda device: capability in dense.FULL_RATE)
    with full_precision("tf32" if tf32 else "float32"):
        assert dense.sums_longer(values) == longer


def test_contributions_add_up_better(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind the flattened values of many positions, forward and back."""
    torch.manual_seed(0)
    layers = [
        nn.Flatten(),
        nn.Linear(4 * 200, 300),
        nn.ReLU(),
        nn.Linear(300, 200),
        nn.ReLU(),
        nn.Linear(200, 1),
    ]
    model, x = Model(nn.Sequential(*layers), torch.zeros(2, 4, 200)), one_hot(8, 200).float()
    short = attribute(model, x, shuffled(x), method="deeplift-rescale", device="cpu")
    monkeypatch.setattr(dense, "sums_longer", lambda values: values.ndim == 2)
    long = attribute(model, x, shuffled(x), method="deeplift-rescale", device="cpu")
    assert long.additivity_error.max() < short.additivity_error.max() / 2
