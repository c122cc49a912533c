"""Matching pursuit (Mallat & Zhang 1993): which of the candidates explain one row's contributions.

The residual is at first the contributions. Of all candidates that may be taken, the one whose profile
explains most of it is; what it explains is subtracted, and so on. So candidates compete for the same bases.
"""

from typing import Any

import numpy as np

from seqattr.support.compiled import compiled


@compiled
def pursue(row: Any, candidates: Any, profiles: Any, limits: Any, out: Any) -> Any:
    """Fills `out` with the numbers of the candidates taken and what is said of them; returns how many.

    `row` are the residual (L,), which is changed, contributions and codes. `candidates` are the starts,
    motifs and strands (K,) of a row; of two that explain as much, the one with the lesser start, then motif,
    then of the forward strand is taken. `limits` are the least similarity, and the least
    sum for each base of a profile's weight.
    `out` is (K,) and (K, 5): amount, coefficient, similarity, and the positive and the negative contributions
    explained.
    """
    start, motif = candidates[:2]
    chosen, numbers = out
    count = len(start)
    fit = np.zeros((count, 3))
    for k in range(count):
        _match(row, k, candidates, profiles, limits, fit)
    taken = 0
    while taken < count:
        best = -1
        for k in range(count):
            if fit[k, 0] > 0 and (best < 0 or _precedes(fit, candidates, k, best)):
                best = k
        if best < 0:
            break
        chosen[taken] = best
        numbers[taken, :3] = fit[best]
        _subtract(row, best, candidates, profiles, numbers[taken])
        taken += 1
        end = start[best] + profiles[2][motif[best]]
        for k in range(count):
            if start[k] < end and start[k] + profiles[2][motif[k]] > start[best] and fit[k, 0] > 0:
                _match(row, k, candidates, profiles, limits, fit)
        fit[best, 0] = 0
    return taken


@compiled
def _precedes(fit: Any, candidates: Any, k: Any, other: Any) -> Any:
    start, motif, strand = candidates
    if fit[k, 0] != fit[other, 0]:
        return fit[k, 0] > fit[other, 0]
    if start[k] != start[other]:
        return start[k] < start[other]
    if motif[k] != motif[other]:
        return motif[k] < motif[other]
    return strand[k] > strand[other]


@compiled
def _match(row: Any, k: Any, candidates: Any, profiles: Any, limits: Any, fit: Any) -> None:
    """The amount that a candidate explains of the residual, 0 where it may not be taken."""
    start, motif, strand = candidates
    columns, first, width, signed, weight = profiles
    values, contributions, codes = row
    w, begin = width[motif[k]], first[motif[k]]
    dot, own, there, whole, left, given = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(w):
        at = start[k] + i
        expected = columns[begin + i, codes[at]]
        if strand[k] < 0:
            expected = columns[begin + w - 1 - i, 3 - codes[at]]
        dot += values[at] * expected
        own += expected * expected
        there += values[at] * values[at]
        whole += expected
        left += values[at]
        given += contributions[at]
    fit[k] = 0.0
    least = limits[1] * weight[motif[k]]
    if own == 0.0 or there == 0.0 or dot * whole * left <= 0.0 or left * given <= 0.0:
        return
    if (signed[motif[k]] and dot < 0) or min(abs(left), abs(given)) < least:
        return
    similarity = abs(dot) / np.sqrt(own * there)
    if similarity >= limits[0]:
        fit[k, 0] = dot * dot / own
        fit[k, 1] = dot / own
        fit[k, 2] = similarity


@compiled
def _subtract(row: Any, k: Any, candidates: Any, profiles: Any, numbers: Any) -> None:
    """Takes the fitted profile off the residual, and adds up what of the contributions that explains."""
    start, motif, strand = candidates
    columns, first, width = profiles[:3]
    values, contributions, codes = row
    w, begin = width[motif[k]], first[motif[k]]
    for i in range(w):
        at = start[k] + i
        expected = columns[begin + i, codes[at]]
        if strand[k] < 0:
            expected = columns[begin + w - 1 - i, 3 - codes[at]]
        before = _explained(contributions[at], values[at])
        values[at] -= numbers[1] * expected
        more = _explained(contributions[at], values[at]) - before
        if contributions[at] > 0:
            numbers[3] += more
        else:
            numbers[4] += more


@compiled
def _explained(contribution: Any, residual: Any) -> Any:
    """What is explained of a contribution when the fit leaves such a residual: from 0 to all of it."""
    fitted = contribution - residual
    if contribution > 0:
        return min(max(fitted, 0.0), contribution)
    return max(min(fitted, 0.0), contribution)
