"""Kernels give what the plain torch expressions give, bit for bit, however the tensors lie in memory."""

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import seqattr
from seqattr.engine.numerics import fused
from seqattr.engine.numerics.gpu import available
from seqattr.engine.numerics.gpu.common_layout import common_layout, layouts
from tests.helpers.expressions import EXPRESSIONS
from tests.helpers.gpu_kernels import DEVICE
from tests.helpers.pieces import Net
from tests.helpers.sequences import one_hot

pytest.importorskip("triton")
elementwise = pytest.importorskip("seqattr.engine.numerics.gpu.elementwise")

SIZES = [  # of sequences, references, channels, positions; rows of memory short and long, odd ones among them
    *((4, 4, 4, 4), (2, 3, 16, 80), (2, 5, 5, 9), (2, 2, 16, 31), (16, 2, 1, 16), (3, 5, 6, 1)),
    *((2, 3, 33, 37), (30, 2, 3, 3), (2, 1, 64, 68)),
]


def numbers(shape: Sequence[int], last: bool, seed: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """(B, R, channels, positions), zeros and equals among them; channels last in memory or first."""
    generator = torch.Generator().manual_seed(seed)
    b, r, channels, positions = shape
    lying = (b, r, positions, channels) if last else (b, r, channels, positions)
    whole = torch.randint(-3, 4, lying, generator=generator, dtype=dtype) / 2
    made = torch.where(torch.rand(lying, generator=generator) < 0.5, whole, torch.randn(lying, dtype=dtype))
    return (made.mT if last else made).to(DEVICE)


def together(values: Any) -> Tensor:
    return values if isinstance(values, Tensor) else torch.stack(list(values))


def check(name: str, *tensors: Tensor) -> Tensor:
    """The kernel's values, once they are those of the expression."""
    made = elementwise.evaluated(name, tensors)
    wanted = EXPRESSIONS[name][0].__wrapped__(*tensors)
    assert made is not None
    assert len(made) == elementwise.EXPRESSIONS[name].outputs
    got, wanted = together(made if len(made) > 1 else made[0]), together(wanted)
    assert got.dtype == wanted.dtype
    assert torch.equal(got, wanted)
    return made[0]


def test_every_expression_has_a_kernel() -> None:
    assert elementwise.EXPRESSIONS.keys() == EXPRESSIONS.keys()
    decorated = {name for name, value in vars(fused).items() if hasattr(value, "__wrapped__")}
    passes = {name for name in decorated if not hasattr(getattr(fused, name), "cache_info")}
    assert passes == EXPRESSIONS.keys()


@pytest.mark.parametrize(("dtype", "last"), [(torch.float32, True), (torch.float64, False)], ids=str)
@pytest.mark.parametrize("name", EXPRESSIONS)
def test_a_kernel_equals_the_expression(name: str, dtype: torch.dtype, last: bool) -> None:
    for b, r, *rest in SIZES:
        first = numbers((b, 1, *rest), last, 0, dtype)
        others = [numbers((b, r, *rest), last, seed, dtype) for seed in range(1, EXPRESSIONS[name][1])]
        made = check(name, first, *others)
        if 1 not in (b, r, *rest):
            assert made.stride() == others[0].stride()


def test_what_is_alone_or_shared_is_taken() -> None:
    """One sequence, one reference, references that all share, and of these one alone."""
    leads = [((1, 1), (1, 5)), ((6, 1), (6, 1)), ((6, 1), (1, 5)), ((6, 1), (1, 1)), ((1, 1), (1, 1))]
    for (a, b), last, (_, _, *rest) in product(leads, (False, True), SIZES[1:3]):
        check("relu_secant", numbers((*a, *rest), last, 0), numbers((*b, *rest), last, 1))


def test_each_side_may_have_an_order_in_memory_of_its_own() -> None:
    check("relu_secant", numbers((3, 1, 20, 30), True, 0), numbers((3, 4, 20, 30), False, 1))


def test_what_lies_with_gaps_or_is_repeated_within_rows_is_taken() -> None:
    b = numbers((4, 3, 8, 12), False, 0)
    for a in (
        numbers((4, 1, 8, 24), False, 1)[..., ::2],
        numbers((4, 1, 8, 24), False, 1)[..., :12],
        numbers((4, 1, 8, 24), False, 1)[..., 1:13],
        numbers((4, 1, 8, 1), False, 1),
        numbers((1, 1, 1, 12), False, 1),
        numbers((4, 3, 8, 1), False, 1).expand(-1, -1, -1, 12),
        torch.tensor(0.5, device=DEVICE),
    ):
        check("join_by_sign", b, a, b.flip(0))
        check("relu_secant", a, b)


def test_what_is_negative_by_a_mark_alone_or_has_fewer_dimensions_is_taken() -> None:
    marked = torch.complex(torch.zeros(3, 5), torch.randn(3, 5)).conj().imag.to(DEVICE)
    other = torch.randn(2, 3, 5, device=DEVICE)
    for first in (marked, marked[0]):
        check("relu_secant", first, other)


def test_what_is_empty_or_has_too_many_dimensions_is_left_to_torch() -> None:
    many = torch.randn(2, 3, 2, 3, 2, 3, device=DEVICE)
    assert elementwise.evaluated("sum_and_difference", (many, many[:, :1, :, :1, :, :1])) is None
    assert elementwise.evaluated("sum_and_difference", (many[:0], many[:0])) is None


def test_where_nothing_changes_the_slope_is_one_or_zero() -> None:
    """Exactly, and so a difference passes unchanged through relu where both sides are above 0."""
    b = torch.rand(5000, device=DEVICE) + 0.1
    a = b + torch.rand(5000, device=DEVICE)
    assert (elementwise.evaluated("relu_secant", (a, b))[0] == 1).all()
    assert (elementwise.evaluated("relu_secant", (-a, -b))[0] == 0).all()


@pytest.mark.parametrize(
    ("shapes", "sizes", "steps"),
    [
        ([(4, 1, 8, 10), (4, 3, 8, 10)], (4, 3, 80), ((80, 0, 1), (240, 80, 1))),
        ([(1, 1, 8, 10), (1, 3, 8, 10)], (3, 80), ((0, 1), (80, 1))),
        ([(4, 1, 8, 10), (4, 1, 8, 10)], (320,), ((1,), (1,))),
        ([(4, 1, 8, 1), (1, 3, 8, 1)], (4, 3, 8), ((8, 0, 1), (0, 8, 1))),
        ([(1, 1), (1, 1)], (), ((), ())),
    ],
)
def test_dimensions_are_as_few_as_can_be(shapes: list, sizes: tuple, steps: tuple) -> None:
    common = common_layout(*layouts(*map(torch.zeros, shapes)))
    assert (common.sizes, common.steps) == (sizes, steps)


def test_what_lies_with_gaps_stays_as_it_is() -> None:
    a, b = torch.randn(4, 1, 8, 20)[..., ::2], torch.randn(4, 3, 8, 10)
    assert common_layout(*layouts(a, b)).sizes == (4, 3, 80)
    c = torch.randn(4, 1, 8, 20)[..., :10]
    assert common_layout(*layouts(c, b)).sizes == (4, 3, 8, 10)


@pytest.fixture(scope="module")
def residual() -> seqattr.Model:
    torch.manual_seed(0)

    def run(m: Net, x: Tensor) -> Tensor:
        h = m.first(x).relu()
        return m.last(m.dense((h + m.second(h)).relu().mean(2)).relu())

    layers = {"first": nn.Conv1d(4, 8, 5), "second": nn.Conv1d(8, 8, 3, padding=1)}
    net = Net(run, **layers, dense=nn.Linear(8, 6), last=nn.Linear(6, 1))
    return seqattr.Model(net, torch.zeros(2, 4, 40))


IN_PARTS = EXPRESSIONS.keys() - {"relu_secant"}


@pytest.mark.parametrize(
    ("method", "names"), [("deeplift-rescale", {"relu_secant"}), ("deeplift-revealcancel", IN_PARTS)]
)
def test_contributions_are_those_without_kernels(
    residual: seqattr.Model, method: str, names: set[str], kernels: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: set[str] = set()

    def noted(name: str, *tensors: Any, evaluated: Callable = elementwise.evaluated) -> Any:
        asked.add(name)
        return evaluated(name, *tensors)

    monkeypatch.setattr(elementwise, "evaluated", noted)
    x = one_hot(2, 40)
    r = torch.stack([x.roll(1, 0), x.flip(2)], 1)
    by_kernels = seqattr.attribute(residual, x, r, method=method, device=DEVICE, dtype=torch.float64)
    assert asked == names
    assert kernels == []
    monkeypatch.setattr(available, "DEVICES", set())
    plainly = seqattr.attribute(residual, x, r, method=method, device=DEVICE, dtype=torch.float64)
    torch.testing.assert_close(by_kernels.multipliers, plainly.multipliers, rtol=1e-12, atol=1e-14)
