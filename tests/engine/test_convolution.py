"""Every form of a convolution is the same function, and its transpose is its transpose."""

from itertools import product

import pytest
import torch
from torch import Tensor

from seqattr.engine import fused
from seqattr.engine.convolution import ChannelsLast, Geometry, Plain, convolution, geometry_of

ONE_DIM = [
    Geometry([stride], [padding], [dilation], False, [0], 1)
    for stride, padding, dilation in product((1, 2), (0, 3, 9), (1, 2))
]
TWO_DIM = [
    Geometry([1, 1], [0, 2], [1, 2], False, [0, 0], 1),
    Geometry([1, 2], [1, 2], [2, 1], False, [0, 0], 1),
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
    form, plain = convolution(weight, geometry), Plain(weight.double(), geometry)
    assert isinstance(form, ChannelsLast)
    expected = plain.forward(x.double(), bias.double())
    for values in (x, x.mT.contiguous().mT):  # in either order in memory
        torch.testing.assert_close(form.forward(values, bias).double(), expected, rtol=1e-5, atol=1e-4)
    m = numbers(*expected.shape, seed=3)
    back = plain.transposed(m.double(), x.shape)
    torch.testing.assert_close(form.transposed(m, x.shape).double(), back, rtol=1e-5, atol=1e-4)
    # <W x, m> = <x, W^T m>
    straight = (plain.forward(x.double()) * m).sum()
    torch.testing.assert_close(
        (x * form.transposed(m, x.shape)).sum().double(), straight, rtol=1e-3, atol=1e-2
    )


@pytest.mark.parametrize("dilation", [1, 3])
def test_without_compiled_loops_it_is_the_same(dilation: int, monkeypatch: pytest.MonkeyPatch) -> None:
    geometry = Geometry([1], [2], [dilation], False, [0], 1)
    weight, m = numbers(20, 4, 5, seed=0), numbers(2, 20, 50, seed=1)
    shape = (2, 4, 50 + 4 * dilation - 4)
    narrow = convolution(weight, geometry).transposed(m, shape)
    monkeypatch.setattr(fused, "AVAILABLE", False)
    torch.testing.assert_close(
        narrow, convolution(weight, geometry).transposed(m, shape), rtol=1e-5, atol=1e-5
    )


def test_what_onednn_does_not_serve_is_left_to_torch() -> None:
    plain = Geometry([1], [0], [1], False, [0], 1)
    assert isinstance(convolution(numbers(4, 4, 3, seed=0).double(), plain), Plain)
    assert isinstance(convolution(numbers(4, 2, 3, seed=0), plain._replace(groups=2)), Plain)
    assert isinstance(convolution(numbers(4, 4, 3, seed=0), plain._replace(transposed=True)), Plain)


def test_geometry_is_read_from_the_arguments_of_each_op() -> None:
    assert geometry_of("aten.conv1d.default", [], 1) == Geometry([1], [0], [1], False, [0], 1)
    assert geometry_of("aten.conv1d.default", [[2], [3], [4], 5], 1) == Geometry([2], [3], [4], False, [0], 5)
    read = geometry_of("aten.conv_transpose1d.default", [[2], [3], [1], 5, [4]], 1)
    assert read == Geometry([2], [3], [4], True, [1], 5)
    assert geometry_of("aten.conv2d.default", [[2]], 2).stride == [2, 2]
