"""Where rows lie: every stretch of bases counts in one of the rows that hold it, and padding in none."""

import numpy as np
import pytest

from seqattr.dna.alphabet import UNKNOWN, encode
from seqattr.dna.loci import Loci, counted_codes, loci_of
from seqattr.dna.regions import Region
from seqattr.errors import InputError

RNG = np.random.default_rng(0)
CHROM = RNG.integers(0, 4, 400).astype(np.uint8)


def cut(start: int, end: int, strand: str = "+", pad: tuple[int, int] = (0, 0)) -> tuple[np.ndarray, Region]:
    """A window of the chromosome, with padding on its sides."""
    codes = CHROM[start:end] if strand == "+" else (3 - CHROM[start:end])[::-1]
    row = np.pad(codes, pad, constant_values=UNKNOWN)
    before, after = pad if strand == "+" else pad[::-1]
    return row, Region("chr1", start - before, end + after, f"w{start}", strand)


def loci(*windows: tuple[np.ndarray, Region]) -> Loci:
    codes, regions = zip(*windows, strict=True)
    return loci_of([np.stack(codes)], regions)


def starts(found: Loci, width: int) -> list[list[int]]:
    """Where the stretches of a width that count begin on the chromosome, row by row."""
    row = np.repeat(np.arange(len(found)), found.length - width + 1)
    start = np.tile(np.arange(found.length - width + 1), len(found))
    counts = found.counts(row, start, np.full(len(row), width))
    places = found.place(row, start, width)
    return [sorted(places[counts & (row == each)].tolist()) for each in range(len(found))]


OVERLAPPING = [(0, 60), (15, 75), (30, 90), (30, 90), (200, 260), (255, 315)]


@pytest.mark.parametrize("width", [1, 8, 60])
@pytest.mark.parametrize("strands", ["++++++", "+-+--+", "------"])
def test_every_stretch_counts_in_one_of_the_rows_that_hold_it(width, strands):
    found = loci(*(cut(*ends, strand) for ends, strand in zip(OVERLAPPING, strands, strict=True)))
    own = starts(found, width)
    held = {start for first, end in OVERLAPPING for start in range(first, end - width + 1)}
    assert sorted(start for each in own for start in each) == sorted(held)
    for (first, end), each in zip(OVERLAPPING, own, strict=True):
        assert all(first <= start <= end - width for start in each)
    assert found.overlapping_rows == 6


def test_of_equal_rows_the_first_counts_whatever_its_strand():
    found = loci(cut(50, 90), cut(50, 90, "-"), cut(50, 90))
    assert [len(each) for each in starts(found, 5)] == [36, 0, 0]
    assert set(found.block.tolist()) == {0}


def test_rows_of_one_place_with_other_bases_count_each():
    (codes, region), other = cut(50, 90), cut(50, 90)
    changed = codes.copy()
    changed[7] = (changed[7] + 1) % 4
    found = loci((codes, region), (changed, region), other)
    assert [len(each) for each in starts(found, 5)] == [36, 36, 0]
    assert set(found.block.tolist()) == {0}  # but they hang together


def test_padding_is_no_place():
    plain = loci(cut(0, 60), cut(30, 90))
    padded = loci(cut(0, 60, pad=(3, 17)), cut(30, 90, pad=(20, 0)))
    assert starts(padded, 8) == starts(plain, 8)
    assert padded.bases.tolist() == plain.bases.tolist() == [60, 60]
    nothing = loci((np.full(10, UNKNOWN, np.uint8), Region("chr1", 0, 10, "n")))
    assert starts(nothing, 1) == [[]]


def record(text: str, name: str, start: int = 0) -> tuple[np.ndarray, Region]:
    return encode(text), Region(name, start, start + len(text), name)


def test_records_without_a_place_are_one_where_they_are_the_same():
    text = "ACGTTGCAACCTGATTACAG"
    other = "CTGTAATCAGGTTGCAACGT"  # its reverse complement
    found = loci(record(text, "a"), record(other, "b"), record(text[::-1], "c"), record(text, "d"))
    assert [len(each) for each in starts(found, 4)] == [17, 0, 17, 0]
    places = [found.place(np.array([row]), np.array([at]), 4)[0] for row, at in ((0, 2), (1, 14))]
    assert places[0] == places[1]


def test_records_lie_where_their_headers_say():
    long = "".join("ACGT"[code] for code in CHROM[:100])
    found = loci(
        record(long[:60], "chr1:0-60"),
        record(long[20:80], "chr1:21-80"),  # counted from 1
        (encode("N" * 5 + long[40:90] + "N" * 5), Region("x::chr1:40-90", -5, 55, "x::chr1:40-90")),
        (encode(long[10:70]), Region("chr1:0-80", 10, 70, "chr1:0-80")),  # cropped
    )
    assert found.overlapping_rows == 4
    assert sorted(start for each in starts(found, 10) for start in each) == list(range(81))


def test_long_chains_of_rows_are_cut_into_clusters():
    tiles = [cut(start, start + 20) for start in range(0, 380, 10)]
    found = loci(*tiles)
    row, start = np.arange(len(tiles)), np.zeros(len(tiles), int)
    clusters = found.clusters(row, start, np.full(len(tiles), 8))
    assert set(found.block.tolist()) == {0}
    assert len(set(clusters.tolist())) == 9
    assert (np.diff(clusters) >= 0).all()
    few = loci(cut(0, 20), cut(10, 30), cut(15, 35), cut(100, 120))
    assert few.clusters(np.arange(4), np.zeros(4, int), np.full(4, 8)).tolist() == [0, 0, 0, 1]


def test_stretches_that_overlap_with_better_ones_are_passed_over():
    found = loci(cut(0, 60), cut(20, 80), cut(200, 260))
    row, start = np.array([0, 1, 1, 2, 0]), np.array([30, 12, 20, 0, 19])
    assert list(found.apart(row, start, 10)) == [0, 2, 3, 4]


def test_each_base_is_counted_once():
    windows = [cut(0, 60), cut(15, 75), cut(15, 75)]
    codes = counted_codes(np.stack([row for row, _ in windows]), loci(*windows).counting_starts(1))
    assert np.bincount(codes.ravel(), minlength=4)[:4].tolist() == np.bincount(CHROM[:75]).tolist()


def test_there_is_a_region_for_each_row():
    with pytest.raises(InputError, match="there are 1 regions for 2 sequences"):
        loci_of([np.zeros((2, 5), np.uint8)], [Region("chr1", 0, 5)])
