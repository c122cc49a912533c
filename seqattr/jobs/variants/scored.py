"""Scores of both alleles of variants, and where the alleles lie in their windows."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from seqattr.dna.alphabet import codes_of
from seqattr.jobs.report.scores import Scores
from seqattr.jobs.variants.settings import VariantFile
from seqattr.jobs.variants.summary import Large


class Scored(NamedTuple):
    """Variants, the length of their windows, and the scores of both alleles: rows 2 n and 2 n + 1."""

    largest: Sequence[Large]
    names: Sequence[str]
    file: VariantFile
    length: int
    scores: Scores

    def allele(self, row: int) -> tuple[int, int]:
        """The bases [start, end) of a row's window that are its allele."""
        variant = self.largest[row // 2].cut.variant
        bases = len((variant.ref, variant.alt)[row % 2])
        half = self.length // 2
        start = half if self.file.anchor == "left" else self.length - half - bases
        return start, start + bases

    def values(self, target: str) -> tuple[np.ndarray, np.ndarray]:
        """The codes and contributions (2 N, L) of both alleles."""
        with self.scores.open(target) as file:
            everything = slice(0, len(file))
            codes = codes_of(np.asarray(file.one_hot[everything]))
            return codes, np.asarray(file.contributions(everything, slice(None), np.float64))
