"""Bases as codes and as values are the same bases, on either strand and with rows left out."""

import numpy as np
import pytest
import torch
from torch import nn

from seqattr.dna.alphabet import one_hot, reverse_complement
from seqattr.engine.capture.model import Model
from seqattr.engine.walk.comparison import Bases, Comparison, compare
from seqattr.engine.walk.memory import Chunk
from seqattr.engine.walk.session import Session
from tests.helpers.pieces import Head, conv
from tests.helpers.sequences import LENGTH

N, R = 4, 3
CODES = np.random.default_rng(0).integers(0, 5, (N, 1 + R, LENGTH)).astype(np.uint8)
X, POOL = CODES[:, 0], CODES[:, 1:]


def both(shared: bool) -> list[Comparison]:
    """Of codes, and of the columns that they stand for."""
    pool = POOL[0] if shared else POOL
    return [compare(X, pool), compare(one_hot(X), one_hot(pool))]


def test_codes_and_columns_have_the_same_values_in_any_precision() -> None:
    for dtype in (torch.float32, torch.float64, torch.bfloat16):
        values = Bases(torch.from_numpy(POOL), True).values(dtype)
        assert values.dtype == dtype
        assert torch.equal(values, torch.from_numpy(one_hot(POOL)).to(dtype))


@pytest.mark.parametrize("shared", [True, False])
def test_codes_are_cut_mirrored_and_left_out_as_columns_are(shared: bool) -> None:
    coded, valued = both(shared)
    chunk, (some, *_) = Chunk(slice(1, 3), slice(0, 2)), X[1:3]
    changes = (lambda c: c, lambda c: c.mirrored(), lambda c: c.without(2), lambda c: c[1:])
    for change in changes:
        for a, b in zip(*(change(c).chunk(chunk, torch.float32) for c in (coded, valued)), strict=True):
            assert torch.equal(a, b)
        assert all(map(torch.equal, *([t.float() for t in change(c).pair(1)] for c in (coded, valued))))
    assert torch.equal(coded.chunk(chunk, torch.float64)[0][0], torch.from_numpy(one_hot(some)).double())


def test_the_other_strand_is_the_reverse_complement() -> None:
    (coded, valued), wanted = both(False), reverse_complement(one_hot(X))
    for comparison in (coded, valued):
        assert np.array_equal(comparison.mirrored().sequences.values(torch.int8).numpy(), wanted)
        assert torch.equal(comparison.mirrored().mirrored().sequences.data, comparison.sequences.data)


def test_a_row_left_out_has_no_base_and_its_own_references_have_none() -> None:
    for comparison in (*both(False), *both(True)):
        x, r = comparison.without(2).chunk(Chunk(slice(None), slice(None)), torch.float32)
        assert x[2].abs().sum() == 0 < x[1].abs().sum()
        assert (r[-1 if comparison.shared else 2].abs().sum() == 0) == (not comparison.shared)
    assert X[2].min() < 4  # what the caller gave is as it was


def test_shared_references_have_one_key_as_long_as_they_are_the_same() -> None:
    module = nn.Sequential(conv(), nn.ReLU(), Head(6))
    session, given = (
        Session(Model(module, torch.zeros(2, 4, LENGTH)), device="cpu"),
        torch.from_numpy(POOL[0].copy()),
    )
    there, key = session.carry_shared(given)
    assert torch.equal(there, given)
    assert session.carry_shared(given.clone())[1] is key
    given[0, 0] ^= 1  # written on by the caller
    other = session.carry_shared(given)[1]
    assert other is not key
    assert session.carry_shared(given.to(torch.int8))[1] is not other
