"""Shuffles: what they keep, and that each legal sequence is as likely as any other."""

import time
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import chisquare

from seqattr.dna.alphabet import UNKNOWN, decode, encode
from seqattr.refs import shuffle
from seqattr.refs.shuffle import dinucleotide, mononucleotide

FEW, MANY = 2, 64

AWKWARD = [
    "A",
    "N",
    "AC",
    "NN",
    "ACG",
    "AAA",
    "NAN",
    "ANC",
    "TTTTTTTT",
    "ACACACAC",
    "AACAAC",
    "NNACGNTTACANN",
]


def draw_bits(count: int, copies: int, length: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(2**64, size=(count, copies, length), dtype=np.uint64)


def shuffles_of(text: str, copies: int, seed: int = 0) -> list[str]:
    codes = encode(text)[None]
    return [decode(row) for row in dinucleotide(codes, draw_bits(1, copies, len(text), seed))[0]]


def legal_sequences(text: str) -> list[str]:
    """Every sequence with the first base and the dinucleotides of this one, by trying them all."""
    left = Counter(pairwise(text))
    found = []

    def extend(path: str) -> None:
        if len(path) == len(text):
            found.append(path)
        for base in "ACGT":
            if left[path[-1], base]:
                left[path[-1], base] -= 1
                extend(path + base)
                left[path[-1], base] += 1

    extend(text[0])
    return found


def random_texts(count: int) -> list[str]:
    rng = np.random.default_rng(1)
    letters = ["AC", "ACG", "ACGT", "ACGTN", "AAAAAT"]
    return ["".join(rng.choice(list(letters[i % 5]), size=rng.integers(1, 80))) for i in range(count)]


@pytest.mark.parametrize("copies", [FEW, MANY])
def test_keeps_dinucleotides_exactly(copies: int) -> None:
    for text in AWKWARD + random_texts(100):
        for shuffled in shuffles_of(text, copies):
            assert Counter(pairwise(shuffled)) == Counter(pairwise(text))


@pytest.mark.parametrize("copies", [FEW, MANY])
def test_each_run_stays_in_its_place_and_keeps_its_ends(copies: int) -> None:
    for text in AWKWARD + random_texts(100):
        for shuffled in shuffles_of(text, copies):
            before, after = text.split("N"), shuffled.split("N")
            assert [len(run) for run in after] == [len(run) for run in before]
            assert [(run[:1], run[-1:]) for run in after] == [(run[:1], run[-1:]) for run in before]
            assert [Counter(pairwise(run)) for run in after] == [Counter(pairwise(run)) for run in before]


@pytest.mark.parametrize(
    ("text", "legal"),
    [
        ("GACTTCGTGG", 36),
        ("GCCTCGGTG", 36),
        ("TGTGGATCG", 18),
        ("GGGGTTGGGTT", 18),
        ("TTAACGATGCAGA", 480),
        ("CGGGAGCAAGTGG", 480),
    ],
)
def test_every_legal_sequence_is_equally_likely(text: str, legal: int) -> None:
    sequences = legal_sequences(text)
    assert len(set(sequences)) == len(sequences) == legal
    drawn = Counter(shuffles_of(text, 24_000))
    assert set(drawn) == set(sequences)
    # At least 50 expected draws of each, so chi-square holds; a uniform shuffle fails once in 1000 seeds.
    assert chisquare([drawn[sequence] for sequence in sequences]).pvalue > 1e-3


def test_sequences_alone_and_together_walk_the_same_path() -> None:
    codes = np.random.default_rng(2).integers(0, 5, size=(MANY, 50)).astype(np.uint8)
    bits = draw_bits(MANY, 1, 50)
    together = dinucleotide(codes, bits)
    alone = [dinucleotide(codes[i : i + 1], bits[i : i + 1])[0] for i in range(MANY)]
    np.testing.assert_array_equal(together, np.stack(alone))


@pytest.mark.parametrize("copies", [FEW, MANY])
def test_plain_numpy_walks_the_same_path(copies: int, monkeypatch: pytest.MonkeyPatch) -> None:
    codes = np.random.default_rng(3).integers(0, 5, size=(5, 80)).astype(np.uint8)
    bits = draw_bits(5, copies, 80)
    drawn = {}
    for available in (True, False):
        monkeypatch.setattr(shuffle, "AVAILABLE", available)
        drawn[available] = dinucleotide(codes, bits)
    assert (drawn[True] != codes[:, None]).any()
    np.testing.assert_array_equal(drawn[True], drawn[False])


def test_mononucleotide_keeps_the_bases_of_each_run() -> None:
    text = "NNACGTTTGACANACCCGTATTANN"
    codes = encode(text)[None]
    for row in mononucleotide(codes, draw_bits(1, 50, len(text)))[0]:
        runs = zip(decode(row).split("N"), text.split("N"), strict=True)
        assert all(Counter(after) == Counter(before) for after, before in runs)


def test_mononucleotide_is_uniform() -> None:
    drawn = Counter(decode(row) for row in mononucleotide(encode("AACG")[None], draw_bits(1, 12_000, 4))[0])
    assert len(drawn) == 12  # 4! / 2!
    assert chisquare(list(drawn.values())).pvalue > 1e-3


def test_unknown_bases_alone_are_left_alone() -> None:
    codes = np.full((3, 7), UNKNOWN, dtype=np.uint8)
    for rearrange in (dinucleotide, mononucleotide):
        assert (rearrange(codes, draw_bits(3, 4, 7)) == UNKNOWN).all()


@pytest.mark.parametrize("shape", [(64, 10, 200), (4, 10, 2114), (1, 20, 2114)])
def test_is_quick(shape: tuple[int, int, int]) -> None:
    count, copies, length = shape
    codes = np.random.default_rng(3).integers(0, 4, size=(count, length)).astype(np.uint8)
    bits = draw_bits(*shape)
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        dinucleotide(codes, bits)
        seconds.append(time.perf_counter() - start)
    # 30 to 50 ns on the machine this was written on; the rest is for slower and busier ones.
    assert min(seconds) / (count * copies * length) < 400e-9
