"""The largest of each window along a line, on both sides, and what elements get for its multiplier."""

from collections.abc import Sequence

import torch
from torch import Tensor

from seqattr.engine.numerics import fused
from seqattr.engine.numerics.gpu.available import attempted, serves
from seqattr.engine.numerics.lines import Line


def largest(a: Tensor, b: Tensor, line: Line) -> Sequence[Tensor]:
    """What the way back through the largest of each window needs to know of both sides, which broadcast
    together: by a kernel for a GPU, or a compiled loop; nothing where neither serves.
    """
    kept = largest_on_gpu(a, b, line)
    return kept or (fused.tiled_max_secant(a, b, line.size) if line.is_tiled else [])


def to_largest(multiplier: Tensor, kept: Sequence[Tensor], line: Line) -> Tensor:
    """What each element gets for the multiplier of the windows, with what `largest` made."""
    if len(kept) == 1:
        return over_tiles(kept[0], multiplier, line.size)
    from seqattr.engine.numerics.gpu.pooling import to_largest

    last = [tensor.movedim(line.dim, -1) for tensor in (multiplier, *kept)]
    return to_largest(last[0], last[1:], line).movedim(-1, line.dim)


def largest_on_gpu(a: Tensor, b: Tensor, line: Line) -> Sequence[Tensor]:
    if not serves(a, fused.TYPES) or (a.dtype, a.device) != (b.dtype, b.device):
        return []
    from seqattr.engine.numerics.gpu.pooling import largest  # loads Triton

    made = attempted(largest, a.movedim(line.dim, -1), b.movedim(line.dim, -1), line) or []
    return [tensor.movedim(-1, line.dim) for tensor in made]


def over_tiles(slopes: Tensor, multiplier: Tensor, size: int) -> Tensor:
    """Each element's slope times the multiplier of the tile it lies in; elements of no tile get 0."""
    windows = multiplier.shape[-1]
    tiles = slopes[..., : windows * size].unflatten(-1, (windows, size))
    back = (tiles * multiplier.unsqueeze(-1)).flatten(-2)
    return torch.nn.functional.pad(back, (0, slopes.shape[-1] - windows * size))
