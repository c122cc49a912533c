"""VCF and tables of variants."""

import gzip
import tracemalloc
from itertools import islice
from pathlib import Path

import pytest

from seqattr.dna.variants import Variant
from seqattr.errors import InputError
from seqattr.io.vcf import OddVariant, read_variant_table, read_vcf

HEAD = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"


@pytest.fixture
def file(tmp_path):
    def write(content: str | bytes) -> Path:
        path = tmp_path / "variants"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def reasons(rows) -> list[str]:
    return [row.reason for row in rows if isinstance(row, OddVariant)]


def test_lines_of_vcf_are_variants_from_0_and_several_alternatives_are_split(file):
    text = HEAD + "chr1\t5\trs1\tA\tg\t.\t.\t.\r\n2\t1\t.\tAC\tA,ACC\t.\t.\t.\n"
    assert list(read_vcf(file(text))) == [
        Variant("chr1", 4, "A", "G", "rs1", 3),
        Variant("2", 0, "AC", "A", "", 4),
        Variant("2", 0, "AC", "ACC", "", 4),
    ]


@pytest.mark.parametrize(
    "head", ["##fileformat=VCFv4.1", "#CHROM\tPOS\tID\tREF\tALT", "#CHROM POS ID REF ALT"]
)
def test_gzip_is_read_too_and_one_line_of_the_header_is_enough(file, head):
    text = f"{head}\nc\t5\t.\tA\tG\n"
    assert list(read_vcf(file(gzip.compress(text.encode())))) == [Variant("c", 4, "A", "G", "", 2)]


def test_a_table_that_is_given_as_vcf_is_refused_before_a_place_is_shifted(file):
    path = file("# mine\nchr1\t253\t254\tG\tT\trs1\n")
    with pytest.raises(InputError) as caught:
        next(read_vcf(path))
    assert str(caught.value) == (
        f"{path} is no VCF file: no header (##fileformat=VCFv4.2, or #CHROM POS ID REF ALT) stands before "
        "line 2; give a table of chrom, start (from 0), end, ref and alt to `bed`"
    )


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (
            "chr1\t9\t99\tpeak1\t100\t+",
            "holds the name 'peak1' and the score 100 of a region where two alleles",
        ),
        ("chr1\t9\t99\tA\t-1.5", "holds the name 'A' and the score -1.5 of a region where two alleles"),
        ("chr1\t9\t99\tpeak1", "has 4 columns, and no alleles"),
        ("chr1\t9\t99", "has 3 columns, and no alleles"),
    ],
)
def test_regions_that_are_given_as_variants_are_refused_with_the_columns_that_are_wanted(
    file, line, complaint
):
    with pytest.raises(InputError) as caught:
        list(read_variant_table(file(line + "\n")))
    message = str(caught.value)
    assert f"holds no variants: line 1 {complaint}" in message
    assert message.endswith(
        "a table of variants has the columns chrom, start (from 0), end, ref, alt and, if you like, name"
    )


def test_what_is_left_out_is_of_a_kind(file):
    alleles = "<DEL>,<*>,*,A[d:3[,N,A,G"
    rows = list(read_vcf(file(HEAD + f"c\t5\t.\tA\t{alleles}\nc\t5\t.\tA\t.\nc\tx\t.\tA\tG\n")))
    assert [row.kind for row in rows if isinstance(row, OddVariant)] == [
        *(
            "symbolic allele",
            "symbolic allele",
            "allele *",
            "breakend",
            "letter other than ACGT",
            "same bases",
        ),
        *("no alternative allele", "line that is no variant"),
    ]


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ("c 5 . A .", "has no alternative allele (ALT is .)"),
        ("c 5 . A *", "has the allele *, which an overlapping deletion takes away"),
        ("c 5 . A <*>", "has the allele <*>, which stands for any other"),
        ("c 5 . A <DEL>", "has the symbolic allele <DEL>, whose bases are not in the file"),
        ("c 5 . A A[d:3[", "has the breakend A[d:3[, which joins two places"),
        ("c 5 . A .G", "has the breakend .G, which joins two places"),
        ("c 5 . A G,N", "has the letter N in its alternative allele; A, C, G and T were expected"),
        ("c 5 . R G", "has the letter R in its reference allele; A, C, G and T were expected"),
        ("c 5 . . G", "holds '.' where the reference allele belongs"),
        ("c 5 . A a", "has the same bases for both alleles"),
        ("c 0 . A G", "holds the position 0; the first base has the number 1"),
        ("c x . A G", "holds 'x' where a whole number belongs"),
        ("c 5 . A", "has 4 columns; VCF has CHROM, POS, ID, REF, ALT and more"),
    ],
)
def test_what_is_no_change_of_bases_is_passed_on_with_the_reason(file, columns, reason):
    path = file(HEAD + "c\t1\t.\tA\tG\n" + "\t".join(columns.split()) + "\n")
    assert reasons(read_vcf(path)) == [reason]


@pytest.mark.parametrize("allele", ["<\u2028DEL>", "N\x1cNN", "\x1b[31m"])
def test_a_reason_is_one_line_whatever_the_allele(file, allele):
    (reason,) = reasons(read_vcf(file(HEAD + f"chr1\t1\tx\tA\t{allele}\nchr1\t1\tx\tA\tG\n")))
    assert reason.isprintable()


def test_an_odd_allele_tells_where_it_is(file):
    odd = list(read_vcf(file(HEAD + "c\t5\trs\tA\tG,<DUP>\n")))[1]
    assert odd[:1] + odd[2:] == (3, "c", 4, "A", "<DUP>", "rs", "symbolic allele")


def test_a_table_has_starts_from_0_names_and_alleles_without_bases(file):
    text = "chrom\tstart\tend\tref\talt\tname\nc\t4\t5\tA\tG\tone\nc 4 6 AC - two\nc 4 4 . TT,T\n"
    assert list(read_variant_table(file(text))) == [
        Variant("c", 4, "A", "G", "one", 2),
        Variant("c", 4, "AC", "", "two", 3),
        Variant("c", 4, "", "TT", "", 4),
        Variant("c", 4, "", "T", "", 4),
    ]


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ("c 5 5 A G", "holds the interval 5-5 for one base; start counts from 0, so that end is start + 1"),
        ("c 5 9 A G", "holds the interval 5-9 for a reference allele of 1 bases"),
        ("c -1 0 A G", "holds the position -1; the first base has the number 0"),
        ("c 5 8 A/G x", "holds 'A/G' where the reference allele belongs"),
        ("c 5 5 - .", "has no bases in either allele"),
        ("c 5 6", "has 3 columns, and no alleles"),
    ],
)
def test_a_line_of_a_table_that_is_no_variant_says_why(file, columns, reason):
    assert reasons(read_variant_table(file("c 4 5 A G\n" + columns + "\n"))) == [reason]


@pytest.mark.parametrize(
    ("read", "content", "message"),
    [
        (read_vcf, HEAD, "holds no variants; CHROM, POS, ID, REF and ALT were expected"),
        (
            read_vcf,
            HEAD + "c\t4\t5\tname\tG\n",
            "holds no variants: line 3 has the letter N in its reference",
        ),
        (
            read_variant_table,
            "##source=x\n#CHROM\tPOS\tID\n1\t2\t3\n",
            "is a VCF file, not a variant table file",
        ),
        (read_variant_table, HEAD, "is a VCF file, not a variant table file; give it to `vcf`"),
        (read_vcf, gzip.compress(b"BCF\x02\x02", mtime=0), "is a BCF file, not a VCF file; `bcftools view"),
        (read_vcf, ">c\nACGT\n", "is a FASTA file, not a VCF file"),
        (read_vcf, b"\xff\xfe\x00c", "is no text at line 1"),
        (read_variant_table, "", "holds no variants; a table of variants has"),
    ],
)
def test_a_file_of_another_kind_is_refused_in_one_line(file, read, content, message):
    with pytest.raises(InputError, match=message):
        list(read(file(content)))


def test_a_long_file_is_read_line_by_line(file):
    path = file(HEAD + "".join(f"chr1\t{i}\t.\tA\tG\t.\t.\t.\n" for i in range(1, 200_000)))
    tracemalloc.start()
    assert next(islice(read_vcf(path), 150_000, None)).start == 150_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4e6
