"""Motifs that are alike are one group; a group carries what its hits explain beyond what its twins do."""

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from seqattr.dna.loci import loci_of
from seqattr.dna.regions import Region
from seqattr.motifs.groups import LEAST_EFFECT, group_motifs, group_statistics, judge_hits
from seqattr.motifs.hits import HitFinder
from seqattr.motifs.profiles import profile_of
from seqattr.motifs.pwm import GATA1, PWM, TAL1
from tests.motifs.test_hits import BACKGROUND, CODES, MOTIFS, OTHERS, SIMULATION, hits_of, noise, planted

NEAR = PWM("near", 0.9 * GATA1.probabilities[:, 1:9] + 0.025)


def test_motifs_that_are_alike_are_one_group():
    turned = GATA1.reverse_complement()
    groups = group_motifs([TAL1, GATA1, NEAR, turned])
    assert [(group.name, group.members) for group in groups] == [
        (TAL1.name, (TAL1.name,)),
        (GATA1.name, (GATA1.name, "near", turned.name)),
    ]


def test_a_group_has_the_name_of_the_member_that_explains_most():
    finder = HitFinder.of([NEAR, *MOTIFS], BACKGROUND, CODES.shape[1])
    hits = hits_of(finder, CODES, planted())
    groups = group_motifs(finder.motifs, [hits])
    assert {groups[0].name, groups[1].name} == {TAL1.name, GATA1.name}
    rows = group_statistics(hits, groups, "t")
    assert [row.group for row in rows[:2]] == [TAL1.name, GATA1.name]
    assert [row.carries for row in rows] == [True, True] + [False] * (len(rows) - 2)
    assert rows[1].members == (GATA1.name, "near")
    assert sum(row.hits for row in rows) == len(hits)
    assert sum(row.share_positive for row in rows) == pytest.approx(
        hits.explained.positive_by_hits / hits.explained.positive
    )


def test_groups_carry_nothing_of_structureless_contributions():
    """Contributions hang together, as those of models do, and a quarter of the sequences is one repeat."""
    codes = CODES.copy()
    codes[::4] = np.resize([0, 2, 0, 0, 2], codes.shape[1])
    finder = HitFinder.of(MOTIFS, BACKGROUND, codes.shape[1])
    every, carrying = [], 0
    for seed in range(20):
        hits = hits_of(finder, codes, noise(seed))
        rows = group_statistics(hits, group_motifs(finder.motifs, [hits]), "t")
        every += [row.p_value for row in rows]
        carrying += any(row.carries for row in rows)
        assert (judge_hits(hits, rows).q_value < 0.05).sum() <= 3 * carrying * len(codes)
    # At 5 % one of twenty data sets has a group that carries; few hits leave p-values coarse.
    assert carrying <= 3
    assert (np.array(every) < 0.05).mean() <= 0.075


def test_the_same_windows_again_change_nothing():
    """Windows given up to three times, each place counting once: statistics and tests are those of one."""
    values = planted() + noise(0)
    once = hits_of(HitFinder.of(MOTIFS, BACKGROUND, CODES.shape[1]), CODES, values)
    again = np.concatenate([np.arange(len(CODES)), np.arange(0, len(CODES), 2), np.arange(40)])
    regions = [Region("chr1", 1000 * n, 1000 * n + CODES.shape[1], str(i)) for i, n in enumerate(again)]
    loci = loci_of([CODES[again]], regions)
    finder = HitFinder.of(MOTIFS, BACKGROUND, CODES.shape[1], loci=loci)
    often = hits_of(finder, CODES[again], values[again])
    assert len(often) > 1.3 * len(once)
    assert often.counts.sum() == len(once)
    assert often.explained == pytest.approx(once.explained, rel=1e-12)
    groups = group_motifs(finder.motifs, [once])
    assert [group.members for group in group_motifs(finder.motifs, [often])] == [
        group.members for group in groups
    ]
    ours, theirs = (
        group_statistics(hits, groups, "t", where) for hits, where in ((once, None), (often, loci))
    )
    for one, two in zip(ours, theirs, strict=True):
        assert two[:3] == one[:3]
        np.testing.assert_allclose(two[3:], one[3:], rtol=1e-9)
    judged = (judge_hits(hits, rows) for hits, rows in ((once, ours), (often, theirs)))
    one, two = (hits.select(hits.counts) for hits in judged)
    for column in ("importance", "p_value", "q_value"):
        np.testing.assert_allclose(np.sort(getattr(two, column)), np.sort(getattr(one, column)), rtol=1e-9)


def test_shifted_windows_of_one_place_leave_p_values_as_they_are():
    """Of noise, with eight windows of each place: as few groups are sure as with one."""
    rng = np.random.default_rng(3)
    places, values = rng.choice(4, (60, 500)).astype(np.uint8), rng.normal(size=(60, 508))
    values = sliding_window_view(values, 9, axis=1).mean(axis=-1)
    shifts = (0, 15, 30, 45, 55, 70, 85, 100)
    codes = np.stack([row[shift : shift + 400] for row in places for shift in shifts])
    contributions = np.stack([row[shift : shift + 400] for row in values for shift in shifts])
    regions = [
        Region("chr1", 1000 * n + shift, 1000 * n + shift + 400, f"{n}_{shift}")
        for n in range(60)
        for shift in shifts
    ]
    loci = loci_of([codes], regions)
    finder = HitFinder.of(OTHERS, np.full(4, 0.25), 400, loci=loci)
    hits = hits_of(finder, codes, contributions)
    rows = group_statistics(hits, group_motifs(finder.motifs, [hits]), "t", loci)
    assert not any(row.carries for row in rows)
    assert sum(row.p_value < 0.05 for row in rows) <= 3


def test_a_group_that_is_slight_beside_a_strong_one_does_not_carry():
    values = np.random.default_rng(5).normal(0, 1e-3, CODES.shape)
    for instance in SIMULATION.planted:
        pwm, size = (TAL1, 1.0) if instance.motif == TAL1.name else (GATA1, 0.02)
        bases = slice(instance.start, instance.end)
        expected = profile_of(pwm, BACKGROUND)[CODES[instance.sequence, bases], range(pwm.width)]
        values[instance.sequence, bases] += size * expected
    finder = HitFinder.of([TAL1, GATA1], BACKGROUND, CODES.shape[1])
    hits = hits_of(finder, CODES, values)
    first, second = group_statistics(hits, group_motifs(finder.motifs, [hits]), "t")
    assert (first.group, first.carries, first.effect) == (TAL1.name, True, 1.0)
    assert (second.group, second.carries, second.sure) == (GATA1.name, False, True)
    assert second.effect < LEAST_EFFECT


def test_without_hits_there_are_no_groups_and_no_statistics():
    finder = HitFinder.of([TAL1, GATA1], BACKGROUND, CODES.shape[1])
    hits = hits_of(finder, CODES, np.zeros(CODES.shape))
    assert len(hits) == 0
    assert group_motifs(finder.motifs, [hits]) == []
    assert group_statistics(hits, [], "t") == []
    assert len(judge_hits(hits, [])) == 0
