"""Which hit of one allele is which of the other."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from seqattr.dna.alphabet import reverse_complement_text
from seqattr.dna.variants import Variant
from seqattr.jobs.variants.contributions import Scored, places_of
from seqattr.jobs.variants.settings import VariantFile
from seqattr.jobs.variants.summary import Large
from seqattr.jobs.variants.windows import Cut

LENGTH, WIDTH, FIRST = 24, 5, 12
STARTS = np.arange(LENGTH - WIDTH + 1)


def places(row: int, ref: str, alt: str, anchor: str) -> list[set]:
    """Of hits that begin at each base of an allele's window."""
    large = Large(0.0, 0, Cut(Variant("c", 100, ref, alt), "", 0), SimpleNamespace())
    file = VariantFile(Path("g.fa"), vcf=Path("v.vcf"), anchor=anchor)
    scored = Scored([large], ["v"], file, LENGTH, SimpleNamespace())
    same = np.ones(len(STARTS), int)
    matches = SimpleNamespace(
        sequence=row * same, start=STARTS, end=STARTS + WIDTH, motif=0 * same, strand=same
    )
    return [set(places_of(scored, SimpleNamespace(matches=matches), number)) for number in STARTS]


def same(ref: str, alt: str, anchor: str) -> np.ndarray:
    """Which hits of the reference allele (rows) are which of the alternative one (columns)."""
    return np.array(
        [[bool(one & two) for two in places(1, ref, alt, anchor)] for one in places(0, ref, alt, anchor)]
    )


@pytest.mark.parametrize(
    ("ref", "alt"), [("A", "C"), ("A", "ACC"), ("ACC", "A"), ("", "ACGTACGT"), ("ACG", "")]
)
def test_what_is_the_same_hit_is_so_on_the_other_strand(ref, alt):
    flipped = reverse_complement_text(ref), reverse_complement_text(alt)
    for anchor, other in (("left", "right"), ("right", "left")):
        np.testing.assert_array_equal(same(ref, alt, anchor), same(*flipped, other)[::-1, ::-1])


def test_a_hit_lies_as_far_from_the_allele_on_the_side_that_it_reaches():
    """Two bases come behind base 12: what begins left of it stays, what ends right of it moves, or both."""
    table = same("A", "ACC", "left")
    for row, start in enumerate(STARTS):
        wanted = {start} if start < FIRST else set()
        wanted |= {start + 2} if start + WIDTH > FIRST + 1 else set()
        assert set(np.flatnonzero(table[row])) == {one for one in wanted if one <= LENGTH - WIDTH}


def test_of_a_substitution_hits_lie_where_they_do():
    np.testing.assert_array_equal(same("A", "C", "left"), np.eye(len(STARTS), dtype=bool))
