"""The order in which like stands beside like: hierarchical clustering, of a few things."""

import numpy as np
import numpy.typing as npt


def leaf_order(distances: npt.NDArray[np.floating]) -> list[int]:
    """The leaves of a tree of average linkage (Sokal & Michener 1958) over distances (n, n), left to right.

    The two clusters that are nearest are joined until one is left; of two that are joined, the ends that are
    nearest touch. NaN counts as the largest distance.
    """
    known = np.where(np.isfinite(distances), distances, np.nanmax(distances, initial=0.0))
    clusters = [[number] for number in range(len(known))]
    while len(clusters) > 1:
        pairs = [(one, other) for one in range(len(clusters)) for other in range(one)]
        near = min(pairs, key=lambda pair: known[np.ix_(clusters[pair[0]], clusters[pair[1]])].mean())
        second, first = clusters.pop(near[0]), clusters.pop(near[1])
        clusters.append(joined(first, second, known))
    return clusters[0] if clusters else []


def joined(first: list[int], second: list[int], distances: npt.NDArray[np.floating]) -> list[int]:
    """Both in one row, each turned round where that brings nearer ends together."""
    turned = [(one, other) for one in (first, first[::-1]) for other in (second, second[::-1])]
    one, other = min(turned, key=lambda pair: distances[pair[0][-1], pair[1][0]])
    return one + other
