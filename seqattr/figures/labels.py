"""Where names of points stand, so that none lies on another one or on a point."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

STEP = 0.04  # inches between the places that are tried
GAP = 0.03  # inches that are left around a name


class Spot(NamedTuple):
    """Where the middle of a name stands, and the end of a line from its point to it, in inches."""

    x: float
    y: float
    near: tuple[float, float]


def name_spots(
    points: npt.NDArray[np.floating],
    radii: npt.NDArray[np.floating],
    sizes: Sequence[tuple[float, float]],
    room: tuple[float, float],
) -> list[Spot | None]:
    """Where the names of the first of P points (P, 2), with `radii` (P,), stand: in the free place nearest to
    each, or None where none is free. All in inches, between (0, 0) and `room`.
    """
    taken = np.stack([points - radii[:, None], points + radii[:, None]], axis=1)  # (T, 2, 2): low, high
    spots: list[Spot | None] = []
    for point, size in zip(points, sizes, strict=False):
        half = np.array(size) / 2 + GAP
        middles = _grid(half, np.array(room))
        free = middles[_are_free(middles, half, taken)]
        if not len(free):
            spots.append(None)
            continue
        gaps = np.maximum(abs(free - point) - half, 0)
        middle = free[np.argmin(np.hypot(*gaps.T) + 0.05 * np.hypot(*(free - point).T))]
        taken = np.concatenate([taken, np.stack([middle - half, middle + half])[None]])
        spots.append(Spot(float(middle[0]), float(middle[1]), _nearest(middle, half, point)))
    return spots


def _grid(half: npt.NDArray[np.floating], room: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """Middles (n, 2) of a name all over the room."""
    across, up = (
        np.arange(low, max(high, low) + 1e-9, STEP) for low, high in zip(half, room - half, strict=True)
    )
    return np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)


def _are_free(
    middles: npt.NDArray[np.floating], half: npt.NDArray[np.floating], taken: npt.NDArray[np.floating]
) -> npt.NDArray[np.bool_]:
    """At which middles (n, 2) a name touches none of what is taken (T, 2, 2)."""
    free = np.ones(len(middles), bool)
    for low, high in taken:
        free &= ((middles + half <= low) | (high <= middles - half)).any(axis=1)
    return free


def _nearest(
    middle: npt.NDArray[np.floating], half: npt.NDArray[np.floating], point: npt.NDArray[np.floating]
) -> tuple[float, float]:
    """The place of a name's edge, or within it, that is nearest to its point."""
    x, y = np.clip(point, middle - half, middle + half).tolist()
    return float(x), float(y)
