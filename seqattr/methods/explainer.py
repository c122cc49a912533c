"""A method in a session, and what it and an ensemble have in common: calls that are started, and awaited."""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor

from seqattr.engine.capture.model import Model
from seqattr.engine.capture.watch import PAIRS, PAIRS_ON_GPU, check_prediction
from seqattr.engine.graph.outputs import explained_outputs
from seqattr.engine.numerics.device import FULL
from seqattr.engine.walk.comparison import Comparison, compare
from seqattr.engine.walk.memory import Chunk, chunks, pieces
from seqattr.engine.walk.session import Session, rows_key
from seqattr.errors import NotFinite
from seqattr.methods.attributors import Batch
from seqattr.methods.method import Method
from seqattr.methods.pending import Part, Pending
from seqattr.methods.registry import method_named, name_of
from seqattr.methods.results import Attribution
from seqattr.methods.subject import (
    Subject,
    codes_in,
    hashes_of,
    no_base_in,
    references_in_words,
    sources_of,
)
from seqattr.methods.sums import Facts, Fields, Sums
from seqattr.methods.units import units_of

ON_GPU = 2**30  # bytes of sequences, references and results of one call there, where a caller gives more
NUMBERS = 2 * 9  # of a target at each base in the results, and as many in what these are made of


class Explaining(ABC):
    """What attributes sequences by a method, call by call, in a session that says on which device."""

    session: Session
    method: Method
    both_strands = False

    def start(
        self, sequences: Any, references: Any = None, pairs: int | None = None, multipliers: bool = False
    ) -> Pending:
        """Begins to attribute sequences (N, 4, L), or their codes (N, L) of uint8, to be awaited.

        Beside codes, references of uint8 are codes too: (N, R, L), or (R, L) shared by all. `pairs` of a
        sequence and a reference go through the model at once; None chooses. On a GPU this only sends the
        work there, and several calls may be on their way. Rows that fail are named in the result.
        Raises InputError for what does not fit.
        """
        return self.begin(compare(sequences, references), pairs, multipliers)

    def attribute(self, sequences: Any, references: Any = None, batch_size: int | None = None) -> Attribution:
        """The attribution, with multipliers. Raises as `start` does, and NotFinite for the first row that
        fails."""
        results: list[Attribution] = []
        comparison = compare(sequences, references)
        for start, result in self._calls(comparison, batch_size):
            for row, reason in result.failures.items():
                raise NotFinite(f"{reason} of", start + row)
            results.append(result)
        result = results[0] if len(results) == 1 else joined(results)
        return result._replace(subject=self._subject(comparison))

    def _subject(self, comparison: Comparison) -> Subject:
        """What is explained, and by what."""
        session, method = self.session, self.method
        against, zeros = method.needs_references, no_base_in(comparison)
        return Subject(
            codes_in(comparison),
            [target.name for target in session.targets],
            units_of(session),
            explained_outputs(session.finals),
            name_of(method),
            method.complete,
            str(session.dtype),
            zeros=against and zeros,
            given=references_in_words(comparison) if against and not zeros else "",
            models=hashes_of(self.models),
            sources=sources_of(self.models),
            both_strands=self.both_strands,
        )

    def _calls(self, comparison: Comparison, pairs: int | None) -> Iterator[tuple[int, Attribution]]:
        """The number of its first sequence with what comes of each call. On a GPU no more is there at once
        than has room, and one call is on its way while another is awaited; elsewhere there is one call.
        """
        waiting: deque[tuple[int, Pending]] = deque()
        for rows in pieces(len(comparison), self._most(comparison)) or [slice(0, 0)]:
            waiting.append((rows.start, self.begin(comparison[rows], pairs, True)))
            if len(waiting) > 1:
                start, pending = waiting.popleft()
                yield start, pending.result()
        yield from ((start, pending.result()) for start, pending in waiting)

    def _most(self, comparison: Comparison) -> int:
        """How many sequences a call has, at most."""
        if self.session.device.type == "cpu":
            return max(1, len(comparison))
        numbers = NUMBERS * len(self.session.targets) * comparison.length
        return max(1, ON_GPU // (comparison.row_bytes + numbers * torch.float64.itemsize))

    @abstractmethod
    def begin(self, comparison: Comparison, pairs: int | None, multipliers: bool) -> Pending:
        """As `start`, of what fits."""

    @abstractmethod
    def pairs(self, length: int, batch_size: int | None = None) -> int:
        """How many pairs of a sequence of this length and a reference go through at once."""

    @property
    @abstractmethod
    def models(self) -> list[Model]:
        """Whose attributions are averaged, or the one."""

    @property
    @abstractmethod
    def notes(self) -> list[str]:
        """What a user should know of how it was done, so far."""


def joined(results: Sequence[Attribution]) -> Attribution:
    """One after the other, in memory of its own; without failures."""
    columns = zip(*(result.tensors for result in results), strict=True)
    return Attribution(*(None if column[0] is None else torch.cat(column, 1) for column in columns))  # type: ignore[arg-type]


class Found(NamedTuple):
    """What a method finds of one comparison, on the device; `stopped` are rows that it gave up."""

    fields: Fields
    facts: Facts
    stopped: dict[int, str]


class Explainer(Explaining):
    """A method in a session: attributes any number of batches."""

    def __init__(self, session: Session, method: str | Method = "deeplift") -> None:
        self.session = session
        self.method = method if isinstance(method, Method) else method_named(method)
        self.plan = session.plan(self.method.rulebook_for(session.model))

    @property
    def models(self) -> list[Model]:
        return [self.session.model]

    @property
    def notes(self) -> list[str]:
        return [*self.session.notes, *self.plan.notes]

    def pairs(self, length: int, batch_size: int | None = None) -> int:
        return self.session.rows_at_once(self.plan, length, batch_size)

    def begin(self, comparison: Comparison, pairs: int | None, multipliers: bool) -> Pending:
        pairs = self.pairs(comparison.length, pairs)
        found = self.find(comparison.on(self.session), pairs, multipliers)
        return Pending(self.session.targets, found.fields, [self.part(found, comparison)])

    def part(self, found: Found, comparison: Comparison, label: str = "") -> Part:
        """What was found of a comparison, which is at hand on the host, with what it is told apart by."""
        return Part(found.facts, found.stopped, label, partial(self.look_again, comparison))

    def find(self, comparison: Comparison, pairs: int, multipliers: bool) -> Found:
        """Of a comparison on the device, without waiting for it.

        A row for which the method itself gives up is left out of what the others are explained with.
        """
        stopped: dict[int, str] = {}
        key = rows_key(self.plan, comparison.length)
        while True:
            try:
                sums = self.session.run(partial(self._sums, comparison, multipliers), pairs, key)
                return Found(sums.fields(), sums.facts(), stopped)
            except NotFinite as error:
                if error.row is None or error.row in stopped:
                    raise
                stopped[error.row] = error.reason
                comparison = comparison.without(error.row)

    def _sums(self, comparison: Comparison, multipliers: bool, pairs: int) -> Sums:
        """All sequences against their references, so many pairs at once."""
        session, number = self.session, comparison.number
        dtype = torch.promote_types(session.dtype, torch.float32)
        sums = Sums(session.targets, comparison, dtype, multipliers, whole=number <= pairs)
        for batch, chunk in self._batches(comparison, pairs):
            share = batch.references.shape[1] / number
            try:
                sums.add(self.method.attributor(batch), chunk, share)
            except NotFinite as error:
                raise error.counted_from(chunk.sequences.start) from error
        return sums

    def _batches(self, comparison: Comparison, pairs: int) -> Iterator[tuple[Batch, Chunk]]:
        """Each with the part of the comparison that it is."""
        session, shared, number = self.session, comparison.shared, comparison.number
        for chunk in chunks(len(comparison), number, pairs, shared):
            x, r = comparison.chunk(chunk, session.dtype)
            key = comparison.key and (comparison.key, chunk.references.start, r.shape[1])
            yield Batch(session, self.plan, x, r, shared, r.shape[1] < number, key), chunk

    def look_again(self, comparison: Comparison, row: int, prediction: Tensor) -> None:
        """Now and then, a sequence and its first reference run in other ways. Raises ModelError."""
        watch, session = self.session.model.watch, self.session
        sequence, reference = comparison.pair(row)
        each = PAIRS if session.device.type == "cpu" else PAIRS_ON_GPU
        if watch.is_due(sequence, reference, len(comparison) * comparison.number, each):
            watch.look(sequence, reference)
            if session.products == FULL:
                point = session.to_device(sequence[None])[0]
                check_prediction(session.graph, point, session.targets, prediction)
