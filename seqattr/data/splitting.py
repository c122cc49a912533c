"""What sequences are used for where nobody says: about a tenth for testing, a tenth for validation.

Whole chromosomes where all names are regions of a genome, so that overlapping windows stay together, else
sequences at random. It hangs on the names alone: trainings with other seeds share their test sequences.
"""

from collections import Counter
from collections.abc import Sequence
from hashlib import sha256

import numpy as np

from seqattr.dna.regions import parse_header
from seqattr.errors import some_of
from seqattr.io.fasta.records import Record

SHARE = 0.1  # of the sequences, for each of testing and validation
LEAST = 0.5  # of the sequences, for training, or chromosomes are too coarse


def split(records: Sequence[Record]) -> tuple[tuple[str, ...], str]:
    """The split of each record, and how it was chosen, in words."""
    regions = [parse_header(record.header, len(record.text)) for record in records]
    chromosomes = [region.chrom for region in regions if region is not None]
    if len(chromosomes) == len(records):
        of_each = by_chromosome(chromosomes)
        if of_each:
            splits = tuple(of_each.get(name, "train") for name in chromosomes)
            return splits, f"{listed(of_each, 'test')} for testing, {listed(of_each, 'valid')} for validation"
    return at_random([record.name for record in records])


def by_chromosome(chromosomes: Sequence[str]) -> dict[str, str]:
    """The chromosomes held out, each with its split; none where too little would be left to train on."""
    counts = Counter(chromosomes)
    order = iter(np.random.default_rng(0).permutation(sorted(counts)).tolist())
    held: dict[str, str] = {}
    for name in ("test", "valid"):
        number = 0
        while number < SHARE * len(chromosomes):
            chromosome = next(order, None)
            if chromosome is None:
                return {}
            held[chromosome], number = name, number + counts[chromosome]
    left = sum(count for name, count in counts.items() if name not in held)
    return held if left >= LEAST * len(chromosomes) else {}


def listed(held: dict[str, str], split: str) -> str:
    """The chromosomes of a split, in words."""
    return some_of([name for name, its in held.items() if its == split], most=8, total=True)


def at_random(names: Sequence[str]) -> tuple[tuple[str, ...], str]:
    """A tenth each, at least one for validation, in the order of the names' hashes."""
    number = len(names)
    test, valid = int(SHARE * number), max(1, int(SHARE * number))
    order = sorted(names, key=lambda name: sha256(name.encode(errors="surrogateescape")).digest())
    held = dict.fromkeys(order[:test], "test") | dict.fromkeys(order[test : test + valid], "valid")
    drawn = tuple(held.get(name, "train") for name in names)
    return drawn, f"{test} sequences at random for testing, {valid} for validation"
