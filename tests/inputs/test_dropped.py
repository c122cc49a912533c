"""What gave no window, in as little memory as what did."""

import tracemalloc

import pytest

from seqattr.dna.regions import Region
from seqattr.errors import InputError
from seqattr.inputs import Dropped, DroppedRows, from_fasta, from_regions, write_dropped

THREE = [
    Dropped("a", None, "no"),
    Dropped("b", Region("c", 1, 2, "b", "-"), "`pad=True`"),
    Dropped("c d", None, "x"),
]


def test_they_read_as_a_list_does_in_parts_too():
    rows = (
        DroppedRows.of(THREE[:1]) + THREE[1:] + DroppedRows.made(2, lambda row: Dropped(str(row), None, "z"))
    )
    expected = [*THREE, Dropped("0", None, "z"), Dropped("1", None, "z")]
    assert (len(rows), list(rows), rows) == (5, expected, expected)
    assert [rows[row] for row in range(-5, 5)] == expected * 2
    assert rows[1:4] == expected[1:4]
    with pytest.raises(IndexError):
        rows[5]
    assert [one.reason for one in rows.phrased(str.upper)] == ["NO", "`PAD=TRUE`", "X", "Z", "Z"]
    assert not DroppedRows()


def test_the_table_has_all_of_them(tmp_path, monkeypatch):
    monkeypatch.setattr("seqattr.inputs.dropped._AT_ONCE", 2)
    write_dropped(tmp_path / "d.tsv", DroppedRows.of(THREE))
    assert (tmp_path / "d.tsv").read_text().splitlines() == [
        "name\tchrom\tstart\tend\tstrand\treason",
        "a\tNA\tNA\tNA\tNA\tno",
        "b\tc\t1\t2\t-\t`pad=True`",
        "c d\tNA\tNA\tNA\tNA\tx",
    ]


def test_every_reason_is_told_in_the_order_of_the_file(tmp_path):
    genome, bed = tmp_path / "g.fa", tmp_path / "a.bed"
    genome.write_text(">chr1\nACGTACGTACGTACGTACGTXACGTACGT\n>chr2\nACGTACGT\n")
    regions = "chr9 3 5|chr1 2 6 good|chr1 7|chr1 0 2 peak|chr1 18 22|2 3 5|chr2 99 100"
    bed.write_text(regions.replace(" ", "\t").replace("|", "\n"))
    found = from_regions(genome, bed, 4, strict=False)
    assert list(found.windows.names) == ["good"]
    line, none = f"line 3 of {bed}", f"{genome} has no chromosome"
    letter = "holds 'X' at position 3, which is no DNA letter; is this a protein FASTA?"
    assert [(one.name, one.reason) for one in found.dropped] == [
        (line, f"{line} has 2 columns; BED needs at least 3 (chromosome, start, end)"),
        ("chr9:2-6", f"{none} 'chr9' (it begins with chr1, chr2)"),
        ("peak", "region chr1:-1-3 lies partly outside chr1, which has 29 bases"),
        ("chr1:18-22", f"record 'chr1:18-22' {letter}"),
        ("2:2-6", f"{none} '2' (it begins with chr1, chr2); is 'chr2' meant?"),
        ("chr2:97-101", "region chr2:97-101 lies partly outside chr2, which has 8 bases"),
    ]


def test_names_that_no_chromosome_has_are_one_error_with_the_likely_cure(tmp_path):
    (tmp_path / "g.fa").write_text(">chr1\nACGTACGT\n>chrM\nACGTACGT\n")
    for names, cure in ((("1", "2"), ": '1' of the one is 'chr1' of the other"), (("x", "y"), "")):
        (tmp_path / "a.bed").write_text("".join(f"{name}\t3\t5\n" for name in names))
        with pytest.raises(InputError) as caught:
            from_regions(tmp_path / "g.fa", tmp_path / "a.bed", 4, strict=False)
        assert str(caught.value) == (
            f"none of the 2 regions of {tmp_path / 'a.bed'} lies on a chromosome of {tmp_path / 'g.fa'}: "
            f"it names {', '.join(names)}, the genome chr1, chrM; give both files the same names{cure}"
        )


@pytest.mark.parametrize("kind", ["lines that are none", "regions beyond the end", "records"])
def test_twenty_thousand_of_them_take_a_few_bytes_each(tmp_path, kind):
    count = 20_000
    (tmp_path / "g.fa").write_text(">c\n" + "ACGT" * 30 + "\n")
    odd = "c\t{0}\t{0}\n" if kind == "lines that are none" else "c\t{0}\t{1}\n"
    lines = [odd.format(number + 200, number + 209) for number in range(count)]
    (tmp_path / "a.bed").write_text("c\t50\t60\n" + "".join(lines))
    (tmp_path / "a.fa").write_text(">good\nAC\n" + "".join(f">r{number}\nAXC\n" for number in range(count)))

    def read():
        if kind == "records":
            return from_fasta(tmp_path / "a.fa", strict=False)
        return from_regions(tmp_path / "g.fa", tmp_path / "a.bed", 8, strict=False)

    tracemalloc.start()
    found = read()
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(found.dropped) == count
    assert kept < 140 * count
    assert peak < 300 * count
