"""Matching pursuit as its definition has it, in plain Python."""

import math
from dataclasses import dataclass

import numpy as np

from seqattr.motifs.hits import HitSettings
from seqattr.motifs.profiles import profile_of
from seqattr.motifs.pwm import PWM


@dataclass
class Candidate:
    """A motif in a row; `expected` is its profile at the bases that are there."""

    start: int
    motif: int
    strand: int
    expected: list[float]
    weight: float
    signed: bool


def candidates_of(
    codes: np.ndarray, places: list[tuple[int, int, int]], motifs: list[PWM], background: np.ndarray
) -> list[Candidate]:
    """Of one row's codes (L,), from starts, motifs and strands."""
    listed = []
    for start, number, strand in places:
        profile = profile_of(motifs[number], background)
        heights = [max(abs(column)) for column in profile.T]
        weight = sum(heights) ** 2 / sum(height**2 for height in heights)
        turned = profile if strand > 0 else profile[::-1, ::-1]
        expected = [float(turned[codes[start + i], i]) for i in range(turned.shape[1])]
        signed = motifs[number].contributions is not None
        listed.append(Candidate(start, number, strand, expected, weight, signed))
    return listed


def pursuit(
    values: list[float], bases: int, candidates: list[Candidate], settings: HitSettings
) -> list[tuple[Candidate, float, float, float]]:
    """Which are taken, in this order, each with the amount, the coefficient and the similarity."""
    residual, taken = list(values), []
    average = sum(map(abs, values)) / bases
    while True:
        options = []
        for candidate in candidates:
            stretch = slice(candidate.start, candidate.start + len(candidate.expected))
            there, given, expected = residual[stretch], values[stretch], candidate.expected
            dot = sum(a * b for a, b in zip(there, expected, strict=True))
            own, left = sum(b * b for b in expected), sum(a * a for a in there)
            if own == 0 or left == 0 or any(candidate is one[0] for one in taken):
                continue
            similarity = abs(dot) / math.sqrt(own * left)
            least = settings.least_density * average * candidate.weight
            large = min(abs(sum(there)), abs(sum(given))) >= least
            fitted = dot * sum(expected)
            same_sign = np.sign(fitted) == np.sign(sum(there)) == np.sign(sum(given))
            if similarity < settings.least_similarity or not large or not same_sign:
                continue
            if candidate.signed and dot < 0:
                continue
            order = dot**2 / own, -candidate.start, -candidate.motif, candidate.strand
            options.append((order, candidate, dot / own, similarity))
        if not options:
            return taken
        order, best, coefficient, similarity = max(options, key=lambda option: option[0])
        for i, height in enumerate(best.expected):
            residual[best.start + i] -= coefficient * height
        taken.append((best, order[0], coefficient, similarity))
