"""A motif that carries something is found first; one that carries nothing is seen to carry nothing."""

import math

import numpy as np
import pytest

from seqattr.data.simulate import TalGata, simulate_tal_gata
from seqattr.dna.alphabet import one_hot, reverse_complement
from seqattr.dna.loci import loci_of
from seqattr.dna.regions import Region
from seqattr.errors import InputError
from seqattr.motifs.matches import STRONG, Matches, importance_of
from seqattr.motifs.pwm import BUNDLED, GATA1, PWM, TAL1
from seqattr.motifs.scan import Pick, find_matches
from seqattr.motifs.statistics import (
    LEAST_EFFECT,
    SURE,
    ImportanceSums,
    MotifStatistics,
    Summary,
    motif_statistics,
    null_motifs,
    statistics_of,
)
from seqattr.support.ranks import spearman

SIMULATION = simulate_tal_gata(TalGata(count=160), seed=1)
SEQUENCES = one_hot(SIMULATION.codes)
RNG = np.random.default_rng(0)
OTHERS = [
    PWM(f"m{n}", RNG.dirichlet(np.full(4, 0.3), size=int(w)).T) for n, w in enumerate(RNG.integers(7, 15, 60))
]
MOTIFS = [*OTHERS[:30], TAL1, *OTHERS[30:], GATA1]


def noise(seed: int) -> np.ndarray:
    """Contributions that hang together, of another scale and level in each sequence, and know no motif."""
    rng = np.random.default_rng(seed)
    smooth = rng.normal(size=(len(SEQUENCES), 206)).cumsum(axis=1)
    scale, level = rng.exponential(size=(2, len(SEQUENCES), 1))
    return scale * (smooth[:, 6:] - smooth[:, :-6]) + level


def planted(sign: float = 1) -> np.ndarray:
    values = np.random.default_rng(5).normal(size=SEQUENCES.shape[::2])
    for instance in SIMULATION.planted:
        values[instance.sequence, instance.start : instance.end] += sign
    return values


@pytest.fixture(scope="module")
def found() -> Matches:
    return find_matches(SEQUENCES, MOTIFS)


@pytest.fixture(scope="module")
def null() -> Matches:
    return find_matches(SEQUENCES, null_motifs(MOTIFS))


def test_motifs_carry_nothing_of_random_contributions(found, null):
    rows = [row for seed in range(8) for row in motif_statistics(found, null, "t", noise(seed))]
    # Of 496 tests 25 are below 5 % by chance; they are not independent, so twice as many are allowed.
    assert sum(row.p_value < 0.05 for row in rows) <= 50
    assert sum(row.q_value < 0.05 for row in rows) <= 1
    assert sum(row.carries for row in rows) <= 1


@pytest.mark.parametrize("sign", [1, -1])
def test_planted_importance_is_found_first(found, null, sign):
    rows = motif_statistics(found, null, "t", planted(sign))
    assert [row.motif for row in rows] == [pwm.name for pwm in MOTIFS]
    best = sorted(rows, key=lambda row: row.p_value)[:2]
    assert {row.motif for row in best} == set(BUNDLED)
    for row in best:
        assert row.q_value < 1e-4
        assert row.carries
        assert sign * row.difference > 0
        assert sign * row.observed.mean_importance > 5 * abs(row.null.carried)
        assert sign * row.observed.spearman > 0.1
        assert (row.observed.share_not_positive < 0.1) == (sign > 0)
    # The planted motifs are a tenth of all bases, and matches of others lie on them by chance.
    assert sum(row.carries for row in rows) <= 2 + 0.1 * len(MOTIFS)


def test_the_reverse_complement_has_the_same_statistics(found, null):
    other = reverse_complement(SEQUENCES)
    there = [find_matches(other, motifs) for motifs in (MOTIFS, null_motifs(MOTIFS))]
    values = planted()
    ours = motif_statistics(found, null, "t", values)
    theirs = motif_statistics(*there, "t", values[:, ::-1])
    for one, two in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(
            [*one.observed, *one.null, *one[5:]], [*two.observed, *two.null, *two[5:]], rtol=1e-4, atol=1e-6
        )


def test_a_constant_in_each_sequence_is_no_importance(found, null):
    """Sequences in which everything counts do not make a motif carry something, even one of their own."""
    has_both = np.repeat([[3.0, 0, 0, 0]], len(SEQUENCES) // 4, axis=0).ravel()
    level = has_both[:, None] + np.random.default_rng(0).normal(size=SEQUENCES.shape[::2])
    rows = {row.motif: row for row in motif_statistics(found, null, "t", level)}
    assert rows["TAL1_known1"].observed.mean_importance > 5
    assert not any(row.carries for row in rows.values())


def test_what_is_sure_but_slight_beside_a_strong_motif_does_not_carry(found, null):
    """GATA1 has a hundredth of what TAL1 has: with little noise that is as sure, and of no account."""
    values = np.random.default_rng(5).normal(0, 1e-3, size=SEQUENCES.shape[::2])
    for instance in SIMULATION.planted:
        values[instance.sequence, instance.start : instance.end] += 1 if instance.motif == TAL1.name else 0.01
    rows = {row.motif: row for row in motif_statistics(found, null, "t", values)}
    assert rows[TAL1.name].effect == 1
    assert rows[TAL1.name].carries
    assert rows[GATA1.name].sure
    assert 0 < rows[GATA1.name].effect < LEAST_EFFECT
    assert not rows[GATA1.name].carries


def test_the_effect_is_measured_by_what_is_sure(found, null):
    """Where nothing is, no motif has one, however large chance made its difference."""
    rows = motif_statistics(found, null, "t", noise(3))
    sure = [abs(row.difference) for row in rows if row.sure]
    assert all(math.isnan(row.effect) == (not sure) for row in rows)
    scaled = motif_statistics(found, null, "t", 7 * planted())
    for one, two in zip(motif_statistics(found, null, "t", planted()), scaled, strict=True):
        assert two.effect == pytest.approx(one.effect, rel=1e-4)  # importance is float32


def test_a_summary_counts_what_it_says(found, null):
    values = planted()
    row = motif_statistics(found, null, "t", values)[30]
    own = found.motif == 30
    importance, odds = importance_of(found, values)[own].astype(float), found.log_odds[own].astype(float)
    assert (row.target, row.motif, row.width) == ("t", "TAL1_known1", 16)
    assert (row.observed.matches, row.observed.strong) == (own.sum(), (odds >= STRONG).sum())
    assert row.observed.mean_importance == pytest.approx(importance[odds >= STRONG].mean(), rel=1e-6)
    assert row.observed.share_not_positive == pytest.approx((importance[odds >= STRONG] <= 0).mean())
    assert row.observed.spearman == pytest.approx(spearman(importance, odds))
    weights = 1 / (1 + np.exp(STRONG - odds))
    assert row.observed.carried == pytest.approx((weights * importance).sum() / weights.sum(), rel=1e-6)
    assert row.difference == pytest.approx(row.observed.carried - row.null.carried)


def test_another_threshold_is_another_count(found, null):
    few, many = (
        motif_statistics(found, null, "t", planted(), strong)[30].observed.strong for strong in (9, 4)
    )
    assert few < many


def test_a_motif_without_matches_has_no_statistics(null):
    picked = Pick(top=None, log_odds=99)
    rows = motif_statistics(find_matches(SEQUENCES, MOTIFS, picked), null, "t", planted())
    assert all(
        row.observed[:2] == (0, 0) and math.isnan(row.p_value) and math.isnan(row.q_value) for row in rows
    )
    assert not any(row.carries for row in rows)


def test_a_motif_that_is_its_own_null_carries_nothing(found):
    rows = motif_statistics(found, found, "t", planted())
    assert {(row.difference, row.p_value) for row in rows} == {(0, 1)}


def test_the_null_is_of_the_same_motifs(found):
    with pytest.raises(InputError, match="the null's matches must be those of the same motifs"):
        motif_statistics(found, find_matches(SEQUENCES, MOTIFS[1:]), "t", planted())


# ---- the same bases given again, and padding

SHIFTS = (0, 15, 30, 45, 55, 70, 85, 100)  # of windows around several summits of one peak


def shifted(seed: int, shifts: tuple[int, ...] = SHIFTS) -> list[float]:
    """The p-values of 25 random motifs in windows of 60 places, whose contributions know no motif."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 4, (60, 500)).astype(np.uint8)
    track = np.stack([np.convolve(rng.normal(size=508), np.ones(9) / 9, "valid") for _ in codes])
    motifs = [PWM(f"m{n}", rng.dirichlet(np.full(4, 0.3), size=8).T) for n in range(25)]
    places = [(row, shift) for row in range(60) for shift in shifts]
    windows = np.stack([codes[row, shift : shift + 400] for row, shift in places])
    values = np.stack([track[row, shift : shift + 400] for row, shift in places])
    regions = [Region("chr1", 1000 * row + shift, 1000 * row + shift + 400) for row, shift in places]
    found, null = (find_matches(one_hot(windows), some) for some in (motifs, null_motifs(motifs)))
    rows = motif_statistics(found, null, "t", values, loci=loci_of([windows], regions))
    return [row.p_value for row in rows]


def test_p_values_are_what_they_say_where_windows_overlap():
    p_values = np.array([shifted(seed) for seed in range(4)]).ravel()
    # Each window for itself, as if it were a sequence of its own, has half of them below 0.05.
    assert (p_values < 0.05).mean() < 0.11
    assert (p_values < 0.5).mean() == pytest.approx(0.5, abs=0.15)


def test_nothing_changes_when_the_same_windows_are_given_again(found, null):
    regions = [Region(f"s{row}", 0, 200, f"s{row}") for row in range(len(SEQUENCES))]
    again = np.concatenate([SEQUENCES, SEQUENCES[::-1]])
    names = [*regions, *(Region(f"t{row}", 0, 200, f"t{row}") for row in range(len(SEQUENCES)))]
    codes = again.argmax(axis=1).astype(np.uint8)
    values = planted()
    background = find_matches(SEQUENCES, MOTIFS[:1]).background
    twice = [find_matches(again, motifs, background=background) for motifs in (MOTIFS, null_motifs(MOTIFS))]
    both = np.concatenate([values, values[::-1]])
    plain = motif_statistics(found, null, "t", values)
    once = motif_statistics(found, null, "t", values, loci=loci_of([codes[: len(SEQUENCES)]], regions))
    rows = motif_statistics(*twice, "t", both, loci=loci_of([codes], names))
    for one, two, three in zip(plain, once, rows, strict=True):
        np.testing.assert_allclose([*one.observed, *one.null, *one[5:]], [*two.observed, *two.null, *two[5:]])
        np.testing.assert_allclose(
            [*one.observed, *one.null, *one[5:]], [*three.observed, *three.null, *three[5:]]
        )


def test_padding_changes_nothing(found, null):
    padded = np.pad(SEQUENCES, [(0, 0), (0, 0), (70, 130)])
    codes = np.where(padded.any(axis=1), padded.argmax(axis=1), 4).astype(np.uint8)
    loci = loci_of([codes], [Region("chr1", 1000 * row, 1000 * row + 400) for row in range(len(codes))])
    values = planted()
    there = [find_matches(padded, motifs) for motifs in (MOTIFS, null_motifs(MOTIFS))]
    rows = motif_statistics(*there, "t", np.pad(values, [(0, 0), (70, 130)]), loci=loci)
    for one, two in zip(motif_statistics(found, null, "t", values), rows, strict=True):
        np.testing.assert_allclose(
            [*one.observed, *one.null, *one[5:]], [*two.observed, *two.null, *two[5:]], rtol=1e-4
        )


@pytest.mark.parametrize(
    ("q_value", "observed", "effect", "sure", "carries"),
    [
        (0.04, 2.0, 0.05, True, True),
        (0.04, -2.0, 0.05, True, True),  # against the target
        (0.04, 2.0, 0.04, True, False),
        (SURE, 2.0, 1.0, False, False),
        (0.04, 1.0, 1.0, False, False),  # no more than the null
        (0.04, math.nan, math.nan, False, False),
    ],
)
def test_what_is_sure_and_what_counts(q_value, observed, effect, sure, carries):
    summary, null = (Summary(9, 3, 1.0, 0.0, 0.5, carried) for carried in (observed, -1.0))
    row = MotifStatistics("t", "m", 8, summary, null, observed + 1, 0.01, q_value, effect)
    assert (row.sure, row.carries) == (sure, carries)


def test_a_summary_by_hand():
    """Of three matches two are strong, one of them at the threshold; it carries nothing, so not positive."""
    columns = [np.arange(3), np.zeros(3, int), np.zeros(3, int), np.ones(3, int), np.array([7, 6.9, 8])]
    matches = Matches((GATA1,), np.full(4, 0.25), *columns)
    sums = ImportanceSums(np.array([0.0, 1, 2]), np.empty(0), np.zeros(3))
    (row,) = statistics_of(matches, matches.select(slice(0)), "t", sums, strong=7)
    assert row.observed[:4] == (3, 2, 1.0, 0.5)
    assert row.null.matches == 0
