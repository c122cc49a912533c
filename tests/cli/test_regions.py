"""Windows of a genome, end to end: a model whose contributions against zeros are 1 2 3 4 for A C G T shows
in its tracks and rows which letters it was given.
"""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyBigWig
import pytest
import torch
from torch import nn

import seqattr
from seqattr.dna.alphabet import reverse_complement_text
from seqattr.io.bed import read_bed

LENGTH = 20
CHROMOSOMES = {
    name: "".join(np.random.default_rng(seed).choice(list("ACGT"), size))
    for seed, (name, size) in enumerate({"chr1": 300, "chr2": 40, "chr3": 15}.items())
}
COMPLEMENT = str.maketrans("ACGT", "TGCA")


class Letters(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("value", torch.tensor([1.0, 2.0, 3.0, 4.0])[:, None])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x * self.value).sum((1, 2))[:, None]


@pytest.fixture(scope="module")
def letters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("letters") / "letters.pt"
    seqattr.save_model(path, seqattr.Model(Letters(), torch.zeros(2, 4, LENGTH)))
    return path


def content(wrap: int = 50, tail: str = "") -> str:
    lines = []
    for name, text in CHROMOSOMES.items():
        lines += [f">{name}", *(text[i : i + wrap] + tail for i in range(0, len(text), wrap))]
    return "\n".join(lines) + "\n"


@pytest.fixture
def scored(ran: Callable[..., str], letters: Path, tmp_path: Path) -> Callable[..., "Scored"]:
    """Score windows of a genome; by default of CHROMOSOMES."""

    def call(*options: Any, bed: str | None = None, genome: str | bytes | None = None) -> "Scored":
        given = content() if genome is None else genome
        path = tmp_path / "genome.fa"
        path.write_bytes(given if isinstance(given, bytes) else given.encode())
        if bed is not None:
            (tmp_path / "a.bed").write_text(bed)
            options = ("--regions", tmp_path / "a.bed", *options)
        out = tmp_path / "out"
        said = ran("score", "--model", letters, "--fasta", path, "--refs", "zeros", "--out", out, *options)
        return Scored(out, said)

    return call


class Scored:
    """What a run left: places of windows, letters of rows and of the track."""

    def __init__(self, out: Path, said: str) -> None:
        self.out, self.said = out, said
        with h5py.File(out / "target0.h5") as file:
            codes = np.einsum("ncl,c->nl", file["raw/seq"][:], np.arange(1, 5))
            self.rows = ["".join("NACGT"[i] for i in row) for row in codes]
            self.numbers = np.rint(file["projected_shap/seq"][:].sum(1)).astype(int)
            self.starts = file["regions/start"][:].tolist()
        self.regions = read_bed(out / "regions.bed")

    @property
    def places(self) -> list[str]:
        return [f"{region}{region.strand}" for region in self.regions]

    def track(self, chrom: str, start: int, end: int) -> str:
        with pyBigWig.open(str(self.out / "target0.bw")) as file:
            return "".join("NACGT"[round(value)] for value in file.values(chrom, start, end))

    @property
    def dropped(self) -> list[list[str]]:
        return [line.split("\t") for line in (self.out / "dropped.tsv").read_text().splitlines()]


# --- summits -----------------------------------------------------------------------------------

PEAK = "chr1\t100\t200\t.\t1000\t.\t5\t9\t7\t80"


@pytest.mark.parametrize(
    "line",
    [
        PEAK,
        PEAK + "\t2\t3\t100\t198\t5\t79\t102\t200\t4\t81",  # as IDR writes it
        PEAK + "\tanything",
        PEAK + "\tchr1\t90\t300\tgene\t0\t-",  # bedtools intersect -wa -wb
    ],
)
def test_the_summit_is_read_from_any_line_that_begins_as_a_narrowpeak(scored, line):
    found = scored(bed=line + "\n")
    assert found.places == ["chr1:170-190+"]
    assert found.rows == [CHROMOSOMES["chr1"][170:190]] == [found.track("chr1", 170, 190)]
    assert ("narrowPeak in the first ten columns" in found.said) == (line != PEAK)


@pytest.mark.parametrize(
    ("line", "form"),
    [
        ("chr1\t100\t200\tg\t0\t+\t110\t180\t0\t2\t30,20,\t0,80,", "read as BED12"),
        ("chr1\t100\t200\tg\t0\t+\t0\t0\t0\t2\t30,20\t0,80", "read as BED12"),
        ("chr1\t100\t200\tg\t0\t+\t100\t100\t255,0,0\t1\t100\t0\tchr1\t5\t9", "read as BED12"),
        ("chr1\t100\t200\tg\t0\t+\t110\t180\t255,0,0\t5", "no narrowPeak"),  # bedtools intersect -c
        ("chr1\t100\t200\tg\t0\t+\tid\tx\ty\t5\tz", "no narrowPeak"),
    ],
)
def test_columns_that_are_no_narrowpeaks_have_no_summit(scored, line, form):
    found = scored(bed=line + "\n")
    assert found.places == ["chr1:140-160+"]
    assert f"1 lines of {found.out.with_name('a.bed')}: {form}" in found.said


# --- strands -----------------------------------------------------------------------------------


def test_a_region_on_the_other_strand_is_read_from_it_and_written_forward(scored):
    found = scored(bed="chr1\t100\t120\ta\t0\t-\nchr1\t200\t220\tb\t0\t+\n")
    forward = [CHROMOSOMES["chr1"][100:120], CHROMOSOMES["chr1"][200:220]]
    assert found.places == ["chr1:100-120-", "chr1:200-220+"]
    assert found.track("chr1", 200, 220) == forward[1]
    # the model saw the complement of each base, and its contribution stands at the base's own place
    assert found.track("chr1", 100, 120) == forward[0].translate(COMPLEMENT)
    assert found.rows == forward
    assert "".join("NACGT"[i] for i in found.numbers[0]) == forward[0].translate(COMPLEMENT)
    assert "1 of 2 regions lie on strand -" in found.said


def test_strands_can_be_ignored(scored):
    found = scored("--ignore-strand", bed="chr1\t100\t120\ta\t0\t-\n")
    assert found.places == ["chr1:100-120+"]
    assert found.track("chr1", 100, 120) == CHROMOSOMES["chr1"][100:120]
    assert "strands were ignored" in found.said


def test_rows_of_records_on_the_other_strand_lie_where_a_reader_without_strands_puts_them(scored, tmp_path):
    """As fi-nemo places them: base p of row i is base start + p, whatever the strand."""
    here, there = CHROMOSOMES["chr1"][50:70], CHROMOSOMES["chr1"][80:100]
    (tmp_path / "sizes").write_text("chr1\t300\n")
    records = f">chr1:50-70(-)\n{reverse_complement_text(here)}\n>chr1:80-100(+)\n{there}\n"
    found = scored("--chrom-sizes", tmp_path / "sizes", genome=records)
    assert found.places == ["chr1:50-70-", "chr1:80-100+"]
    for region, row in zip(found.regions, found.rows, strict=True):
        assert row == CHROMOSOMES["chr1"][region.start : region.end]
    assert found.track("chr1", 50, 70) == here.translate(COMPLEMENT)


# --- edges -------------------------------------------------------------------------------------

EDGES = (
    "chr1\t0\t20\tfirst\nchr1\t290\t300\tlast\nchr1\t150\t170\tinside\nchrUn\t5\t25\tunknown\n"
    "chr3\t0\t15\tshort\nchr1\t5\t5\tnothing\nchr1\t0\t4\tbefore\n"
)


def test_windows_that_do_not_fit_are_left_out_counted_and_listed(scored):
    found = scored(bed=EDGES)
    assert found.places == ["chr1:0-20+", "chr1:150-170+"]
    header, *rows = found.dropped
    assert header == ["name", "chrom", "start", "end", "strand", "reason"]
    line = f"line 6 of {found.out.with_name('a.bed')}"
    outside = "lies partly outside chr1, which has 300 bases"
    unknown = (
        f"{found.out.with_name('genome.fa')} has no chromosome 'chrUn' (it begins with chr1, chr2, chr3)"
    )
    assert rows == [
        [line, "NA", "NA", "NA", "NA", f"{line} holds the interval 5-5; BED needs 0 <= start < end"],
        ["last", "chr1", "285", "305", "+", f"region chr1:285-305 {outside}"],
        ["unknown", "chrUn", "5", "25", "+", unknown],
        ["short", "chr3", "-3", "17", "+", "region chr3:-3-17 lies partly outside chr3, which has 15 bases"],
        ["before", "chr1", "-8", "12", "+", f"region chr1:-8-12 {outside}"],
    ]
    assert "5 of 7 regions were left out" in found.said
    assert "--pad would fill up" in found.said
    scored(bed="chr1\t150\t170\n")
    assert not (found.out / "dropped.tsv").exists()


GAP = f">c\n{'ACGT' * 6}{'N' * 30}{'ACGT' * 6}\n"


def test_windows_of_nothing_but_n_are_left_out_and_on_demand_those_of_many(
    scored, refused, letters, tmp_path
):
    bed = "c\t5\t15\tgood\nc\t33\t37\tgap\nc\t18\t22\thalf\t0\t-\n"
    found = scored(bed=bed, genome=GAP)
    assert found.places == ["c:0-20+", "c:10-30-"]
    assert found.dropped[1:] == [["gap", "c", "25", "45", "+", "gap holds nothing but N"]]
    assert "1 of 3 windows were left out: gap holds nothing but N" in found.said
    found = scored("--max-n", "0.25", bed=bed, genome=GAP)
    assert found.places == ["c:0-20+"]
    reason = "6 of the 20 bases of half are N, more than --max-n 0.25 allows"
    assert found.dropped[1:] == [
        ["gap", "c", "25", "45", "+", "gap holds nothing but N"],
        ["half", "c", "10", "30", "-", reason],
    ]
    assert reason in found.said
    assert len(scored("--max-n", "0.3", bed=bed, genome=GAP).places) == 2
    command = ["score", "--model", letters, "--fasta", tmp_path / "genome.fa", "--out", tmp_path / "other"]
    assert "gap holds nothing but N" in refused(*command, "--regions", tmp_path / "a.bed", "--strict")
    assert refused(*command, "--max-n", "30") == "--max-n is a share of a window's bases, from 0 to 1, not 30"


def test_what_a_chromosome_lacks_is_padded_on_either_strand(scored):
    found = scored("--pad", bed=EDGES + "chr1\t0\t4\tbefore\t0\t-\nchr1\t297\t299\tbehind\t0\t-\n")
    chr1, chr3 = CHROMOSOMES["chr1"], CHROMOSOMES["chr3"]
    assert found.rows == [
        chr1[:20], chr1[285:] + "N" * 5, chr1[150:170], "NNN" + chr3 + "NN", "N" * 8 + chr1[:12],
        "N" * 8 + chr1[:12], chr1[288:] + "N" * 8,
    ]  # fmt: skip
    assert found.starts == [0, 285, 150, -3, -8, -8, 288]
    assert found.track("chr3", 0, 15) == chr3
    assert [row[0] for row in found.dropped[1:]] == [f"line 6 of {found.out.with_name('a.bed')}", "unknown"]


def test_a_strict_run_stops_and_names_them(refused, letters, tmp_path):
    (tmp_path / "g.fa").write_text(content())
    (tmp_path / "a.bed").write_text(EDGES)
    command = ["score", "--model", letters, "--fasta", tmp_path / "g.fa", "--out", tmp_path / "out"]
    line = refused(*command, "--regions", tmp_path / "a.bed", "--strict")
    assert line.startswith("5 of 7 regions cannot be used: ")
    assert "region chr1:285-305 lies partly outside chr1, which has 300 bases" in line


def test_chromosomes_of_other_names_are_an_error_with_the_cure(refused, letters, tmp_path):
    (tmp_path / "g.fa").write_text(content())
    (tmp_path / "a.bed").write_text("1\t100\t200\n2\t10\t30\n")
    command = ["score", "--model", letters, "--fasta", tmp_path / "g.fa", "--out", tmp_path / "out"]
    assert refused(*command, "--regions", tmp_path / "a.bed") == (
        f"none of the 2 regions of {tmp_path}/a.bed lies on a chromosome of {tmp_path}/g.fa: it names 1, 2, "
        "the genome chr1, chr2, chr3; give both files the same names: '1' of the one is 'chr1' of the other"
    )


# --- files as they come --------------------------------------------------------------------------


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize(
    "text",
    [
        content(tail=" "),
        content(tail="\r"),
        "\ufeff" + content(),
        ">chr0\n" + content(),
        content().rstrip("\n"),
        content().lower().replace(">chr", "\n>chr"),
    ],
)
def test_irregular_files_give_right_letters_plain_or_packed(scored, text, pack):
    found = scored(bed=PEAK + "\nchr2\t0\t40\n", genome=pack(text.encode()))
    assert found.rows == [CHROMOSOMES["chr1"][170:190], CHROMOSOMES["chr2"][10:30]]
    assert ("1 records of" in found.said) == (">chr0" in text)


def test_an_index_of_another_file_does_no_harm(scored, tmp_path):
    index = tmp_path / "genome.fa.fai"
    index.write_text("chr1\t120\t6\t60\t61\nchr2\t19\t134\t19\t20\n")
    found = scored(bed=PEAK + "\n")
    assert found.rows == [CHROMOSOMES["chr1"][170:190]]
    assert f"{index} is no index of genome.fa and was not used" in found.said
    assert index.read_text() == "chr1\t120\t6\t60\t61\nchr2\t19\t134\t19\t20\n"


def test_the_last_tile_ends_at_the_end(scored):
    found = scored(
        "--tile", 7, "--pad", genome=f">chr2\n{CHROMOSOMES['chr2']}\n>chr3\n{CHROMOSOMES['chr3']}\n"
    )
    assert found.starts == [0, 7, 14, 20, -2]
    assert (
        found.track("chr2", 0, 40) + found.track("chr3", 0, 15) == CHROMOSOMES["chr2"] + CHROMOSOMES["chr3"]
    )


def test_names_of_columns_are_passed_over_and_said(scored):
    found = scored(bed="chrom\tstart\tend\nchr1\t100\t120\n")
    assert found.places == ["chr1:100-120+"]
    assert "line 1 of" in found.said
    assert "names columns (chrom start end ...)" in found.said


@pytest.mark.parametrize(
    ("option", "given", "line"),
    [
        ("--regions", b"##fileformat=VCFv4.2\nchr1\t1\t.\tA\tC\n", "is a VCF file, not a BED file; BED wants "
         "chromosome, start - 1 and end in its first three columns"),
        ("--regions", gzip.compress(b"BAM\x01rest", mtime=0),
         "is a BAM file, not a BED file; `bedtools bamtobed` turns it into BED"),
        ("--regions", b">chr1\nACGT\n", "is a FASTA file, not a BED file; give it to --fasta"),
        ("--fasta", b"@r\nACGT\n+\nFFFF\n",
         "is a FASTQ file, not a FASTA file; `seqtk seq -A` turns it into FASTA"),
        ("--fasta", gzip.compress(b"BAM\x01rest", mtime=0),
         "is a BAM file, not a FASTA file; `samtools fasta` turns it into FASTA"),
        ("--fasta", b"\xeb\xf2\x89\x87...",
         "is a bigBed file, not a FASTA file; give it to --regions (`bigBedToBed`)"),
    ],
)  # fmt: skip
def test_a_file_of_another_kind_is_named_with_the_cure(refused, letters, tmp_path, option, given, line):
    (tmp_path / "g.fa").write_text(content())
    (tmp_path / "odd").write_bytes(given)
    files = {"--fasta": tmp_path / "g.fa", option: tmp_path / "odd"}
    options = [part for pair in files.items() for part in pair]
    found = refused("score", "--model", letters, "--out", tmp_path / "out", *options)
    assert found == f"{tmp_path / 'odd'} {line}"


def test_a_genome_without_regions_is_told_of_them(refused, tmp_path):
    model = seqattr.Model(nn.Sequential(nn.Flatten(), nn.Linear(80, 1)), torch.zeros(2, 4, LENGTH))
    seqattr.save_model(tmp_path / "m.pt", model)
    (tmp_path / "g.fa").write_text(f">chr1\n{CHROMOSOMES['chr1'] * 5}\n")
    line = refused(
        "score", "--model", tmp_path / "m.pt", "--fasta", tmp_path / "g.fa", "--out", tmp_path / "o"
    )
    assert line == (
        "1 of 1 records does not fit the model, which takes 20 bp: chr1 (1500 bp); of a genome, --regions "
        "takes windows around peaks and --tile windows all along it"
    )
