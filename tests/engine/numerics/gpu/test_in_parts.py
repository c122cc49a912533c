"""RevealCancel behind a convolution in one kernel each way, beside the same in steps of float64."""

from typing import NamedTuple

import pytest
import torch
from torch import Tensor
from torch.nn.functional import conv1d, conv_transpose1d

from seqattr.engine.numerics.gpu import implicit
from seqattr.engine.numerics.gpu.implicit import Around, Products
from seqattr.engine.numerics.gpu.in_parts import (
    TILES,
    Ahead,
    Pairs,
    Slopes,
    back_in_steps,
    back_on,
    forward_in_steps,
    forward_on,
    tiles_for,
)
from seqattr.engine.numerics.gpu.launch import Tile
from seqattr.errors import ModelError
from tests.helpers.interpreter import needs_interpreter

pytestmark = needs_interpreter

LENGTH, SEQUENCES, REFERENCES = 40, 3, 2
ROWS = SEQUENCES * REFERENCES
CASES = {  # outputs, channels, taps, padding, dilation
    "dilated": (24, 32, 3, 2, 2),
    "of bases": (24, 4, 11, 0, 1),
    "of bases, padded": (20, 4, 9, 4, 1),
    "channels that fill no block": (20, 50, 3, 1, 1),
    "more outputs than a tile": (70, 16, 2, 1, 1),
}


def numbers(*shape: int, seed: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


class Case(NamedTuple):
    """A convolution and what it is given, in one precision."""

    products: Products
    pairs: Pairs
    ahead: Ahead
    multipliers: Tensor
    addends: Tensor

    def double(self) -> "Case":
        """The same in float64."""
        products = Products(self.products.weight.double(), 1, self.products.padding, self.products.dilation)
        pairs = Pairs(*(each.double() for each in self.pairs))
        assert self.ahead.bias is not None
        assert self.ahead.addends is not None
        starts = self.convolved(products.weight, pairs.sequences, self.ahead.bias.double())
        ahead = Ahead(starts, self.ahead.bias.double(), self.ahead.addends.double())
        return Case(products, pairs, ahead, self.multipliers.double(), self.addends.double())

    def convolved(self, weight: Tensor, values: Tensor, bias: Tensor | None = None) -> Tensor:
        return conv1d(values, weight, bias, 1, self.products.padding, self.products.dilation)

    def transposed(self, weight: Tensor, values: Tensor) -> Tensor:
        return conv_transpose1d(values, weight, None, 1, self.products.padding, 0, 1, self.products.dilation)

    def forward(self) -> tuple[Tensor, Tensor, Tensor]:
        """In steps: values, sums and gaps of slopes."""
        weight = self.products.weight
        values, slopes = forward_in_steps(
            lambda x, bias: self.convolved(weight, x, bias), lambda x, _: self.convolved(weight.abs(), x)
        )(self.pairs, self.ahead)
        return values, *slopes

    def back(self, slopes: Slopes) -> Tensor:
        weight = self.products.weight
        return back_in_steps(
            lambda m, _: self.transposed(weight, m), lambda m, _: self.transposed(weight.abs(), m)
        )(self.multipliers, slopes, self.pairs, self.addends)


def case(name: str) -> Case:
    outputs, channels, taps, padding, dilation = CASES[name]
    products = Products(numbers(outputs, channels, taps, seed=0), 1, padding, dilation)
    sequences, references = (numbers(n, channels, LENGTH, seed=n) for n in (SEQUENCES, ROWS))
    references[::REFERENCES, :, :15] = sequences[:, :, :15]  # the same in part
    bias, positions = numbers(outputs, seed=1), products.positions(LENGTH)
    starts = conv1d(sequences, products.weight, bias, 1, padding, dilation)
    ahead = Ahead(starts, bias, numbers(ROWS, outputs, positions, seed=2))
    multipliers = numbers(ROWS, outputs, positions, seed=3)
    return Case(
        products, Pairs(references, sequences), ahead, multipliers, numbers(*references.shape, seed=4)
    )


def apart(got: Tensor, wanted: Tensor) -> float:
    assert got.shape == wanted.shape
    return float((got - wanted).abs().max() / wanted.abs().max())


@pytest.mark.parametrize("name", CASES)
def test_forward_and_back_are_those_in_steps(name: str) -> None:
    here = case(name)
    exact = here.double()
    values, *slopes = exact.forward()
    wanted = exact.back(Slopes(*slopes))
    for tile in tiles_for(len(here.products.weight)):
        got = forward_on(here.products, tile)(here.pairs, here.ahead)
        assert apart(got.values, values) < 1e-6
        for some, all_of_it in zip(got.slopes, slopes, strict=True):
            assert (some - all_of_it).abs().median() < 1e-6
            assert apart(some, all_of_it) < 1e-4
    back = here.products.transposed()
    assert back is not None
    for tile in tiles_for(len(back.weight) * back.together):
        assert (
            apart(back_on(back, tile)(here.multipliers, got.slopes, here.pairs, here.addends), wanted) < 1e-5
        )


@pytest.mark.parametrize("layout", ["expanded along positions", "some channels of more", "positions first"])
@pytest.mark.parametrize("name", ["of bases", "dilated"])
def test_values_may_lie_in_any_order(name: str, layout: str) -> None:
    """Also where the positions of few channels are worked out together."""
    here = case(name)

    def lying(values: Tensor) -> Tensor:
        if layout == "expanded along positions":
            return values[..., :1].expand_as(values)
        if layout == "some channels of more":
            return torch.cat([values, values], 1).mT.contiguous().mT[:, : values.shape[1]]
        return values.contiguous()

    back = here.products.transposed()
    assert back is not None
    pairs, addends = Pairs(*map(lying, here.pairs)), lying(here.addends)
    slopes = Slopes(*(numbers(*here.multipliers.shape, seed=seed) for seed in (5, 6)))
    exact = here.double()._replace(pairs=Pairs(*(each.double() for each in pairs)), addends=addends.double())
    wanted = exact.back(Slopes(*(each.double() for each in slopes)))
    tile = next(tiles_for(len(back.weight) * back.together))
    assert apart(back_on(back, tile)(here.multipliers, slopes, pairs, addends), wanted) < 1e-5


@pytest.mark.parametrize("width", TILES)
def test_every_tile_is_tried_by_some_width(width: int) -> None:
    assert list(tiles_for(width)) == list(TILES[width])
    assert list(tiles_for(1000)) == list(TILES[64])


def test_what_is_equal_on_both_sides_has_the_derivative_for_a_slope() -> None:
    here = case("dilated")
    pairs = here.pairs._replace(references=here.pairs.sequences.repeat_interleave(REFERENCES, 0))
    (tile,) = tiles_for(24)
    run = forward_on(here.products, tile)
    starts = run(pairs, here.ahead).values - here.ahead.addends  # type: ignore[operator]
    result = run(pairs, Ahead(starts[::REFERENCES], here.ahead.bias))
    on = result.values > 0
    assert torch.equal(result.slopes.gaps[on], torch.zeros_like(result.slopes.gaps[on]))
    assert torch.equal(result.slopes.sums[on], torch.full_like(result.slopes.sums[on], 2))


def test_references_are_rounded_as_sequences_are() -> None:
    """By the convolution alone, with whatever tile, and with RevealCancel behind it."""
    here = case("more outputs than a tile")
    plain = [
        here.products.on(tile)(here.pairs.references, Around(here.ahead.bias)).values for tile in every_tile()
    ]
    bare = Ahead(here.ahead.starts, here.ahead.bias)
    both = [forward_on(here.products, tile)(here.pairs, bare).values for tile in tiles_for(70)]
    for values in (*(each.relu() for each in plain), *both):
        assert torch.equal(values, plain[0].relu())


def every_tile() -> list[Tile]:
    return [tile for tiles in implicit.TILES.values() for tile in tiles]


def test_what_does_not_fit_is_refused() -> None:
    """The kernels look at no bounds."""
    here = case("dilated")
    (tile,) = tiles_for(24)
    run = forward_on(here.products, tile)
    for pairs, ahead in (
        (here.pairs._replace(sequences=here.pairs.sequences[:, :8]), here.ahead),
        (here.pairs, Ahead(here.ahead.starts[:2])),
        (here.pairs, Ahead(here.ahead.starts, addends=here.ahead.starts)),
    ):
        with pytest.raises(ModelError, match="do not fit"):
            run(pairs, ahead)
