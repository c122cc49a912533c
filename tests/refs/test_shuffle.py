"""Shuffles: what they keep, and that each legal sequence is as likely as any other."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import chisquare

from seqattr.dna.alphabet import UNKNOWN, decode, encode
from seqattr.refs import at_random, chances, shuffle
from seqattr.refs.at_random import Rearrange, same_gc
from seqattr.refs.chances import draw_chances
from seqattr.refs.kinds import parse
from seqattr.refs.shuffle import dinucleotide, mononucleotide
from tests.helpers.timing import least_seconds

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


def draw_chance(count: int, copies: int, length: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((count, copies, length))


def shuffles_of(text: str, copies: int, seed: int = 0) -> list[str]:
    codes = encode(text)[None]
    return [decode(row) for row in dinucleotide(codes, draw_chance(1, copies, len(text), seed))[0]]


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
    chance = draw_chance(MANY, 1, 50)
    together = dinucleotide(codes, chance)
    alone = [dinucleotide(codes[i : i + 1], chance[i : i + 1])[0] for i in range(MANY)]
    np.testing.assert_array_equal(together, np.stack(alone))


def plain_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where there is no numba."""
    for module in (at_random, chances, shuffle):
        monkeypatch.setattr(module, "AVAILABLE", False)


@pytest.mark.skipif(not shuffle.AVAILABLE, reason="loops are compiled by numba")
@pytest.mark.parametrize("rearrange", [dinucleotide, mononucleotide, same_gc])
@pytest.mark.parametrize("copies", [1, FEW, 13, MANY])
def test_plain_numpy_draws_the_same(
    rearrange: Rearrange, copies: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [*AWKWARD, *random_texts(40)]
    chance = [draw_chance(1, copies, len(text), seed) for seed, text in enumerate(texts)]
    drawn = [rearrange(encode(text)[None], numbers) for text, numbers in zip(texts, chance, strict=True)]
    plain_numpy(monkeypatch)
    for text, numbers, rows in zip(texts, chance, drawn, strict=True):
        np.testing.assert_array_equal(rearrange(encode(text)[None], numbers), rows)


@pytest.mark.skipif(not shuffle.AVAILABLE, reason="loops are compiled by numba")
@pytest.mark.parametrize("rearrange", [dinucleotide, mononucleotide, same_gc])
def test_plain_numpy_draws_the_same_of_many(rearrange: Rearrange, monkeypatch: pytest.MonkeyPatch) -> None:
    codes = np.random.default_rng(3).integers(0, 5, size=(5, 80)).astype(np.uint8)
    codes[1:3] %= 4
    chance = draw_chance(5, 3, 80)
    drawn = rearrange(codes, chance)
    assert (drawn != codes[:, None]).any(axis=2).all()
    plain_numpy(monkeypatch)
    np.testing.assert_array_equal(rearrange(codes, chance), drawn)


@pytest.mark.parametrize("available", [True, False])
def test_chances_are_those_of_splitmix64(available: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its first numbers from 1234567 on, as its authors' C code prints them."""
    published = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431]
    monkeypatch.setattr(chances, "AVAILABLE", available and shuffle.AVAILABLE)
    monkeypatch.setattr(chances, "_start", lambda *_: 1234567)
    drawn = draw_chances("shuffle", 0, np.zeros((1, 2), np.uint8), 2)
    np.testing.assert_array_equal(drawn.ravel(), [(number >> 11) / 2**53 for number in published])


def test_chances_belong_to_seed_kind_and_sequence() -> None:
    """Those of reference r are the same however many there are, whatever else is drawn."""
    codes = np.random.default_rng(2).integers(0, 4, size=(3, 50)).astype(np.uint8)
    drawn = draw_chances("shuffle", 1, codes, 20)
    assert (drawn.min() >= 0) & (drawn.max() < 1)
    assert len(np.unique(drawn)) == drawn.size
    np.testing.assert_array_equal(draw_chances("shuffle", 1, codes[1:2], 5)[0], drawn[1, :5])
    for name, seed in (("mono", 1), ("shuffle", 2)):
        assert not np.isin(draw_chances(name, seed, codes, 20), drawn).any()


@pytest.mark.parametrize("copies", [FEW, MANY])
def test_the_largest_and_the_smallest_chance_stay_inside(copies: int) -> None:
    for text in AWKWARD + random_texts(20):
        for number in (0.0, 1 - 2.0**-53):
            chance = np.full((1, copies, len(text)), number)
            for row in dinucleotide(encode(text)[None], chance)[0]:
                assert Counter(pairwise(decode(row))) == Counter(pairwise(text))
            for row in mononucleotide(encode(text)[None], chance)[0]:
                assert Counter(decode(row)) == Counter(text)


def test_several_threads_draw_what_one_draws() -> None:
    codes = np.random.default_rng(2).integers(0, 5, size=(40, 300)).astype(np.uint8)
    reference = parse("shuffle:10")
    whole = reference.draw_codes(codes, 3)
    with ThreadPoolExecutor(4) as pool:
        parts = list(pool.map(lambda n: reference.draw_codes(codes[n : n + 4], 3), range(0, 40, 4)))
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_mononucleotide_keeps_the_bases_of_each_run() -> None:
    text = "NNACGTTTGACANACCCGTATTANN"
    codes = encode(text)[None]
    for row in mononucleotide(codes, draw_chance(1, 50, len(text)))[0]:
        runs = zip(decode(row).split("N"), text.split("N"), strict=True)
        assert all(Counter(after) == Counter(before) for after, before in runs)


def test_mononucleotide_is_uniform() -> None:
    drawn = Counter(decode(row) for row in mononucleotide(encode("AACG")[None], draw_chance(1, 12_000, 4))[0])
    assert len(drawn) == 12  # 4! / 2!
    assert chisquare(list(drawn.values())).pvalue > 1e-3


def test_unknown_bases_alone_are_left_alone() -> None:
    codes = np.full((3, 7), UNKNOWN, dtype=np.uint8)
    for rearrange in (dinucleotide, mononucleotide):
        assert (rearrange(codes, draw_chance(3, 4, 7)) == UNKNOWN).all()


@pytest.mark.parametrize("shape", [(64, 10, 200), (4, 10, 2114), (1, 20, 2114)])
def test_is_quick(shape: tuple[int, int, int]) -> None:
    count, copies, length = shape
    codes = np.random.default_rng(3).integers(0, 4, size=(count, length)).astype(np.uint8)
    chance = draw_chance(*shape)
    # 4 ns on the machine this was written on, 80 without numba; the rest is for slower and busier ones.
    most = (40e-9 if shuffle.AVAILABLE else 600e-9) * count * copies * length
    assert least_seconds(lambda: dinucleotide(codes, chance), tries=5, enough=most) < most
