"""Every form of a convolution is the same function, and its transpose is its transpose."""

import copy
from itertools import product

import pytest
import torch
from torch import Tensor

from seqattr.engine.numerics import columns, onednn
from seqattr.engine.numerics.columns import Columns
from seqattr.engine.numerics.convolution import (
    ChannelsLast,
    Convolution,
    Plain,
    convolution,
)
from seqattr.engine.numerics.geometry import Geometry

ONE_DIM = [
    Geometry([stride], [padding], [dilation], False, [0], 1)
    for stride, padding, dilation in product((1, 2), (0, 3, 9), (1, 2))
]
TWO_DIM = [
    Geometry([1, 1], [0, 2], [1, 2], False, [0, 0], 1),
    Geometry([1, 2], [1, 2], [2, 1], False, [0, 0], 1),
    Geometry([1, 1], [0, 3], [1, 1], False, [0, 0], 1),
]


def numbers(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("channels", [(4, 20), (20, 1), (20, 20)], ids=str)
@pytest.mark.parametrize("geometry", ONE_DIM, ids=str)
def test_channels_last_is_the_same_convolution(geometry: Geometry, channels: tuple[int, int]) -> None:
    """Forward, with a bias, and back; few inputs or outputs go by a way of their own."""
    inputs, outputs = channels
    weight, bias = numbers(outputs, inputs, 7, seed=0), numbers(outputs, seed=1)
    compare(weight, bias, geometry, numbers(3, inputs, 60, seed=2))


@pytest.mark.parametrize("geometry", TWO_DIM, ids=str)
@pytest.mark.parametrize("shape", [(4, 5), (1, 7)], ids=str)
def test_channels_last_in_two_dimensions(geometry: Geometry, shape: tuple[int, int]) -> None:
    weight, bias = numbers(6, 3, *shape, seed=0), numbers(6, seed=1)
    compare(weight, bias, geometry, numbers(2, 3, 12, 40, seed=2))


def compare(weight: Tensor, bias: Tensor, geometry: Geometry, x: Tensor) -> None:
    for by_spectra in ((), ("forward", "back")):
        form = convolution(weight, geometry, by_spectra)
        assert isinstance(form, ChannelsLast)
        compare_form(form, Plain(weight.double(), geometry), bias, x)


def compare_form(form: Convolution, plain: Plain, bias: Tensor, x: Tensor) -> None:
    expected = plain.forward(x.double(), bias.double())
    for values in (x, x.mT.contiguous().mT):  # in either order in memory
        torch.testing.assert_close(form.forward(values, bias).double(), expected, rtol=1e-5, atol=1e-4)
    m = numbers(*expected.shape, seed=3)
    back = plain.transpose(m.double(), x.shape)
    torch.testing.assert_close(form.transpose(m, x.shape).double(), back, rtol=1e-5, atol=1e-4)
    # <W x, m> = <x, W^T m>
    straight = (plain.forward(x.double()) * m).sum()
    torch.testing.assert_close(
        (x * form.transpose(m, x.shape)).sum().double(), straight, rtol=1e-3, atol=1e-2
    )


@pytest.mark.parametrize("outputs", [1, 2, 3, 5, 8, 18, 33, 50])
@pytest.mark.parametrize("taps", [4, 11, 40])
def test_outputs_that_do_not_fill_vectors(outputs: int, taps: int) -> None:
    """Few of them, or a few more than fill vectors, whatever the length leaves over."""
    weight, bias = numbers(outputs, 20, taps, seed=0), numbers(outputs, seed=1)
    for length in range(60, 68):
        geometry = Geometry([1], [length % 3], [1], False, [0], 1)
        compare(weight, bias, geometry, numbers(2, 20, length, seed=2))


@pytest.mark.parametrize("outputs", [2, 50, 48])
def test_where_torch_arranges_no_weights(outputs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onednn, "ARRANGES", False)
    geometry = Geometry([1], [2], [1], False, [0], 1)
    compare(numbers(outputs, 40, 11, seed=0), numbers(outputs, seed=1), geometry, numbers(30, 40, 90, seed=2))


def test_a_kernel_of_one_row_over_several() -> None:
    """Of height 1, over values of height 5: few outputs, a few beyond whole vectors, and through spectra."""
    geometry = Geometry([1, 1], [0, 3], [1, 1], False, [0, 0], 1)
    for outputs in (3, 50):
        weight, bias = numbers(outputs, 40, 1, 11, seed=0), numbers(outputs, seed=1)
        compare(weight, bias, geometry, numbers(6, 40, 5, 130, seed=2))


WIDE = [  # weight, geometry, values
    *(((20, 18, 7), each, (5, 18, 60)) for each in ONE_DIM),
    *(((20, 4, 7), each, (5, 4, 60)) for each in ONE_DIM),
    *(((3, 18, 7), each, (5, 18, 60)) for each in ONE_DIM),
    *(((6, 3, 4, 5), each, (2, 3, 12, 40)) for each in TWO_DIM),
    *(((18, 17, 7, 1), each, (2, 17, 20, 9)) for each in TWO_DIM),
    ((20, 9, 7), Geometry([2], [3], [1], False, [0], 2), (3, 18, 60)),
    ((20, 9, 7), Geometry([1], [3], [2], False, [0], 2), (3, 18, 60)),
    ((18, 20, 7), Geometry([1], [2], [1], True, [0], 1), (3, 18, 30)),
    ((18, 20, 7), Geometry([3], [2], [2], True, [1], 1), (3, 18, 30)),
    ((18, 10, 7), Geometry([2], [0], [1], True, [1], 3), (3, 18, 30)),
    ((18, 3, 2, 5), Geometry([1, 2], [0, 1], [1, 2], True, [0, 1], 2), (3, 18, 6, 30)),
]


@pytest.mark.parametrize(("weight", "geometry", "values"), WIDE, ids=str)
def test_columns_are_the_same_convolution(
    weight: tuple[int, ...], geometry: Geometry, values: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A GPU's form for wide kernels, in pieces of two rows: many channels or few on either side, strided,
    grouped, transposed, in two dimensions.
    """
    monkeypatch.setattr(columns, "MOST_BYTES", 2 * 18 * 7 * 60 * 4)
    outputs = weight[1] * geometry.groups if geometry.transposed else weight[0]
    kernel, bias, x = numbers(*weight, seed=0), numbers(outputs, seed=1), numbers(*values, seed=2)
    compare_form(Columns(kernel, geometry), Plain(kernel.double(), geometry), bias, x)


def test_equal_windows_are_equal_by_columns() -> None:
    """Wherever they lie, and however many rows go together; forward and back."""
    geometry = Geometry([1], [0], [1], False, [0], 1)
    form = Columns(numbers(20, 4, 7, seed=0), geometry)
    x = numbers(3, 4, 12, seed=1).repeat(1, 1, 5)
    for values in (form.forward(x), form.transpose(x[:, :1].repeat(1, 20, 1), (3, 4, 66))[:, :, 6:-6]):
        assert torch.equal(values[:, :, :36], values[:, :, 12:48])
    assert torch.equal(form.forward(x)[:1], form.forward(x[:1]))


class OnGpu:
    """What a choice of a form asks of a weight."""

    def __init__(self, *shape: int, device: str = "cuda", dtype: torch.dtype = torch.float32) -> None:
        self.shape, self.ndim, self.dtype = torch.Size(shape), len(shape), dtype
        self.device = torch.device(device)


SIMPLE = Geometry([1], [0], [1], False, [0], 1)


@pytest.mark.parametrize(
    ("weight", "geometry", "by_columns"),
    [
        (OnGpu(4, 4, 5), SIMPLE, True),
        (OnGpu(64, 4, 21), SIMPLE._replace(stride=[2]), True),
        (OnGpu(64, 4, 21), SIMPLE._replace(padding=[60]), True),
        (OnGpu(64, 4, 21), SIMPLE._replace(transposed=True), True),
        (OnGpu(64, 2, 21), SIMPLE._replace(groups=2), True),
        (OnGpu(64, 4, 21, 1), SIMPLE, True),
        (OnGpu(64, 4, 3, 3), SIMPLE, True),
        (OnGpu(64, 4, 21), Geometry([1], [2], [3], True, [2], 1), False),  # nor does torch leave it
        (OnGpu(64, 64, 4), SIMPLE, False),  # cuDNN takes a direct algorithm
        (OnGpu(64, 1, 21), SIMPLE._replace(groups=64), False),  # torch has loops of its own
        (OnGpu(64, 1, 21), SIMPLE._replace(groups=64, transposed=True), True),
        (OnGpu(64, 4, 21, dtype=torch.float64), SIMPLE, False),
        (OnGpu(64, 4, 21, device="cpu"), SIMPLE, False),
    ],
)
def test_no_wide_kernel_is_left_to_cudnn(weight: Tensor, geometry: Geometry, by_columns: bool) -> None:
    assert columns.suits(weight, geometry) == by_columns


def test_kernels_of_single_channels_see_values_in_torchs_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """With channels last, torch would ask cuDNN."""
    geometry, weight = SIMPLE._replace(groups=6), numbers(6, 1, 7, seed=0)
    plain, x = Plain(weight, geometry), numbers(2, 6, 30, seed=1)
    last = x.mT.contiguous().mT
    assert plain.laid(last).is_contiguous()
    assert Plain(weight, SIMPLE).laid(last) is last
    compare_form(plain, Plain(weight.double(), geometry), numbers(6, seed=2), x)


def test_copies_of_a_used_form_still_work() -> None:
    form = convolution(numbers(6, 4, 7, seed=0), Geometry([1], [0], [1], False, [0], 1))
    value = numbers(2, 4, 30, seed=1)
    assert torch.equal(form.forward(value), copy.deepcopy(form).forward(value))


def test_what_onednn_does_not_serve_is_left_to_torch() -> None:
    plain = Geometry([1], [0], [1], False, [0], 1)
    assert isinstance(convolution(numbers(4, 4, 3, seed=0).double(), plain), Plain)
    assert isinstance(convolution(numbers(4, 2, 3, seed=0), plain._replace(groups=2)), Plain)
    assert isinstance(convolution(numbers(4, 4, 3, seed=0), plain._replace(transposed=True)), Plain)
