"""The compiled loops do what the plain torch expressions do, in whatever order values lie in memory."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool1d, one_hot

import seqattr
from seqattr.engine.numerics import fused
from seqattr.engine.numerics.multipliers import project
from tests.helpers.expressions import EXPRESSIONS

LAYOUTS = {"channels last": True, "channels first": False}


def values(*lead: int, last: bool, dtype: torch.dtype, seed: int) -> Tensor:
    """(*lead, 30, 40) with many exact zeros and equals, channels last in memory or first."""
    generator = torch.Generator().manual_seed(seed)
    numbers = torch.randint(-3, 4, (*lead, 40, 30), generator=generator).to(dtype) / 2
    return numbers.mT if last else numbers.mT.contiguous()


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("last", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("name", EXPRESSIONS)
def test_a_loop_equals_the_expression(
    name: str, last: bool, dtype: torch.dtype, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    function, number = EXPRESSIONS[name]
    first = values(3, 1, last=last, dtype=dtype, seed=0)
    rest = [values(3, 5, last=last, dtype=dtype, seed=i) for i in range(1, number)]
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        looped = together(function(first, *rest))
    finally:
        torch.set_num_threads(before)
    monkeypatch.setattr(fused, "AVAILABLE", False)
    expected = together(function(first, *rest))
    assert looped.shape == expected.shape
    torch.testing.assert_close(looped, expected, rtol=1e-6 if dtype == torch.float32 else 1e-15, atol=0)


@pytest.mark.parametrize("last", LAYOUTS.values(), ids=LAYOUTS)
def test_a_loop_keeps_the_order_in_memory(last: bool) -> None:
    a, b = (values(2, last=last, dtype=torch.float32, seed=i) for i in range(2))
    assert fused.relu_secant(a, b).stride() == a.stride()


def test_what_lies_otherwise_is_left_to_torch() -> None:
    a = values(2, last=True, dtype=torch.float32, seed=0)
    b = values(2, last=False, dtype=torch.float32, seed=1)
    assert fused.elementwise(fused.kernels.relu_secant, (a, b), 1) is None
    assert fused.elementwise(fused.kernels.relu_secant, (a, b.double()), 1) is None
    assert fused.elementwise(fused.kernels.relu_secant, (a[..., ::2], a[..., ::2]), 1) is None
    gap = a - b
    expected = torch.where(gap == 0, (b > 0).float(), (a.relu() - b.relu()) / gap)
    assert torch.equal(fused.relu_secant(a, b), expected)


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("one_multiplier", [True, False])
def test_contributions_are_gathered_in_one_pass(
    shared: bool, one_multiplier: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = torch.Generator().manual_seed(0)
    multipliers = torch.randn(3, 1 if one_multiplier else 5, 50, 4, generator=generator).mT
    x, r = (torch.randn(*n, 4, 50, generator=generator) for n in ((3,), (1 if shared else 3, 5)))
    once = project(multipliers, x, r)
    monkeypatch.setattr(fused, "AVAILABLE", False)
    for got, expected in zip(once, project(multipliers, x, r), strict=True):
        torch.testing.assert_close(got, expected, rtol=1e-5, atol=1e-5)  # sums of 4 to 200 numbers


def test_a_base_that_no_reference_changes_contributes_exactly_0() -> None:
    x = one_hot(torch.arange(20) % 4, 4).T.float()[None]
    r = x[:, None].repeat(1, 3, 1, 1)
    r[..., 10:] = r[..., 10:].roll(1, 2)
    multipliers = torch.randn(1, 3, 4, 20, generator=torch.Generator().manual_seed(0))
    contributions = project(multipliers, x, r).contributions[0]
    assert torch.equal(contributions[:10], torch.zeros(10))
    assert (contributions[10:] != 0).all()


@pytest.mark.parametrize("references", [1, 5])  # with one, all pairs lie in one line of memory
@pytest.mark.parametrize("length", [40, 41, 42])
@pytest.mark.parametrize("size", [2, 3])
def test_tiles_of_a_max_equal_the_rule_for_any_windows(
    references: int, length: int, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ties included: of several largest the first counts, on either side.

    float32 leaves additivity errors of some 1e-5; what is given to a wrong place leaves 0.1 and more.
    """

    class Pooled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv1d(4, 16, 5, padding=2)
            self.conv.weight.data.mul_(4).round_().div_(4)  # many ties

        def forward(self, x: Tensor) -> Tensor:
            pooled = max_pool1d(self.conv(x), size)
            return (pooled * torch.linspace(-1, 1, pooled.shape[2])).sum((1, 2))[:, None]

    torch.manual_seed(0)
    codes = torch.randint(4, (4, 1 + references, length))
    x, r = one_hot(codes, 4).mT.float().split((1, references), 1)
    model = seqattr.Model(Pooled(), x[:, 0])
    tiled = seqattr.attribute(model, x[:, 0], r, method="deeplift-rescale")
    monkeypatch.setattr(fused, "AVAILABLE", False)
    general = seqattr.attribute(model, x[:, 0], r, method="deeplift-rescale")
    torch.testing.assert_close(tiled.multipliers, general.multipliers, rtol=1e-5, atol=1e-6)
    assert tiled.additivity_error.max() < 1e-4


def together(values: Tensor | list[Tensor]) -> Tensor:
    return values if isinstance(values, Tensor) else torch.stack(list(values))
