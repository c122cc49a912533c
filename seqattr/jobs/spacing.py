"""What two motifs do together at every distance, as a kind of insertions."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from typing import Any

from seqattr.analyses.arrangements import (
    ADD_UP,
    INTERACT,
    LEAST_KNOWN,
    LEAST_LEFT,
    LEAST_SHARE,
    UNKNOWN,
    Arrangement,
    Overall,
    Spacing,
    decisive,
)
from seqattr.analyses.insertions import consensus
from seqattr.analyses.spacing import Distances, spacing
from seqattr.dna.alphabet import ALPHABET, decode
from seqattr.errors import InputError, UnknownName
from seqattr.figures.drawings import Drawing
from seqattr.figures.numbers import minus, number, signed_interval, signed_percent
from seqattr.io.scores_folder import filename
from seqattr.jobs.insertion_figures import distance_figure
from seqattr.jobs.insertions import Experiment, Findings, Kind
from seqattr.motifs.pwm import PWM
from seqattr.motifs.sources import read_motifs
from seqattr.support.caller import Caller

MOST_ALIKE = 3  # names of motifs that a note lists
MOST_APART = 8  # distances that a sentence lists


@dataclass(frozen=True)
class Settings:
    """Two motifs, by their names in files of `motifs` or as words of letters; for which targets; how far
    apart.
    """

    pair: tuple[str, str]
    motifs: tuple[str, ...] = ()
    targets: Sequence[int | str] | None = None
    distances: Distances = field(default_factory=Distances)
    command: str = ""


def settings_of(
    a: str,
    b: str,
    motifs: Sequence[str],
    targets: Sequence[int | str] | None,
    command: str = "",
    **distances: Any,
) -> Settings:
    """Settings of an option each. Raises InputError for what cannot be."""
    return Settings((a, b), tuple(motifs), targets, Distances(**distances), command)


@dataclass(frozen=True, eq=False)
class Pair(Findings):
    """The changes by two motifs, as arrays, in rows and over all distances."""

    spacing: Spacing
    rows: list[Arrangement]
    overall: list[Overall]
    facts: dict[str, Any]

    @property
    def targets(self) -> tuple[str, ...]:
        return self.spacing.targets

    def rows_of(self, target: str) -> list[Overall]:
        """Its pairs of strands."""
        return [row for row in self.overall if row.target == target]

    def sentence(self, target: str) -> str:
        """What two motifs do together to a target, in words."""
        one = decisive(self.rows_of(target))
        size = f"{signed_interval(one.interaction, one.low, one.high)} {self.units[target]}"
        strands = f"strands {minus(one.strand_a)} and {minus(one.strand_b)}"
        where = f"{strands}, {self.distances(one)} bases apart"
        unsure = f"cannot be told with {self.spacing.without.shape[1]} backgrounds"
        words = {
            INTERACT: f"together they do {'more' if one.interaction > 0 else 'less'} than the sum: {size}",
            ADD_UP: f"they add up: the largest interaction is {size}",
            UNKNOWN: f"whether they add up {unsure}: the interaction is {size}",
        }
        return f"{words[one.verdict]}, {share_in_words(one)} ({where})"

    def distances(self, row: Overall) -> str:
        """Those that a row is the mean of."""
        return in_words([distance for distance in self.spacing.distances if distance <= row.reach])

    def columns(self) -> dict[str, list[Any]]:
        """A row for each target, order, strands and distance, with the motifs' names."""
        a, b = (motif.name for motif in self.spacing.motifs)
        names = {"motif_a": [a] * len(self.rows), "motif_b": [b] * len(self.rows)}
        return names | {name: [getattr(row, name) for row in self.rows] for name in Arrangement._fields}

    def drawings(self, target: str) -> list[Drawing]:
        """The interaction of a target by distance."""
        caption = f"What both motifs add to {target} beyond the sum, by distance, with 95 % intervals"
        unit = f"interaction ({self.units[target]})"
        draw = partial(distance_figure, self.spacing, self.targets.index(target), unit)
        name = f"spacing_{filename(target)}"
        return [Drawing.of(name, f"{caption} over backgrounds.", draw)]

    def content(self) -> dict[str, Any]:
        """What the page shows."""
        words = [decode(consensus(motif)) for motif in self.spacing.motifs]
        limits = {"least": LEAST_SHARE, "least_known": LEAST_KNOWN, "least_left": LEAST_LEFT}
        return {"spacing": self.spacing, "words": words, "apart": in_words(self.spacing.distances), **limits}


def share_in_words(row: Overall) -> str:
    """How large an interaction is beside what the motifs do alone, with its interval."""
    if not row.most:
        return "and neither does anything alone"
    if not row.has_share:
        return f"and what they do alone is hardly known ({number(row.most)})"
    low, high = (signed_percent(share) for share in row.shares)
    return f"{signed_percent(row.share)} [{low}, {high}] of what they do alone"


def find(experiment: Experiment, settings: Settings) -> Pair:
    """What two motifs do together."""
    pair, notes = both(settings, experiment.caller)
    experiment.caller.tell(notes)
    found = experiment.ask(spacing, pair, settings.distances)
    found = replace(found, notes=(*notes, *found.notes))
    return Pair(found, found.table(), found.overall(), experiment.facts())


def both(settings: Settings, caller: Caller) -> tuple[list[PWM | str], list[str]]:
    """The two motifs, and notes on words that may be meant as motifs. Raises UnknownName for what is neither
    the name of one nor a word of letters.
    """
    motifs = read_motifs(settings.motifs, warn=caller.warn) if settings.motifs else {}
    found: list[PWM | str] = []
    for name in settings.pair:
        if name not in motifs:
            check_word(name, motifs)
        found.append(motifs.get(name, name))
    words = dict.fromkeys(name for name in settings.pair if name not in motifs)
    notes = (note_on_word(word, list(motifs), " or ".join(settings.motifs)) for word in words)
    return found, [note for note in notes if note]


def check_word(word: str, motifs: Collection[str]) -> None:
    """Raises UnknownName, or InputError where there are no motifs, for what is no word of A, C, G and T."""
    if word and not set(word.upper()) - set(ALPHABET):
        return
    if not motifs:
        raise InputError(
            f"'{word}' is no word of the letters A C G T; give a file of `motifs` with that name"
        )
    raise UnknownName("motif (a word has the letters A C G T alone)", word, motifs)


def note_on_word(word: str, names: Sequence[str], files: str) -> str:
    """Which motifs of the files a word of letters may stand for: those of which a part of the name begins so.
    "" where there is none.
    """
    parts = {name: re.split(r"[\W_]+", name.casefold()) for name in names}
    alike = [name for name in names if any(part.startswith(word.casefold()) for part in parts[name])]
    more = f" and {len(alike) - MOST_ALIKE:,} more" if len(alike) > MOST_ALIKE else ""
    there = f"{', '.join(alike[:MOST_ALIKE])}{more}"
    return f"{word} is no motif of {files}: taken as a word of bases; there is {there}" if alike else ""


def in_words(distances: Sequence[int]) -> str:
    """Distances as they follow each other: 0 to 78; 5 and 20; 0 to 4, 10 and 20. Of many that do not, the
    first and the last, and how many.
    """
    ordered = sorted(distances)
    starts = [n for n, one in enumerate(ordered) if not n or one > ordered[n - 1] + 1]
    runs = [ordered[a:b] for a, b in pairwise([*starts, len(ordered)])]
    ends = [[f"{run[0]} to {run[-1]}"] if len(run) > 2 else [str(one) for one in run] for run in runs]
    *first, last = [text for texts in ends for text in texts]
    if len(first) >= MOST_APART:
        return f"{len(ordered)} distances from {ordered[0]} to {ordered[-1]}"
    return f"{', '.join(first)} and {last}" if first else last


SPACING = Kind(
    "spacing",
    "the interaction of each target at each distance, in each order, on each pair of strands",
    r"spacing_.+\.(png|svg)",
    find,
)
