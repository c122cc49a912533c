"""Which hit of one allele is which of the other."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from seqattr.dna.alphabet import reverse_complement_text
from seqattr.dna.variants import Variant
from seqattr.jobs.variants.gained_lost import Place, importance_there, is_same, lacks, place_in_other
from seqattr.jobs.variants.scored import Scored
from seqattr.jobs.variants.settings import VariantFile
from seqattr.jobs.variants.summary import Large
from seqattr.jobs.variants.windows import Cut

LENGTH, WIDTH, FIRST = 24, 5, 12
STARTS = np.arange(LENGTH - WIDTH + 1)


def places(row: int, ref: str, alt: str, anchor: str) -> list[set[int]]:
    """Of hits that begin at each base of an allele's window, where they begin in the other's."""
    large = Large(0.0, 0, Cut(Variant("c", 100, ref, alt), "", 0), SimpleNamespace())
    file = VariantFile(Path("g.fa"), vcf=Path("v.vcf"), anchor=anchor)
    scored = Scored([large], ["v"], file, LENGTH, SimpleNamespace())
    matches = SimpleNamespace(sequence=np.full(len(STARTS), row), start=STARTS, end=STARTS + WIDTH)
    found = [place_in_other(scored, SimpleNamespace(matches=matches), number) for number in STARTS]
    assert all(place.row == 1 - row for place in found)
    assert all(stop - start == WIDTH for place in found for start, stop in place.stretches)
    return [{start for start, _ in place.stretches} for place in found]


def same(ref: str, alt: str, anchor: str) -> np.ndarray:
    """Which hits of the reference allele (rows) are which of the alternative one (columns)."""
    table = np.array([[start in some for start in STARTS] for some in places(0, ref, alt, anchor)])
    back = np.array([[start in some for start in STARTS] for some in places(1, ref, alt, anchor)])
    np.testing.assert_array_equal(table, back.T)
    return table


@pytest.mark.parametrize(
    ("ref", "alt"),
    [("A", "C"), ("A", "ACC"), ("ACC", "A"), ("", "ACGTACGT"), ("ACG", ""), ("ACGTAC", "ACGTA")],
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


def test_a_hit_within_an_insertion_is_nowhere_in_the_other_allele():
    found = places(1, "A", "A" + "C" * 7, "left")
    assert [start for start, some in zip(STARTS, found, strict=True) if not some] == [12, 13, 14, 15]


def test_the_importance_there_is_that_of_the_place_nearer_to_the_hits_own():
    values = np.arange(10.0)
    assert importance_there(values, Place(1, [(2, 4)]), 1.0) == 5
    assert importance_there(values, Place(1, [(2, 4), (6, 8)]), 12.0) == 13
    assert importance_there(values, Place(1, [(-3, 2)]), 12.0) == 1
    assert importance_there(values, Place(1, []), 12.0) == 0


@pytest.mark.parametrize(
    ("here", "there", "wanted"),
    [
        (-0.31, -0.25, False),
        (4.0, 2.1, False),
        (4.0, 2.0, True),
        (2.0, 4.0, False),
        (-1.0, 0.5, True),
        (1.0, 0, True),
        (0.0, 0.0, False),
    ],
)
def test_the_other_allele_lacks_at_least_half_of_the_importance(here, there, wanted):
    assert lacks(here, there) == wanted


def test_two_stretches_are_the_same_that_have_half_of_the_shorter_in_common():
    assert is_same((0, 10), (8, 12))
    assert not is_same((0, 10), (9, 12))
    assert not is_same((0, 10), (10, 12))
