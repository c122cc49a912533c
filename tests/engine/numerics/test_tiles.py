"""Large values some at a time: the same numbers, in the same order in memory."""

import pytest
import torch

from seqattr.engine.numerics import secants, tiles
from seqattr.engine.numerics.tiles import in_tiles

SHAPE = (3, 37, 21)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiles, "TILE", 256)
    monkeypatch.setattr(tiles, "LEAST_ELEMENTS", 512)


@pytest.mark.parametrize("function", [secants.gelu, secants.exp, secants.unit_softplus, secants.erf])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_same_bits_as_all_at_once(function, dtype: torch.dtype) -> None:
    a, b = torch.randn(2, *SHAPE, dtype=dtype)
    a[0] = b[0]
    for x, y in ((a, b), (a.transpose(1, 2), b.transpose(1, 2))):
        whole = function(x, y)
        (some,) = in_tiles(lambda *pair: (function(*pair),), x, y)
        assert torch.equal(some, whole)
        assert some.stride() == whole.stride()


def test_all_at_once_where_they_lie_otherwise_or_are_repeated() -> None:
    seen: list[int] = []

    def count(*tensors: torch.Tensor) -> list[torch.Tensor]:
        seen.append(tensors[0].numel())
        return [sum(tensors)]  # type: ignore[list-item]

    a, b = torch.randn(2, *SHAPE)
    in_tiles(count, a, b)
    assert max(seen) == 256
    for x, y in ((a, b.mT.contiguous().mT), (a, b[:1]), (a, b[..., :1]), (a[:, :1, :1], b[:, :1, :1])):
        seen.clear()
        in_tiles(count, x, y)
        assert len(seen) == 1
