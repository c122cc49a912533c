"""Words: the starts they find are those that scoring every start finds."""

import numpy as np
import pytest

from seqattr.dna.alphabet import UNKNOWN
from seqattr.motifs.words import Words, most_telling, words_reaching

RNG = np.random.default_rng(4)


def quarters(*shape):
    """Weights that float32 adds exactly."""
    return (RNG.integers(-40, 20, shape) / 4).astype(np.float32)


def every_start(codes, weights, threshold):
    """Of all starts the ones that reach it, with their scores, one by one."""
    found = {}
    for n, row in enumerate(codes):
        for start in range(len(row) - len(weights) + 1):
            window = row[start : start + len(weights)]
            if (window == UNKNOWN).any():
                continue
            score = sum(float(column[code]) for column, code in zip(weights, window, strict=True))
            if score >= threshold:
                found[n, start] = score
    return found


@pytest.mark.parametrize("width", [1, 2, 5, 8, 9, 17])
@pytest.mark.parametrize("unknown", [0.0, 0.1])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 1.0])
def test_the_starts_are_those_of_the_definition(width, unknown, share):
    codes = RNG.integers(0, 4, (7, 60)).astype(np.uint8)
    codes[RNG.random(codes.shape) < unknown] = UNKNOWN
    weights = quarters(width, 4)
    scores = sorted(every_start(codes, weights, -np.inf).values(), reverse=True)
    threshold = np.inf if share == 0 else scores[int(share * (len(scores) - 1))]
    hits = Words(codes).reaching(weights, threshold)
    found = dict(zip(zip(hits.sequence.tolist(), hits.start.tolist(), strict=True), hits.score, strict=True))
    assert len(found) == len(hits.start)
    assert found == every_start(codes, weights, threshold)


@pytest.mark.parametrize("threshold", [-np.inf, -3.0, 4.0, np.inf])
def test_words_are_numbered_by_their_bases_the_first_the_most_significant(threshold):
    weights = quarters(3, 4)
    every = {
        16 * a + 4 * b + c: weights[0, a] + weights[1, b] + weights[2, c] for a, b, c in np.ndindex(4, 4, 4)
    }
    words, scores = words_reaching(weights, threshold)
    assert dict(zip(words.tolist(), scores, strict=True)) == {
        word: score for word, score in every.items() if score >= threshold
    }
    assert (np.diff(words) > 0).all()


def test_the_columns_that_differ_the_most_are_told_first():
    weights = np.zeros((6, 4), np.float32)
    weights[3:5, 2] = 5
    assert most_telling(weights, 2) == 3


def test_sequences_shorter_than_a_word_or_without_a_base_have_no_starts():
    weights = quarters(8, 4)
    assert len(Words(np.zeros((3, 5), np.uint8)).reaching(weights, -np.inf).start) == 0
    assert len(Words(np.full((3, 20), UNKNOWN, np.uint8)).reaching(weights, -np.inf).start) == 0


def test_few_sequences_have_shorter_words():
    assert Words(np.zeros((1, 20), np.uint8)).longest == 2
    assert Words(np.zeros((200, 1000), np.uint8)).longest == 8


def test_what_is_found_keeps_nothing_larger_alive():
    """A part of an array holds all of it: of every candidate, of which there are many more than matches."""
    codes = RNG.integers(0, 4, (40, 500)).astype(np.uint8)
    weights = quarters(14, 4)
    scores = sorted(every_start(codes[:4], weights, -np.inf).values())
    hits = Words(codes).reaching(weights, scores[-3])
    assert len(hits.start) > 2
    for column in hits:
        assert column.base is None or column.base.nbytes == column.nbytes
