"""The seqlets that no sure hit explains, and which motifs are near to the largest of them."""

from typing import NamedTuple

import numpy as np

from seqattr.dna.alphabet import ALPHABET
from seqattr.io.hdf5.rows import Column
from seqattr.jobs.report.scores import Scores
from seqattr.motifs.hits import Hits
from seqattr.motifs.seqlets import Nearest, Seqlets, nearest_motifs, without_match

# The largest seqlets are compared with the motifs; thousands would take minutes in a large collection.
MOST_SEQLETS = 500


class Unexplained(NamedTuple):
    """How many seqlets there are and how many of them no sure hit explains; of these the largest."""

    found_seqlets: int
    unexplained_seqlets: int
    seqlets: Seqlets
    nearest: list[Nearest]
    bases: list[str]  # of each


def unexplained(scores: Scores, target: str, seqlets: Seqlets, judged: Hits) -> Unexplained:
    """Of one target's seqlets. A hit that may be chance explains nothing."""
    sure, matches = judged.select(judged.sure), judged.matches
    missed = seqlets.select(without_match(seqlets, sure.matches, sure.importance))
    largest = missed.select(np.arange(min(len(missed), MOST_SEQLETS)))
    with scores.open(target) as file:
        hypothetical = read_in(file.hypothetical, largest).astype(np.float32)
        bases = [text_of(one_hot) for one_hot in read_in(file.one_hot, largest)]
    nearest = nearest_motifs(hypothetical, matches.motifs, background=matches.background)
    return Unexplained(len(seqlets), len(missed), largest, nearest, bases)


def read_in(stored: Column, seqlets: Seqlets) -> np.ndarray:
    """What is stored (N, 4, L) in the seqlets, (S, 4, w); neighbours in the file are read together."""
    cut = np.zeros((len(seqlets), 4, seqlets.width), stored.dtype)
    for number in np.argsort(seqlets.sequence, kind="stable").tolist():
        start = int(seqlets.start[number])
        cut[number] = stored[int(seqlets.sequence[number]), :, start : start + seqlets.width]
    return cut


def text_of(one_hot: np.ndarray) -> str:
    """Letters of (4, w), N where there is none."""
    letters = np.where(one_hot.any(axis=0), np.array(list(ALPHABET))[one_hot.argmax(axis=0)], "N")
    return "".join(letters.tolist())
