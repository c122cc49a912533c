"""Headers and windows."""

import pytest

from seqattr.dna.regions import Region, parse_header, window
from seqattr.errors import InputError


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("chr1:100-200", Region("chr1", 100, 200)),
        ("chr1:101-200", Region("chr1", 100, 200)),
        ("chr1:100-200(+)", Region("chr1", 100, 200)),
        ("chr1:100-200(.)", Region("chr1", 100, 200)),
        ("chr1:101-200(-)", Region("chr1", 100, 200, strand="-")),
        ("peak 7::chr1:100-200", None),  # a header's first word counts
        ("peak7::chr1:100-200(-)", Region("chr1", 100, 200, "peak7", "-")),
        ("a::b::chr1:100-200", Region("chr1", 100, 200, "a::b")),
        ("::chr1:100-200", Region("chr1", 100, 200)),
        ("chr1:100-200 some words", Region("chr1", 100, 200)),
        ("chr1:1,000,100-1,000,200", Region("chr1", 1_000_100, 1_000_200)),
        ("HLA-A*01:01:01:01:100-200", Region("HLA-A*01:01:01:01", 100, 200)),
        ("chr1:1-100", Region("chr1", 0, 100)),
        ("chr1:0-100", Region("chr1", 0, 100)),
        ("chr1:0-99", None),  # 100 bases by samtools' counting, which starts at 1
        ("chr1:100-300", None),
        ("chr1:200-100", None),
        ("chr1:100", None),
        ("chr1:,-100", None),
        ("chr1:" + "9" * 5000 + "-5", None),  # more digits than Python turns into a number
        ("chr1:0-\u0661\u0660\u0660", None),  # 100, in other digits
        ("chr1:100-200(x)", None),
        ("seq1", None),
        ("", None),
        ("   ", None),
    ],
)
def test_parse_header(header, expected):
    assert parse_header(header, 100) == expected


def test_parse_header_of_one_base():
    assert parse_header("c:5-6", 1) == Region("c", 5, 6)
    assert parse_header("c:6-6", 1) == Region("c", 5, 6)
    assert parse_header("c:6-6", 0) is None


def test_the_summit_is_the_middle_unless_it_is_known():
    assert Region("c", 10, 20).summit == 15
    assert Region("c", 10, 20, summit_offset=2).summit == 12


@pytest.mark.parametrize("length", [1, 2, 7, 100, 2114])
def test_a_window_is_centred_on_the_summit(length):
    region = Region("c", 1000, 1300, "p", "-", summit_offset=33)
    got = window(region, length)
    assert got.end - got.start == length
    assert got.start == 1033 - length // 2
    assert got.summit == region.summit
    assert (got.chrom, got.name, got.strand) == ("c", "p", "-")


def test_a_window_may_begin_before_its_chromosome():
    assert window(Region("c", 0, 10), 100).start == -45


def test_a_window_without_length_is_refused():
    with pytest.raises(InputError, match="at least 1 base, not 0"):
        window(Region("c", 0, 10), 0)
