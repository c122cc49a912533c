"""Words put into backgrounds: which, where, and what a model answers to them.

A word is put in place of as many bases. It lies around a `middle`, counted in bases from the background's
start, so that L / 2 is the middle of L bases; what cannot lie exactly around it lies half a base to the left,
and on strand - half a base to the right: read from the other end, everything is where it was.
"""

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from dataclasses import dataclass
from functools import cached_property
from math import ceil, floor
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from seqattr.dna.alphabet import ALPHABET, encode, reverse_complement_codes
from seqattr.engine.capture.model import Model
from seqattr.engine.edits.edits import Editor, Edits
from seqattr.engine.edits.original import Original
from seqattr.engine.walk.session import Session, one_hot_tensor
from seqattr.errors import InputError, NotFinite
from seqattr.methods.ensemble import sessions
from seqattr.methods.mutagenesis import editor_in
from seqattr.motifs.pwm import PWM
from seqattr.support.progress import Counter
from seqattr.support.rounding import number_of

STRANDS = "+-"
CONSENSUS, SAMPLED = INSTANCES = ("consensus", "sampled")
FEW = 5  # backgrounds, of fewer of which an interval says little
Codes = npt.NDArray[np.uint8]

# --- words -------------------------------------------------------------------------------------


def motif_of(name: Any, given: Any) -> PWM:
    """A motif as it is given, or a word of A, C, G and T as a motif. Raises InputError for all else."""
    if isinstance(given, PWM):
        return given
    if not isinstance(given, str):
        raise InputError(f"a motif is a PWM or a word of letters, not {given!r}")
    if not given or set(given.upper()) - set(ALPHABET):
        raise InputError(f"a word to be put in is of the letters A C G T alone, not '{given}'")
    return PWM(name, np.eye(4)[:, encode(given)])


def motifs_of(motifs: Mapping[str, PWM | str] | Sequence[PWM | str]) -> tuple[PWM, ...]:
    """All of them; words in a list are their own names. Raises InputError for none, for a name twice, and for
    what is no list or table.
    """
    if isinstance(motifs, str | PWM) or not isinstance(motifs, Iterable):
        what = motifs.name if isinstance(motifs, PWM) else repr(motifs)
        raise InputError(f"motifs are a list of PWMs and words, or a table of names, not {what} alone")
    pairs = motifs.items() if isinstance(motifs, Mapping) else ((given, given) for given in motifs)
    made = [motif_of(name, given) for name, given in pairs]
    names = [motif.name for motif in made]
    if not names:
        raise InputError("there are no motifs to put in")
    twice = (
        next((name for name in names if names.count(name) > 1), None)
        if len(set(names)) < len(names)
        else None
    )
    if twice is not None:
        raise InputError(f"the motif '{twice}' is there twice; names must differ")
    return tuple(made)


def consensus(motif: PWM) -> Codes:
    """The most probable base of each column, (w,)."""
    return motif.probabilities.argmax(0).astype(np.uint8)


def words(motif: PWM, rows: range, instances: str, seed: int) -> Codes:
    """The words that go into the backgrounds of these numbers, (rows, w): always the consensus, or one that
    is drawn for each, by the seed, the motif's name and the background's number alone.
    """
    if instances == CONSENSUS:
        return np.broadcast_to(consensus(motif), (len(rows), motif.width))
    bits = np.random.PCG64([seed, _number_of(motif)])
    bits.advance(rows.start * motif.width)  # past the draws of the backgrounds before
    return motif.sample(np.random.Generator(bits), len(rows))


def shuffled(motif: PWM, drawn: Codes, rows: range, twins: int, seed: int) -> Codes:
    """The words (rows, w) of the motif's shuffled twins: of `twins` orders of the letters the first for the
    first of all backgrounds, and so on in turn.
    """
    return np.take_along_axis(drawn, orders_of(motif, twins, seed)[np.array(rows) % twins], 1)


def orders_of(motif: PWM, twins: int, seed: int) -> npt.NDArray[np.int64]:
    """Random orders of a motif's columns, (twins, w), of which none leaves its consensus as it is, unless all
    do.
    """
    rng, word = np.random.default_rng([seed, _number_of(motif), 1]), consensus(motif)
    orders: list[npt.NDArray[np.int64]] = []
    while len(orders) < twins:
        order = rng.permutation(motif.width)
        if (word[order] != word).any() or (word == word[0]).all():
            orders.append(order)
    return np.stack(orders)


def _number_of(motif: PWM) -> int:
    return zlib.crc32(motif.name.encode())


def columns_of(drawn: Codes, strand: str) -> Tensor:
    """Words (..., w) on a strand as one-hot columns (..., 4, w)."""
    read = drawn if strand == "+" else reverse_complement_codes(drawn)
    return torch.eye(4)[torch.from_numpy(read.astype(np.int64))].movedim(-1, -2)


# --- where -------------------------------------------------------------------------------------


def start_of(middle: float, width: int, strand: str) -> int:
    """Where a word begins that lies around a middle."""
    return (floor if strand == "+" else ceil)(middle - width / 2)


def check_room(motif: PWM, middle: float, length: int) -> None:
    """Raises InputError where a motif around a middle leaves a background of this length."""
    if motif.width > length:
        raise InputError(f"the motif {motif.name} is {motif.width} bp long, the backgrounds {length}")
    starts = [start_of(middle, motif.width, strand) for strand in STRANDS]
    if min(starts) < 0 or max(starts) + motif.width > length:
        half = motif.width / 2
        raise InputError(
            f"the motif {motif.name} of {motif.width} bp around position {middle:g} leaves backgrounds of "
            f"{length} bp; its middle can lie from {ceil(half)} to {floor(length - half)}"
        )


# --- backgrounds -------------------------------------------------------------------------------


def checked_backgrounds(backgrounds: Any) -> Tensor:
    """Backgrounds (B, 4, L), or texts of one length. Raises InputError for none, and for one with an N."""
    if not isinstance(backgrounds, Sized):
        raise InputError(f"backgrounds are (B, 4, L), or a list of texts, not {backgrounds!r}")
    if not len(backgrounds):
        raise InputError("there are no backgrounds to put motifs into")
    rows = one_hot_tensor(backgrounds)
    unknown = (rows.sum(1) != 1) | (rows.max(1).values != 1)
    if unknown.any():
        row, position = (int(number) for number in unknown.nonzero()[0])
        raise InputError(
            f"background number {row + 1} has no base (N) at position {position + 1}: each is of A C G T"
        )
    return rows


def notes_on_few(number: int, twins: int = 0) -> tuple[str, ...]:
    """What so many backgrounds do not tell; of the motifs' twins that share them either. None where they are
    enough.
    """
    if number < FEW:
        wanted = f"{FEW} or more{f' for each of {twins} twins' if twins else ''}"
        return (f"intervals over {number_of(number, 'background')} say little; {wanted} are wanted",)
    if twins and number // twins < FEW:
        used = min(twins, number)
        return (
            f"of {number} backgrounds each of {used} shuffled twins has {number // used}, and only the "
            f"largest effects can be told from theirs; {FEW * twins} or more are wanted, or fewer twins",
        )
    return ()


# --- what a model answers ----------------------------------------------------------------------


def models_of(
    model: Model | Sequence[Model], targets: Sequence[int | str] | None, device: str
) -> list[Session]:
    """A session for each model, whose answers are averaged. Raises as `sessions` does."""
    return sessions(model, targets, device)


def backgrounds_at_once(session: Session, length: int, versions: int = 1) -> int:
    """How many, each in so many versions, go through a model together."""
    return max(1, session.rows_at_once(session.plan(None), length) // versions)


@dataclass(frozen=True)
class Reader:
    """One model before some sequences (S, 4, L), whose values stay until all that is put in is read.

    `first` is the number of the first sequence's background among all, of which each is there in so many
    `versions`; `batch_size` insertions go through the model at once, None: what pays and fits.
    """

    session: Session
    sequences: Tensor
    first: int
    tell: Counter
    batch_size: int | None
    versions: int = 1

    @cached_property
    def original(self) -> Original:
        """The sequences' values."""
        return self._editor(1).original(self.sequences)

    def without(self) -> Tensor:
        """The targets' values of the sequences as they are, (S, T), float64."""
        return self._values(self.original.outputs, torch.arange(len(self.sequences)))

    def with_words(self, start: int, columns: Tensor, of: Tensor) -> Tensor:
        """The targets' values (N, W, T), float64, of W words (N, W, 4, w) from a start on, in N of the
        sequences, whose rows are `of` (N,).
        """
        device, (count, size, _, width) = self.sequences.device, columns.shape
        rows = of.repeat_interleave(size)
        starts = torch.full_like(rows, start)
        words = columns.reshape(-1, 4, width).to(self.sequences)
        editor, values = self._editor(width), []
        edits = Edits(starts.to(device), words, rows.to(device))
        at_once = self.batch_size or editor.rows
        for number, piece in enumerate(edits.pieces(at_once)):
            answers = editor.answers(self.original, piece)
            done = rows[number * at_once :][: len(piece.starts)]
            values.append(self._values(answers.__getitem__, done))
            self.tell.add(len(done))
        self.session.rows_forward += len(rows)
        return torch.cat(values).unflatten(0, (count, size))

    def _editor(self, width: int) -> Editor:
        return editor_in(self.session, self.session.plan(None), self.sequences[0], width)

    def _values(self, output: Callable[[str], Tensor], rows: Tensor) -> Tensor:
        """The targets in the outputs (N, elements) of sequences, (N, T). Raises NotFinite, naming the
        background.
        """
        names = self.session.graph.outputs
        columns = [output(names[target.output])[:, target.index] for target in self.session.targets]
        values = torch.stack(columns, 1).double().cpu()
        bad = ~values.isfinite().all(1)
        if bad.any():
            row = int(rows[bad][0]) % (len(self.sequences) // self.versions)
            raise NotFinite("the model answers NaN or infinity with a motif in", self.first + row)
        return values
