"""Convolutions by products of parts, in Triton's interpreter, beside torch's in float64."""

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor, nn

from seqattr.engine.numerics.gpu.implicit import (
    Around,
    ConvolutionAround,
    Convolved,
    Products,
    in_steps,
    tiles_for,
)
from seqattr.engine.numerics.gpu.launch import Tile
from seqattr.errors import ModelError
from tests.helpers.interpreter import needs_interpreter

pytestmark = needs_interpreter

LENGTH, ROWS, STARTS = 45, 6, 2
CASES = {  # outputs, channels, taps, stride, padding, dilation
    "of bases": (24, 4, 11, 1, 0, 1),
    "dilated": (24, 32, 3, 1, 4, 4),
    "strided": (20, 8, 5, 3, 2, 1),
    "channels that fill no block": (17, 50, 4, 1, 2, 1),
    "pointwise": (40, 16, 1, 1, 0, 1),
    "more outputs than a tile": (70, 5, 3, 1, 1, 2),
    "back to bases": (4, 24, 9, 1, 3, 1),
    "one profile": (1, 16, 21, 1, 10, 1),
    "of one channel": (16, 1, 21, 1, 10, 1),
    "few outputs, dilated": (2, 8, 5, 1, 4, 2),
}


def numbers(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def case(name: str, parts: int = 3) -> tuple[Products, Tensor, Tensor]:
    """A convolution, its bias, values."""
    outputs, channels, taps, stride, padding, dilation = CASES[name]
    products = Products(numbers(outputs, channels, taps), stride, padding, dilation, parts)
    return products, numbers(outputs, seed=1), numbers(ROWS, channels, LENGTH, seed=2)


def in_float64(products: Products) -> ConvolutionAround:
    p = products
    return in_steps(
        lambda x, bias: nn.functional.conv1d(x, p.weight.double(), bias, p.stride, p.padding, p.dilation)
    )


def doubled(around: Around) -> Around:
    given = around.bias, around.scales, around.starts, around.addends
    return Around(*(None if t is None else t.double() for t in given))


def surroundings(products: Products, bias: Tensor, values: Tensor) -> Sequence[Around]:
    shape = len(products.weight), products.positions(LENGTH)
    scales, starts, addends = (
        numbers(*values.shape, seed=3),
        numbers(STARTS, *shape, seed=4),
        numbers(ROWS, *shape, seed=5),
    )
    wider = nn.functional.pad(addends.mT, (0, 0, 2, 1)).mT[..., 2:-1]  # a slice along the positions
    return [
        Around(),
        Around(bias),
        Around(scales=scales, addends=addends),
        Around(bias, starts=starts),
        Around(bias, starts=starts, addends=wider),
    ]


def assert_near(got: Convolved, wanted: Convolved, tolerance: float) -> None:
    assert got.values.shape == wanted.values.shape
    assert (got.values - wanted.values).abs().max() < tolerance * wanted.values.abs().max()
    assert (got.slopes is None) == (wanted.slopes is None)
    if got.slopes is not None and wanted.slopes is not None:
        assert (got.slopes - wanted.slopes).abs().median() < tolerance


@pytest.mark.parametrize("name", CASES)
def test_a_convolution_and_what_is_around_it(name: str) -> None:
    products, bias, values = case(name)
    for around in surroundings(products, bias, values):
        wanted = in_float64(products)(values.double(), doubled(around))
        assert_near(products.on(next(products.tiles()))(values, around), wanted, 2e-6)


@pytest.mark.parametrize("name", ["dilated", "channels that fill no block", "one profile"])
def test_two_parts_are_right_to_sixteen_bits(name: str) -> None:
    products, bias, values = case(name, parts=2)
    got = products.on(next(products.tiles()))(values, Around(bias)).values
    wanted = in_float64(products)(values.double(), Around(bias.double())).values
    apart = (got - wanted).abs().max() / wanted.abs().max()
    assert 1e-7 < apart < 5e-5


TILES = [(outputs, tile) for outputs in (16, 32, 64, 128, 256) for tile in tiles_for(outputs)]


@pytest.mark.parametrize(("outputs", "tile"), TILES)
def test_every_tile_gives_the_same(outputs: int, tile: Tile) -> None:
    products = Products(numbers(outputs, 64, 2), 1, 1, 1)
    values = numbers(2, 64, 40)
    wanted = in_float64(products)(values.double(), Around())
    assert_near(products.on(tile)(values, Around()), wanted, 1e-6)


def test_rows_are_the_same_however_many_there_are() -> None:
    """What is equal stays equal: sequences and references go by themselves."""
    products, bias, values = case("dilated")
    run = products.on(next(products.tiles()))
    every = run(values, Around(bias)).values
    assert torch.equal(torch.cat([run(row[None], Around(bias)).values for row in values]), every)
    starts = every[:1]
    joined = run(values[:1], Around(bias, starts=starts))
    assert joined.slopes is not None
    assert torch.equal(joined.values, every[:1].relu())
    assert torch.equal(joined.slopes, (starts > 0).float())


def test_a_window_has_the_same_values_wherever_it_lies() -> None:
    products, bias, _ = case("of bases")
    values = numbers(1, 4, 15).repeat(1, 1, 3)
    got = products.on(next(products.tiles()))(values, Around(bias)).values
    assert torch.equal(got[..., :5], got[..., 15:20])


def test_values_may_lie_in_any_order_and_be_repeated() -> None:
    products, bias, values = case("dilated")
    run = products.on(next(products.tiles()))
    wanted = run(values, Around(bias)).values
    assert torch.equal(run(values.mT.contiguous().mT, Around(bias)).values, wanted)
    along = numbers(ROWS, 32, 1).expand(-1, -1, LENGTH)
    assert torch.equal(run(along, Around()).values, run(along.contiguous(), Around()).values)
    rows = values[:1].expand(ROWS, -1, -1)
    assert torch.equal(run(rows, Around()).values, run(rows.contiguous(), Around()).values)


@pytest.mark.parametrize("name", CASES)
def test_the_transpose_is_that_of_the_convolution(name: str) -> None:
    products, _, values = case(name)
    back = products.transposed()
    if back is None:
        assert products.stride > 1
        return
    multipliers = numbers(ROWS, len(products.weight), products.positions(LENGTH), seed=3)
    got = back.on(next(back.tiles()))(multipliers, Around()).values
    straight = in_float64(products)(values.double(), Around()).values
    assert got.shape == values.shape
    torch.testing.assert_close(
        (got.double() * values).sum(), (multipliers * straight).sum(), rtol=1e-5, atol=1e-4
    )


def test_no_number_stays_none() -> None:
    products, bias, values = case("dilated")
    values[3, 5, 20] = torch.nan
    result = products.on(next(products.tiles()))(values, Around(bias, starts=numbers(ROWS, 24, LENGTH)))
    assert result.values[3].isnan().any()
    assert result.values[[0, 1, 2, 4, 5]].isfinite().all()


def test_of_nothing_there_is_nothing() -> None:
    products, bias, values = case("dilated")
    run = products.on(next(products.tiles()))
    assert run(values[:0], Around(bias)).values.shape == (0, 24, LENGTH)


@pytest.mark.parametrize(
    ("outputs", "widths"), [(1, {16}), (20, {32}), (64, {64}), (100, {64, 128}), (512, {128, 256})]
)
def test_tiles_are_about_as_wide_as_what_fills_them(outputs: int, widths: set[int]) -> None:
    assert {tile.outputs for tile in tiles_for(outputs)} == widths


def test_what_does_not_fit_is_refused() -> None:
    """The kernel looks at no bounds."""
    products, bias, values = case("dilated")
    run = products.on(next(products.tiles()))
    for wrong in (
        (values[:, :8], Around(bias)),
        (values[:, :, :0], Around(bias)),
        (values, Around(scales=values[:1])),
        (values, Around(addends=values[:, :1])),
        (values, Around(starts=numbers(4, 24, LENGTH))),
    ):
        with pytest.raises(ModelError, match="does not fit"):
            run(*wrong)


def test_large_and_small_numbers_lose_nothing() -> None:
    """bfloat16 has float32's range: parts of no size vanish."""
    scale = 2.0 ** torch.arange(-60, 61, 8)
    products = Products(torch.eye(16)[:, :, None], 1, 0, 1)
    values = torch.zeros(1, 16, len(scale)) + numbers(1, 16, 1) * scale
    got = products.on(next(products.tiles()))(values, Around()).values
    torch.testing.assert_close(got, values, rtol=1e-7, atol=0)
