"""Which hits one allele has and the other has not."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from seqattr.dna.variants import Variant
from seqattr.jobs.report.boxes import Judged
from seqattr.jobs.variants.gained_lost import COLUMNS, changes_of
from seqattr.jobs.variants.scored import Scored
from seqattr.jobs.variants.settings import VariantFile
from seqattr.jobs.variants.summary import Large
from seqattr.jobs.variants.windows import Cut

LENGTH = 24
REF, ALT = 0, 1


class Given(Scored):
    """Contributions (2, L) that are given."""

    def values(self, target: str) -> tuple[np.ndarray, np.ndarray]:
        return np.zeros((2, LENGTH), np.uint8), self.scores[target]


def changes(values: np.ndarray, *hits: tuple[int, int, str, str, float]) -> list[dict[str, object]]:
    """Of hits of five bases (row, start, motif, strand, q); motifs g1 and g2 are one group, m is not sure."""
    motifs = ["g1", "g2", "m"]
    row, start, motif, strand, q_value = map(np.array, zip(*hits, strict=True))
    matches = SimpleNamespace(
        sequence=row,
        start=start,
        end=start + 5,
        strand=np.where(strand == "-", -1, 1),
        motif=np.array([motifs.index(name) for name in motif]),
        motifs=[SimpleNamespace(name=name) for name in motifs],
        names=motif.tolist(),
    )
    importance = np.array([values[one, at : at + 5].sum() for one, at, *_ in hits])
    found = SimpleNamespace(
        matches=matches,
        importance=importance,
        share=importance,
        similarity=importance,
        q_value=q_value,
        sure=q_value < 0.05,
    )
    large = Large(0.0, 0, Cut(Variant("c", 100, "A", "C", "rs1"), "", 0), SimpleNamespace())
    file = VariantFile(Path("g.fa"), vcf=Path("v.vcf"))
    judged = Judged({"t": found}, {"g1": "g1", "g2": "g1", "m": "m"}, {"t": {"g1"}}, "")
    columns = changes_of(Given([large], ["v"], file, LENGTH, {"t": values}), judged)
    assert tuple(columns) == COLUMNS
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


@pytest.fixture
def values() -> np.ndarray:
    """The reference has 5 at the variant's bases and both have 0.3 in all far from it."""
    both = np.zeros((2, LENGTH))
    both[:, 2:7] = [[-0.05], [-0.062]]
    both[REF, 10:15] = 1
    return both


def test_a_hit_that_the_other_allele_lacks_is_lost_with_the_importance_in_both(values):
    (row,) = changes(values, (REF, 10, "g2", "-", 0.01))
    told = [row[name] for name in ("name", "target", "change", "motif", "group", "strand", "window_start")]
    assert told == ["rs1", "t", "lost", "g2", "g1", "-", 10]
    assert (row["reference_importance"], row["alternative_importance"]) == (5, 0)
    (row,) = changes(values[::-1], (ALT, 10, "g1", "+", 0.01))
    assert row["change"] == "gained"
    assert (row["reference_importance"], row["alternative_importance"]) == (0, 5)


@pytest.mark.parametrize(
    "hits",
    [
        pytest.param([(ALT, 2, "g1", "+", 0.01)], id="of as much importance in both"),
        pytest.param([(REF, 10, "g1", "+", 0.07)], id="not sure"),
        pytest.param([(REF, 10, "m", "+", 0.01)], id="of a group that carries nothing"),
        pytest.param([(REF, 10, "g1", "+", 0.01), (ALT, 11, "g1", "+", 0.9)], id="there, if not surely"),
        pytest.param([(REF, 10, "g1", "+", 0.01), (ALT, 11, "g2", "-", 0.9)], id="of the group there"),
        pytest.param([(ALT, 10, "g1", "+", 0.01)], id="of more importance in the other"),
    ],
)
def test_what_is_no_change(values, hits):
    assert not changes(values, *hits)


@pytest.mark.parametrize(
    "other", [(ALT, 10, "g1", "-", 0.9), (ALT, 14, "g1", "+", 0.9), (ALT, 10, "m", "+", 0.01)]
)
def test_another_hit_in_the_other_allele_is_not_the_same(values, other):
    (row,) = changes(values, (REF, 10, "g1", "+", 0.01), other)
    assert row["change"] == "lost"
