"""Max pools by kernels: the definition window by window, and whole attributions as without kernels."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import seqattr
from seqattr.engine.numerics import pools
from seqattr.engine.numerics.gpu import available
from seqattr.engine.numerics.lines import Line
from tests.helpers.gpu_kernels import DEVICE
from tests.helpers.pieces import Net
from tests.helpers.sequences import one_hot

pooling = pytest.importorskip("seqattr.engine.numerics.gpu.pooling")
# The interpreter subtracts minus infinity from itself in places that are left out.
pytestmark = pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")

GEOMETRIES = {  # size, stride, padding, dilation, whether a last window may go beyond the end
    "tiles": (4, 4, 0, 1, False),
    "tiles up to the end": (4, 4, 0, 1, True),
    "overlapping": (3, 2, 1, 1, False),
    "with gaps": (2, 3, 0, 1, False),
    "dilated": (3, 1, 1, 2, False),
    "dilated, overlapping": (5, 2, 2, 3, True),
    "one tap": (1, 1, 0, 1, False),
    "all of the line": (37, 37, 0, 1, False),
}
LENGTH = 37


def numbers(shape: tuple[int, ...], last: bool, seed: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """(..., channels, LENGTH) of halves, so that many tie; channels last in memory or first."""
    generator = torch.Generator().manual_seed(seed)
    made = torch.randint(-2, 3, (*shape, LENGTH), generator=generator).to(dtype) / 2
    return (made.mT.contiguous().mT if last else made).to(DEVICE)


def line_of(size: int, stride: int, padding: int, dilation: int, ceil: bool) -> Line:
    windows = functional.max_pool1d(torch.zeros(1, 1, LENGTH), size, stride, padding, dilation, ceil).shape[
        -1
    ]
    return Line(LENGTH, windows, size, stride, padding, dilation)


def slowly(a: np.ndarray, b: np.ndarray, multiplier: np.ndarray, line: Line) -> np.ndarray:
    """What the elements of one line get, window by window."""
    back = np.zeros(line.length)
    for window in range(line.windows):
        start = window * line.stride - line.padding
        taps = [start + line.dilation * tap for tap in range(line.size)]
        places = [place for place in taps if 0 <= place < line.length]
        top_a, top_b = (
            max(places, key=lambda i: a[i]),
            max(places, key=lambda i: b[i]),
        )  # the first of several
        level = max(a[top_a], b[top_b])
        for place, change in ((top_a, level - b[top_b]), (top_b, a[top_a] - level)):
            gap = a[place] - b[place]
            slope = change / gap if gap else (top_a == top_b) / 2
            back[place] += slope * multiplier[window]
    return back


def sent_back(a: Tensor, b: Tensor, multiplier: Tensor, line: Line) -> Tensor:
    kept = pooling.largest(a, b, line)
    assert len(kept) == 4
    return pooling.to_largest(multiplier, [tensor.flatten(0, 1) for tensor in kept], line)


@pytest.mark.parametrize("last", [True, False], ids=["channels last", "channels first"])
@pytest.mark.parametrize("geometry", GEOMETRIES.values(), ids=GEOMETRIES)
def test_elements_get_what_windows_send_them(geometry: tuple, last: bool) -> None:
    line = line_of(*geometry)
    a, b = numbers((2, 1, 4), last, 0), numbers((2, 2, 4), last, 1)
    m = torch.randn(4, 4, line.windows, generator=torch.Generator().manual_seed(2)).to(DEVICE)
    got = sent_back(a, b, m, line)
    pairs = zip(a.expand_as(b).flatten(0, 2), b.flatten(0, 2), m.flatten(0, 1), strict=True)
    wanted = np.stack([slowly(*(t.cpu().numpy() for t in pair), line) for pair in pairs])
    assert np.abs(got.flatten(0, 1).cpu().numpy() - wanted).max() < 1e-6
    assert got.stride() == b.flatten(0, 1).stride()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize(
    ("a", "b"),
    [((1, 1, 5), (1, 3, 5)), ((3, 1, 1), (3, 2, 1)), ((2, 1, 33), (1, 2, 33)), ((1, 1, 1), (1, 1, 1))],
)
def test_any_number_of_lines_in_any_order(a: tuple, b: tuple, dtype: torch.dtype) -> None:
    """One alone, shared ones, each side in an order of its own, and multipliers that are repeated."""
    line = line_of(*GEOMETRIES["overlapping"])
    m = torch.linspace(-1, 1, line.windows, dtype=dtype, device=DEVICE)
    sides = [
        (numbers(a, one, 0, dtype), numbers(b, other, 1, dtype)) for one, other in ((0, 0), (1, 0), (1, 1))
    ]
    first, *others = [sent_back(*pair, m.expand(a[0] * b[1], b[2], -1), line) for pair in sides]
    x, r = torch.broadcast_tensors(*sides[0])
    pairs = zip(x.flatten(0, 2), r.flatten(0, 2), strict=True)
    wanted = np.stack([slowly(*(t.cpu().numpy() for t in (*pair, m)), line) for pair in pairs])
    assert np.abs(first.flatten(0, 1).cpu().numpy() - wanted).max() < (
        1e-6 if dtype == torch.float32 else 1e-15
    )
    assert all(torch.equal(other, first) for other in others)


def test_where_all_is_minus_infinity_the_first_that_is_there_counts() -> None:
    """As in torch: no padding is ever the largest."""
    low = torch.full((1, 1, 1, LENGTH), -torch.inf, device=DEVICE)
    line = line_of(*GEOMETRIES["overlapping"])
    *_, tap_a, tap_b = pooling.largest(low, low, line)
    _, places = functional.max_pool1d_with_indices(low[0], *GEOMETRIES["overlapping"][:4])
    starts = torch.arange(line.windows, device=DEVICE) * line.stride - line.padding
    assert torch.equal(starts + tap_a[0, 0, 0], places[0, 0])
    assert torch.equal(tap_a, tap_b)


def test_lines_of_too_many_dimensions_are_left_to_torch() -> None:
    many = torch.randn(2, 3, 2, 3, 2, 3, 8, device=DEVICE)
    assert pooling.largest(many[:, :1, :, :1, :, :1], many, Line(8, 4, 2, 2)) == []


POOLS: dict[str, Callable[[Tensor], Tensor]] = {
    "tiles": lambda h: functional.max_pool1d(h, 3),
    "tiles up to the end": lambda h: functional.max_pool1d(h, 5, ceil_mode=True),
    "overlapping": lambda h: functional.max_pool1d(h, 3, 2, 1),
    "dilated": lambda h: functional.max_pool1d(h, 3, 1, 1, 2),
    "of one row": lambda h: functional.max_pool2d(h[:, :, None], (1, 4), (1, 2)).squeeze(2),
    "adaptive": lambda h: functional.adaptive_max_pool1d(h, 6),
    "all positions": lambda h: h.max(2).values,
    "all channels": lambda h: h.max(1, keepdim=True).values,
    "positions first": lambda h: h.permute(2, 0, 1).max(0).values,
}
OTHERS: dict[str, Callable[[Tensor], Tensor]] = {  # as torch does them
    "of several rows": lambda h: functional.max_pool2d(h[:, None], 2, 2),
    "adaptive, of unequal windows": lambda h: functional.adaptive_max_pool1d(h, 5),
    "averages": lambda h: functional.avg_pool1d(h, 3, 2, 1),
}


@pytest.fixture(scope="module")
def pooled() -> seqattr.Model:
    """The sum of each pool's values, weighted by where they are."""
    torch.manual_seed(0)

    def run(m: Net, x: Tensor) -> Tensor:
        values = torch.cat([pool(m.conv(x)).flatten(1) for pool in (POOLS | OTHERS).values()], 1)
        return (values * torch.linspace(-1, 1, values.shape[1])).sum(1, keepdim=True)

    conv = nn.Conv1d(4, 4, 5)
    conv.weight.data.mul_(4).round_().div_(4)  # many ties
    return seqattr.Model(Net(run, conv=conv), torch.zeros(2, 4, 40))


@pytest.mark.parametrize(
    "method", ["deeplift-rescale", pytest.param("deeplift-revealcancel", marks=pytest.mark.slow)]
)
def test_contributions_are_those_without_kernels(
    pooled: seqattr.Model, method: str, kernels: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Line] = []

    def counted(a: Tensor, b: Tensor, line: Line, made: Callable = pooling.largest) -> object:
        calls.append(line)
        return made(a, b, line)

    monkeypatch.setattr(pooling, "largest", counted)
    x = one_hot(2, 40).float()
    r = torch.stack([x.roll(1, 0), x.flip(2)], 1)
    by_kernels = seqattr.attribute(pooled, x, r, method=method, device=DEVICE)
    assert len(calls) == len(POOLS)
    assert kernels == []
    monkeypatch.setattr(available, "DEVICES", set())
    plainly = seqattr.attribute(pooled, x, r, method=method, device=DEVICE)
    assert len(calls) == len(POOLS)
    torch.testing.assert_close(by_kernels.multipliers, plainly.multipliers, rtol=1e-5, atol=1e-5)
    assert by_kernels.additivity_error.max() < 1e-4


def test_pools_of_loops_are_those_of_tiles() -> None:
    assert Line(40, 10, 4, 4).is_tiled
    for line in (Line(40, 11, 4, 4), Line(40, 20, 2, 2, 1), Line(40, 19, 4, 2), Line(40, 1, 40, 40, dim=1)):
        assert not line.is_tiled
    assert pools.largest(torch.zeros(2, 1, 3, 40), torch.zeros(2, 2, 3, 40), Line(40, 19, 4, 2)) == []
