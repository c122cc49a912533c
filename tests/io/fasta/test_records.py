"""Reading and writing FASTA, and windows of a genome."""

import gzip
from pathlib import Path

import pytest

from seqattr.errors import InputError, OutputError
from seqattr.io.fasta.records import Record, iter_fasta, read_fasta, write_fasta
from tests.helpers.timing import least_seconds

SHARED = Path(__file__).parents[3] / ".." / "shared" / "data"


@pytest.fixture
def fasta(tmp_path):
    """Write bytes to a file and return its path."""

    def write(content: bytes, name: str = "a.fa") -> Path:
        (tmp_path / name).write_bytes(content)
        return tmp_path / name

    return write


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_records_are_read_as_they_are(fasta, pack, end):
    lines = [b"", b">s1 first one", b"ACgt", b"", b"NNa", b">s2", b"RYK ", b">s3\ttab", b"A"]
    path = fasta(pack(end.join(lines)))
    assert read_fasta(path) == [
        Record("s1", "s1 first one", "ACgtNNa"),
        Record("s2", "s2", "RYK"),
        Record("s3", "s3\ttab", "A"),
    ]


def test_a_byte_order_mark_is_passed_over(fasta):
    assert read_fasta(fasta(b"\xef\xbb\xbf>s\nAC\n")) == [Record("s", "s", "AC")]


def test_only_one_record_is_held_at_a_time(fasta):
    records = iter_fasta(fasta(b">a\nAC\n>b\nXX\n"))
    assert next(records).text == "AC"
    with pytest.raises(InputError, match="'b' holds 'X'"):
        next(records)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", "{} is empty; a FASTA file was expected"),
        (b"\n \n", "{} is empty; a FASTA file was expected"),
        (gzip.compress(b"", mtime=0), "{} is empty; a FASTA file was expected"),
        (b"ACGT\n", "{} does not start with '>'; is this a FASTA file (plain or gzip)?"),
        (b"\x00\xff\x01binary", "{} does not start with '>'; is this a FASTA file (plain or gzip)?"),
        (b"PK\x03\x04zip", "{} does not start with '>'; is this a FASTA file (plain or gzip)?"),
        (b">a\n>b\nAC\n", "record 'a' of {} has no sequence"),
        (b">a\nAC\n>b", "record 'b' of {} has no sequence"),
        (b">\nAC\n", "{} has a record without a name: a line with '>' alone"),
        (b">\xff\xfe\nAC\n", "{} has a header that is no text; is this a FASTA file?"),
        (b">a\0b\nAC\n", "{} has NUL in the header 'a\\x00b'; is this a FASTA file?"),
        (
            b">P1\nAC\nEG\n",
            "record 'P1' holds 'E' at position 3, which is no DNA letter; is this a protein FASTA?",
        ),
        (b">a\nAC\x00\xff\n", "record 'a' holds '\\x00' at position 3, which is no DNA letter"),
        (
            b">a 1\nA\n>b\nC\n>a 2\nG\n",
            "{} holds more than one record of the name 'a'; a record's name is the first word of its header",
        ),
        (
            b"".join(b">%c\nA\n" % letter for letter in b"abcdeabcde"),
            "{} holds more than one record of the name 'a', 'b', 'c' (and 2 others); "
            "a record's name is the first word of its header",
        ),
        (gzip.compress(b">a\nACGT\n", mtime=0)[:-9], "{} is a broken or truncated gzip file"),
    ],
)
def test_a_bad_file_is_named_in_one_line(fasta, content, line):
    path = fasta(content)
    with pytest.raises(InputError) as caught:
        read_fasta(path)
    assert str(caught.value) == line.format(path)


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(InputError, match="there is no FASTA file"):
        read_fasta(tmp_path / "none.fa")
    with pytest.raises(InputError, match="is a folder, not a FASTA file"):
        read_fasta(tmp_path)


def test_what_is_written_is_read_again(tmp_path):
    names, texts = ["s1", "s2 with words"], ["ACGTn", "RYK"]
    write_fasta(tmp_path / "a.fa", names, texts)
    records = read_fasta(tmp_path / "a.fa")
    assert [record.header for record in records] == names
    assert [record.text for record in records] == texts


@pytest.mark.parametrize(
    ("names", "texts", "reason"),
    [
        (["a"], ["AC", "GT"], "1 names for 2 sequences"),
        (["a\nb"], ["AC"], "'a\\nb' is no name for a FASTA record"),
        ([""], ["AC"], "'' is no name for a FASTA record"),
    ],
)
def test_what_would_not_be_read_again_is_not_written(tmp_path, names, texts, reason):
    with pytest.raises(OutputError) as caught:
        write_fasta(tmp_path / "a.fa", names, texts)
    assert str(caught.value) == f"cannot write {tmp_path / 'a.fa'}: {reason}"
    assert not (tmp_path / "a.fa").exists()


def test_forty_thousand_records_take_well_under_a_second(tmp_path):
    """They take 0.1 s; a parser that is quadratic or checks letter by letter takes many seconds."""
    texts = ["ACGTacgtN" * 20] * 40_000
    write_fasta(tmp_path / "a.fa", [f"s{i}" for i in range(len(texts))], texts)
    assert len(read_fasta(tmp_path / "a.fa")) == len(texts)
    assert least_seconds(lambda: read_fasta(tmp_path / "a.fa"), enough=2) < 2


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="the real inputs are not here")
def test_real_files_are_read_whole():
    records = read_fasta(SHARED / "ctcf.fa.gz")
    assert len(records) == 39_184
    assert {len(record.text) for record in records} == {100}
    (chromosome,) = read_fasta(SHARED / "hg38_1m.fa.gz")
    assert len(chromosome.text) == 1_000_000
    assert chromosome.text.upper().count("N") == 160_000
