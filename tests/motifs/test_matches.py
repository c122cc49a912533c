"""What contributions say of matches: by hand, mirrored, and where there is nothing to say."""

import numpy as np
import pytest

from seqattr.dna.alphabet import one_hot, reverse_complement
from seqattr.dna.frequencies import BACKGROUND
from seqattr.errors import InputError
from seqattr.motifs.matches import (
    COLUMNS,
    Matches,
    MatchImportance,
    importance_of,
    measure_rows,
    prefers_other_strand,
)
from seqattr.motifs.pwm import GATA1, PWM, TAL1
from seqattr.motifs.scan import Pick, find_matches

LENGTH = 80
RNG = np.random.default_rng(0)
SEQUENCES = one_hot(RNG.integers(0, 4, (15, LENGTH)).astype(np.uint8))
HYPOTHETICAL = RNG.normal(size=(15, 4, LENGTH)).astype(np.float32)
CONTRIBUTIONS = (HYPOTHETICAL * SEQUENCES).sum(axis=1)
MOTIFS = [TAL1, GATA1, PWM("short", RNG.dirichlet(np.ones(4), size=5).T)]


@pytest.fixture
def matches() -> Matches:
    return find_matches(SEQUENCES, MOTIFS)


@pytest.fixture
def carried(matches: Matches) -> MatchImportance:
    return measure_rows(matches, CONTRIBUTIONS, HYPOTHETICAL)


def test_each_match_is_measured_by_the_definition(matches, carried):
    for number in range(0, len(matches), 7):
        row, start, end = matches.sequence[number], matches.start[number], matches.end[number]
        under = CONTRIBUTIONS[row, start:end].astype(float)
        assert carried.importance[number] == pytest.approx(under.sum(), abs=1e-5)
        total = abs(CONTRIBUTIONS[row].astype(float)).sum()
        assert carried.share[number] == pytest.approx(under.sum() / total, abs=1e-6)
        others = carried.importance[matches.sequence == row]
        assert carried.rank[number] == 1 + (others > carried.importance[number]).sum()
        odds = MOTIFS[matches.motif[number]].log_odds(matches.background)
        motif = odds if matches.strand[number] > 0 else odds[::-1, ::-1]
        one, other = (v - v.mean(axis=0) for v in (motif, HYPOTHETICAL[row, :, start:end].astype(float)))
        cosine = (one * other).sum() / np.sqrt((one**2).sum() * (other**2).sum())
        assert carried.cosine[number] == pytest.approx(cosine, abs=1e-5)


def test_shares_and_cosines_are_within_their_bounds(carried):
    assert (abs(carried.share) <= 1 + 1e-6).all()
    assert (abs(carried.cosine) <= 1 + 1e-6).all()
    assert (np.sign(carried.share) == np.sign(carried.importance)).all()


def test_contributions_like_the_motif_have_a_cosine_of_1_on_its_strand():
    for strand, instance in ((1, TAL1), (-1, TAL1.reverse_complement())):
        best = instance.probabilities.argmax(axis=0).astype(np.uint8)
        sequence = one_hot(np.concatenate([np.full(9, 4, np.uint8), best, np.full(5, 4, np.uint8)]))[None]
        found = find_matches(sequence, [TAL1], Pick(top=1), BACKGROUND)
        assert (found.start.tolist(), found.strand.tolist()) == ([9], [strand])
        hypothetical = np.zeros(sequence.shape)
        # Neither a factor nor what all bases of a position share makes a difference.
        hypothetical[0, :, 9 : 9 + TAL1.width] = 0.01 * instance.log_odds(BACKGROUND) + np.arange(TAL1.width)
        for factor in (1, -1):
            measured = measure_rows(found, sequence[:, 0] * 0.0, factor * hypothetical)
            assert measured.cosine[0] == pytest.approx(factor, abs=1e-5)


def test_equals_share_a_rank():
    found = find_matches(SEQUENCES, MOTIFS)
    even = measure_rows(found, np.full((15, LENGTH), 0.1), HYPOTHETICAL)
    widths = found.end - found.start
    for row in range(15):
        own, rank = widths[found.sequence == row], even.rank[found.sequence == row]
        assert rank.tolist() == [1 + (own > width).sum() for width in own]


def test_the_mirror_image_is_measured_alike(matches, carried):
    here, there = matches, find_matches(reverse_complement(SEQUENCES), MOTIFS)
    mirrored = measure_rows(there, CONTRIBUTIONS[:, ::-1], reverse_complement(HYPOTHETICAL))
    turned = np.lexsort((there.motif, LENGTH - there.end, there.sequence))
    straight = np.lexsort((here.motif, here.start, here.sequence))
    np.testing.assert_array_equal(LENGTH - there.end[turned], here.start[straight])
    np.testing.assert_array_equal(there.motif[turned], here.motif[straight])
    np.testing.assert_array_equal(there.strand[turned], -here.strand[straight])
    np.testing.assert_array_equal(there.log_odds[turned], here.log_odds[straight])
    np.testing.assert_array_equal(mirrored.rank[turned], carried.rank[straight])
    for name in ("importance", "share", "cosine"):
        ours, theirs = (getattr(one, name) for one in (carried, mirrored))
        # float32, added up from the other end
        np.testing.assert_allclose(theirs[turned], ours[straight], atol=2e-6)


def test_nothing_contributes_nothing():
    found = find_matches(SEQUENCES, MOTIFS)
    carried = measure_rows(found, np.zeros((15, LENGTH)), np.zeros((15, 4, LENGTH)))
    assert not any(values.any() for values in (carried.importance, carried.share, carried.cosine))
    assert (carried.rank == 1).all()


def test_no_match_is_measured_too():
    none = find_matches(SEQUENCES, MOTIFS, Pick(top=None, log_odds=99))
    carried = measure_rows(none, CONTRIBUTIONS, HYPOTHETICAL)
    assert [len(values) for values in carried] == [0, 0, 0, 0]
    assert none.names == []


def test_a_selection_is_of_the_matches_and_measured_as_they_are(matches, carried):
    some = matches.log_odds > 2
    selected = matches.select(some)
    assert 0 < len(selected) < len(matches)
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(selected, name), getattr(matches, name)[some])
    measured = measure_rows(selected, CONTRIBUTIONS, HYPOTHETICAL)
    for name in ("importance", "share", "cosine"):  # ranks are among those that there are
        np.testing.assert_array_equal(getattr(measured, name), getattr(carried, name)[some])


def test_what_speaks_against_a_target_speaks_for_its_opposite(matches, carried):
    against = measure_rows(matches, -CONTRIBUTIONS, -HYPOTHETICAL)
    np.testing.assert_array_equal(against.importance, -carried.importance)
    np.testing.assert_array_equal(against.share, -carried.share)


def test_each_motif_has_its_matches(matches):
    parts = dict(zip(("TAL1_known1", "GATA_disc1", "short"), matches.by_motif(), strict=True))
    for number, (name, (pwm, which)) in enumerate(parts.items()):
        assert pwm.name == name
        assert which.tolist() == np.flatnonzero(matches.motif == number).tolist()


@pytest.mark.parametrize("shape", [(14, LENGTH), (15, LENGTH - 30)])
def test_contributions_of_other_sequences_are_refused(matches, shape):
    with pytest.raises(
        InputError, match=f"contributions of {shape[0]} sequences of {shape[1]} bases are not"
    ):
        importance_of(matches, np.zeros(shape))


def test_the_lesser_of_two_strands_is_preferred_and_of_equals_the_first():
    values, other = np.array([[1, 2, 1], [1, 2, 2], [3, 3, 3]]), np.array([[1, 3, 0], [1, 1, 9], [3, 3, 3]])
    assert prefers_other_strand(values, other).tolist() == [False, True, False]
