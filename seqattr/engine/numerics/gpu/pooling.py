"""Max pools on a GPU, and the way back through them: one kernel each, of any geometry and order in memory."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from seqattr.engine.numerics.gpu import pool_kernels
from seqattr.engine.numerics.gpu.common_layout import (
    PIECE,
    Layout,
    aligned,
    common_layout,
    dense_strides,
    from_outermost,
    layouts,
)
from seqattr.engine.numerics.gpu.pool_kernels import SIDE
from seqattr.engine.numerics.lines import Line

RUNS = 3  # dimensions of which lines are numbered, once as few as can be
BYTE = 256  # taps that one counts


class Lines(NamedTuple):
    """How lines of places lie, of tensors that broadcast together in all dimensions but the last, in which
    lines are; the first of the tensors is what is made.
    """

    rows: int
    second: int  # of the two dimensions that number the rows, the inner one
    lanes: int
    steps: tuple[
        tuple[int, ...], ...
    ]  # of each tensor: strides of the rows, of the lanes, and along the line
    lanes_last: bool

    def programs(self, places: int) -> tuple[int]:
        return (self.rows * -(-self.lanes // SIDE) * -(-places // SIDE),)

    def unit(self, *tensors: int) -> int:
        """How many numbers are read at once of these tensors: PIECE, where lanes lie side by side."""
        steps = [self.steps[tensor] for tensor in tensors]
        whole = all(
            lane == 1 and all(n % PIECE == 0 for n in others) for *others, lane in map(lane_behind, steps)
        )
        return PIECE if self.lanes_last and self.lanes % PIECE == 0 and whole else 1

    def counted(self, unit: int, *tensors: int) -> list[int]:
        """The strides of these tensors, in units but for those of lanes."""
        return [
            step if run == RUNS - 1 else step // unit
            for tensor in tensors
            for run, step in enumerate(self.steps[tensor])
        ]


def lane_behind(steps: Sequence[int]) -> Sequence[int]:
    """Strides with that of the lanes as the last."""
    return (*steps[: RUNS - 1], steps[RUNS], steps[RUNS - 1])


@lru_cache(4096)
def lines_of(*layouts: Layout) -> Lines | None:
    """Of tensors by their shapes and strides; None where there is nothing to do, or where more dimensions
    number the lines than kernels have numbers for.
    """
    common = common_layout(*((shape[:-1], strides[:-1]) for shape, strides in layouts))
    if not common.elements or len(common.sizes) > RUNS:
        return None
    missing = RUNS - len(common.sizes)
    first, second, lanes = (1,) * missing + common.sizes
    along = (strides[-1] for _, strides in layouts)
    steps = tuple((*(0,) * missing, *outer, step) for outer, step in zip(common.steps, along, strict=True))
    few = min(shape[-1] for shape, _ in layouts) < SIDE <= lanes
    return Lines(first * second, second, lanes, steps, few or steps[0][RUNS - 1] < steps[0][RUNS])


@lru_cache(4096)
def dense_like(places: int, *layouts: Layout) -> Layout:
    """The shape and strides of so many places in each line, without a gap, in the tensors' order in memory.

    What a line is to others is kept by its stride, were it of one place alone.
    """
    shape = (*common_layout(*((shape[:-1], strides[:-1]) for shape, strides in layouts)).shape, places)
    steps = [(*aligned(shape[:-1], strides[:-1], len(shape) - 1), strides[-1]) for shape, strides in layouts]
    return shape, dense_strides(shape, from_outermost(steps))


def empty(layout: Layout, dtype: torch.dtype, device: torch.device) -> Tensor:
    return torch.empty_strided(*layout, dtype=dtype, device=device)


def largest(a: Tensor, b: Tensor, line: Line) -> Sequence[Tensor]:
    """For each window of lines (..., length) on both sides: what its multiplier is worth to the largest of
    either side, and which taps these are; each (..., windows). Nothing where no kernel serves.
    """
    a, b = a.resolve_neg(), b.resolve_neg()
    layout, tap = dense_like(line.windows, *layouts(a, b)), torch.uint8 if line.size <= BYTE else torch.int32
    made = [empty(layout, dtype, a.device) for dtype in (a.dtype, a.dtype, tap, tap)]
    lines = lines_of(*layouts(made[0], a, b))
    if lines is None:
        return []
    unit = lines.unit(0, 1, 2)
    with torch.cuda.device_of(a):
        pool_kernels.largest[lines.programs(line.windows)](
            *(a, b, *made),
            *(lines.second, lines.lanes // unit, line.windows, line.length, *line.geometry),
            *lines.counted(unit, 1, 2, 0),
            *(unit, lines.lanes_last, SIDE),
            enable_fp_fusion=False,  # rounded as torch rounds
        )
    return made


def to_largest(multiplier: Tensor, kept: Sequence[Tensor], line: Line) -> Tensor:
    """What elements (..., length) get for a multiplier (..., windows), by what `largest` made."""
    multiplier, kept_layout = multiplier.resolve_neg(), layouts(kept[0])[0]
    back = empty(dense_like(line.length, kept_layout), multiplier.dtype, multiplier.device)
    lines = lines_of(*layouts(back, multiplier), kept_layout)
    if lines is None:
        multiplier = empty(kept_layout, multiplier.dtype, multiplier.device).copy_(multiplier)
        lines = lines_of(*layouts(back, multiplier), kept_layout)
    assert lines is not None  # no more runs than `largest` had
    unit, units = lines.unit(0, 2), lines.unit(1)
    with torch.cuda.device_of(back):
        pool_kernels.to_largest[lines.programs(line.length)](
            *(back, multiplier, *kept),
            *(lines.second, lines.lanes // unit, line.windows, line.length, *line.geometry, line.covering),
            *(*lines.counted(unit, 0), *lines.counted(units, 1), *lines.counted(unit, 2)),
            *(unit, units, lines.lanes_last, SIDE),
            enable_fp_fusion=False,
        )
    return back
