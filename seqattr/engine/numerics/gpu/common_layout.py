"""How tensors that broadcast together lie in memory, in as few dimensions as there can be.

A kernel goes over these from the outermost to the innermost in memory, whatever dimensions the tensors came
with; what it makes fills its memory without a gap, in the same order.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

PIECE = 4  # numbers that are read at once, of float32 16 bytes

Layout = tuple[Sequence[int], Sequence[int]]  # a tensor's shape and strides


class CommonLayout(NamedTuple):
    """Runs of dimensions as one, and how what is made of the tensors lies in theirs."""

    sizes: tuple[int, ...]  # of the runs, outermost first; none is 1
    steps: tuple[tuple[int, ...], ...]  # of each tensor, its stride along each run; 0 where it is repeated
    shape: tuple[int, ...]  # of the result, in the tensors' own dimensions
    strides: tuple[int, ...]

    @property
    def elements(self) -> int:
        return torch.Size(self.shape).numel()

    def empty(self, like: Tensor) -> Tensor:
        """The result, of any content."""
        return torch.empty_strided(self.shape, self.strides, dtype=like.dtype, device=like.device)


def layouts(*tensors: Tensor) -> list[Layout]:
    return [(tensor.shape, tensor.stride()) for tensor in tensors]


@lru_cache(4096)
def common_layout(*layouts: Layout) -> CommonLayout:
    """Of tensors by their shapes and strides."""
    shape = np.broadcast_shapes(*(shape for shape, _ in layouts))  # torch's own loads a second's worth
    strides = [aligned(*layout, len(shape)) for layout in layouts]
    order = from_outermost(strides)
    runs: list[list[int]] = []
    for d in order:
        if shape[d] == 1:
            continue
        if runs and all(steps[runs[-1][-1]] == steps[d] * shape[d] for steps in strides):
            runs[-1].append(d)
        else:
            runs.append([d])
    return CommonLayout(
        tuple(torch.Size([shape[d] for d in run]).numel() for run in runs),
        tuple(tuple(steps[run[-1]] for run in runs) for steps in strides),
        shape,
        dense_strides(shape, order),
    )


def from_outermost(strides: Sequence[Sequence[int]]) -> list[int]:
    """Dimensions in their order in memory, by all tensors' strides along them."""
    return sorted(range(len(strides[0])), key=lambda d: -max(steps[d] for steps in strides))


def aligned(shape: Sequence[int], strides: Sequence[int], dims: int) -> list[int]:
    """A tensor's stride along each of as many dimensions as the result has; 0 where it is repeated."""
    steps = [0 if size == 1 else stride for size, stride in zip(shape, strides, strict=True)]
    return [0] * (dims - len(steps)) + steps


def dense_strides(shape: Sequence[int], order: Sequence[int]) -> tuple[int, ...]:
    """Of what fills its memory with these dimensions in this order, from the outermost."""
    strides, step = [0] * len(shape), 1
    for d in reversed(order):
        strides[d] = step
        step *= shape[d]
    return tuple(strides)
