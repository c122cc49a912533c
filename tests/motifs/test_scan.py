"""Finding matches: against the definition, mirrored, and independent of what is scanned together."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from seqattr.dna.alphabet import codes_of, one_hot, reverse_complement
from seqattr.dna.frequencies import BACKGROUND, measured_background
from seqattr.errors import InputError, UnknownName
from seqattr.motifs import scan as scanning
from seqattr.motifs.matches import Matches
from seqattr.motifs.peaks import highest_peaks
from seqattr.motifs.pwm import GATA1, PWM, TAL1, score_threshold
from seqattr.motifs.scan import STRANDS, Pick, find_matches
from seqattr.motifs.sources import read_motifs
from tests.helpers.motifs import scores_of

SHARED = Path(__file__).parents[2] / ".." / "shared" / "data"
UNEVEN = (0.4, 0.3, 0.2, 0.1)
PALINDROME = PWM("palindrome", np.eye(4)[:, [0, 1, 2, 3]])  # ACGT

# Log-odds are sums of w rounded numbers; for motifs up to 20 wide the sum is off by less than this.
ROUNDED = 2e-4


def random_sequences(count: int = 12, length: int = 60, codes: int = 5, seed: int = 0) -> np.ndarray:
    return one_hot(np.random.default_rng(seed).integers(0, codes, (count, length)).astype(np.uint8))


def random_motifs(count: int = 7, seed: int = 1) -> list[PWM]:
    rng = np.random.default_rng(seed)
    widths = rng.integers(1, 20, size=count)
    return [PWM(f"m{n}", rng.dirichlet(np.full(4, 0.4), size=w).T) for n, w in enumerate(widths)]


MOTIFS = [*random_motifs(), TAL1, GATA1, PALINDROME]


def rows(matches: Matches) -> list[tuple]:
    """All there is to know of each match."""
    columns = (matches.sequence, matches.start, matches.end, matches.names, matches.strand)
    return list(zip(*(np.asarray(column).tolist() for column in columns), strict=True))


def mirrored(matches: Matches, length: int) -> list[tuple]:
    """The rows that the reverse complement must have."""
    return sorted((s, length - end, length - start, n, -strand) for s, start, end, n, strand in rows(matches))


def both_strands(pwm: PWM, sequences: np.ndarray, background=BACKGROUND) -> np.ndarray:
    """(2, N, P) log-odds by the definition; the other strand is the reverse complement's forward strand."""
    there = scores_of(pwm, reverse_complement(sequences), background)[:, ::-1]
    return np.stack([scores_of(pwm, sequences, background), there])


@pytest.mark.parametrize("background", [BACKGROUND, UNEVEN])
@pytest.mark.parametrize("strand", STRANDS)
def test_all_matches_above_log_odds_are_those_of_the_definition(strand, background):
    sequences = random_sequences(count=60)
    found = find_matches(sequences, MOTIFS, Pick(top=None, log_odds=1.5, strand=strand), background)
    scores = dict(zip(rows(found), found.log_odds.tolist(), strict=True))
    kept = {"both": (1, -1), "forward": (1,), "reverse": (-1,)}[strand]
    expected = {}
    for pwm in MOTIFS:
        for (which, row, start), value in np.ndenumerate(both_strands(pwm, sequences, background)):
            if not sequences[row, :, start : start + pwm.width].any(axis=0).all():
                continue  # an N is no base
            assert abs(value - 1.5) > ROUNDED  # so that rounding decides nothing here
            if value >= 1.5 and (1, -1)[which] in kept:
                expected[row, start, start + pwm.width, pwm.name, (1, -1)[which]] = value
    assert scores.keys() == expected.keys()
    assert len(scores) > 50
    np.testing.assert_allclose(list(scores.values()), [expected[row] for row in scores], atol=ROUNDED)


@pytest.mark.parametrize("top", [1, 5])
def test_top_matches_are_those_of_the_better_strand(top):
    sequences = random_sequences(codes=4)
    found = find_matches(sequences, MOTIFS, Pick(top=top), BACKGROUND)
    for number, pwm in enumerate(MOTIFS):
        scores = both_strands(pwm, sequences)
        own = found.select(found.motif == number)
        picked = highest_peaks(scores.max(axis=0), top, pwm.width // 2)
        # Near ties may be settled otherwise, so that what is compared is how good the best are.
        assert len(own) == len(picked.row)
        for row in range(len(sequences)):
            mine = np.sort(own.log_odds[own.sequence == row])
            best = np.sort(picked.value[picked.row == row])
            np.testing.assert_allclose(mine[-1], best[-1], atol=ROUNDED)
            starts = np.sort(own.start[own.sequence == row])
            assert all(2 * (after - before) > pwm.width for before, after in pairwise(starts))
        at = (np.where(own.strand > 0, 0, 1), own.sequence, own.start)
        np.testing.assert_allclose(own.log_odds, scores[at], atol=ROUNDED)
        assert (scores[at] >= scores.max(axis=0)[at[1:]] - ROUNDED).all()


def test_top_matches_of_a_motif_without_ties_are_exactly_those_of_the_definition():
    sequences = random_sequences(count=40, length=200, codes=4)
    for pwm in (TAL1, random_motifs(seed=5)[0]):
        found = find_matches(sequences, [pwm], Pick(strand="forward"), BACKGROUND)
        picked = highest_peaks(scores_of(pwm, sequences, BACKGROUND), 5, pwm.width // 2)
        mine = sorted(zip(found.sequence.tolist(), found.start.tolist(), strict=True))
        assert mine == sorted(zip(picked.row.tolist(), picked.column.tolist(), strict=True))


def test_a_threshold_is_kept_on_top():
    sequences = random_sequences(codes=4)
    found = find_matches(sequences, MOTIFS, Pick(top=5, log_odds=3))
    everything = find_matches(sequences, MOTIFS, Pick(top=5))
    assert 0 < len(found) < len(everything)
    assert rows(found) == rows(everything.select(everything.log_odds >= 3))


@pytest.mark.parametrize("top", [1, None])
def test_a_match_of_exactly_the_threshold_is_kept(top):
    sequences = random_sequences(codes=4)
    best = float(find_matches(sequences, [TAL1], Pick(top=1), BACKGROUND).log_odds.max())
    (found,) = find_matches(sequences, [TAL1], Pick(top=top, log_odds=best), BACKGROUND).log_odds
    assert found == best


def test_matches_below_a_p_value_are_those_above_its_threshold():
    sequences = random_sequences(count=30, codes=4)
    found = find_matches(sequences, MOTIFS, Pick(top=None, p_value=1e-3), BACKGROUND)
    for number, pwm in enumerate(MOTIFS):
        threshold = score_threshold(pwm, 1e-3, BACKGROUND)
        expected = (both_strands(pwm, sequences) >= threshold).sum()
        assert (found.motif == number).sum() == expected
    both = find_matches(sequences, MOTIFS, Pick(top=None, p_value=1e-3, log_odds=6), BACKGROUND)
    assert rows(both) == rows(found.select(found.log_odds >= 6))


def test_matches_come_in_order():
    found = find_matches(random_sequences(), MOTIFS)
    place = list(zip(found.sequence, found.start, found.motif, -found.strand, strict=True))
    assert place == sorted(place)


# Every second sequence is made of a few words over and over, so that there are ties everywhere.
REPEATS = one_hot(np.tile(np.random.default_rng(3).integers(0, 4, (8, 6)), 10).astype(np.uint8))


@pytest.mark.parametrize(
    "pick", [Pick(), Pick(top=2), Pick(top=None, log_odds=2), Pick(top=None, p_value=0.01)]
)
@pytest.mark.parametrize("background", [None, BACKGROUND, UNEVEN])
def test_the_reverse_complement_has_the_mirror_image(pick, background):
    sequences = np.concatenate([random_sequences(codes=4), random_sequences(seed=9), REPEATS])
    here = find_matches(sequences, MOTIFS, pick, background)
    there = find_matches(reverse_complement(sequences), MOTIFS, pick, background)
    assert sorted(rows(there)) == mirrored(here, sequences.shape[-1])
    np.testing.assert_array_equal(np.sort(here.log_odds), np.sort(there.log_odds))


def test_one_strand_mirrors_the_other():
    sequences = np.concatenate([random_sequences(), REPEATS])
    here = find_matches(sequences, MOTIFS, Pick(strand="forward"))
    there = find_matches(reverse_complement(sequences), MOTIFS, Pick(strand="reverse"))
    assert sorted(rows(there)) == mirrored(here, sequences.shape[-1])
    np.testing.assert_array_equal(here.background, there.background)


@pytest.mark.parametrize("pick", [Pick(), Pick(top=None, log_odds=1)])
def test_matches_do_not_depend_on_what_is_scanned_with_them(pick, monkeypatch):
    sequences = random_sequences(count=9)
    together = find_matches(sequences, MOTIFS, pick, BACKGROUND)
    monkeypatch.setattr(scanning, "_SCORES_AT_ONCE", 1)
    for row, sequence in enumerate(sequences):
        for number, pwm in enumerate(MOTIFS):
            alone = find_matches(sequence[None], [pwm], pick, BACKGROUND)
            same = together.select((together.sequence == row) & (together.motif == number))
            assert alone.start.tolist() == same.start.tolist()
            assert alone.strand.tolist() == same.strand.tolist()
            assert alone.log_odds.tolist() == same.log_odds.tolist()


def test_what_is_no_base_takes_part_in_nothing():
    assert len(find_matches(one_hot(["N" * 30]), [TAL1], Pick(top=None, log_odds=-1))) == 0
    found = find_matches(one_hot(["ACGT" * 5 + "N" + "ACGT" * 5]), [GATA1], Pick(top=None, log_odds=-999))
    assert set(found.start.tolist()) == {*range(11), *range(21, 32)}


@pytest.mark.parametrize("pick", [Pick(), Pick(top=None, log_odds=-3), Pick(top=None, p_value=1)])
@pytest.mark.parametrize(("left", "right"), [(0, 40), (40, 0), (13, 27)])
def test_padded_sequences_have_the_matches_of_the_unpadded(pick, left, right):
    sequences = np.concatenate([random_sequences(codes=4), REPEATS])
    padded = np.pad(sequences, [(0, 0), (0, 0), (left, right)])
    plain, found = (find_matches(each, MOTIFS, pick) for each in (sequences, padded))
    shifted = [(row, start - left, end - left, *rest) for row, start, end, *rest in rows(found)]
    assert shifted == [(row, start, end, *rest) for row, start, end, *rest in rows(plain)]
    np.testing.assert_array_equal(found.log_odds, plain.log_odds)


def test_a_motif_of_one_strand_is_not_looked_for_on_the_other():
    sequences = random_sequences(codes=4)
    single = replace(GATA1, name="single", one_strand=True)
    found = find_matches(sequences, [TAL1, single, GATA1], Pick(top=None, log_odds=-3), BACKGROUND)
    plain = find_matches(sequences, [TAL1, GATA1], Pick(top=None, log_odds=-3), BACKGROUND)
    assert any(row[3] == "GATA_disc1" and row[4] == -1 for row in rows(plain))  # which the single one has not
    named = [row[:3] + row[4:] for row in rows(found) if row[3] == "single"]
    assert named == [row[:3] + row[4:] for row in rows(plain) if row[3] == "GATA_disc1" and row[4] == 1]
    assert [row for row in rows(found) if row[3] != "single"] == rows(plain)
    assert single.twins()[0].one_strand


def test_a_motif_wider_than_the_sequences_has_no_match():
    found = find_matches(random_sequences(length=12), [TAL1, GATA1])
    assert set(found.names) == {"GATA_disc1"}
    assert len(find_matches(random_sequences(length=5), [TAL1])) == 0
    assert len(find_matches(random_sequences(), [])) == 0


def test_the_background_is_measured_on_the_strands_that_are_scanned():
    codes = codes_of(one_hot(["AAAAAACCGN"]))
    counts = np.array([7, 3, 2, 1]) / 13
    np.testing.assert_allclose(measured_background(codes, "forward"), counts)
    np.testing.assert_allclose(measured_background(codes), (counts + counts[::-1]) / 2)
    sequences = random_sequences(codes=3)
    for strand in STRANDS:
        background = find_matches(sequences, [GATA1], Pick(strand=strand)).background
        assert background.sum() == pytest.approx(1)
        assert (background > 0).all()


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"strand": "+"}, r"unknown strand '\+'; there is: both, forward, reverse"),
        ({"top": 0}, "at least 1 match per motif and sequence must be kept, not 0"),
        ({"top": None}, "keep the top matches, or those above a log-odds or below a p-value"),
    ],
)
def test_what_cannot_be_picked(settings, line):
    with pytest.raises(InputError, match=line) as caught:
        Pick(**settings)
    assert isinstance(caught.value, UnknownName) == ("strand" in settings)


@pytest.mark.parametrize("p_value", [0, 2])
def test_no_p_value(p_value):
    with pytest.raises(InputError, match="a p-value is above 0"):
        find_matches(random_sequences(), [TAL1], Pick(p_value=p_value))


def test_the_forward_strand_is_the_one_that_was_read():
    """Rows that were read as their reverse complement have the matches of that, mirrored."""
    sequences = random_sequences(count=20, codes=4)
    minus = np.arange(20) % 2 == 1
    single = replace(GATA1, name="single", one_strand=True)
    as_given = np.where(minus[:, None, None], reverse_complement(sequences), sequences)
    picks = (([TAL1, single], Pick()), ([TAL1], Pick(strand="forward")), ([GATA1], Pick(strand="reverse")))
    for motifs, pick in picks:
        found = find_matches(sequences, motifs, pick, minus=minus)
        there = find_matches(as_given, motifs, pick)
        np.testing.assert_array_equal(found.background, there.background)
        plus = [row for row in rows(there) if not minus[row[0]]]
        turned = [
            (s, 60 - end, 60 - start, n, -strand) for s, start, end, n, strand in rows(there) if minus[s]
        ]
        assert sorted(rows(found)) == sorted([*plus, *turned])


# ---- against memelite's FIMO


def fimo_rows(motifs: list[PWM], sequences: np.ndarray, p_value: float) -> dict[tuple, float]:
    """FIMO's matches with natural log-odds, on a uniform background."""
    fimo = pytest.importorskip("memelite").fimo
    # It adds 1e-4 to each probability; we mix in a thousandth of the background.
    tables = {pwm.name: 0.999 * pwm.probabilities + 0.001 / 4 - 1e-4 for pwm in motifs}
    tables_found = fimo(tables, sequences.astype(np.float32), threshold=p_value, bin_size=0.01)
    found = {}
    for name, hits in zip(tables, tables_found, strict=True):
        columns = (hits[column] for column in ("sequence_name", "start", "end", "strand", "score"))
        for row, start, end, strand, score in zip(*columns, strict=True):
            sign = 1 if strand == "+" else -1
            found[int(row), int(start), int(end), name, sign] = float(score) * np.log(2)
    return found


def agrees_with_fimo(motifs: list[PWM], sequences: np.ndarray, p_value: float) -> None:
    theirs = fimo_rows(motifs, sequences, p_value)
    uniform = np.full(4, 0.25)
    found = find_matches(sequences, motifs, Pick(top=None, p_value=p_value), uniform)
    ours = dict(zip(rows(found), found.log_odds.tolist(), strict=True))
    common = ours.keys() & theirs.keys()
    assert len(common) > 100
    gaps = [abs(ours[row] - theirs[row]) for row in common]
    assert max(gaps) < 1e-3  # their scores are float32, ours rounded as `_exact` says
    # Both thresholds come from rounded scores: a match that only one has lies near the edge.
    thresholds = {pwm.name: score_threshold(pwm, p_value, uniform) for pwm in motifs}
    for row in ours.keys() ^ theirs.keys():
        assert abs({**theirs, **ours}[row] - thresholds[row[3]]) < 0.2
    assert len(ours.keys() ^ theirs.keys()) <= 0.02 * len(ours)


@pytest.mark.peers
def test_positions_and_scores_agree_with_fimo():
    motifs = [pwm for pwm in [*random_motifs(count=20), TAL1, GATA1] if pwm.width > 5]
    agrees_with_fimo(motifs, random_sequences(count=100, length=200, codes=4), 1e-3)


@pytest.mark.peers
@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="the real inputs are not here")
def test_a_real_collection_agrees_with_fimo():
    motifs = list(read_motifs([SHARED / "H13CORE.meme.gz"]).values())[::4]
    agrees_with_fimo(motifs, random_sequences(count=100, length=200, codes=4), 1e-4)
