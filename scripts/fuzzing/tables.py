"""Variants, as VCF files and as tables; matches and hits, as tables of ours and of Fi-NeMo's."""

import random
from pathlib import Path

import numpy as np

from fuzzing.mutations import mutate, pack
from fuzzing.reader import Files, check_lines
from seqattr.dna.variants import Variant
from seqattr.io.finemo import read_hits
from seqattr.io.vcf import Rows, read_variant_table, read_vcf

VCF = b"""##fileformat=VCFv4.2
##INFO=<ID=AF,Number=A,Type=Float,Description="Allele frequency, with \\ttab">
##contig=<ID=chr1,length=248956422>
#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tsample
chr1\t100\trs1\tA\tG\t50\tPASS\tAF=0.1\tGT\t0|1
chr1\t120\t.\tAC\tA,ACGT\t.\t.\t.\tGT\t1/2
chr2\t7\trs2;rs3\tT\t<DEL>\t9\tq10\tSVTYPE=DEL;END=70\tGT\t0/1
chr2\t8\trs4\tG\tG]17:198982]\t9\tPASS\t.\tGT\t./.
chrX\t1\trs5\tNNN\t*\t.\t.\t.\tGT\t1
chrX\t30\trs6\tc\tt\t.\t.\t.\tGT\t1
"""
TABLE = b"""chrom\tstart\tend\tref\talt\tname
chr1\t99\t100\tA\tG\trs1
chr1 119 121 AC A second
chr2\t6\t6\t-\tTTT\tinserted
chr2\t9\t12\tACG\t.\t.
track name=x
"""
_NAMES = (
    *("chr", "start", "end", "start_untrimmed", "end_untrimmed", "motif_name"),
    *("hit_coefficient", "hit_similarity", "strand", "peak_name", "peak_id"),
)
HITS = (
    "\t".join(_NAMES)
    + "\nNA\t31\t38\t9\t59\tpos_patterns.pattern_1\t4.67\t0.8477\t+\tNA\t0\n"
    + "NA\t55\t62\t34\t84\tpos_patterns.pattern_0\t40.5\t0.9518\t-\tNA\t3\n"
).encode()


class Variants:
    """A VCF file, a table, or one as the other."""

    def make(self, rng: random.Random) -> Files:
        content = rng.choice((VCF, VCF, TABLE))
        lines = content.splitlines(keepends=True)
        content = content + b"".join(rng.choices(lines, k=rng.choice((0, 0, 0, 5, 200))))
        content = mutate(content, rng)
        return {rng.choice(("v.vcf", "v.vcf.gz")): pack(content, rng) if rng.random() < 0.2 else content}

    def read(self, folder: Path, rng: random.Random) -> None:
        (path,) = (path for path in folder.iterdir() if path.name != "case.json")
        is_table = path.read_bytes()[:1] != b"#" and rng.random() < 0.8
        check_variants(read_variant_table(path) if is_table else read_vcf(path))


def check_variants(rows: Rows) -> None:
    """A variant changes some bases into others; what is none has a reason, of one line."""
    for row in rows:
        if isinstance(row, Variant):
            assert row.start >= 0
            assert row.ref != row.alt
            assert set(row.ref + row.alt) <= set("ACGT")
            assert row.chrom.strip()
        else:
            assert row.reason
            check_lines(row.reason)
        assert row.line > 0


class FinemoHits:
    """A table of hits that Fi-NeMo wrote."""

    def make(self, rng: random.Random) -> Files:
        return {"hits.tsv": mutate(HITS, rng)}

    def read(self, folder: Path, rng: random.Random) -> None:
        found = read_hits(folder / "hits.tsv")
        assert len({len(column) for column in found}) == 1
        assert set(found.strand.tolist()) <= {1, -1}
        assert found.row.dtype == found.start.dtype == np.int64
