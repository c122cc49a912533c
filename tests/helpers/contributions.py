"""A contributions file of rows that are all at hand."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from seqattr.dna.places import Places
from seqattr.dna.regions import Region
from seqattr.io.hdf5.assembly import ContributionFile
from seqattr.io.hdf5.blocks import BlockRows, encode_block
from seqattr.io.hdf5.layout import Layout


def rows_of(
    one_hot: np.ndarray, hypothetical: np.ndarray, contributions: np.ndarray, **numbers: np.ndarray
) -> BlockRows:
    """Rows with their numbers, by default that all are complete."""
    zeros = np.zeros(len(contributions))
    known = {"difference": contributions.sum(axis=1), "additivity_error": zeros, **numbers}
    return BlockRows(one_hot, hypothetical, contributions, known)


def write_contributions(
    path: Path,
    rows: BlockRows,
    regions: Sequence[Region],
    attributes: Mapping[str, Any] | None = None,
    dtype: Literal["float32", "float16"] = "float32",
    forward: bool = False,
) -> None:
    """All in one block. Without `forward`, rows on strand '-' run backwards, as in files of other makers."""
    layout = Layout(*rows.contributions.shape, dtype)
    with ContributionFile(path, layout, attributes) as file:
        file.write_places(Places.of(regions), forward)
        file.add(encode_block(path, layout, 0, rows))
