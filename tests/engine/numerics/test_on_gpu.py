"""What torch compiles of an expression serves tensors of any sizes; here it compiles to plain torch."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor
from torch._dynamo.utils import counters

from seqattr.engine.numerics import fused
from seqattr.engine.numerics.on_gpu import on_gpu, one_form

EXPRESSIONS: dict[str, tuple[Callable[..., Any], int]] = {
    "relu_secant": (fused.relu_secant.__wrapped__, 2),
    "relu_in_both_orders": (fused.relu_in_both_orders.__wrapped__, 4),
    "chosen": (fused.chosen.__wrapped__, 3),
}


@pytest.fixture(autouse=True)
def eager(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    torch._dynamo.reset()
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="eager"))
    yield
    torch._dynamo.reset()


def number_of_graphs() -> int:
    return int(counters["stats"]["unique_graphs"])


def numbers(shape: tuple[int, ...], last: bool, seed: int) -> Tensor:
    """(B, R, channels, positions) of halves, zeros among them; channels last in memory or first."""
    generator = torch.Generator().manual_seed(seed)
    lying = (*shape[:2], shape[3], shape[2]) if last else shape
    made = torch.randint(-3, 4, lying, generator=generator) / 2
    return made.mT if last else made


def together(values: Any) -> Tensor:
    return values if isinstance(values, Tensor) else torch.stack(list(values))


SIZES = [  # of sequences, references, channels, positions; the first have sizes that are equal
    *((4, 4, 4, 4), (8, 3, 16, 40), (7, 20, 5, 9), (2, 2, 16, 31), (16, 16, 1, 16), (3, 5, 6, 1)),
    *((2, 16, 64, 2), (30, 2, 3, 3)),
]


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_an_expression_is_compiled_once_whatever_the_sizes(name: str) -> None:
    expression, number = EXPRESSIONS[name]
    run, before = on_gpu.__wrapped__(expression), number_of_graphs()
    for (b, r, *rest), last in product(SIZES, (False, True)):
        first = numbers((b, 1, *rest), last, 0)
        others = [numbers((b, r, *rest), last, seed) for seed in range(1, number)]
        got, wanted = (together(function(first, *others)) for function in (run, expression))
        assert torch.equal(got, wanted)
        assert got.shape == wanted.shape
    assert number_of_graphs() == before + 1


def test_what_is_alone_or_shared_has_one_kernel_each_at_most() -> None:
    """One sequence, one reference, references that all share, and of these one alone."""
    expression, _ = EXPRESSIONS["relu_secant"]
    run, before = on_gpu.__wrapped__(expression), number_of_graphs()
    leads = [((1, 1), (1, 5)), ((6, 1), (6, 1)), ((6, 1), (1, 5)), ((6, 1), (1, 1)), ((1, 1), (1, 1))]
    for (a, b), last, (_, _, *rest) in product(leads, (False, True), SIZES):
        first, other = numbers((*a, *rest), last, 0), numbers((*b, *rest), last, 1)
        assert torch.equal(run(first, other), expression(first, other))
    assert number_of_graphs() - before <= 4


def test_the_order_in_memory_stays() -> None:
    expression, _ = EXPRESSIONS["relu_secant"]
    for last in (False, True):
        first, other = numbers((4, 1, 8, 10), last, 0), numbers((4, 3, 8, 10), last, 1)
        assert on_gpu.__wrapped__(expression)(first, other).stride() == other.stride()


@pytest.mark.parametrize(
    ("shapes", "wanted"),
    [
        ([(4, 1, 8, 10), (4, 3, 8, 10)], [(4, 1, 80), (4, 3, 80)]),
        ([(1, 1, 8, 10), (1, 3, 8, 10)], [(1, 80), (3, 80)]),
        ([(4, 1, 8, 10), (4, 1, 8, 10)], [(320,), (320,)]),
        ([(4, 1, 8, 1), (1, 3, 8, 1)], [(4, 1, 8), (1, 3, 8)]),
        ([(1, 1), (1, 1)], [(), ()]),
    ],
)
def test_dimensions_are_as_few_as_can_be(shapes: list, wanted: list) -> None:
    assert [tuple(t.shape) for t in one_form(*map(torch.zeros, shapes)).tensors] == wanted


def test_what_is_negative_by_a_mark_alone_or_has_fewer_dimensions_is_taken() -> None:
    expression, _ = EXPRESSIONS["relu_secant"]
    marked = torch.complex(torch.zeros(3, 5), torch.randn(3, 5)).conj().imag
    assert marked.is_neg()
    for first in (marked, marked[0]):
        other = torch.randn(2, 3, 5)
        assert torch.equal(on_gpu.__wrapped__(expression)(first, other), expression(first, other))


def test_what_lies_with_gaps_stays_as_it_is() -> None:
    a, b = torch.randn(4, 1, 8, 20)[..., ::2], torch.randn(4, 3, 8, 10)
    form = one_form(a, b)
    assert [tuple(t.shape) for t in form.tensors] == [(4, 1, 80), (4, 3, 80)]
    c = torch.randn(4, 1, 8, 20)[..., :10]
    form = one_form(c, b)
    assert [tuple(t.shape) for t in form.tensors] == [(4, 1, 8, 10), (4, 3, 8, 10)]
    assert torch.equal(form.restored(form.tensors[0] - form.tensors[1]), c - b)
