"""Ops on sizes, and Python's own arithmetic on them: on numbers alone, and within what 64 bits hold.

A model file could ask for a power that takes all memory and no end, or for a text times a number.
"""

import math
import operator
from collections.abc import Callable
from functools import wraps
from typing import Any

import torch

from seqattr.engine.ops.names import SYM_NUMEL, SYM_SIZE
from seqattr.errors import ModelError

BITS = 64  # of a size


def of_numbers(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function where its arguments and its value are numbers. Raises ModelError where they are not."""

    @wraps(function)
    def run(*numbers: Any) -> Any:
        if not all(map(is_size, numbers)) or (function is operator.pow and too_large(*numbers)):
            raise ModelError(f"the graph works out a size as {function.__name__}{describe(numbers)}")
        result = function(*numbers)
        if not is_size(result):
            raise ModelError(f"the graph works out a size of more than {BITS} bits, by {function.__name__}")
        return result

    return run


def is_size(number: Any) -> bool:
    """Whether it is a number of at most 64 bits."""
    return isinstance(number, float) or (isinstance(number, int) and number.bit_length() <= BITS)


def too_large(base: Any, exponent: Any) -> bool:
    """Whether an integer's power would have more bits, before it is worked out."""
    whole = isinstance(base, int) and isinstance(exponent, int)
    return whole and exponent > BITS and abs(base) > 1


def describe(numbers: tuple[Any, ...]) -> str:
    """Arguments in words of bounded length."""
    words = (f"{n:.6g}" if is_size(n) else type(n).__name__ for n in numbers)
    return f"({', '.join(words)}); sizes are numbers of at most {BITS} bits"


ARITHMETIC: dict[str, Callable[..., Any]] = {
    "operator.add": operator.add,
    "operator.sub": operator.sub,
    "operator.mul": operator.mul,
    "operator.floordiv": operator.floordiv,
    "operator.truediv": operator.truediv,
    "operator.mod": operator.mod,
    "operator.neg": operator.neg,
    "operator.pow": operator.pow,
    "math.ceil": math.ceil,
    "math.floor": math.floor,
    "math.trunc": math.trunc,
    "torch.sym_int": torch.sym_int,
    "torch.sym_max": torch.sym_max,
    "torch.sym_min": torch.sym_min,
    "torch.sym_float": torch.sym_float,
}
ON_SIZES = {name: of_numbers(function) for name, function in ARITHMETIC.items()}
SIZES = frozenset({*ON_SIZES, SYM_SIZE, SYM_NUMEL})  # whose values are numbers
