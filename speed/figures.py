"""A named number, as the pipeline's measurements and the targets know it."""

from typing import NamedTuple


class Figure(NamedTuple):
    """What was measured, how much, in which unit."""

    name: str
    value: float
    unit: str
