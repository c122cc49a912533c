"""Windows of a genome: right letters from any FASTA file, whatever its lines and its index look like."""

import gzip
import os
import resource
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from seqattr.dna.alphabet import reverse_complement_text
from seqattr.dna.regions import Region
from seqattr.errors import InputError
from seqattr.io.fasta.records import Genome, iter_fasta, read_fasta
from seqattr.io.fasta.stream import stream


@pytest.fixture
def fasta(tmp_path: Path) -> Callable[..., Path]:
    """Write bytes to a file and return its path."""

    def write(content: bytes, name: str = "a.fa") -> Path:
        (tmp_path / name).write_bytes(content)
        return tmp_path / name

    return write


CHROMOSOMES = {
    name: "".join(np.random.default_rng(seed).choice(list("ACGTacgtN"), size=length))
    for seed, (name, length) in enumerate({"chr1": 1003, "chr2": 57}.items())
}


@pytest.fixture(params=["plain", "gzip"])
def genome(request, fasta):
    lines = []
    for name, text in CHROMOSOMES.items():
        lines += [f">{name} a chromosome", *(text[i : i + 60] for i in range(0, len(text), 60))]
    content = ("\n".join(lines) + "\n").encode()
    return Genome(fasta(gzip.compress(content) if request.param == "gzip" else content, "genome.fa"))


def test_a_window_is_the_text_at_that_place(genome):
    assert genome.sizes == {name: len(text) for name, text in CHROMOSOMES.items()}
    rng = np.random.default_rng(0)
    for _ in range(50):
        start, end = sorted(rng.integers(0, 1004, size=2).tolist())
        assert genome.window(Region("chr1", start, end)) == CHROMOSOMES["chr1"][start:end]
    assert genome.window(Region("chr2", 0, 57)) == CHROMOSOMES["chr2"]


def test_a_window_on_the_other_strand_is_its_reverse_complement(genome):
    there = genome.window(Region("chr1", 10, 90))
    assert genome.window(Region("chr1", 10, 90, strand="-")) == reverse_complement_text(there)


@pytest.mark.parametrize(("start", "end"), [(-5, 20), (-20, -5), (40, 58), (60, 70), (20, 10)])
def test_a_window_outside_its_chromosome_is_refused(genome, start, end):
    with pytest.raises(InputError) as caught:
        genome.window(Region("chr2", start, end))
    assert str(caught.value) == f"region chr2:{start}-{end} lies partly outside chr2, which has 57 bases"


def test_an_unknown_chromosome_is_named(genome):
    with pytest.raises(InputError, match=r"has no chromosome '1' \(it begins with chr1, chr2\)"):
        genome.window(Region("1", 0, 10))


def test_letters_that_are_no_dna_are_refused(fasta):
    genome = Genome(fasta(b">c\nACGTEEACGT\n"))
    with pytest.raises(InputError, match="record 'c:2-8' holds 'E' at position 3"):
        genome.window(Region("c", 2, 8))


def test_a_fresh_index_is_used_and_a_stale_or_broken_one_replaced(fasta):
    path = fasta(b">c\nACGT\n")
    index = path.with_name("a.fa.fai")
    assert Genome(path).sizes == {"c": 4}
    assert index.read_text().split("\t")[:2] == ["c", "4"]
    for content, age in [(b"c\t4\t3\t4\t5\n", -100), (b"junk\n", 100), (b"", 100)]:
        path.write_bytes(b">d\nACGTA\n")
        index.write_bytes(content)
        os.utime(index, (path.stat().st_mtime + age,) * 2)
        assert Genome(path).sizes == {"d": 5}


def test_no_index_is_needed_beside_the_file(fasta):
    path = fasta(b">c\nACGT\n")
    index = path.with_name("a.fa.fai")
    index.mkdir()  # nothing can be written there, and not even root can
    assert Genome(path).window(Region("c", 1, 3)) == "CG"
    assert sorted(file.name for file in path.parent.iterdir()) == ["a.fa", "a.fa.fai"]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "{} is empty; a FASTA file was expected"),
        (b"ACGT\n", "{} does not start with '>'; is this a FASTA file (plain or gzip)?"),
        (
            b">a\nAC\n>a\nAC\n",
            "{} holds more than one record of the name 'a'; a record's name is the first word of its header",
        ),
        (bytes(range(256)), "{} does not start with '>'; is this a FASTA file (plain or gzip)?"),
        (b">a\n>b\n", "record 'a' of {} has no sequence"),
        (b">" + b"a" * 70_000, "{} has a header of more than 65,536 characters; is this a FASTA file?"),
        (b"@r1\nAC\n+\nFF\n", "{} is a FASTQ file, not a FASTA file; `seqtk seq -A` turns it into FASTA"),
    ],
)
def test_a_bad_genome_is_one_line_plain_or_packed(fasta, content, message, pack):
    path = fasta(pack(content))
    with pytest.raises(InputError) as caught:
        Genome(path).sizes.keys()
    assert str(caught.value) == message.format(path)


def test_a_missing_genome_is_named(tmp_path):
    with pytest.raises(InputError, match="there is no FASTA file"):
        Genome(tmp_path / "none.fa")


# --- files as they come --------------------------------------------------------------------------

ENDS = (b"\n", b"\r\n", b"\r", b" \n", b"\t\r\n")


def odd_file(rng: np.random.Generator) -> tuple[dict[str, str], bytes]:
    """Records, and a file that holds them: of one width or of many, with blanks and any line ends."""
    records: dict[str, str] = {}
    content = [b"\xef\xbb\xbf"] * int(rng.integers(2)) + [b"\n"] * int(rng.integers(3) == 0)
    one_width, one_end = rng.integers(2, size=2).tolist()
    width, end = int(rng.integers(1, 60)), ENDS[rng.integers(len(ENDS))]
    for number in range(rng.integers(1, 5)):
        text = "".join(rng.choice(list("ACGTacgtN"), rng.integers(0 if number else 1, 300)))
        records[f"chr{number}"] = text
        end = end if one_end else ENDS[rng.integers(3)]
        content += [f">chr{number} some words".encode(), end.strip(b" \t")]
        while text:
            width = width if one_width else int(rng.integers(1, 60))
            content += [text[:width].encode(), end if one_end else ENDS[rng.integers(len(ENDS))]]
            text = text[width:]
            content += [b"\n"] * int(not one_end and rng.integers(8) == 0)
    if records[f"chr{len(records) - 1}"] and rng.integers(2):
        del content[-1]  # no line end at the end of the file
    return records, b"".join(content)


def blocked(content: bytes) -> bytes:
    """As bgzip packs: member after member, and an empty one at the end."""
    return b"".join(gzip.compress(content[i : i + 100]) for i in [*range(0, len(content), 100), len(content)])


def index_of_another(rng: np.random.Generator, records: dict[str, str]) -> bytes:
    """An index with the right names, newer than the file, of lines that it has not."""
    rows = []
    for name, text in records.items():
        bases = max(1, len(text) + int(rng.integers(-1, 2)))
        width = int(rng.integers(1, 60))
        rows.append(f"{name}\t{bases}\t{rng.integers(6, 60)}\t{width}\t{width + rng.integers(1, 3)}\n")
    return "".join(rows).encode()


@pytest.mark.parametrize("seed", range(60))
def test_every_window_has_the_letters_of_its_record(fasta, seed):
    rng = np.random.default_rng(seed)
    records, content = odd_file(rng)
    plain = fasta(content, "plain.fa")
    if seed % 3 == 0:
        fasta(index_of_another(rng, records), "plain.fa.fai")
        os.utime(plain, (1, 1))
    files = [plain, plain, fasta(gzip.compress(content), "g.fa.gz"), fasta(blocked(content), "b.fa.gz")]
    full = {name: text for name, text in records.items() if text}
    assert {r.name: r.text for r in read_fasta(plain, [])} == full
    for path in files:  # the second time with the index that the first one wrote
        genome = Genome(path)
        assert genome.sizes == {name: len(text) for name, text in full.items()}
        for name, text in full.items():
            places = [sorted(rng.integers(0, len(text) + 1, 2).tolist()) for _ in range(20)]
            regions = [Region(name, start, end) for start, end in places]
            assert genome.texts_of(regions) == [text[start:end] for start, end in places]
        beyond = [Region(name, -5, len(text) + 5) for name, text in records.items()]
        assert genome.texts_of(beyond) == list(records.values())
        assert len(genome.notes) == (len(full) < len(records)) + (path == plain and seed % 3 == 0)


def test_a_control_character_is_a_letter_that_is_none(fasta):
    genome = Genome(fasta(b">c\n\x00CGT\nACGT\n"))
    assert genome.sizes == {"c": 8}
    assert genome.window(Region("c", 4, 8)) == "ACGT"
    with pytest.raises(InputError, match=r"holds .* at position 1, which is no DNA letter"):
        genome.window(Region("c", 0, 8))
    with pytest.raises(InputError, match="holds '>' at position 3"):
        Genome(fasta(b">d\nAC>T\nACGT\n")).window(Region("d", 0, 6))


def test_blocks_that_end_anywhere_change_nothing(fasta, monkeypatch):
    """In the middle of a header, of a line end, of a mark of byte order."""
    for seed in range(8):
        records, content = odd_file(np.random.default_rng(seed))
        path = fasta(content)
        for block in (3, 4, 5, 7, 16, 61):
            monkeypatch.setattr("seqattr.io.fasta.stream._BLOCK", block)
            path.with_name("a.fa.fai").unlink(missing_ok=True)
            regions = [Region(name, start, len(text)) for name, text in records.items() for start in (0, 9)]
            for _ in range(2):
                texts = [text[start:] for text in records.values() for start in (0, 9)]
                assert Genome(path).texts_of(regions) == texts


def test_an_index_that_fits_is_used_and_written_for_lines_of_one_width(fasta, monkeypatch):
    path = fasta(b">a x\nACGTA\nCC\n>b\r\nACG\r\nACG\r\n>c\nACGTTT")
    index = path.with_name("a.fa.fai")
    assert Genome(path).sizes == {"a": 7, "b": 6, "c": 6}
    assert index.read_text() == "a\t7\t5\t5\t6\nb\t6\t18\t3\t5\nc\t6\t31\t6\t7\n"
    monkeypatch.setattr("seqattr.io.fasta.index.scan_records", None)  # it is not scanned again
    assert Genome(path).window(Region("b", 2, 5)) == "GAC"
    monkeypatch.undo()
    fasta(b">a\nACGTA\nC\n\nC\n", "irregular.fa")
    assert Genome(path.with_name("irregular.fa")).sizes == {"a": 7}
    assert not path.with_name("irregular.fa.fai").exists()


def test_a_users_index_that_does_not_fit_is_left_alone_and_said(fasta):
    path = fasta(b">c\nACGTA\n")
    index = fasta(b"c\t4\t3\t4\t5\n", "a.fa.fai")
    genome = Genome(path)
    assert genome.sizes == {"c": 5}
    assert genome.notes == [f"{index} is no index of a.fa and was not used"]
    assert index.read_bytes() == b"c\t4\t3\t4\t5\n"


@pytest.mark.parametrize(("start", "end"), [(9, 11), (4, 12), (5, 6), (20, 22)])
def test_an_index_that_fits_but_for_lines_inside_is_found_out_by_the_window(fasta, start, end):
    """Its names, its first line and its end fit; one line was cut in two, and two others became one."""
    path = fasta(b">c\nACGT\nAC\nGT\nCAGT\nTTACGGAT\nAC\n>d\nA\n")
    fasta(b"c\t22\t3\t4\t5\nd\t1\t34\t1\t2\n", "a.fa.fai")
    genome = Genome(path)
    assert genome.notes == []
    assert genome.texts_of([Region("c", start, end)]) == ["ACGTACGTCAGTTTACGGATAC"[start:end]]
    assert len(genome.notes) == (start < 20)  # from there on the lines are where they should be


def test_a_small_file_that_unpacks_to_a_huge_one_takes_no_memory(fasta):
    """300 Mb in 300 kB: only what is asked for is kept."""
    path = fasta(gzip.compress(b">c\n" + b"ACGTTGCA" * 4_000_000 + b"\n", 1))
    before = peak_bytes()
    assert Genome(path).texts_of([Region("c", 16, 24), Region("c", 31_999_990, 32_000_009)]) == [
        "ACGTTGCA",
        "CAACGTTGCA",
    ]
    assert sum(1 for _ in stream(path)) > 100
    assert peak_bytes() - before < 2e7


def test_a_file_made_to_fill_the_memory_is_one_line(fasta, monkeypatch):
    path = fasta(gzip.compress(b">c\n" + b"A" * 3_000_000))
    assert read_fasta(path)[0].text == "A" * 3_000_000  # that much is nothing
    monkeypatch.setattr("seqattr.io.reading._LARGE", 1 << 20)
    for read in (read_fasta, lambda path: Genome(path).sizes):
        with pytest.raises(InputError) as caught:
            read(path)
        assert str(caught.value).startswith(f"{path} unpacks to more than 500 times its size")


def test_a_record_longer_than_any_sequence_is_told_of_regions(fasta):
    path = fasta(b">c\n" + b"ACGT\n" * 100 + b">d\nACGT\n")
    odd = []
    assert [record.name for record in iter_fasta(path, odd, most=100)] == ["d"]
    assert odd == [("c", f"record 'c' of {path} has more than 100 bases, more than can be held at once; "
                    "of a genome, `regions` takes windows around peaks")]  # fmt: skip


def peak_bytes() -> int:
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def test_a_name_that_is_written_otherwise_is_proposed(fasta):
    genome = Genome(fasta(b">chr1\nACGT\n>chrM\nACGT\n"))
    for name, known in (("1", "chr1"), ("MT", "chrM"), ("M", "chrM"), ("Chr1", "chr1")):
        with pytest.raises(InputError, match=rf"no chromosome '{name}' .*; is '{known}' meant\?"):
            genome.window(Region(name, 0, 2))


@pytest.mark.parametrize("bases", ["9" * 30, "9" * 5000, "\u0664"])
def test_an_index_of_places_that_no_file_has_is_not_used(fasta, bases):
    fasta(f"c\t{bases}\t3\t2\t3\n".encode(), "a.fa.fai")
    path = fasta(b">c\nAC\nGT\n")
    os.utime(path, (0, 0))
    assert Genome(path).window(Region("c", 1, 4)) == "CGT"
