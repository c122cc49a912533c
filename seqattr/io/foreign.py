"""Files of another kind than was asked for, known by their first bytes, and what to do with them."""

from pathlib import Path
from typing import NamedTuple

from seqattr.errors import InputError
from seqattr.support.advice import advice

HEAD = 64  # bytes to look at


class Kind(NamedTuple):
    """A kind of file: the bytes it begins with, its name, and its cure in the place of another."""

    begins: tuple[bytes, ...]
    name: str
    cures: dict[str, str]


_TO_FASTA = "`samtools fasta` turns it into FASTA"
_TO_BED = "`bedtools bamtobed` turns it into BED"
_TO_VCF = "`bcftools view -Oz` turns it into VCF, which `vcf` takes"
MINUS_ONE = "BED wants chromosome, start - 1 and end in its first three columns"
KINDS = (
    Kind((b"BAM\x01",), "a BAM file", {"FASTA": _TO_FASTA, "BED": _TO_BED}),
    Kind((b"CRAM",), "a CRAM file", {"FASTA": _TO_FASTA, "BED": _TO_BED}),
    Kind((b"@HD\t", b"@SQ\t"), "a SAM file", {"FASTA": _TO_FASTA, "BED": _TO_BED}),
    Kind(
        (b"\x43\x27\x41\x1a", b"\x1a\x41\x27\x43"),
        "a 2bit file",
        {"FASTA": "`twoBitToFa` turns it into FASTA", "BED": "give it as FASTA (`twoBitToFa`)"},
    ),
    Kind(
        (b"\xeb\xf2\x89\x87", b"\x87\x89\xf2\xeb"),
        "a bigBed file",
        {"FASTA": "give it to `regions` (`bigBedToBed`)", "BED": "`bigBedToBed` turns it into BED"},
    ),
    Kind(
        (b"\x26\xfc\x8f\x88", b"\x88\x8f\xfc\x26"),
        "a bigWig file",
        {"FASTA": "give the genome as FASTA", "BED": "give the peaks called from it"},
    ),
    Kind(
        (b"##fileformat=VCF", b"#CHROM\tPOS\t"),
        "a VCF file",
        {"FASTA": "give the genome as FASTA", "BED": MINUS_ONE, "variant table": "give it to `vcf`"},
    ),
    Kind((b"BCF\x02",), "a BCF file", {"VCF": _TO_VCF, "variant table": _TO_VCF}),
    Kind(
        (b"##gff-version", b"#!genome-build"),
        "a GFF or GTF file",
        {"FASTA": "give the genome as FASTA", "BED": MINUS_ONE},
    ),
    Kind((b"@",), "a FASTQ file", {"FASTA": "`seqtk seq -A` turns it into FASTA"}),
    Kind(
        (b">",),
        "a FASTA file",
        {
            "BED": "give it to `fasta`",
            "chromosome-sizes": "its index (.fai) holds them",
            "VCF": "give it to `genome`",
            "variant table": "give it to `genome`",
        },
    ),
)


def instead_of_fasta(line: bytes) -> str:
    """What a file may be whose first line is no FASTA header, as a question or with its cure."""
    columns = line.split(b"\t")
    if len(columns) > 2 and columns[1].isdigit() and columns[2].strip().isdigit():
        cure = advice(": give it to `regions`, and the genome to `fasta`")
        return "".join(["it looks like BED", *cure])
    return "is this a FASTA file (plain or gzip)?"


def refuse_other_kinds(path: Path | str, kind: str, head: bytes) -> None:
    """Raise InputError where a file of some kind ("FASTA", "BED") begins as one of another does."""
    head = head.removeprefix(b"\xef\xbb\xbf")
    for other in KINDS:
        if kind in other.cures and head.startswith(other.begins):
            what = f"{path} is {other.name}, not a {kind} file"
            raise InputError("; ".join([what, *advice(other.cures[kind])]))
