"""Functions of single elements on large values, some at a time: what they make on the way stays small.

A GELU's secant makes a dozen values as large as what it is of, and each comes from memory again.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from seqattr.engine.numerics.fused import dense

TILE = 2**18  # elements: a multiple of any vector, so that each element is worked out as it is among all
LEAST_ELEMENTS = 2**21

Function = Callable[..., Sequence[Tensor]]


def in_tiles(function: Function, *tensors: Tensor) -> Sequence[Tensor]:
    """function(*tensors), element by element, of tensors that lie alike in memory; else of all at once.

    What it makes lies in memory as they do.
    """
    if tensors[0].numel() < LEAST_ELEMENTS or not lie_alike(tensors):
        return function(*tensors)
    lines = [tensor.as_strided((tensor.numel(),), (1,)) for tensor in tensors]
    made: list[Tensor] = []
    for start in range(0, len(lines[0]), TILE):
        values = function(*(line[start : start + TILE] for line in lines))
        made = made or [line_like(tensors[0], value.dtype) for value in values]
        for whole, value in zip(made, values, strict=True):
            whole[start : start + TILE] = value
    return [whole.as_strided(tensors[0].shape, tensors[0].stride()) for whole in made]


def line_like(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    return torch.empty(tensor.numel(), dtype=dtype, device=tensor.device)


def lie_alike(tensors: Sequence[Tensor]) -> bool:
    """Whether CPU tensors of one shape and type have no gap in memory and the same order there."""
    first = tensors[0]
    layouts = {(t.shape, t.dtype, strides_of(t)) for t in tensors}
    return first.is_cpu and len(layouts) == 1 and dense(first.shape, first.stride())


def strides_of(tensor: Tensor) -> tuple[int, ...]:
    """Those that count: of a dimension with one place any stride will do."""
    return tuple(s if n > 1 else 0 for n, s in zip(tensor.shape, tensor.stride(), strict=True))
