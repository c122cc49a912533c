"""BED, narrowPeak and chromosome sizes."""

import gzip
import random
import tracemalloc
from pathlib import Path

import pytest

from seqattr.dna.regions import Region, window
from seqattr.errors import InputError, OutputError
from seqattr.io.bed import parse_bed, read_bed, read_chrom_sizes, write_regions
from seqattr.io.bed_lines import common_line, region_of


@pytest.fixture
def bed(tmp_path):
    def write(content: str | bytes) -> Path:
        data = content if isinstance(content, bytes) else content.encode()
        (tmp_path / "a.bed").write_bytes(data)
        return tmp_path / "a.bed"

    return write


def test_bed_of_three_to_ten_columns(bed):
    text = (
        "# a comment\ntrack name=x\nbrowser position chr1\n\n"
        "chr1\t0\t10\n"
        "chr1 5 15 p1\r\n"
        "track1\t5\t15\tp2\t0\t-\n"
        "chr2\t5\t15\t.\t0\t.\t1\t2\t3\t7\n"
        "chr2\t5\t15\t.\t0\t+\t1\t2\t3\t-1\n"
    )
    expected = [
        Region("chr1", 0, 10),
        Region("chr1", 5, 15, "p1"),
        Region("track1", 5, 15, "p2", "-"),
        Region("chr2", 5, 15, summit_offset=7),
        Region("chr2", 5, 15),
    ]
    assert read_bed(bed(text)) == expected
    assert read_bed(bed(gzip.compress(text.encode()))) == expected


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("chr1\t5", "has 2 columns; BED needs at least 3 (chromosome, start, end)"),
        ("chr1\tx\t5", "holds 'x' where a whole number belongs"),
        ("chr1\t1.5\t5", "holds '1.5' where a whole number belongs"),
        ("chr1\t5\t5", "holds the interval 5-5; BED needs 0 <= start < end"),
        ("chr1\t9\t5", "holds the interval 9-5; BED needs 0 <= start < end"),
        ("chr1\t-1\t5", "holds the interval -1-5; BED needs 0 <= start < end"),
        (
            "c\t0\t9\tp\t0\t+\t1\t2\t3\t9",
            "has 10 columns but its last, 9, is no summit (-1 to 8); is this a narrowPeak file?",
        ),
        (
            "c\t0\t9\tp\t0\t+\t1\t2\t3\t-2",
            "has 10 columns but its last, -2, is no summit (-1 to 8); is this a narrowPeak file?",
        ),
        ("c\t0\t9\tp\t0\t+\t1\t2\t3\tx", "holds 'x' where a whole number belongs"),
    ],
)
def test_a_bad_line_is_named(bed, line, message):
    path = bed(f"chr1\t0\t5\n{line}\n")
    with pytest.raises(InputError) as caught:
        read_bed(path)
    assert str(caught.value) == f"line 2 of {path} {message}"


WORDS = ["", "0", "1", "5", "9", "12", "-1", "-2", ".", "+", "-", "chr1", "p q", "1.5", ".5", "1e5", "-3.25",
         "255,0,0", "1,2,", "nan", "007", " 5", "5 ", "\u00a0", "start", "9" * 18, "9" * 19]  # fmt: skip


def odd_line(rng: random.Random) -> str:
    """A line of any form, often that of a BED, narrowPeak or BED12 with one wrong column."""
    columns = [rng.choice(["chr1", "c 2", "", "#x"]), rng.choice("0359"), rng.choice(["5", "9", "20", "100"])]
    columns += [rng.choice(["p", ".", "a b"]), rng.choice(["0", "500", "1.5"]), rng.choice("+-.")]
    columns += [
        rng.choice(["1.5", "3"]),
        rng.choice(["-1", "9", "5"]),
        rng.choice(["-1", "0", "2.25", "255,0,0"]),
    ]
    columns += [rng.choice(["-1", "0", "3", "7", "99"]), rng.choice(["5,", "1,2"]), rng.choice(["0,", "0,7"])]
    if rng.random() < 0.5:
        columns[rng.randrange(12)] = rng.choice(WORDS)
    return "\t".join(columns[: rng.choice([1, 2, 3, 4, 6, 9, 10, 10, 10, 11, 12])])


def test_what_is_told_of_a_line_at_a_glance_is_what_looking_at_its_columns_tells():
    rng, told = random.Random(0), 0
    for _ in range(20_000):
        line = odd_line(rng)
        fields = common_line(line)
        if fields is None:
            continue
        region, form = region_of(line.rstrip().split("\t"))
        offset = -1 if region.summit_offset is None else region.summit_offset
        place = (region.chrom, region.start, region.end, region.name, region.strand == "-", offset)
        assert (fields, "") == (place, form), line
        told += 1
    assert told > 2_000


def test_lines_that_are_no_region_are_told_with_their_numbers(bed):
    path = bed("chr start end\nc\t0\t5\n\nc\t5\nc\t7\t7\nc\t5\nc\t0\t9\tp\t0\t-\n")
    found = parse_bed(path)
    short = "has 2 columns; BED needs at least 3 (chromosome, start, end)"
    interval = "holds the interval 7-7; BED needs 0 <= start < end"
    assert list(found.regions) == [Region("c", 0, 5), Region("c", 0, 9, "p", "-")]
    assert list(found.odd) == [
        (f"line 4 of {path}", short),
        (f"line 5 of {path}", interval),
        (f"line 6 of {path}", short),
    ]
    assert found.odd[-2:] == list(found.odd)[1:]
    assert found.notes == [f"line 1 of {path} names columns (chr start end ...)"]


def test_lines_in_columns_take_some_fifty_bytes_each(bed):
    count = 20_000
    path = bed("".join(f"chr1\t{number}\t{number + 9}\tpeak{number}\t0\t+\n" for number in range(count)))
    tracemalloc.start()
    found = parse_bed(path)
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(found.regions) == count
    assert kept < 70 * count
    assert peak < 70 * count + (1 << 22)  # and the file's buffers


@pytest.mark.parametrize("content", ["", "# nothing\n", "\n\n"])
def test_a_file_without_regions_is_refused(bed, content):
    with pytest.raises(InputError, match="holds no regions; a BED file was expected"):
        read_bed(bed(content))


def test_bytes_that_are_no_text_are_refused(bed):
    with pytest.raises(InputError, match="is no text at line 1; is this a BED file"):
        read_bed(bed(b"\xff\xfe\x00"))


def test_what_is_written_is_read_again_with_the_same_summits(tmp_path):
    regions = [
        Region("chr2", 100, 201, "a peak", "-"),
        Region("chr1", 100, 200, summit_offset=13),
        Region("chr1", 0, 1, "x"),
    ]
    write_regions(tmp_path / "r.bed", regions)
    lines = (tmp_path / "r.bed").read_text().splitlines()
    assert [len(line.split("\t")) for line in lines] == [10, 10, 10]
    again = read_bed(tmp_path / "r.bed")
    assert [(r.chrom, r.start, r.end, r.strand, r.summit) for r in again] == [
        (r.chrom, r.start, r.end, r.strand, r.summit) for r in regions
    ]
    assert [r.name for r in again] == ["a_peak", "", "x"]


def test_a_window_before_the_chromosome_starts_at_0_with_its_summit_in_place(tmp_path):
    region = window(Region("c", 20, 30), 100)
    write_regions(tmp_path / "r.bed", [region])
    (again,) = read_bed(tmp_path / "r.bed")
    assert region.start == -25
    assert (again.start, again.end, again.summit) == (0, 75, 25)


def test_a_region_wholly_before_the_chromosome_cannot_be_written(tmp_path):
    with pytest.raises(OutputError, match=r"region c:-20-0 has no base on its chromosome"):
        write_regions(tmp_path / "r.bed", [Region("c", -20, 0)])
    assert not (tmp_path / "r.bed").exists()


def test_chromosome_sizes_keep_their_order_and_may_be_an_index(bed):
    assert list(read_chrom_sizes(bed("# x\nchr2\t20\nchr1\t10\n")).items()) == [("chr2", 20), ("chr1", 10)]
    assert read_chrom_sizes(bed("chr1\t10\t6\t60\t61\n")) == {"chr1": 10}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("chr1\n", "line 1 of {} has one column; a chromosome's name and size were expected"),
        ("chr1\tten\n", "line 1 of {} holds 'ten' where a whole number belongs"),
        ("chr1\t0\n", "line 1 of {} gives 'chr1' the size 0; a size is at least 1"),
        ("chr1\t9\nchr1\t9\n", "line 2 of {} repeats the chromosome 'chr1'"),
        ("", "{} holds no chromosome sizes; expected lines of a name and a size"),
    ],
)
def test_bad_sizes_are_named(bed, content, message):
    path = bed(content)
    with pytest.raises(InputError) as caught:
        read_chrom_sizes(path)
    assert str(caught.value) == message.format(path)


def test_missing_sizes_are_named(tmp_path):
    with pytest.raises(InputError, match="there is no chromosome-sizes file"):
        read_chrom_sizes(tmp_path / "none")
