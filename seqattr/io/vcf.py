"""Variants from files: VCF 4, and tables as BED has them. Both are read line by line, however long.

A line of several alternative alleles gives a variant for each. What is no change of some bases into others
(symbolic alleles, breakends, ...) is passed on with the kind of reason and the reason, so that whoever reads
can list it. A table read as VCF would have its places shifted by one: without VCF's header a file is none.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from seqattr.dna.variants import Variant, shortened
from seqattr.errors import InputError
from seqattr.io.bed_lines import names_columns, whole_number
from seqattr.io.reading import text_lines

_BASES = re.compile(r"[ACGT]+")
_LETTERS = re.compile(r"[A-Za-z]+")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_FOR_BROWSERS = ("track ", "track\t", "browser ", "browser\t")
_NO_BASES = {"", "-", "."}  # as tables write such an allele
_COLUMNS = 5
VCF, TABLE = "VCF", "variant table"  # kinds of files
_VCF_HEADER = re.compile(r"##fileformat=VCF|#CHROM\s+POS\s", re.IGNORECASE)
_EXPECTED = {
    VCF: "CHROM, POS, ID, REF and ALT were expected, with tabs between them",
    TABLE: "a table of variants has the columns chrom, start (from 0), end, ref, alt and, if you like, name",
}
# Kinds of reasons why something is no variant.
ODD_LINE, SYMBOLIC, STAR = "line that is no variant", "symbolic allele", "allele *"
BREAKEND, NO_ALLELE, SAME_BASES = "breakend", "no alternative allele", "same bases"
ODD_LETTER = "letter other than ACGT"


class Fault(NamedTuple):
    """Why something is no variant: which kind of reason, and in words."""

    kind: str
    reason: str


class OddVariant(NamedTuple):
    """A line, or one of its alleles, that is no variant: what it names as far as it is known, and why not."""

    line: int
    reason: str
    chrom: str = "."
    position: int | None = None  # from 0
    ref: str = "."
    alt: str = "."
    name: str = ""
    kind: str = ODD_LINE


Rows = Iterator[Variant | OddVariant]


def read_vcf(path: Path | str) -> Rows:
    """The variants of a VCF file, plain or gzip (bgzip), and what in it is none, in the order of the file.

    Names are the IDs, of which several variants may have the same. Raises InputError for what is no VCF
    file, or holds no line of data.
    """
    return _rows(path, VCF, _of_vcf)


def read_variant_table(path: Path | str) -> Rows:
    """The variants of a table of chromosome, start, end, reference and alternative allele and, where there
    is one, name; plain or gzip, columns with tabs or blanks between them, their names in a first line or not.

    Start counts from 0, and end is start + the reference allele's bases, as in BED. An allele without bases,
    of an insertion or a deletion, is '-' or '.'; several alternatives have commas between them. Raises
    InputError as `read_vcf` does.
    """
    return _rows(path, TABLE, _of_table)


Parse = Callable[[int, Sequence[str]], Rows]


def _rows(path: Path | str, kind: str, parse: Parse) -> Rows:
    """What each line holds. A file in which no line can be read is of another kind."""
    good, complaint = False, ""
    for number, line in _data_lines(path, kind):
        columns = line.split("\t") if "\t" in line else line.split()
        for row in parse(number, [column.strip() for column in columns]):
            if isinstance(row, Variant):
                good = True
            elif not complaint:
                complaint = f"line {row.line} {row.reason}"
            yield row
    if not good:
        raise InputError(_none(path, kind, complaint))


def _data_lines(path: Path | str, kind: str) -> Iterator[tuple[int, str]]:
    """The lines without comments, and without a table's that names columns or is for a browser."""
    first, headed = True, False
    for number, line in text_lines(path, kind):
        if line.startswith(("#", *_FOR_BROWSERS)):
            headed = headed or _VCF_HEADER.match(line) is not None
            continue
        if headed != (kind == VCF):
            raise InputError(_other_kind(path, kind, number))
        if not (kind == TABLE and first and names_columns(line.split())):
            yield number, line
        first = False


def _other_kind(path: Path | str, kind: str, number: int) -> str:
    """A file with a VCF's header that is none, or without one that is to be a VCF."""
    if kind == TABLE:
        return f"{path} is a VCF file, not a {TABLE} file; give it to `vcf`"
    return (
        f"{path} is no VCF file: no header (##fileformat=VCFv4.2, or #CHROM POS ID REF ALT) stands before "
        f"line {number}; give a table of chrom, start (from 0), end, ref and alt to `bed`"
    )


def _none(path: Path | str, kind: str, complaint: str) -> str:
    return f"{path} holds no variants{': ' + complaint if complaint else ''}; {_EXPECTED[kind]}"


# --- lines -----------------------------------------------------------------------------------------


def _of_vcf(number: int, columns: Sequence[str]) -> Rows:
    """The alleles of a line of VCF."""
    if len(columns) < _COLUMNS:
        yield OddVariant(number, f"has {len(columns)} columns; VCF has CHROM, POS, ID, REF, ALT and more")
        return
    chrom, position, name, ref, alternatives = columns[:_COLUMNS]
    start, reason = _start(position, 1)
    row = OddVariant(number, reason, chrom, start, ref or ".", name="" if name == "." else name)
    yield from _alleles(row, [allele or "." for allele in alternatives.split(",")])


def _of_table(number: int, columns: Sequence[str]) -> Rows:
    """The alleles of a line of a table."""
    if len(columns) < _COLUMNS:
        yield OddVariant(number, f"has {len(columns)} columns, and no alleles")
        return
    chrom, first, last, ref, alternatives = columns[:_COLUMNS]
    name = columns[_COLUMNS] if len(columns) > _COLUMNS and columns[_COLUMNS] != "." else ""
    ref = "" if ref in _NO_BASES else ref
    start, reason = _start(first, 0)
    reason = reason or _not_alleles(columns) or _wrong_end(start, last, ref)
    row = OddVariant(number, reason, chrom, start, ref, name=name)
    yield from _alleles(row, ["" if text in _NO_BASES else text for text in alternatives.split(",")])


def _start(text: str, least: int) -> tuple[int | None, str]:
    """A position from 0 of one that counts from `least`; and what is wrong with it."""
    try:
        number = whole_number(text)
    except InputError as error:
        return None, str(error)
    if number < least:
        return None, f"holds the position {number}; the first base has the number {least}"
    return number - least, ""


def _not_alleles(columns: Sequence[str]) -> str:
    """What is wrong with a line that has a region's score where a table of variants has an allele."""
    name, score = map(shortened, columns[3:_COLUMNS])
    if not _NUMBER.fullmatch(columns[_COLUMNS - 1]):
        return ""
    return f"holds the name '{name}' and the score {score} of a region where two alleles belong"


def _wrong_end(start: int | None, text: str, ref: str) -> str:
    """What is wrong with the end of a table's row."""
    try:
        end = whole_number(text)
    except InputError as error:
        return str(error)
    if start is None or end == start + len(ref) or not _LETTERS.fullmatch(ref or "A"):
        return ""
    if end == start and len(ref) == 1:
        return f"holds the interval {start}-{end} for one base; start counts from 0, so that end is start + 1"
    return f"holds the interval {start}-{end} for a reference allele of {len(ref)} bases"


# --- alleles ---------------------------------------------------------------------------------------


def _alleles(row: OddVariant, alternatives: Sequence[str]) -> Rows:
    """Each alternative allele of a line as a variant, or with the reason why it is none."""
    ref = row.ref.upper()
    reason = row.reason or ("" if row.chrom else "names no chromosome")
    fault = Fault(row.kind, reason) if reason else (_wrong_allele("reference", ref) if ref else None)
    for text in alternatives:
        alt = text.upper()
        why = fault or (_no_bases(text) if alt or not ref else None)
        if why is None and alt == ref:
            why = Fault(SAME_BASES, "has the same bases for both alleles")
        if why or row.position is None:
            kind, reason = why or Fault(row.kind, row.reason)
            yield row._replace(alt=text or "-", ref=row.ref or "-", kind=kind, reason=reason)
        else:
            yield Variant(row.chrom, row.position, ref, alt, row.name, row.line)


_KNOWN = {
    "": Fault(NO_ALLELE, "has no bases in either allele"),
    ".": Fault(NO_ALLELE, "has no alternative allele (ALT is .)"),
    "*": Fault(STAR, "has the allele *, which an overlapping deletion takes away"),
    "<*>": Fault(SYMBOLIC, "has the allele <*>, which stands for any other"),
    "<NON_REF>": Fault(SYMBOLIC, "has the allele <NON_REF>, which stands for any other"),
}


def _no_bases(alt: str) -> Fault | None:
    """Why an alternative allele is not made of bases; None where it is."""
    if alt in _KNOWN:
        return _KNOWN[alt]
    if alt.startswith("<"):
        return Fault(SYMBOLIC, f"has the symbolic allele {shortened(alt)}, whose bases are not in the file")
    if "[" in alt or "]" in alt or alt.startswith(".") or alt.endswith("."):
        return Fault(BREAKEND, f"has the breakend {shortened(alt)}, which joins two places")
    return _wrong_allele("alternative", alt.upper())


def _wrong_allele(which: str, allele: str) -> Fault | None:
    """Why an allele is no text of A, C, G and T; None where it is."""
    if _BASES.fullmatch(allele):
        return None
    if _LETTERS.fullmatch(allele):
        odd = next(letter for letter in allele if letter not in "ACGT")
        return Fault(ODD_LETTER, f"has the letter {odd} in its {which} allele; A, C, G and T were expected")
    return Fault(ODD_LINE, f"holds '{shortened(allele)}' where the {which} allele belongs")
