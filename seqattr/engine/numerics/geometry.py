"""How a convolution goes over its input."""

from collections.abc import Sequence
from typing import NamedTuple


class Geometry(NamedTuple):
    """One number for each spatial dimension."""

    stride: Sequence[int]
    padding: Sequence[int]
    dilation: Sequence[int]
    transposed: bool
    output_padding: Sequence[int]
    groups: int

    def reach(self, taps: Sequence[int]) -> list[int]:
        """How far the last tap lies from the first."""
        return [d * (k - 1) for d, k in zip(self.dilation, taps, strict=True)]
