"""Where rows lie, however it is told; what is no place of a row is refused."""

import pytest

from seqattr.dna.regions import Region
from seqattr.errors import InputError
from seqattr.inputs.places import ends_of, places_of


@pytest.mark.parametrize(
    "told",
    ["chr1:100-130(-)", ("chr1", 100, 130, "-"), Region("chr1", 100, 130, strand="-")],
)
def test_a_region_may_be_told_in_several_ways(told):
    (place,) = places_of([told], 1, 30)
    assert (place.chrom, place.start, place.end, place.strand) == ("chr1", 100, 130, "-")


def test_regions_may_be_a_file(tmp_path):
    (tmp_path / "a.bed").write_text("chr1\t100\t130\tpeak\t0\t-\nchr2\t5\t35\n")
    places = places_of(tmp_path / "a.bed", 2, 30)
    assert [str(place) for place in places] == ["chr1:100-130", "chr2:5-35"]
    assert [place.strand for place in places_of(str(tmp_path / "a.bed"), 2, 30)] == ["-", "+"]
    assert ends_of(places) == {"chr1": 130, "chr2": 35}


def test_without_any_each_row_is_a_chromosome():
    assert [str(place) for place in places_of(None, 2, 30)] == ["seq0:0-30", "seq1:0-30"]


@pytest.mark.parametrize(
    ("told", "line"),
    [
        (["chr1:100-130"], "there are 1 regions for 2 sequences"),
        (
            ["chr1:100-130", "chr1:100-150"],
            r"region 1 is 'chr1:100-150'; as 'chr1:100-130' or \('chr1', 100, 130\)",
        ),
        (
            [("chr1", 100, 130), ("chr1", 100, 150)],
            "has 50 bases, but the sequences have 30",
        ),
        ([("chr1", 100, 130), ("chr1", 100, 130, "x")], "region 1 is"),
        ([("chr1", 100, 130), (1, 100, 130)], "region 1 is"),
        ([("chr1", 100, 130), 7], "region 1 is 7"),
    ],
)
def test_what_is_no_place_of_a_row_is_refused(told, line):
    with pytest.raises(InputError, match=line):
        places_of(told, 2, 30)
