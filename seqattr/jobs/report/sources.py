"""A folder of scores made ready for motifs: its sequences, their background, and what finds hits."""

from collections.abc import Sequence

import numpy as np

from seqattr.dna.frequencies import background_of
from seqattr.jobs.report.blocks import background_in, layout_of
from seqattr.jobs.report.findings import Source
from seqattr.jobs.report.scores import Scores
from seqattr.jobs.report.settings import Settings
from seqattr.motifs.hits import HitFinder
from seqattr.motifs.pwm import PWM


def source_of(scores: Scores, name: str, settings: Settings) -> Source:
    """A folder's sequences and their background, which is measured where none is given."""
    with scores.open(scores.targets[0]) as file:
        loci, minus = layout_of(file)
        if settings.background is None:
            background = background_in(file, loci, minus, settings.strand)
        else:
            background = background_of(np.array(settings.background, float))
        return Source(name, scores, file.places_in_columns, loci, minus, background)


def finder_of(source: Source, motifs: Sequence[PWM], settings: Settings) -> HitFinder:
    """What finds the hits of these motifs in a folder's sequences."""
    return HitFinder.of(motifs, source.background, source.length, settings.seed, settings.hits, source.loci)
