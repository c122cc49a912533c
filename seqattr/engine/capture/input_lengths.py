"""The lengths at which a module runs that refuses the one it was given, found with no numbers computed."""

import re

import torch
from torch import nn

LONGEST = 2**21  # of the lengths that are tried
# Two sizes that should be the same: those of the sequence, and those of the weights.
SIZES = re.compile(r"\(\d+x(\d+) and (\d+)x\d+\)|\[\d+, (\d+)\] X \[(\d+), \d+\]")
TOO_SHORT = re.compile("Kernel size|[Oo]utput size|too small|non-positive|negative dimension")


def lengths_that_run(module: nn.Module, length: int) -> tuple[int, int] | None:
    """The shortest and the longest of the lengths at which a dense layer gets as many numbers as it wants.

    Found by halving, with no numbers computed. None where a module's refusals do not tell.
    """
    first = search(module, length, 0)
    last = search(module, length, 1) if first is not None else None
    if first is None or last is None or last <= first:
        return None
    return first, last - 1


def search(module: nn.Module, length: int, above: int) -> int | None:
    """The least length with at least as many numbers as wanted, or (`above` 1) with more."""
    low, high = 0, length
    while (side := side_of(module, high)) is not None and side < above:
        low, high = high, 2 * high
        if high > LONGEST:
            return None
    if side is None:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        side = side_of(module, middle)
        if side is None:
            return None
        low, high = (middle, high) if side < above else (low, middle)
    return high


def side_of(module: nn.Module, length: int) -> int | None:
    """-1: sequences of this length give a dense layer too few numbers, 0: they run, 1: too many."""
    with torch.no_grad():
        state = {n: t.to("meta") for n, t in (*module.named_parameters(), *module.named_buffers())}
        like = next((t for t in state.values() if t.is_floating_point()), torch.zeros(()))
        blank = torch.zeros(3, 4, length, device="meta", dtype=like.dtype)
        try:
            torch.func.functional_call(module, state, (blank,))
        except Exception as error:  # a module may fail in any way
            return read_side(str(error))
    return 0


def read_side(message: str) -> int | None:
    """Which side a refusal is on; None where it does not tell."""
    sizes = next((m for m in SIZES.finditer(message)), None)
    if sizes is None:
        return -1 if TOO_SHORT.search(message) else None
    have, want = (int(size) for size in sizes.groups() if size is not None)
    return (have > want) - (have < want)
