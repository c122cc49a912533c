"""The windows of both alleles of a variant."""

import random

import pytest

from seqattr.dna.alphabet import reverse_complement_text
from seqattr.dna.variants import Variant, alleles, flanks

RANDOM = random.Random(0)
GENOME = "".join(RANDOM.choices("ACGT", k=60))
LENGTHS = (8, 9)
CHANGES = [(1, "G"), (3, "TTT"), (1, "ACGA"), (4, "C"), (0, "GT"), (2, ""), (3, "AC")]


def windows(genome: str, variant: Variant, length: int, anchor: str) -> tuple[str, str]:
    start, end, at = flanks(variant, length, anchor)
    return alleles(variant, genome[start:end], at, length, anchor)


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize(("width", "alt"), CHANGES)
def test_what_lies_left_stays_and_the_right_flank_is_refilled(length, width, alt):
    at = 25
    changed = GENOME[:at] + alt + GENOME[at + width :]
    start = at - length // 2
    expected = GENOME[start : start + length], changed[start : start + length]
    assert windows(GENOME, Variant("c", at, GENOME[at : at + width], alt), length, "left") == expected


def mirrored(variant: Variant) -> Variant:
    """On the other strand of the genome."""
    flip = reverse_complement_text
    return Variant("c", len(GENOME) - variant.end, flip(variant.ref), flip(variant.alt))


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize(("width", "alt"), CHANGES)
@pytest.mark.parametrize(("anchor", "other"), [("left", "right"), ("right", "left")])
def test_the_other_anchor_is_the_same_on_the_other_strand(length, width, alt, anchor, other):
    flip, variant = reverse_complement_text, Variant("c", 25, GENOME[25 : 25 + width], alt)
    there = windows(flip(GENOME), mirrored(variant), length, other)
    assert tuple(map(flip, there)) == windows(GENOME, variant, length, anchor)


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize(("width", "alt"), CHANGES)
def test_the_same_anchor_is_shifted_there_by_the_reference_allele(length, width, alt):
    """By its length, and by one base less where the window's length is odd."""
    flip, variant = reverse_complement_text, Variant("c", 25, GENOME[25 : 25 + width], alt)
    there = flip(windows(flip(GENOME), mirrored(variant), length, "left")[0])
    start = 25 - length // 2 + width - length % 2
    assert there == GENOME[start : start + length]


def test_a_variant_names_itself():
    assert Variant("chr1", 4, "A", "G").label == "chr1:5:A>G"
    assert Variant("chr1", 4, "A", "G", "rs1").label == "rs1"
    assert str(Variant("c", 0, "A" * 30, "")) == f"c:1:{'A' * 20}...(30)>-"
