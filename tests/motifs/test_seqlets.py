"""Stretches of high contribution: found where planted, not in noise; explained or not; what they resemble."""

import importlib.util
import sys
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

from seqattr.data.simulate import TalGata, simulate_tal_gata
from seqattr.dna.alphabet import one_hot, reverse_complement
from seqattr.dna.frequencies import BACKGROUND
from seqattr.dna.loci import loci_of
from seqattr.dna.regions import Region
from seqattr.errors import InputError, UnknownName
from seqattr.motifs.matches import Matches, importance_of
from seqattr.motifs.pwm import BUNDLED, GATA1, PWM, TAL1
from seqattr.motifs.scan import Pick, find_matches
from seqattr.motifs.seqlets import (
    NEAREST,
    Seqlets,
    disjoint_windows,
    find_seqlets,
    nearest_motifs,
    without_match,
)
from seqattr.motifs.windows import orient_rows

SIMULATION = simulate_tal_gata(TalGata(count=60), seed=1)
SEQUENCES = one_hot(SIMULATION.codes)


def hypothetical(seed: int = 0) -> np.ndarray:
    """Noise, and at each planted motif its log-odds."""
    values = np.random.default_rng(seed).normal(size=SEQUENCES.shape) * 0.3
    for instance in SIMULATION.planted:
        values[instance.sequence, :, instance.start : instance.end] += BUNDLED[instance.motif].log_odds()
    return values


HYPOTHETICAL = hypothetical()
CONTRIBUTIONS = (HYPOTHETICAL * SEQUENCES).sum(axis=1)


def covered(seqlets: Seqlets, instance) -> bool:
    own = seqlets.sequence == instance.sequence
    shared = np.minimum(seqlets.end[own], instance.end) - np.maximum(seqlets.start[own], instance.start)
    return bool((shared >= 6).any())


@pytest.mark.parametrize("sign", [1, -1])
def test_planted_motifs_are_found_and_little_else(sign):
    found = find_seqlets(sign * CONTRIBUTIONS, width=10)
    assert np.mean([covered(found, instance) for instance in SIMULATION.planted]) > 0.9
    planted = np.zeros(CONTRIBUTIONS.shape, bool)
    for instance in SIMULATION.planted:
        planted[instance.sequence, instance.start : instance.end] = True
    assert found.cut(planted).any(axis=1).mean() > 0.9
    assert (sign * found.importance > 0).mean() > 0.9


def test_noise_has_no_seqlets():
    counts = [len(find_seqlets(np.random.default_rng(seed).normal(size=(30, 100)))) for seed in range(20)]
    # At 5 % false discoveries one data set in twenty may have some; three times that is allowed.
    assert sum(count > 0 for count in counts) <= 3


@pytest.mark.parametrize("width", [1, 7, 200])
def test_seqlets_are_what_they_say(width):
    found = find_seqlets(CONTRIBUTIONS, width, level=0.3)
    assert (found.start >= 0).all()
    assert (found.end <= CONTRIBUTIONS.shape[1]).all()
    np.testing.assert_allclose(found.cut(CONTRIBUTIONS).sum(axis=1), found.importance, atol=1e-9)
    assert (abs(found.importance) >= found.threshold).all()
    assert (np.diff(abs(found.importance)) <= 0).all()
    for row in range(len(CONTRIBUTIONS)):
        starts = np.sort(found.start[found.sequence == row])
        assert all(after - before >= width for before, after in pairwise(starts))


def test_no_window_that_reaches_the_threshold_is_left():
    found = find_seqlets(CONTRIBUTIONS, 10)
    for row, values in enumerate(CONTRIBUTIONS):
        sums = np.convolve(values, np.ones(10), "valid")
        starts = found.start[found.sequence == row]
        for start in np.flatnonzero(abs(sums) > found.threshold + 1e-9):
            assert (abs(starts - start) < 10).any()


def test_fewer_false_discoveries_mean_a_higher_threshold():
    thresholds = [find_seqlets(CONTRIBUTIONS, level=level).threshold for level in (0.5, 0.05, 0.01)]
    assert thresholds == sorted(thresholds)
    assert np.isfinite(thresholds).all()


# Steps and gaps, where windows have equal sums.
PLATEAUS = np.repeat(np.random.default_rng(2).integers(-1, 3, size=(20, 10)), 8, axis=1).astype(float)


@pytest.mark.parametrize("values", [CONTRIBUTIONS, PLATEAUS])
def test_the_mirror_image_has_the_mirrored_seqlets(values):
    here, there = find_seqlets(values, 9, level=0.3), find_seqlets(values[:, ::-1], 9, level=0.3)
    assert len(here) > 5
    assert here.threshold == pytest.approx(there.threshold, abs=1e-9)
    mine = sorted(zip(here.sequence.tolist(), here.start.tolist(), strict=True))
    mirrored = zip(there.sequence.tolist(), (values.shape[1] - there.end).tolist(), strict=True)
    assert mine == sorted(mirrored)


def test_nothing_contributes_no_seqlet():
    none = find_seqlets(np.zeros((3, 40)))
    assert len(none) == 0
    assert none.threshold == np.inf
    assert none.cut(np.zeros((3, 4, 40))).shape == (0, 4, 12)
    assert nearest_motifs(none.cut(np.zeros((3, 4, 40))), [TAL1]) == []


def test_windows_at_the_threshold_count_and_may_touch():
    """By hand: of 400 bases six carry 1. Two in a row are seen in 4 windows, by chance in 6 * 5 / 400.

    So the threshold is 2 exactly, and four in a row are two seqlets, end to end.
    """
    values = np.zeros((20, 400))
    values[:, [10, 11, 100, 101, 102, 103]] = 1
    found = find_seqlets(values, width=2)
    assert found.threshold == 2
    assert sorted(list_of(found)) == [(row, start) for row in range(20) for start in (10, 100, 102)]
    assert (found.importance == 2).all()


def test_windows_of_one_sum_are_all_found():
    """By hand: pairs of bases between N's, one of which carries 1 and 1; by chance one row in 199 has it."""
    known = np.tile([True, True, False], (5, 100))
    values = np.zeros(known.shape)
    values[:, 30:32] = 1
    found = find_seqlets(values, width=2, known=known)
    assert found.threshold == 2
    assert sorted(list_of(found)) == [(row, 30) for row in range(5)]


def test_windows_that_are_all_large_give_as_many_as_fit():
    known = np.ones((1, 4), bool)
    oriented = orient_rows(np.array([[0.0, 1, 2, 3]]), known, known[:, 1:])
    row, start, importance = disjoint_windows(np.array([7]), oriented, np.array([[3.0, 1, -2]]), width=2)
    assert (row.tolist(), start.tolist(), importance.tolist()) == ([7, 7], [0, 2], [3, -2])


@pytest.mark.parametrize("width", [0, 41])
def test_a_window_must_fit(width):
    with pytest.raises(InputError, match=f"seqlets of {width} bases do not fit sequences of 40"):
        find_seqlets(np.zeros((3, 40)), width)


# ---- padding, and the same bases given again


def list_of(found: Seqlets) -> list[tuple[int, int]]:
    return list(zip(found.sequence.tolist(), found.start.tolist(), strict=True))


@pytest.mark.parametrize("values", [CONTRIBUTIONS, PLATEAUS])
def test_padding_takes_part_in_nothing(values):
    plain = find_seqlets(values, 9, level=0.3)
    padded = np.pad(values, [(0, 0), (60, 80)])
    known = np.pad(np.ones(values.shape, bool), [(0, 0), (60, 80)])
    found = find_seqlets(padded, 9, level=0.3, known=known)
    assert found.threshold == plain.threshold
    assert list_of(found) == [(row, start + 60) for row, start in list_of(plain)]


def test_contributions_without_structure_have_no_seqlets_because_of_their_padding():
    values = np.random.default_rng(3).normal(size=(300, 60))
    known = np.pad(np.ones(values.shape, bool), [(0, 0), (70, 70)])
    padded = np.pad(values, [(0, 0), (70, 70)])
    assert len(find_seqlets(values)) == len(find_seqlets(padded, known=known)) == 0
    # Taken for bases, padding lets all that is none look like structure.
    assert len(find_seqlets(padded)) > 50


def test_an_unknown_base_is_in_no_seqlet():
    values = CONTRIBUTIONS.copy()
    known = np.ones(values.shape, bool)
    known[:, 77] = False
    found = find_seqlets(values, 10, known=known)
    assert len(found) > 5
    assert not ((found.start <= 77) & (found.end > 77)).any()


def test_a_window_of_several_sequences_is_one_seqlet():
    codes = SIMULATION.codes
    again, names = np.concatenate([codes, codes[:20]]), [f"s{row}" for row in range(len(codes) + 20)]
    regions = [Region(name, 0, codes.shape[1], name) for name in names]
    loci = loci_of([again], regions)
    found = find_seqlets(np.concatenate([CONTRIBUTIONS, CONTRIBUTIONS[:20]]), 10, loci=loci)
    plain = find_seqlets(CONTRIBUTIONS, 10)
    assert found.threshold == plain.threshold
    assert list_of(found) == list_of(plain)
    # Overlapping halves of the sequences: nothing is found twice.
    halves = np.concatenate([codes[:, :120], codes[:, 80:]])
    places = [Region("c", 1000 * (row % 60) + 80 * (row // 60), 0) for row in range(120)]
    loci = loci_of([halves], [replace(place, end=place.start + 120) for place in places])
    found = find_seqlets(np.concatenate([CONTRIBUTIONS[:, :120], CONTRIBUTIONS[:, 80:]]), 10, loci=loci)
    at = np.sort(loci.place(found.sequence, found.start, 10))
    assert len(found) > 50
    assert (np.diff(at) >= 10).all()


# ---- explained or not


def test_what_one_motif_explains_the_other_one_leaves():
    seqlets = find_seqlets(CONTRIBUTIONS, width=10)
    strong = Pick(top=None, log_odds=5)
    of_tal1, of_both = (
        without_match(seqlets, matches, importance_of(matches, CONTRIBUTIONS))
        for matches in (find_matches(SEQUENCES, motifs, strong) for motifs in ([TAL1], [TAL1, GATA1]))
    )
    left = seqlets.select(of_tal1)
    assert 0 < len(left) < len(seqlets)
    motifs = {each.motif for each in nearest_motifs(left.cut(HYPOTHETICAL), [TAL1, GATA1], "correlation")}
    assert GATA1.name in motifs
    assert of_both.sum() < 0.3 * of_tal1.sum()


def one_match(start: int, share: float, sequence: int = 0) -> tuple[Matches, np.ndarray]:
    """A match of GATA1, ten bases wide, and what it carries."""
    place = [np.array([value]) for value in (sequence, start, 0, 1, 9.0)]
    return Matches((GATA1,), np.array(BACKGROUND), *place), np.array([share])


@pytest.mark.parametrize(
    ("match", "importance", "left"),
    [
        (one_match(20, 0.3), 1.0, False),
        (one_match(20, -0.3), 1.0, True),  # of the other sign
        (one_match(20, 0.0), 1.0, True),
        (one_match(20, -0.3), -1.0, False),
        (one_match(25, 0.3), 1.0, False),  # five of ten bases
        (one_match(26, 0.3), 1.0, True),
        (one_match(15, 0.3), 1.0, False),
        (one_match(14, 0.3), 1.0, True),
        (one_match(20, 0.3, sequence=1), 1.0, True),
    ],
)
def test_a_match_explains_what_it_covers_half_with_the_same_sign(match, importance, left):
    seqlet = Seqlets(10, 0.5, np.array([0]), np.array([20]), np.array([importance]))
    assert without_match(seqlet, *match).tolist() == [left]


@pytest.mark.parametrize(
    ("width", "start", "left"),
    [
        (30, 20, False),  # within the seqlet [20, 50)
        (30, 45, False),  # half in it
        (30, 46, True),
        (4, 16, False),  # the seqlet [20, 24) within the match
        (4, 12, False),  # half of the seqlet
        (4, 11, True),
    ],
)
def test_half_of_the_shorter_one_is_enough(width, start, left):
    seqlet = Seqlets(width, 0.5, np.array([0]), np.array([20]), np.array([1.0]))
    assert without_match(seqlet, *one_match(start, 0.3)).tolist() == [left]


# ---- the nearest motif


def disguised(seed: int, motifs: list[PWM], width: int = 20) -> tuple[np.ndarray, list[tuple[str, str, int]]]:
    """Hypothetical contributions of motifs at some offset and strand, in a noise of a tenth of them."""
    rng = np.random.default_rng(seed)
    values, truth = rng.normal(size=(len(motifs), 4, width)) * 0.2, []
    for row, pwm in zip(values, motifs, strict=True):
        offset, strand = int(rng.integers(0, width - pwm.width + 1)), "+-"[rng.integers(2)]
        odds = pwm.log_odds() if strand == "+" else pwm.log_odds()[::-1, ::-1]
        row[:, offset : offset + pwm.width] += odds
        truth.append((pwm.name, strand, offset))
    # Neither their size nor what all bases of a position share matters.
    return 0.01 * values + rng.normal(size=(len(motifs), 1, width)), truth


RNG = np.random.default_rng(7)
MOTIFS = [
    PWM(f"m{n}", RNG.dirichlet(np.full(4, 0.3), size=int(w)).T) for n, w in enumerate(RNG.integers(8, 15, 40))
]


def test_the_nearest_motif_is_the_one_put_there():
    values, truth = disguised(0, MOTIFS)
    nearest = nearest_motifs(values, MOTIFS, "correlation")
    assert [(each.motif, each.strand, each.offset) for each in nearest] == truth
    assert all(0.9 < each.correlation <= 1 and np.isnan(each.p_value) for each in nearest)


def test_a_motif_that_sticks_out_has_its_offset_and_strand():
    odds = TAL1.log_odds()
    (whole,) = nearest_motifs(odds[None], [GATA1, TAL1], "correlation")
    assert whole[:3] == ("TAL1_known1", "+", 0)
    assert whole.correlation == pytest.approx(1)
    (cut,) = nearest_motifs(odds[None, :, 4:14], [GATA1, TAL1], "correlation")
    assert cut[:3] == ("TAL1_known1", "+", -4)
    assert cut.correlation < 1
    (turned,) = nearest_motifs(reverse_complement(odds[None, :, 4:14]), [GATA1, TAL1], "correlation")
    assert turned[:3] == ("TAL1_known1", "-", 10 - 12)
    assert turned.correlation == pytest.approx(cut.correlation)


def test_without_memelite_or_with_few_motifs_it_is_correlation(monkeypatch):
    values, truth = disguised(0, MOTIFS[:5])
    assert [each.motif for each in nearest_motifs(values, MOTIFS[:5])] == [name for name, _, _ in truth]
    monkeypatch.setattr("seqattr.motifs.seqlets.find_spec", lambda name: None)
    assert [each.motif for each in nearest_motifs(values, MOTIFS)] == [name for name, _, _ in truth]
    monkeypatch.setitem(sys.modules, "memelite", None)
    with pytest.raises(
        InputError, match="TOMTOM needs memelite, which is not installed; `pip install memelite`"
    ):
        nearest_motifs(values, MOTIFS, "tomtom")


def test_of_motifs_that_are_alike_the_first_is_nearest():
    both = [PWM(name, np.eye(4)[:, :3]) for name in ("first", "second")]
    (nearest,) = nearest_motifs(np.eye(4)[None], both, "correlation", (0.25,) * 4)
    assert nearest[:3] == ("first", "+", 0)


def test_a_seqlet_of_nothing_resembles_nothing():
    with np.errstate(all="raise"):
        (nearest,) = nearest_motifs(np.zeros((1, 4, 5)), [PWM("first", np.eye(4))], "correlation")
    assert nearest[:4] == ("first", "+", -3, 0)


def test_enough_motifs_are_compared_by_tomtom(monkeypatch):
    monkeypatch.setattr("seqattr.motifs.seqlets.find_spec", lambda name: object())
    monkeypatch.setitem(NEAREST, "tomtom", lambda *_: ["by tomtom"])
    values, _ = disguised(0, MOTIFS[:1])
    assert nearest_motifs(values, MOTIFS[:25]) == ["by tomtom"]  # of which TOMTOM needs as many
    assert len(nearest_motifs(values, MOTIFS[:24])) == len(values)


def test_tomtom_is_given_probabilities_and_its_answer_is_read(monkeypatch):
    """By hand: log-odds, the largest 4, against the background; an offset counts from the motif."""
    given = []

    def tomtom(queries, targets, n_nearest):
        given.extend(queries)
        answer = ([0.25, 0.5], [0, 0], [3, -2], [0, 0], [1, 0], [1, 0])
        return [np.array(column)[:, None] for column in answer]

    monkeypatch.setitem(sys.modules, "memelite", SimpleNamespace(tomtom=tomtom))
    values = np.zeros((2, 4, 2))
    values[0, :, 0] = [5, 1, 1, 1]  # centred 3, -1, -1, -1
    found = nearest_motifs(values, [PWM("a", np.eye(4)), PWM("b", np.eye(4))], "tomtom", BACKGROUND)
    odds = np.array(BACKGROUND) * np.exp([4, -4 / 3, -4 / 3, -4 / 3])
    np.testing.assert_allclose(given[0].T, [odds / odds.sum(), BACKGROUND])
    np.testing.assert_allclose(given[1].T, [BACKGROUND, BACKGROUND])
    assert [each[:3] for each in found] == [("b", "-", -3), ("a", "+", 2)]
    assert [each.p_value for each in found] == [0.25, 0.5]


def test_no_other_way():
    with pytest.raises(
        UnknownName, match="unknown way to compare motifs 'eye'; there is: auto, tomtom, corr"
    ):
        nearest_motifs(np.zeros((1, 4, 5)), MOTIFS, "eye")
    assert nearest_motifs(np.zeros((1, 4, 5)), []) == []
    assert list(NEAREST) == ["tomtom", "correlation"]


@pytest.mark.peers
@pytest.mark.skipif(importlib.util.find_spec("memelite") is None, reason="memelite is not installed")
def test_tomtom_finds_the_same_places():
    values, truth = disguised(0, MOTIFS)
    nearest = nearest_motifs(values, MOTIFS)
    same = [each[:3] == expected for each, expected in zip(nearest, truth, strict=True)]
    # The two measures may differ about a motif among forty now and then.
    assert np.mean(same) > 0.9
    assert all(0 <= each.p_value < 0.01 and np.isnan(each.correlation) for each in nearest)
