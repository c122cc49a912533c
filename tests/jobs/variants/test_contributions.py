"""What variants are called in files: no two alike, whatever file system they lie on."""

import re

from seqattr.dna.variants import Variant
from seqattr.jobs.variants.contributions import names_of, stems_of
from seqattr.jobs.variants.windows import Cut

CUTS = [
    Cut(Variant("chr1", 9, "C", "G", "rs7"), "", 0),
    Cut(Variant("chr1", 9, "C", "T", "rs7"), "", 0),
    Cut(Variant("chr1", 9, "C", "T", "rs7"), "", 0),
    Cut(Variant("chr1", 9, "C", "T", "RS7"), "", 0),
    Cut(Variant("chr1", 9, "", "T"), "", 0),
    Cut(Variant("chr1", 9, "", "A" * 30 + "C"), "", 0),
    Cut(Variant("chr1", 9, "", "A" * 30 + "G"), "", 0),
    Cut(Variant("HLA*01:01", 9, "C", "T", "a/b\\c?"), "", 0),
    Cut(Variant("chr1", 9, "C", "T", "x" * 400), "", 0),
]


def test_figures_tell_alleles_and_have_names_for_any_file_system():
    stems = stems_of(CUTS)
    assert stems[:5] == [
        "variant_rs7_C_G",
        "variant_rs7_C_T",
        "variant_rs7_C_T_2",
        "variant_RS7_C_T_3",
        "variant_chr1_10_-_T",
    ]
    assert stems[7] == "variant_a_b_c__C_T"
    assert len({stem.casefold() for stem in stems}) == len(CUTS)
    assert all(re.fullmatch(r"[\w.-]{1,150}", stem) for stem in stems)


def test_windows_of_variants_have_names_of_their_own():
    names = names_of(CUTS)
    assert names[:4] == ["rs7:C>G", "rs7:C>T", "rs7:C>T_2", "RS7"]
    assert names[7] == "a/b\\c?"
    assert len(set(names)) == len(CUTS)
    twice = [Cut(Variant("chr1", start, "C", "T", "a"), "", 0) for start in (9, 9)]
    assert names_of(twice) == ["a", "a_2"]
    apart = [Cut(Variant("chr1", start, "C", "T", "a"), "", 0) for start in (9, 10)]
    assert names_of(apart) == ["chr1:10:C>T", "chr1:11:C>T"]
