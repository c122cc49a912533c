"""Genome order."""

import numpy as np
import pytest

from seqattr.dna.order import genome_order
from seqattr.dna.regions import Region
from seqattr.errors import InputError


def test_genome_order_follows_the_sizes_and_then_the_start():
    regions = [Region("b", 5, 6), Region("a", 9, 10), Region("b", 1, 2), Region("a", 3, 4), Region("a", 3, 9)]
    np.testing.assert_array_equal(genome_order(regions, ["a", "b"]), [3, 4, 1, 2, 0])
    np.testing.assert_array_equal(genome_order(regions, {"b": 100, "a": 100}), [2, 0, 3, 4, 1])
    assert len(genome_order([], ["a"])) == 0


def test_genome_order_names_an_unknown_chromosome():
    with pytest.raises(InputError, match="region c:1-2 lies on 'c', which the chromosome sizes do not list"):
        genome_order([Region("c", 1, 2)], ["a", "b"])
