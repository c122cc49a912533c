"""The expressions that go over their arguments in one pass, and how many arguments each has."""

from collections.abc import Callable
from typing import Any

from seqattr.engine.numerics import fused

EXPRESSIONS: dict[str, tuple[Callable[..., Any], int]] = {
    "relu_secant": (fused.relu_secant, 2),
    "relu_in_both_orders": (fused.relu_in_both_orders, 4),
    "difference_and_size": (fused.difference_and_size, 2),
    "parts_about": (fused.parts_about, 3),
    "sides_added": (fused.sides_added, 2),
    "sum_and_difference": (fused.sum_and_difference, 2),
    "join_by_sign": (fused.join_by_sign, 3),
    "chosen": (fused.chosen, 3),
}
