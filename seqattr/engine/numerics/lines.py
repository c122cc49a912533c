"""Windows along one dimension, as those of a pool."""

from typing import NamedTuple


class Line(NamedTuple):
    """Windows of `size` taps, `dilation` places apart, that begin every `stride` places; the first of them
    `padding` places before the line, of which nothing counts.
    """

    length: int
    windows: int
    size: int
    stride: int
    padding: int = 0
    dilation: int = 1
    dim: int = -1  # that the line lies in

    @property
    def geometry(self) -> tuple[int, int, int, int]:
        return self.size, self.stride, self.padding, self.dilation

    @property
    def is_tiled(self) -> bool:
        """Whether windows lie side by side in the last dimension, from the line's start up to its end."""
        plain = self.geometry == (self.size, self.size, 0, 1)
        return plain and self.dim == -1 and self.windows * self.size <= self.length

    @property
    def covering(self) -> int:
        """How many windows can lie over one place."""
        return ((self.size - 1) * self.dilation) // self.stride + 1
