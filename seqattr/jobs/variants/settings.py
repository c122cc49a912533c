"""Which variants are meant, and what is asked about them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from seqattr.dna.variants import Anchor
from seqattr.engine.walk.session import check_batch_size
from seqattr.errors import InputError
from seqattr.io.reading import reading
from seqattr.io.vcf import Rows, read_variant_table, read_vcf
from seqattr.methods.registry import method_named
from seqattr.refs.kinds import is_drawn, parse
from seqattr.support.seeds import check_seed


@dataclass(frozen=True)
class VariantFile:
    """Variants of a VCF file or of a table (BED), and how their windows are cut from a genome (FASTA).

    With the `anchor` "left", what lies left of a variant stays in its place whatever the allele, and the
    variant's first base is base L // 2 of the window; with "right" the same holds on the other strand. A
    window that leaves its chromosome is left out, or with `pad` filled up with N; one of which more than the
    share `max_n` is N is left out. With `strict` what is left out is an error. Raises InputError where there
    is not one file of variants.
    """

    genome: Path
    vcf: Path | None = None
    bed: Path | None = None
    anchor: Anchor = "left"
    pad: bool = False
    max_n: float | None = None
    strict: bool = False

    def __post_init__(self) -> None:
        if (self.vcf is None) == (self.bed is None):
            raise InputError("variants are in one file: `vcf`, or `bed` for a table of them")
        if self.max_n is not None and not 0 <= self.max_n <= 1:
            raise InputError(f"`max_n` is a share of a window's bases, from 0 to 1, not {self.max_n:g}")
        if self.anchor not in ("left", "right"):
            raise InputError(f"`anchor` is left or right, not '{self.anchor}'")

    @property
    def path(self) -> Path:
        """The file of variants."""
        path = self.vcf or self.bed
        assert path is not None
        return path

    def check(self) -> None:
        """Begin to read both files, where they can be read again. Raises InputError for another kind."""
        if not is_stream(self.path):
            next(self.rows(), None)
        if not is_stream(self.genome):
            with reading(self.genome, "FASTA"):
                pass

    def rows(self) -> Rows:
        """Its variants, and what in it is none, one by one. Raises InputError."""
        return read_vcf(self.path) if self.vcf is not None else read_variant_table(self.path)


def is_stream(path: Path) -> bool:
    """Whether something is there that can be read once alone, such as a pipe."""
    return path.exists() and not path.is_file() and not path.is_dir()


@dataclass(frozen=True)
class Settings:
    """What is asked of the variants; None of `targets` is all, or counts and profile of a BPNet.

    With `both_strands` every number is the mean of a window's and its reverse complement's. P-values are by
    `null` effects in shuffled windows; 0 for none. `contributions` says of how many variants, those
    of the largest effects, both alleles are explained, by a `method` against `references` (as in `score`);
    where there are `motifs`, which hits come and go with them.
    """

    targets: Sequence[int | str] | None = None
    both_strands: bool = False
    device: str = "auto"
    batch_size: int | None = None
    null: int = 0
    seed: int = 0
    contributions: int = 0
    method: str = "deeplift"
    references: str = "shuffle:10"
    motifs: Sequence[str] = ()
    command: str = ""

    def __post_init__(self) -> None:
        check_seed(self.seed)
        check_batch_size(self.batch_size)
        for name, number in (("null", self.null), ("contributions", self.contributions)):
            if number < 0:
                raise InputError(f"`{name}` is a whole number from 0 on, not {number}")
        method_named(self.method)
        parse(self.references)
        if self.motifs and not self.contributions:
            raise InputError("`motifs` are looked for in contributions: give `contributions=N`")

    @property
    def draws(self) -> bool:
        """Whether something is drawn by the seed, however many variants there are."""
        explained = self.motifs or (method_named(self.method).needs_references and is_drawn(self.references))
        return bool(self.null or (self.contributions and explained))
