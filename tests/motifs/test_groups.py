"""Motifs that are alike are one group; a group carries what its hits explain beyond what its twins do."""

import numpy as np
import pytest

from seqattr.motifs.groups import group_motifs, group_statistics
from seqattr.motifs.hits import HitFinder
from seqattr.motifs.pwm import GATA1, PWM, TAL1
from tests.motifs.test_hits import BACKGROUND, CODES, MOTIFS, hits_of, noise, planted

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
    finder = HitFinder.of(MOTIFS, BACKGROUND, CODES.shape[1])
    rows = []
    for seed in range(10):
        hits = hits_of(finder, CODES, noise(seed))
        rows += group_statistics(hits, group_motifs(finder.motifs, [hits]), "t")
    p_values = np.array([row.p_value for row in rows])
    assert not any(row.carries for row in rows)
    assert (p_values < 0.05).mean() <= 0.1
