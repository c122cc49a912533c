"""Many texts in one piece of memory."""

import numpy as np
import pytest

from seqattr.support.packed import Numbering, Texts, TextsBuilder

TEXTS = ["chr1:10-20", "", "ein Gipfel", "\u03b1\u03b2", "chr1:10-20", "\ud800", "x" * 300]


def test_they_read_as_a_list_does():
    texts = Texts.of(TEXTS)
    assert len(texts) == len(TEXTS)
    assert list(texts) == TEXTS
    assert [texts[row] for row in range(-len(TEXTS), len(TEXTS))] == TEXTS * 2
    assert list(texts[1:-1:2]) == TEXTS[1:-1:2]
    assert list(texts.select(np.array([3, 0, 3]))) == [TEXTS[3], TEXTS[0], TEXTS[3]]
    assert list(texts.select(np.array(TEXTS) == "chr1:10-20")) == ["chr1:10-20"] * 2
    assert list(Texts.joined(texts, texts[:2])) == TEXTS + TEXTS[:2]
    assert Texts.of(texts) is texts
    with pytest.raises(IndexError):
        texts[len(TEXTS)]


def test_no_texts_are_texts_too():
    none = Texts.of([])
    assert (len(none), list(none), list(none[:3]), none.repeated(), list(none.content())) == (
        0,
        [],
        [],
        [],
        [],
    )
    assert list(Texts.joined(none, Texts.of(["a"]))) == ["a"]


def test_content_is_that_of_the_rows_whatever_blob_they_lie_in():
    rows = np.array([2, 0, 4])
    gathered = [TEXTS[row] for row in rows]
    assert b"".join(Texts.of(TEXTS).select(rows).content()) == "".join(gathered).encode()
    assert b"".join(Texts.of(gathered).content()) == "".join(gathered).encode()


def test_those_that_come_again_are_told_once_in_order():
    assert Texts.of(["b", "a", "c", "a", "b", "a"]).repeated() == ["b", "a"]
    assert Texts.of(["b", "a", "c"]).repeated() == []


def test_a_builder_keeps_what_comes_again_once_and_reads_the_same():
    plain, pooled = TextsBuilder(), TextsBuilder(kept_once=2)
    for text in [*TEXTS, "new", *TEXTS]:
        plain.add(text)
        pooled.add(text)
    assert [pooled[row] for row in range(len(pooled))] == [*TEXTS, "new", *TEXTS]
    assert list(pooled.finish()) == list(plain.finish())
    assert len(pooled.finish().blob) < len(plain.finish().blob)


def test_numbers_are_the_same_for_the_same_text():
    numbering = Numbering()
    assert [numbering.number(text) for text in "abacb"] == [0, 1, 0, 2, 1]
    assert list(numbering.texts()) == ["a", "b", "c"]
