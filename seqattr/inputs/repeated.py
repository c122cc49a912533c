"""Windows of which several hold the same bases, for what is measured over all of them."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from seqattr.dna.loci import Loci, loci_of
from seqattr.inputs.table import Windows
from seqattr.inputs.windows import Window


def loci_of_windows(windows: Sequence[Window]) -> Loci:
    """Where windows of one length lie."""
    table = Windows.of(windows)
    return loci_of((window.codes[None] for window in table), table.regions)


def once(windows: Sequence[Window]) -> tuple[Windows, npt.NDArray[np.int64]]:
    """Windows of one length without those that hold the same as one before, and the cluster (N,) of each.

    Those that overlap are in one cluster, and stand together.
    """
    loci = loci_of_windows(windows)
    keys = zip(loci.layer.tolist(), loci.start.tolist(), loci.turned.tolist(), strict=True)
    first: dict[tuple[int, int, bool], int] = {}
    for row, key in enumerate(keys):
        first.setdefault(key, row)
    rows = np.array(list(first.values()), np.int64)
    clusters = loci.clusters(rows, np.zeros_like(rows), np.full_like(rows, loci.length))
    order = np.argsort(clusters, kind="stable")
    return Windows.of(windows).select(rows[order]), clusters[order]


def shares(windows: Sequence[Window]) -> npt.NDArray[np.float64]:
    """The share (N,) of the bases of windows of one length that count in them and in no other window."""
    loci = loci_of_windows(windows)
    begin, end = loci.counting_starts(1).T
    return (end - begin) / np.maximum(loci.end - loci.first, 1)
