"""Hits are the matches that explain contributions, in competition with each other and with their twins."""

import numpy as np
import pytest

from seqattr.data.simulate import TalGata, simulate_tal_gata
from seqattr.dna.alphabet import UNKNOWN
from seqattr.motifs.hits import HitFinder, Hits
from seqattr.motifs.profiles import profile_of
from seqattr.motifs.pwm import GATA1, PWM, TAL1

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
