"""How long chromosomes are, without a dict of a million records."""

import numpy as np
import pytest

from seqattr.inputs.sizes import Sizes
from seqattr.support.packed import Texts


def test_they_read_as_a_dict_does_in_its_order():
    names = [f"r{number}" for number in range(500)]
    sizes = Sizes({"chr2": 9, "chr1": 7}, Texts.of(names), np.arange(500))
    expected = {"chr2": 9, "chr1": 7, **{name: number for number, name in enumerate(names)}}
    assert sizes == expected
    assert list(sizes) == list(expected)
    assert [sizes.get(name) for name in ("r0", "r499", "chr1", "r500", "")] == [0, 499, 7, None, None]
    assert ("r7" in sizes, "chr3" in sizes, len(sizes)) == (True, False, 502)
    with pytest.raises(KeyError, match="nobody"):
        sizes["nobody"]


def test_there_may_be_none():
    assert Sizes({}, Texts.of([]), np.zeros(0, np.int64)) == {}
    assert "a" not in Sizes({}, Texts.of([]), np.zeros(0, np.int64))


def test_names_of_one_hash_are_told_apart(monkeypatch):
    monkeypatch.setattr("seqattr.inputs.sizes.hash", lambda name: len(name), raising=False)
    monkeypatch.setattr("seqattr.support.packed.hash", lambda name: len(name), raising=False)
    sizes = Sizes({}, Texts.of(["a", "bb", "b", "cc", "dd"]), np.arange(5))
    assert [sizes[name] for name in ("a", "b", "bb", "cc", "dd")] == [0, 2, 1, 3, 4]
    assert "ee" not in sizes
