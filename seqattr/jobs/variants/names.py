"""What variants are called in files: each by a name that no other has."""

from collections import Counter
from collections.abc import Sequence
from itertools import chain, count

from seqattr.dna.variants import shortened
from seqattr.io.scores_folder import filename
from seqattr.jobs.variants.windows import Cut

LONGEST_NAME = 80  # letters of a variant's name in a file's


def names_of(cuts: Sequence[Cut]) -> list[str]:
    """A name for each variant: its own where no other has it, as rs7; of several alternative alleles with the
    alleles, as rs7:C>G; else what it is, as chr1:12:C>G. No two are the same."""
    variants = [cut.variant for cut in cuts]
    forms = [(one.label, f"{one.label}:{one.change}", str(one)) for one in variants]
    often = Counter(form for some in forms for form in dict.fromkeys(some))
    labels = [min(some, key=often.__getitem__) for some in forms]  # the first of the rarest
    return told_apart(["_".join(label.split()) for label in labels])


def stems_of(cuts: Sequence[Cut]) -> list[str]:
    """A file's name for the figure of each variant, with its alleles: variant_rs7_C_G."""
    stems = []
    for variant in (cut.variant for cut in cuts):
        name = variant.name[:LONGEST_NAME] or f"{variant.chrom}_{variant.start + 1}"
        stems.append(
            filename(f"variant_{name}_{shortened(variant.ref) or '-'}_{shortened(variant.alt) or '-'}")
        )
    return told_apart(stems)


def told_apart(names: Sequence[str]) -> list[str]:
    """The names with _2, _3, ... behind those that were there before, also in another case."""
    apart: dict[str, str] = {}
    for name in names:
        forms = chain([name], (f"{name}_{number}" for number in count(2)))
        new = next(form for form in forms if form.casefold() not in apart)
        apart[new.casefold()] = new
    return list(apart.values())
