"""The expressions of `fused.one_pass` on a GPU: tensors of any sizes for the one kernel there is."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import torch
from torch import Tensor

from seqattr.engine.numerics.gpu import expressions
from seqattr.engine.numerics.gpu.common_layout import PIECE, CommonLayout, common_layout, layouts
from seqattr.engine.numerics.gpu.expressions import RUNS

TILE = 1024  # elements of a program: of one row, or where rows are short of ROWS
ROWS = 32
MOST = 2**31  # rows and programs are numbered in 32 bits
MOST_INPUTS = 4


class Expression(NamedTuple):
    function: Any
    outputs: int = 1


EXPRESSIONS = {
    "relu_secant": Expression(expressions.relu_secant),
    "relu_in_both_orders": Expression(expressions.relu_in_both_orders, 2),
    "difference_and_size": Expression(expressions.difference_and_size, 2),
    "parts_about": Expression(expressions.parts_about, 2),
    "sides_added": Expression(expressions.sides_added, 2),
    "sum_and_difference": Expression(expressions.sum_and_difference, 2),
    "join_by_sign": Expression(expressions.join_by_sign),
    "chosen": Expression(expressions.chosen),
}


class Grid(NamedTuple):
    """How a common layout is cut into tiles."""

    programs: int
    sizes: tuple[int, ...]  # rows, and of the last two of the dimensions that number them; units in a row
    steps: tuple[int, ...]  # each tensor's strides, in units, RUNS for each
    unit: int
    height: int
    width: int


@lru_cache(4096)
def grid_of(common: CommonLayout) -> Grid | None:
    """None where there is nothing to do, or more than kernels have numbers for."""
    if not common.elements or len(common.sizes) > RUNS:
        return None
    missing = RUNS - len(common.sizes)
    first, second, third, length = (1,) * missing + common.sizes
    steps = [(0,) * missing + steps for steps in common.steps]
    rows, unit = first * second * third, PIECE if in_pieces(length, steps) else 1
    height = 1 if length >= TILE else ROWS
    width = TILE // height
    programs = -(-rows // height) * -(-length // width)
    counted = tuple(step // unit for outer in steps for step in (*outer[:-1], unit * outer[-1]))
    if max(rows, programs) >= MOST:
        return None
    return Grid(programs, (rows, second, third, length // unit), counted, unit, height, width)


def in_pieces(length: int, steps: Sequence[Sequence[int]]) -> bool:
    """Whether each row of each tensor is whole pieces, side by side."""
    return length % PIECE == 0 and all(
        inner == 1 and all(step % PIECE == 0 for step in outer) for *outer, inner in steps
    )


def evaluated(name: str, tensors: Sequence[Tensor]) -> list[Tensor] | None:
    """New tensors of an expression, by its name, from tensors of one type that broadcast together; None where
    no kernel serves.
    """
    tensors = [tensor.resolve_neg() for tensor in tensors]
    common = common_layout(*layouts(*tensors))
    if (grid := grid_of(common)) is None:
        return None
    made = [common.empty(tensors[0]) for _ in range(EXPRESSIONS[name].outputs)]
    launch(name, grid, tensors, made)
    return made


def launch(name: str, grid: Grid, tensors: Sequence[Tensor], made: Sequence[Tensor]) -> None:
    """Writes the expression's values over what is `made`, of the common shape and strides."""
    expression, missing = EXPRESSIONS[name], MOST_INPUTS - len(tensors)
    with torch.cuda.device_of(made[0]):
        expressions.expression[(grid.programs,)](
            *(made[0], made[-1]),
            *(*tensors, *[tensors[0]] * missing),
            *(*grid.sizes, *grid.steps, *[0] * RUNS * missing),
            *(expression.function, len(tensors), expression.outputs),
            *(grid.unit, grid.height, grid.width),
            enable_fp_fusion=False,  # rounded as torch rounds
        )
