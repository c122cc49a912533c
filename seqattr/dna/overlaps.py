"""Cutting where windows on a genome overlap, over columns of their coordinates."""

from typing import Any

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.integer[Any]]


def cut(
    chrom: Integers, start: Integers, end: Integers, summit: Integers
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Of N windows sorted by chromosome and start, the interval [begin, stop) that each alone may write.

    Two overlapping windows are cut at the midpoint of their summits (as ChromBPNet does), moved where need
    be into their overlap. A window that lies within another one gets an empty interval, at its start. Each
    base of the union of all windows is in exactly one interval, and that within its own window.
    `chrom` are any numbers, the same for windows of one chromosome.
    """
    chrom = np.cumsum(np.diff(chrom, prepend=chrom[:1]) != 0, dtype=np.int32)
    kept = _not_nested(chrom, start, end)
    some = _cut_chain(*(column[kept] for column in (chrom, start, end, summit)))
    begin, stop = start.astype(np.int64), start.astype(np.int64)
    begin[kept], stop[kept] = some
    return begin, stop


def _not_nested(chrom: Integers, start: Integers, end: Integers) -> npt.NDArray[np.intp]:
    """Indices of the windows that lie in no other one (of identical ones the first): a rising chain.

    A window must end behind all before it, and the next that does so must not start where it starts.
    """
    furthest = running_max(end, chrom)
    rises = np.ones(len(end), bool)
    rises[1:] = (chrom[1:] != chrom[:-1]) | (end[1:] > furthest[:-1])
    chain = np.flatnonzero(rises)
    here, following = chain[:-1], chain[1:]
    last = np.ones(len(chain), bool)
    last[:-1] = (chrom[here] != chrom[following]) | (start[here] != start[following])
    return chain[last]


def _cut_chain(
    chrom: Integers, start: Integers, end: Integers, summit: Integers
) -> tuple[Integers, Integers]:
    """The intervals of windows of which none lies in another: each reaches to where the next one's begins.

    Both the starts and the ends rise, so a cut lies in both windows, and a third window that overlaps the
    first overlaps the one between them too: neighbours are all that need looking at.
    """
    apart = (chrom[1:] != chrom[:-1]) | (end[:-1] <= start[1:])
    middle = np.minimum((summit[:-1] + summit[1:]) // 2, end[:-1])
    begin = start.astype(np.int64)
    begin[1:] = np.where(apart, start[1:], np.maximum(start[1:], middle))
    begin = running_max(begin, chrom)
    stop = end.astype(np.int64)
    stop[:-1] = np.where(apart, end[:-1], begin[1:])
    return begin, stop


def running_max(values: Integers, chrom: Integers) -> npt.NDArray[np.int64]:
    """The largest of all values up to each on its chromosome, whose numbers rise from 0."""
    above = values.astype(np.int64)
    above -= above.min(initial=0)
    ranges = np.multiply(chrom, int(above.max(initial=0)) + 1, dtype=np.int64)  # one behind the other
    above += ranges
    furthest: npt.NDArray[np.int64] = np.maximum.accumulate(above, out=above)
    furthest -= ranges
    furthest += values.min(initial=0)
    return furthest
