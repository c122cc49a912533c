"""The variants of the largest effects on each target, as a sort of the whole table finds them."""

import numpy as np
import pytest

from seqattr.io.tables import write_table
from seqattr.jobs.variants.largest import MOST_TARGETS, MOST_VARIANTS, Largest, read_largest


def written(path, effects: np.ndarray) -> None:
    """A table of variants (N) with effects (T, N), each with its number for a name."""
    targets, count = effects.shape
    number = np.repeat(np.arange(count), targets)
    write_table(
        path,
        {
            "chrom": ["chr1"] * number.size,
            "start": number * 10,
            "ref": ["A"] * number.size,
            "alt": ["-"] * number.size,
            "name": [f"v{n}" if n % 2 else "" for n in number],
            "target": [f"t{n}" for n in range(targets)] * count,
            "difference": effects.T.ravel(),
        },
    )


@pytest.mark.parametrize("block", [1, 7, 200])
@pytest.mark.parametrize("targets", [1, 3, MOST_TARGETS + 4])
def test_each_target_has_its_own_largest_effects_in_whichever_blocks_they_come(tmp_path, block, targets):
    """One target's effects are a thousand times those of another: it has no more variants for that."""
    effects = (
        np.random.default_rng(0).normal(size=(targets, 120)).round(1) * 10.0 ** -np.arange(targets)[:, None]
    )
    written(tmp_path / "v.tsv", effects)
    largest = Largest(targets)
    for first in range(0, 120, block):
        largest.add(effects[:, first : first + block], first)
    shown = read_largest(tmp_path / "v.tsv", largest)

    most = MOST_VARIANTS // min(targets, MOST_TARGETS)
    assert largest.targets == list(range(min(targets, MOST_TARGETS)))
    wanted = set()
    for target, (row, cells) in zip(largest.targets, shown.tops, strict=True):
        order = sorted(range(120), key=lambda n, target=target: (-abs(effects[target, n]), n))
        wanted |= set(order[:most])
        assert row.variant.start == 10 * order[0]
        assert (cells["target"], cells["difference"]) == (f"t{target}", f"{effects[target, order[0]]:.6g}")
    assert {row.variant.start // 10 for row in shown.rows} == wanted
    sizes = [max(abs(float(cell["difference"])) for cell in row.cells) for row in shown.rows]
    assert sizes == sorted(sizes, reverse=True)
    assert len(shown.rows) <= MOST_VARIANTS
    for row in shown.rows:
        number = row.variant.start // 10
        label = f"v{number}" if number % 2 else f"chr1:{10 * number + 1}:A>-"
        assert (row.variant.label, row.alleles) == (label, "A > -")
