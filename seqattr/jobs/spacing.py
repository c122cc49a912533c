"""What two motifs do together at every distance, as a kind of insertions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from seqattr.analyses.arrangements import (
    ADD_UP,
    INTERACT,
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
from seqattr.figures.numbers import minus, signed, signed_percent
from seqattr.io.scores_folder import filename
from seqattr.jobs.insertion_figures import distance_figure
from seqattr.jobs.insertions import Experiment, Findings, Kind
from seqattr.motifs.pwm import PWM
from seqattr.motifs.sources import read_motifs
from seqattr.support.caller import Caller


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
        size = f"{signed(one.interaction)} [{signed(one.low)}, {signed(one.high)}] {self.units[target]}"
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
        near = [distance for distance in self.spacing.distances if distance <= row.reach]
        return f"{min(near)} to {max(near)}" if len(near) > 1 else str(near[0])

    def columns(self) -> dict[str, list[Any]]:
        """A row for each target, order, strands and distance, with the motifs' names."""
        a, b = (motif.name for motif in self.spacing.motifs)
        names = {"motif_a": [a] * len(self.rows), "motif_b": [b] * len(self.rows)}
        return names | {name: [getattr(row, name) for row in self.rows] for name in Arrangement._fields}

    def drawings(self, target: str) -> list[Drawing]:
        """The interaction of a target by distance."""
        caption = f"What both motifs add to {target} beyond the sum, by distance, with 95 % intervals"
        unit = f"interaction ({self.units[target]})"
        figure = distance_figure(self.spacing, self.targets.index(target), unit)
        return [Drawing(f"spacing_{filename(target)}", f"{caption} over backgrounds.", figure)]

    def content(self) -> dict[str, Any]:
        """What the page shows."""
        words = [decode(consensus(motif)) for motif in self.spacing.motifs]
        limits = {"least": LEAST_SHARE, "least_left": LEAST_LEFT}
        return {"spacing": self.spacing, "words": words, **limits}


def share_in_words(row: Overall) -> str:
    """How large an interaction is beside what the motifs do alone, with its interval."""
    if not row.most:
        return "and neither does anything alone"
    low, high = (signed_percent(share) for share in row.shares)
    return f"{signed_percent(row.share)} [{low}, {high}] of what they do alone"


def find(experiment: Experiment, settings: Settings) -> Pair:
    """What two motifs do together."""
    pair = both(settings, experiment.caller)
    found = experiment.ask(spacing, pair, settings.distances)
    return Pair(found, found.table(), found.overall(), experiment.facts())


def both(settings: Settings, caller: Caller) -> list[PWM | str]:
    """The two motifs. Raises UnknownName for what is neither the name of one nor a word of letters."""
    motifs = read_motifs(settings.motifs, warn=caller.warn) if settings.motifs else {}
    found: list[PWM | str] = []
    for name in settings.pair:
        is_word = bool(name) and not set(name.upper()) - set(ALPHABET)
        if name not in motifs and not is_word and not motifs:
            raise InputError(
                f"'{name}' is no word of the letters A C G T; give a file of `motifs` with that name"
            )
        if name not in motifs and not is_word:
            raise UnknownName("motif", name, motifs)
        found.append(motifs.get(name, name))
    return found


SPACING = Kind(
    "spacing",
    "the interaction of each target at each distance, in each order, on each pair of strands",
    r"spacing_.+\.(png|svg)",
    find,
)
