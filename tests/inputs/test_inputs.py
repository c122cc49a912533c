"""From files to windows: their bases, their places, and what does not fit."""

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from seqattr.dna.alphabet import decode, encode, reverse_complement_text
from seqattr.dna.regions import Region
from seqattr.engine.graph.lengths import Lengths
from seqattr.errors import InputError, NotFinite
from seqattr.inputs import (
    Inputs,
    Window,
    by_length,
    fit_windows,
    from_fasta,
    from_regions,
    from_tiles,
    naming,
    resize,
)

FORTY = Lengths(40, 40)
SEVEN_OR_MORE = Lengths(7, None)


def window(text: str, region: Region | None = None) -> Window:
    return Window("w", encode(text), region or Region("w", 0, len(text), "w"), (0, len(text)))


def inputs(*lengths: int) -> Inputs:
    return Inputs([window("A" * length) for length in lengths], {}, [])


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    def to(name: str, text: str) -> Path:
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return to


# --- FASTA -------------------------------------------------------------------------------------


def test_without_sizes_each_record_is_its_own_chromosome(write):
    found = from_fasta(write("a.fa", ">one x\nACGTN\n>chr1:10-13\nACG\n"))
    assert [w.region for w in found.windows] == [
        Region("one", 0, 5, "one"),
        Region("chr1:10-13", 0, 3, "chr1:10-13"),
    ]
    assert found.sizes == {"one": 5, "chr1:10-13": 3}
    assert [decode(w.codes) for w in found.windows] == ["ACGTN", "ACG"]
    assert found.notes == [
        "1 of 2 headers look like genome coordinates; give `sizes` to have tracks on the genome"
    ]


def test_with_sizes_headers_are_coordinates_and_other_records_keep_their_own(write):
    fasta = write("a.fa", ">chr1:10-13(-)\nACG\n>peak::chr2:3-5(+)\nAC\n>odd\nAAAA\n>chr1:1-100\nAC\n")
    found = from_fasta(fasta, write("sizes", "chr1\t100\nchr2\t5\n"))
    assert [w.region for w in found.windows] == [
        Region("chr1", 10, 13, "chr1:10-13(-)", "-"),
        Region("chr2", 3, 5, "peak::chr2:3-5(+)"),
        Region("odd", 0, 4, "odd"),
        Region("chr1:1-100", 0, 2, "chr1:1-100"),  # its 2 bases are no 99
    ]
    assert found.sizes == {"chr1": 100, "chr2": 5, "odd": 4, "chr1:1-100": 2}
    assert found.notes == [
        "2 of 4 headers are no genome coordinates of as many bases; these records have tracks of their own"
    ]


def test_ambiguous_letters_are_counted_and_case_is_nothing(write):
    found = from_fasta(write("a.fa", ">a\nacgRYnN\n>b\nACGtkA\n"))
    assert [decode(w.codes) for w in found.windows] == ["ACGNNNN", "ACGTNA"]
    assert found.notes == ["3 ambiguous letters (IUPAC codes) were read as N"]


@pytest.mark.parametrize(
    ("header", "line"),
    [
        ("chr2:0-4", "record chr2:0-4 lies on 'chr2', which the chromosome sizes do not list"),
        (
            "chr1:8-12",
            "record chr1:8-12 ends at 12, past the end of chr1, which has 10 bases; "
            "are these the right chromosome sizes?",
        ),
        # 1-based, as samtools writes: base 11 is not there either
        (
            "chr1:8-11",
            "record chr1:8-11 ends at 11, past the end of chr1, which has 10 bases; "
            "are these the right chromosome sizes?",
        ),
    ],
)
def test_a_header_outside_the_genome_is_named(write, header, line):
    with pytest.raises(InputError) as caught:
        from_fasta(write("a.fa", f">{header}\nACGT\n"), write("sizes", "chr1\t10\n"))
    assert str(caught.value) == line


def test_a_record_that_bears_a_chromosomes_name_must_fit_it_too(write):
    """Otherwise the bigWig would be refused after all the work."""
    with pytest.raises(InputError, match="record chr1 ends at 4, past the end of chr1, which has 3 bases"):
        from_fasta(write("a.fa", ">chr1\nACGT\n"), write("sizes", "chr1\t3\n"))


# --- regions and tiles -------------------------------------------------------------------------


def test_regions_are_windows_around_the_summit_in_file_order(write):
    text = "".join(np.random.default_rng(0).choice(list("ACGT"), 60))
    genome = write("g.fa", f">chr1\n{text}\n>chr2\n{'ACRT' * 5}\n")
    bed = write(
        "a.bed", "chr2\t4\t8\tq\n" + "chr1\t20\t40\t.\t0\t-\n" + "chr1\t0\t50\tpeak\t0\t.\t0\t-1\t-1\t7\n"
    )
    packed = genome.with_suffix(".gz")
    packed.write_bytes(gzip.compress(genome.read_bytes()))
    for found in (from_regions(genome, bed, 6), from_regions(packed, bed, 6)):
        assert [decode(w.codes) for w in found.windows] == [
            "TACNTA",
            reverse_complement_text(text[27:33]),
            text[4:10],
        ]
        assert [w.region for w in found.windows] == [
            Region("chr2", 3, 9, "q"),
            Region("chr1", 27, 33, "chr1:27-33", "-"),
            Region("chr1", 4, 10, "peak"),
        ]
        assert found.sizes == {"chr1": 60, "chr2": 20}
        assert found.notes == [
            "1 ambiguous letters (IUPAC codes) were read as N",
            "1 of 3 regions lie on strand -: read as the reverse complement; `ignore_strand=True` would not",
        ]
        ignored = from_regions(genome, bed, 6, ignore_strand=True)
        assert [decode(w.codes) for w in ignored.windows] == ["TACNTA", text[27:33], text[4:10]]
        assert {w.region.strand for w in ignored.windows} == {"+"}
        assert ignored.notes[1] == "1 of 3 regions lie on strand -: strands were ignored"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("chr1\t0\t2", "region chr1:-2-4 lies partly outside chr1, which has 20 bases"),
        ("chr1\t18\t20", "region chr1:16-22 lies partly outside chr1, which has 20 bases"),
        ("chr9\t5\t9", r".*g\.fa has no chromosome 'chr9' \(it begins with chr1\)"),
        ("chr1\t5", r"line 1 of .*a\.bed has 2 columns; BED needs at least 3 .*"),
        ("chr1\t9\t5", r"line 1 of .*a\.bed holds the interval 9-5; BED needs 0 <= start < end"),
        ("# nothing", r".*a\.bed holds no regions; a BED file was expected"),
    ],
)
def test_a_bed_file_that_does_not_fit_is_refused(write, line, message):
    with pytest.raises(InputError, match=f"^{message}$"):
        from_regions(write("g.fa", f">chr1\n{'ACGT' * 5}\n"), write("a.bed", line + "\n"), 6)


def test_tiles_cover_each_record_and_leave_out_what_has_no_base(write):
    found = from_tiles(write("g.fa", f">a\n{'ACGT' * 3}NNNNNNNN\n>b\nACG\n>c\nACGTM\n"), 4, 3, strict=False)
    assert [str(w.region) for w in found.windows] == ["a:0-4", "a:3-7", "a:6-10", "a:9-13", "c:0-4", "c:1-5"]
    assert [w.name for w in found.windows] == [str(w.region) for w in found.windows]
    assert [decode(w.codes) for w in found.windows] == ["ACGT", "TACG", "GTAC", "CGTN", "ACGT", "CGTN"]
    assert found.sizes == {"a": 20, "b": 3, "c": 5}
    assert found.notes == [
        "1 ambiguous letters (IUPAC codes) were read as N",
        "1 of 3 records were left out: record b has 3 bases, fewer than a window of 4; "
        "`pad=True` would fill up short ones",
        "3 windows of nothing but N were left out",
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("ACG", "record a has 3 bases, fewer than a window of 4"),
        ("NNNNNNNN", "has no window of 4 bp with a base in it"),
    ],
)
def test_a_genome_without_a_window_is_refused(write, text, line):
    with pytest.raises(InputError, match=line):
        from_tiles(write("g.fa", f">a\n{text}\n"), 4, 1)


@pytest.mark.parametrize("step", [1, 3, 4, 7, 100])
def test_tiles_reach_from_the_first_base_to_the_last(write, step):
    for size in range(4, 20):
        found = from_tiles(write("g.fa", f">a\n{'ACGTTGCAAC' * 2}"[: 3 + size] + "\n"), 4, step)
        starts = [w.region.start for w in found.windows]
        assert starts == sorted({*range(0, size - 3, step), size - 4})
        assert found.windows[-1].region.end == size


def test_a_short_record_is_one_tile_when_it_may_be_padded(write):
    found = from_tiles(write("g.fa", ">a\nACG\n>b\nACGTAC\n"), 4, 2, pad=True)
    assert [decode(w.codes) for w in found.windows] == ["ACGN", "ACGT", "GTAC"]
    assert [str(w.own_region) for w in found.windows] == ["a:0-3", "b:0-4", "b:2-6"]
    assert (found.notes, found.dropped) == ([], [])


@pytest.mark.parametrize("step", [0, -2])
def test_a_step_must_be_a_base_at_least(write, step):
    with pytest.raises(InputError, match=f"`step` must be at least 1 base, not {step}"):
        from_tiles(write("g.fa", ">a\nACGTACGT\n"), 4, step)


# --- fitting -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("length", "text", "inside"),
    [
        (8, "ACGTA", (1, 6)),
        (7, "ACGTA", (1, 6)),
        (5, "ACGTA", (0, 5)),
        (4, "ACGT", (0, 4)),
        (3, "CGT", (0, 3)),
        (2, "CG", (0, 2)),
    ],
)
def test_the_middle_stays_in_the_middle(length, text, inside):
    found = resize(window("ACGTA"), length)
    first, end = found.inside
    assert found.length == length
    assert found.inside == inside
    assert decode(found.codes[first:end]) == text
    assert decode(found.codes) == "N" * first + text + "N" * (length - end)


@pytest.mark.parametrize("length", range(1, 12))
@pytest.mark.parametrize("strand", ["+", "-"])
def test_a_resized_window_still_stands_for_the_bases_of_its_region(length, strand):
    """Read from the chromosome again, by its own region, it is what it was, on either strand."""
    chromosome = "".join(np.random.default_rng(1).choice(list("ACGT"), 40))
    text = chromosome[20:27] if strand == "+" else reverse_complement_text(chromosome[20:27])
    found = resize(window(text, Region("c", 20, 27, "w", strand)), length)
    assert len(range(found.region.start, found.region.end)) == length
    own = found.own_region
    again = chromosome[own.start : own.end]
    first, end = found.inside
    assert decode(found.codes[first:end]) == (again if strand == "+" else reverse_complement_text(again))
    assert (found.codes[:first] == 4).all()
    assert (found.codes[end:] == 4).all()


def test_windows_that_fit_are_left_alone():
    for lengths, kept in ((FORTY, inputs(40, 40)), (SEVEN_OR_MORE, inputs(40, 7, 99))):
        assert fit_windows(kept, lengths, 40) == kept


def test_pad_and_crop_go_to_the_models_length():
    both = fit_windows(inputs(3, 40, 50), FORTY, 40, pad=True, crop=True)
    padded = fit_windows(inputs(3, 40, 50), SEVEN_OR_MORE, 40, pad=True)
    cropped = fit_windows(inputs(9, 40, 50), SEVEN_OR_MORE, 40, crop=True)
    assert [w.length for w in both.windows] == [40] * 3
    assert [w.length for w in padded.windows] == [40, 40, 50]
    assert [w.length for w in cropped.windows] == [9, 40, 40]


PAD = "`pad=True` would fill up short ones with N"
CROP = "`crop=True` would cut long ones to their middle"


@pytest.mark.parametrize(
    ("lengths", "given", "options", "line"),
    [
        (FORTY, (40, 9), {}, f"1 of 2 records does not fit the model, which takes 40 bp: w (9 bp); {PAD}"),
        (FORTY, (41, 42), {}, f"2 of 2 records do not fit the model, which takes 40 bp: "
         f"w (41 bp), w (42 bp); {CROP}"),
        (FORTY, (1, 2, 3, 99), {}, f"4 of 4 records do not fit the model, which takes 40 bp: "
         f"w (1 bp), w (2 bp), w (3 bp), ...; {PAD} and {CROP}"),
        (FORTY, (1, 99), {"pad": True}, f"1 of 2 records does not fit the model, which takes 40 bp: "
         f"w (99 bp); {CROP}"),
        (SEVEN_OR_MORE, (6, 50), {"crop": True}, f"1 of 2 records does not fit the model, which takes "
         f"7 bp or more: w (6 bp); {PAD}"),
        (FORTY, (300, 90), {}, f"2 of 2 records do not fit the model, which takes 40 bp: "
         f"w (300 bp), w (90 bp); {CROP}; of a genome, `regions` takes windows around peaks and `tile` "
         "windows all along it"),
    ],
)  # fmt: skip
def test_records_that_do_not_fit_are_named_with_what_would_help(lengths, given, options, line):
    with pytest.raises(InputError) as caught:
        fit_windows(inputs(*given), lengths, 40, **options)
    assert str(caught.value) == line


# --- batches -------------------------------------------------------------------------------------


def test_rows_of_one_length_come_together_in_order_and_no_more_than_are_wanted():
    windows = [window("A" * n) for n in (3, 5, 3, 2, 3, 5, 3)]
    found = [rows.tolist() for rows in by_length(windows, lambda length: length - 1)]
    assert found == [[3], [0, 2], [4, 6], [1, 5]]
    assert [len(rows) for rows in by_length(windows, lambda length: 0)] == [1] * 7
    assert list(by_length([], lambda length: 1)) == []


# --- names of rows -------------------------------------------------------------------------------


def test_a_row_that_is_not_finite_is_told_by_the_records_name():
    line = r"^the slope is NaN for sequence b; nothing was written$"
    with pytest.raises(NotFinite, match=line), naming(["a", "b"]):
        raise NotFinite("the slope is NaN for", 1)
    with pytest.raises(NotFinite, match=r"^the loss is NaN$"), naming(["a"]):
        raise NotFinite("the loss is NaN")
