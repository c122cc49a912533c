"""Hits that another program called."""

import numpy as np
import pytest

from seqattr.dna.frequencies import BACKGROUND
from seqattr.motifs.called import Calls, called_hits, found_by
from seqattr.motifs.matches import Matches
from seqattr.motifs.pwm import GATA1, TAL1

MOTIFS = (TAL1, GATA1)


def calls_at(rng: np.random.Generator, count: int, rows: int = 6, length: int = 60) -> Calls:
    motif = rng.integers(0, 2, count)
    start = rng.integers(0, length - TAL1.width, count)
    strand = rng.choice([1, -1], count)
    return Calls(rng.integers(0, rows, count), start, motif, strand, rng.random(count), rng.random(count))


def test_what_contributions_and_bases_say_of_calls_in_order():
    rng = np.random.default_rng(0)
    codes, values = rng.integers(0, 5, (6, 60)), rng.normal(0, 1, (6, 60))
    calls = calls_at(rng, 40)
    blocks = (
        (slice(first, first + 2), codes[first : first + 2], values[first : first + 2]) for first in (0, 2, 4)
    )
    hits = called_hits(MOTIFS, np.array(BACKGROUND), calls, blocks)
    places = zip(*(column.tolist() for column in (*calls[:3], -calls.strand)), strict=True)
    order = [k for _, k in sorted((place, k) for k, place in enumerate(places))]
    for number, k in enumerate(order):
        row, start, pwm = int(calls.sequence[k]), int(calls.start[k]), MOTIFS[calls.motif[k]]
        inside = slice(start, start + pwm.width)
        word = codes[row, inside]
        if calls.strand[k] < 0:
            word = np.array([base if base == 4 else 3 - base for base in word[::-1]])
        assert hits.importance[number] == pytest.approx(sum(values[row, inside]))
        assert hits.share[number] == pytest.approx(sum(values[row, inside]) / sum(abs(values[row])))
        assert hits.matches.log_odds[number] == pytest.approx(pwm.score(word), abs=1e-5)
        assert hits.coefficient[number] == calls.coefficient[k]
        assert hits.similarity[number] == calls.similarity[k]
    assert np.isnan(hits.p_value).all()
    assert np.isnan(hits.q_value).all()


def slow_found_by(hits: Matches, others: Matches, same_motif: bool) -> list[bool]:
    """Every hit with every other."""

    def agree(k: int, j: int) -> bool:
        overlap = min(hits.end[k], others.end[j]) - max(hits.start[k], others.start[j])
        narrower = min(hits.end[k] - hits.start[k], others.end[j] - others.start[j])
        alike = hits.sequence[k] == others.sequence[j] and overlap >= narrower / 2
        return bool(alike and (hits.motif[k] == others.motif[j] or not same_motif))

    return [any(agree(k, j) for j in range(len(others))) for k in range(len(hits))]


@pytest.mark.parametrize("same_motif", [True, False])
def test_hits_that_both_have(same_motif):
    rng = np.random.default_rng(1)
    for count in (0, 1, 30, 60):
        one, other = (called_hits(MOTIFS, np.array(BACKGROUND), calls_at(rng, n), ()) for n in (30, count))
        for some, others in ((one.matches, other.matches), (other.matches, one.matches)):
            assert found_by(some, others, same_motif).tolist() == slow_found_by(some, others, same_motif)
