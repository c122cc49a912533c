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
    Geometry,
    Plain,
    as_columns,
    convolution,
)

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


@pytest.mark.parametrize("geometry", [each for each in ONE_DIM if each.stride == [1]], ids=str)
def test_columns_are_the_same_convolution(geometry: Geometry, monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU's form for wide kernels, in pieces of two rows."""
    monkeypatch.setattr(columns, "MOST_BYTES", 2 * 18 * 7 * 60 * 4)
    weight, bias = numbers(20, 18, 7, seed=0), numbers(20, seed=1)
    assert as_columns(geometry, 7) == (geometry.padding[0] <= 6 * geometry.dilation[0])
    if as_columns(geometry, 7):
        form = Columns(weight, geometry.padding[0], geometry.dilation[0])
        compare_form(form, Plain(weight.double(), geometry), bias, numbers(5, 18, 60, seed=2))
        narrow = numbers(20, 4, 7, seed=0)
        form = Columns(narrow, form.straight.padding, geometry.dilation[0], Plain(narrow, geometry).transpose)
        compare_form(form, Plain(narrow.double(), geometry), bias, numbers(5, 4, 60, seed=2))


def test_copies_of_a_used_form_still_work() -> None:
    form = convolution(numbers(6, 4, 7, seed=0), Geometry([1], [0], [1], False, [0], 1))
    value = numbers(2, 4, 30, seed=1)
    assert torch.equal(form.forward(value), copy.deepcopy(form).forward(value))


def test_what_onednn_does_not_serve_is_left_to_torch() -> None:
    plain = Geometry([1], [0], [1], False, [0], 1)
    assert isinstance(convolution(numbers(4, 4, 3, seed=0).double(), plain), Plain)
    assert isinstance(convolution(numbers(4, 2, 3, seed=0), plain._replace(groups=2)), Plain)
    assert isinstance(convolution(numbers(4, 4, 3, seed=0), plain._replace(transposed=True)), Plain)
