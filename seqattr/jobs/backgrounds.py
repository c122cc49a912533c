"""What motifs are put into: shuffles of sequences, windows of a genome, or the sequences of a file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from seqattr.dna.alphabet import decode, encode, one_hot
from seqattr.dna.regions import Region
from seqattr.engine.capture.model import Model
from seqattr.errors import InputError
from seqattr.inputs import Windows
from seqattr.io.fasta.records import Genome
from seqattr.jobs.sources import SequenceFile
from seqattr.refs.kinds import parse
from seqattr.support.advice import advising
from seqattr.support.caller import LIBRARY, Caller
from seqattr.support.seeds import check_seed

SHUFFLED, GENOME = "shuffled", "genome"
USUAL_NUMBER = 100
ROUNDS = 20  # in which windows of a genome are drawn until enough hold no N
KNOWN = frozenset("ACGTacgt")


class Drawn(NamedTuple):
    """Backgrounds (B, L) as codes, without N, and their names."""

    names: list[str]
    codes: npt.NDArray[np.uint8]

    @property
    def one_hot(self) -> npt.NDArray[np.int8]:
        """(B, 4, L)"""
        return one_hot(self.codes)

    @property
    def texts(self) -> list[str]:
        """Their letters."""
        return [decode(row) for row in self.codes]


@dataclass(frozen=True)
class Backgrounds:
    """`number` backgrounds of a `kind`, as the seed draws them.

    "shuffled": dinucleotide shuffles of the sequences of `fasta`; "genome": windows without N at random
    places of the file `genome`; else the sequences of the file of that name, of which a part is drawn where
    there are more. Sequences of `fasta` can be windows around `regions`; those with an N are left out; longer
    ones are cut to the model's length with `crop`. Raises InputError for what cannot be.
    """

    kind: str
    fasta: Path | None = None
    regions: Path | None = None
    genome: Path | None = None
    crop: bool = False
    number: int = USUAL_NUMBER
    seed: int = 0

    def __post_init__(self) -> None:
        check_seed(self.seed)
        if self.number < 2:
            raise InputError(f"at least 2 backgrounds make an interval, not {self.number}")
        if self.kind == SHUFFLED and self.fasta is None:
            raise InputError("shuffled backgrounds are made of sequences: name a file of them, as `fasta`")
        if self.kind == GENOME and self.genome is None:
            raise InputError("windows of a genome are wanted: name its file, as `genome`")
        if self.kind not in (SHUFFLED, GENOME) and not Path(self.kind).exists():
            raise InputError(
                f"backgrounds are {SHUFFLED}, {GENOME} or a FASTA file; there is no FASTA file {self.kind}"
            )
        for name, kind in (("fasta", SHUFFLED), ("regions", SHUFFLED), ("genome", GENOME)):
            if getattr(self, name) is not None and self.kind != kind:
                raise InputError(f"`{name}` is for backgrounds of the kind {kind}, not {self.kind}")

    def read(self, model: Model, caller: Caller = LIBRARY) -> Drawn:
        """Backgrounds of the model's length, at most so many. Raises InputError where there are none."""
        if self.kind == GENOME and self.genome is not None:
            return self._of_genome(self.genome, model.example_length, caller)
        if self.kind == SHUFFLED and self.fasta is not None:
            return self._shuffled(self._of_file(self.fasta, self.regions, model, caller))
        return self._of_file(Path(self.kind), None, model, caller)

    # --- sequences of a file ----------------------------------------------------------------------

    def _of_file(self, path: Path, regions: Path | None, model: Model, caller: Caller) -> Drawn:
        """Some of a file's sequences, in its order."""
        file = SequenceFile(path, regions, crop=self.crop, placed=False, max_n=0.0)
        with advising(self._can_be_set):
            inputs = file.read(model, caller)
        caller.tell(inputs.notes)
        windows = Windows.of(inputs.windows)
        if not len(windows):
            raise InputError(f"{path} has no background: a sequence without N, as long as the model takes")
        rows = np.arange(len(windows))
        if len(rows) > self.number:
            rows = np.sort(np.random.default_rng(self.seed).choice(rows, self.number, replace=False))
        chosen = [windows[int(row)] for row in rows]
        return Drawn([window.name for window in chosen], np.stack([window.codes for window in chosen]))

    def _can_be_set(self, name: str) -> bool:
        """Of the parameters of a file of sequences, only some are ours."""
        ours = {"crop", "fasta", "regions"} if self.kind == SHUFFLED else {"crop"}
        return name in ours or name not in SequenceFile.__dataclass_fields__

    def _shuffled(self, source: Drawn) -> Drawn:
        """Shuffles in turn of each sequence, as many as are wanted."""
        each = -(-self.number // len(source.names))
        drawn = parse(f"shuffle:{each}").draw_codes(source.codes, self.seed, source.names)
        assert drawn is not None  # shuffles are sequences
        places = [(row, turn) for turn in range(each) for row in range(len(source.names))][: self.number]
        names = [f"{source.names[row]}_shuffle{turn + 1}" for row, turn in places]
        return Drawn(names, np.stack([drawn[row, turn] for row, turn in places]))

    # --- windows of a genome ----------------------------------------------------------------------

    def _of_genome(self, path: Path, length: int, caller: Caller) -> Drawn:
        """Windows at places of which each is as likely; those with an N are drawn again."""
        genome = Genome(path)
        caller.tell(genome.notes)
        regions: list[Region] = []
        texts: list[str] = []
        for some in self._places(path, genome, length):
            for region, text in zip(some, genome.texts_of(some), strict=True):
                if set(text) <= KNOWN:
                    regions.append(region)
                    texts.append(text)
            if len(texts) >= self.number:
                break
        if not texts:
            raise InputError(f"no window of {length} bp that was drawn from {path} is without N")
        if len(texts) < self.number:
            caller.tell([f"only {len(texts)} of the windows drawn from {path} are without N"])
        codes = np.stack([encode(text) for text in texts[: self.number]])
        return Drawn([str(region) for region in regions[: self.number]], codes)

    def _places(self, path: Path, genome: Genome, length: int) -> Iterator[Sequence[Region]]:
        """Places of windows, some more each time. Raises InputError where no chromosome is so long."""
        rng = np.random.default_rng(self.seed)
        names = [name for name, size in genome.sizes.items() if size >= length]
        if not names:
            raise InputError(f"{path} has no chromosome of {length} bp, as the model takes")
        room = np.array([genome.sizes[name] - length + 1 for name in names], np.int64)
        ends = room.cumsum()
        for _ in range(ROUNDS):
            at = rng.integers(0, ends[-1], 2 * self.number)
            chroms = np.searchsorted(ends, at, side="right")
            starts = at - (ends - room)[chroms]
            yield [
                Region(names[chrom], int(start), int(start) + length)
                for chrom, start in zip(chroms, starts, strict=True)
            ]
