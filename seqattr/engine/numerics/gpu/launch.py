"""What launches of kernels on tiles have in common: sizes of tiles, their number, and how values lie."""

import math
from typing import NamedTuple

from torch import Tensor


class Tile(NamedTuple):
    """What one program works out, so many of the inner dimension at a time; warps, and loads under way."""

    positions: int
    outputs: int
    inner: int
    warps: int
    stages: int

    @property
    def name(self) -> str:
        return "x".join(map(str, self))


def blocks(tile: Tile, places: int, outputs: int) -> int:
    """How many tiles there are."""
    return math.ceil(places / tile.positions) * math.ceil(outputs / tile.outputs)


def steps(name: str, values: Tensor, together: int = 1) -> dict[str, int]:
    """From row to row, and along it from so many positions to the next, by the names of a kernel's
    parameters.
    """
    return {f"{name}row_step": values.stride(0), f"{name}step": values.stride(2) * together}


def channels_last(values: Tensor) -> Tensor:
    """Values (N, channels, L) in whose memory the channels of a position are next to each other."""
    return values if values.shape[1] == 1 or values.stride(1) == 1 else values.mT.contiguous().mT
