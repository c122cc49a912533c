"""Hits are the matches that explain contributions, in competition with each other and with their twins."""

import numpy as np
import pytest

from seqattr.data.simulate import TalGata, simulate_tal_gata
from seqattr.dna.alphabet import UNKNOWN
from seqattr.motifs.hits import HitFinder, Hits
from seqattr.motifs.profiles import profile_of
from seqattr.motifs.pwm import GATA1, PWM, TAL1
from tests.helpers.slow_hits import candidates_of, pursuit

SIMULATION = simulate_tal_gata(TalGata(count=120), seed=1)
CODES = SIMULATION.codes
BACKGROUND = np.array([0.27, 0.23, 0.23, 0.27])
RNG = np.random.default_rng(0)
OTHERS = [
    PWM(f"m{n}", RNG.dirichlet(np.full(4, 0.3), size=int(w)).T) for n, w in enumerate(RNG.integers(7, 15, 30))
]
MOTIFS = [*OTHERS[:15], TAL1, *OTHERS[15:], GATA1]


def noise(seed: int) -> np.ndarray:
    """Contributions that hang together, of another scale in each sequence, and know no motif."""
    rng = np.random.default_rng(seed)
    smooth = rng.normal(size=(len(CODES), 206)).cumsum(axis=1)
    return rng.exponential(size=(len(CODES), 1)) * (smooth[:, 6:] - smooth[:, :-6])


def planted(sign: float = 1) -> np.ndarray:
    """Contributions of planted motifs as their profiles, and a little noise."""
    values = np.random.default_rng(5).normal(0, 0.1, size=CODES.shape)
    for instance in SIMULATION.planted:
        bases = slice(instance.start, instance.end)
        pwm = {TAL1.name: TAL1, GATA1.name: GATA1}[instance.motif]
        expected = profile_of(pwm, BACKGROUND)
        values[instance.sequence, bases] += sign * expected[CODES[instance.sequence, bases], range(pwm.width)]
    return values


def hits_of(finder: HitFinder, codes: np.ndarray, values: np.ndarray, block: int = 1000) -> Hits:
    """All hits, a block of rows at a time."""
    rows = [slice(first, min(first + block, len(codes))) for first in range(0, len(codes), block)]
    return finder.assemble(
        [finder.fit(some, codes[some], values[some], finder.candidates(codes[some])) for some in rows]
    )


@pytest.fixture(scope="module")
def finder() -> HitFinder:
    return HitFinder.of(MOTIFS, BACKGROUND, CODES.shape[1])


def columns_of(hits: Hits) -> dict[str, np.ndarray]:
    """Everything that is said of each hit."""
    matches = hits.matches
    named = {name: getattr(matches, name) for name in ("sequence", "start", "motif", "strand", "log_odds")}
    for name in ("importance", "share", "coefficient", "similarity", "amount", "p_value", "q_value"):
        named[name] = getattr(hits, name)
    return named


@pytest.mark.parametrize("sign", [1, -1])
def test_planted_instances_are_the_hits(finder, sign):
    hits = hits_of(finder, CODES, planted(sign))
    sure = hits.select(hits.q_value < 0.05)
    found = set(
        zip(sure.matches.sequence.tolist(), sure.matches.names, sure.matches.start.tolist(), strict=True)
    )
    truth = {(one.sequence, one.motif, one.start) for one in SIMULATION.planted}
    assert len(found & truth) >= 0.85 * len(truth)
    assert len(found & truth) >= 0.95 * len(found)
    assert (np.sign(sure.coefficient) == sign).mean() > 0.95
    explained = hits.explained
    by_hits = explained.positive_by_hits if sign > 0 else explained.negative_by_hits
    assert abs(by_hits) > 0.5 * (explained.positive if sign > 0 else -explained.negative)


def test_without_structure_there_are_no_sure_hits(finder):
    sure = [(hits_of(finder, CODES, noise(seed)).q_value < 0.05).sum() for seed in range(5)]
    assert sum(sure) <= 3


def test_the_reverse_complement_has_the_hits_mirrored(finder):
    values = planted() + noise(0)
    ours = hits_of(finder, CODES, values)
    theirs = hits_of(finder, 3 - CODES[:, ::-1], values[:, ::-1])
    there = theirs.matches
    start = CODES.shape[1] - there.end
    order = np.lexsort((there.strand, there.motif, start, there.sequence))
    mirrored = columns_of(theirs) | {"start": start, "strand": -there.strand}
    for name, values_of in columns_of(ours).items():
        np.testing.assert_allclose(mirrored[name][order], values_of, rtol=1e-9, err_msg=name)


def test_hits_do_not_depend_on_the_block(finder):
    values = planted() + noise(0)
    whole, parts = (hits_of(finder, CODES, values, block) for block in (1000, 7))
    for (name, one), two in zip(columns_of(whole).items(), columns_of(parts).values(), strict=True):
        np.testing.assert_array_equal(one, two, err_msg=name)


def test_what_is_no_base_takes_part_in_nothing(finder):
    values = planted() + noise(0)
    ours = hits_of(finder, CODES, values)
    padded = np.full((len(CODES), 300), UNKNOWN, CODES.dtype)
    padded[:, 60:260] = CODES
    beside = np.full(padded.shape, 1e3)
    beside[:, 60:260] = values
    theirs = hits_of(HitFinder.of(MOTIFS, BACKGROUND, 300), padded, beside)
    for name, one in columns_of(ours).items():
        two = columns_of(theirs)[name] - (60 if name == "start" else 0)
        np.testing.assert_allclose(two, one, rtol=1e-9, err_msg=name)


def test_a_row_is_fitted_as_matching_pursuit_is_defined(finder):
    learned = PWM("learned", TAL1.probabilities, contributions=-profile_of(TAL1, BACKGROUND))
    finder = HitFinder.of([*MOTIFS, learned], BACKGROUND, CODES.shape[1])
    values, both = planted() - planted()[::-1] + noise(0), [*finder.motifs, *finder.twins]
    candidates = finder.candidates(CODES)
    block = finder.fit(slice(0, len(CODES)), CODES, values, candidates)
    everything = 0
    for row in range(0, len(CODES), 5):
        codes, contributions = CODES[row], values[row]
        first_twins = candidates.motif < 2 * len(finder.motifs)
        of_row = candidates.select((candidates.sequence == row) & first_twins)
        places = list(zip(of_row.start.tolist(), of_row.motif.tolist(), of_row.strand.tolist(), strict=True))
        listed = candidates_of(codes, places, both, BACKGROUND)
        slow = pursuit(contributions.tolist(), len(codes), listed, finder.settings)
        slow.sort(key=lambda one: (one[0].start, one[0].motif, -one[0].strand))
        own = np.flatnonzero((block.matches.sequence == row) & (block.matches.motif < 2 * len(finder.motifs)))
        keys = [(block.matches.start[k], block.matches.motif[k], block.matches.strand[k]) for k in own]
        assert keys == [(one.start, one.motif, one.strand) for one, *_ in slow]
        numbers = np.array([numbers for _, *numbers in slow]).reshape(-1, 3)
        for column, name in enumerate(("amount", "coefficient", "similarity")):
            np.testing.assert_allclose(block.measures[name][own], numbers[:, column], rtol=1e-9)
        everything += len(own)
    assert everything > 50


def test_a_learned_motif_has_its_own_sign(finder):
    """A motif that was learned from contributions against a target has no hits in those for it."""
    pwm = PWM("against", TAL1.probabilities, contributions=-profile_of(TAL1, BACKGROUND))
    for sign, share in ((-1, 0.9), (1, 0.0)):
        hits = hits_of(HitFinder.of([pwm], BACKGROUND, CODES.shape[1]), CODES, planted(sign))
        of_tal1 = sum(instance.motif == TAL1.name for instance in SIMULATION.planted)
        assert share * of_tal1 <= len(hits) <= of_tal1 * max(1.2 * share, 0.1)
        assert (hits.coefficient > 0).all()


def test_each_hit_has_its_own_share(finder):
    """As many bases as its profile amounts to hold more than average ones do, and no less is a hit."""
    hits = hits_of(finder, CODES, planted() + noise(0))
    weight = finder.profiles.weight[hits.matches.motif]
    assert (abs(hits.share) >= weight / CODES.shape[1] - 1e-12).all()
    assert (weight <= finder.profiles.width[hits.matches.motif]).all()
    assert (abs(hits.similarity) >= finder.settings.least_similarity).all()


def test_the_parts_that_hits_explain_are_within_all_there_is(finder):
    values = planted() + noise(0)
    hits = hits_of(finder, CODES, values)
    explained = hits.explained
    assert explained.positive == pytest.approx(values[values > 0].sum())
    assert explained.negative == pytest.approx(values[values < 0].sum())
    assert 0 < explained.positive_by_hits < explained.positive
    assert explained.negative < explained.negative_by_hits <= 0
    assert explained.positive_by_hits == pytest.approx(hits.positive.sum())


def test_hits_of_some_rows_are_counted_from_the_first_of_them(finder):
    hits = hits_of(finder, CODES, planted())
    inside = hits.in_rows(slice(10, 30))
    own = (hits.matches.sequence >= 10) & (hits.matches.sequence < 30)
    assert len(inside) == own.sum() > 0
    np.testing.assert_array_equal(inside.matches.sequence, hits.matches.sequence[own] - 10)
    np.testing.assert_array_equal(inside.importance, hits.importance[own])


@pytest.mark.parametrize("seed", range(3))
def test_p_values_of_structureless_contributions_are_no_smaller_than_uniform(finder, seed):
    """Of all matches, those that are no hits at 1; several levels, each within what chance allows."""
    hits = hits_of(finder, CODES, noise(seed))
    matched = hits.candidates[0].sum()
    for level in (0.02, 0.05, 0.1):
        seen = (hits.p_value <= level).sum()
        assert seen <= level * matched + 4 * np.sqrt(level * matched)
