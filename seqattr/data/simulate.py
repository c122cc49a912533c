"""Random sequences with TAL1 and GATA1 motifs planted in them (Shrikumar et al. 2017, section 4.2).

A sequence has both motifs, only GATA1, only TAL1 or none, a quarter each; three tasks ask for both, for
GATA1, for TAL1. Sequence i depends on the seed and on i alone, so a larger data set begins with the smaller
one. In a folder of files it is what `simulation_files` says.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from seqattr.data.dataset import Dataset
from seqattr.dna.alphabet import decode
from seqattr.dna.frequencies import BACKGROUND, background_of
from seqattr.errors import InputError
from seqattr.motifs.pwm import GATA1, PWM, TAL1
from seqattr.support.seeds import check_seed

TASKS = ("both", "GATA1", "TAL1")

# What the sequences hold: the classes take turns, each as often in a round as its share.
MOST_SEQUENCES = 10_000_000
CLASSES = ((GATA1, TAL1), (GATA1,), (TAL1,), ())
LABELS = ((1, 1, 1), (0, 1, 0), (0, 0, 1), (0, 0, 0))


@dataclass(frozen=True)
class TalGata:
    """How to simulate; the defaults are the published data set's, as measured.

    single_counts and both_counts are the probabilities of 1, 2, 3 ... instances of a motif in a sequence that
    has one motif or both: Poisson(2) and Poisson(1), kept to 1-3. valid and test are numbers of sequences, a
    tenth of all unless given. shares are how many sequences of each class (both motifs, GATA1, TAL1, none)
    there are in a round. Raises InputError for settings that cannot be met.
    """

    count: int = 8000
    length: int = 200
    background: tuple[float, ...] = (0.27, 0.23, 0.23, 0.27)
    single_counts: tuple[float, ...] = (0.375, 0.375, 0.25)
    both_counts: tuple[float, ...] = (0.6, 0.3, 0.1)
    both_strands: bool = False
    valid: int | None = None
    test: int | None = None
    shares: tuple[int, ...] = (1, 1, 1, 1)

    @classmethod
    def paper(cls) -> "TalGata":
        """As the paper's text has it: its background, and "0-3 instances" of each motif.

        We read it so: none of a motif that the sequence's class lacks, else 1, 2 or 3, each as likely, as a
        sequence labelled with a motif must hold it.
        """
        third = (1 / 3, 1 / 3, 1 / 3)
        return cls(background=BACKGROUND, single_counts=third, both_counts=third)

    def __post_init__(self) -> None:
        background_of(self.background)
        for counts in (self.single_counts, self.both_counts):
            if min(counts, default=-1.0) < 0 or abs(sum(counts) - 1) > 1e-3:
                raise InputError(f"probabilities of 1, 2, 3 ... instances must sum to 1, not {counts}")
        if len(self.shares) != len(CLASSES) or min(self.shares) < 0 or sum(self.shares) < 1:
            given = ",".join(map(str, self.shares))
            raise InputError(
                f"the four classes need four shares, whole numbers from 0 on and not all 0, not {given}"
            )
        longest = max(
            len(self.both_counts) * (GATA1.width + TAL1.width), len(self.single_counts) * TAL1.width
        )
        if self.length < longest:
            raise InputError(
                f"sequences must have at least {longest} bases to hold the motifs, not {self.length}"
            )
        if not 1 <= self.count <= MOST_SEQUENCES:
            raise InputError(f"there can be 1 to {MOST_SEQUENCES:,} sequences, not {self.count}")
        test, valid = self.held_out
        if min(self.count, test, valid) < 0 or self.count < max(1, test + valid):
            raise InputError(f"{test} test and {valid} valid sequences cannot be taken out of {self.count}")

    @property
    def round(self) -> np.ndarray:
        """The classes of the sequences of one round, in order."""
        return np.repeat(np.arange(len(CLASSES)), self.shares)

    @property
    def held_out(self) -> tuple[int, int]:
        """How many sequences are for testing and for validation: the first ones, and those after them."""
        tenth = self.count // 10
        return tenth if self.test is None else self.test, tenth if self.valid is None else self.valid


class Planted(NamedTuple):
    """One instance of a motif: sequence index, 0-based half-open interval, strand, the text as it stands."""

    sequence: int
    start: int
    end: int
    motif: str
    strand: str
    text: str


@dataclass(frozen=True, eq=False, kw_only=True)
class Simulation(Dataset):
    """Sequences with labels of the TASKS, and what was planted in them."""

    tasks: tuple[str, ...] = TASKS
    settings: TalGata
    seed: int
    planted: tuple[Planted, ...]


PUBLISHED = TalGata()
PRESETS: dict[str, TalGata] = {"published": PUBLISHED, "paper": TalGata.paper()}


def simulate_tal_gata(settings: TalGata = PUBLISHED, seed: int = 0) -> Simulation:
    """Simulate the data set of the paper's section 4.2. Raises InputError for a seed below 0."""
    check_seed(seed)
    test, valid = settings.held_out
    drawn = [_simulate_one(index, settings, seed) for index in range(settings.count)]
    return Simulation(
        settings=settings,
        seed=seed,
        names=tuple(f"tal_gata_{index}" for index in range(settings.count)),
        codes=np.stack([codes for codes, _ in drawn]),
        labels=np.array(LABELS, dtype=np.int8)[np.resize(settings.round, settings.count)],
        splits=("test",) * test + ("valid",) * valid + ("train",) * (settings.count - test - valid),
        planted=tuple(instance for _, planted in drawn for instance in planted),
    )


def _simulate_one(index: int, settings: TalGata, seed: int) -> tuple[np.ndarray, list[Planted]]:
    rng = np.random.default_rng([seed, index])
    codes = _pick(settings.background, rng.random(settings.length)).astype(np.uint8)
    motifs = _instances(CLASSES[settings.round[index % sum(settings.shares)]], settings, rng)
    starts = _starts([motif.width for motif, _ in motifs], settings.length, rng)
    planted = []
    for (motif, strand), start in zip(motifs, starts, strict=True):
        oriented = motif if strand == "+" else motif.reverse_complement()
        codes[start : start + motif.width] = instance = oriented.sample(rng)
        end = int(start) + motif.width
        planted.append(Planted(index, int(start), end, motif.name, strand, decode(instance)))
    return codes, planted


def _instances(motifs: Sequence[PWM], settings: TalGata, rng: np.random.Generator) -> list[tuple[PWM, str]]:
    """Which motifs to plant, on which strand, from left to right."""
    counts = settings.both_counts if len(motifs) > 1 else settings.single_counts
    strands = "+-" if settings.both_strands else "+"
    copies = [motif for motif in motifs for _ in range(1 + int(_pick(counts, rng.random())))]
    return [(copies[copy], strands[rng.integers(len(strands))]) for copy in rng.permutation(len(copies))]


def _pick(probabilities: Sequence[float], chance: np.ndarray | float) -> np.ndarray:
    return np.searchsorted(np.cumsum(probabilities[:-1]), chance, side="right")


def _starts(widths: Sequence[int], length: int, rng: np.random.Generator) -> np.ndarray:
    """Starts of intervals of these widths from left to right, each non-overlapping layout as likely."""
    free = length - sum(widths)
    gaps = np.sort(rng.permutation(free + len(widths))[: len(widths)]) - np.arange(len(widths))
    return gaps + np.cumsum([0, *widths[:-1]])[: len(widths)]
