"""What variants do to a model's outputs: both alleles' outputs, their difference, and the ratio."""

from collections.abc import Sequence
from functools import partial
from math import log
from typing import Any, NamedTuple

import torch
from torch import Tensor

from seqattr.engine.capture.model import Model
from seqattr.engine.edits.pairs import Outputs, Pairs
from seqattr.engine.graph.outputs import Target
from seqattr.engine.walk.memory import pieces
from seqattr.engine.walk.session import Session, one_hot_tensor
from seqattr.errors import InputError, NotFinite
from seqattr.methods.ensemble import sessions
from seqattr.methods.units import LOG_COUNTS, SOME, units_of

SIGMOID, SOFTMAX = "sigmoid", "softmax"


class VariantEffects(NamedTuple):
    """Of T targets, by name, and N variants, on the CPU.

    `reference` and `alternative` (T, N) are the alleles' outputs as they are explained, in `units`: before a
    final sigmoid or softmax (logit), as log counts, or as they are. `difference` is alternative - reference.
    Where an output is one of the probabilities of a sigmoid or softmax, or the log counts of a model with a
    profile and counts, `reference_value` and `alternative_value` are the probabilities, or the counts, and
    `log2_ratio` is log2(alternative / reference) of these; of counts it is that of one more, which the
    model's logarithm is of. NaN elsewhere.
    """

    targets: tuple[str, ...]
    units: tuple[str, ...]
    reference: Tensor
    alternative: Tensor
    difference: Tensor
    reference_value: Tensor
    alternative_value: Tensor
    log2_ratio: Tensor


def variant_effects(
    model: Model | Sequence[Model],
    references: Any,
    alternatives: Any,
    *,
    targets: Sequence[int | str] | None = None,
    both_strands: bool = False,
    device: str = "auto",
    batch_size: int | None = None,
) -> VariantEffects:
    """The outputs for windows with the reference allele and with the alternative one, and their difference.

    `references` and `alternatives` are (N, 4, L) one-hot, numpy or torch, or lists of texts: each alternative
    is its reference with an allele changed, the rest of the window shifted where the allele has another
    length. Where a few bases in a row differ only what they can reach is worked out again. Of several models
    every number is the mean, and with `both_strands` that of the windows' reverse complements too.
    `batch_size` counts windows.

    Raises InputError for shapes that do not fit and models whose targets differ, UnknownName for an unknown
    target, NotFinite if a model answers with NaN or infinity.
    """
    models = [model] if isinstance(model, Model) else model
    first, second = one_hot_tensor(references), one_hot_tensor(alternatives)
    if first.shape != second.shape or not len(first):
        raise InputError(
            f"there must be as many windows of each allele, of one length: not {tuple(first.shape)} and "
            f"{tuple(second.shape)}"
        )
    effects = Comparer(sessions(models, targets, device), both_strands, batch_size).effects(first, second)
    bad = ~(effects.difference.isfinite() & effects.reference.isfinite()).all(0)
    if bad.any():
        raise NotFinite("the model answers with NaN or infinity for an allele of", int(bad.nonzero()[0]))
    return effects


class Comparer:
    """Models, of which each has a session with the same targets, ready for any number of pairs of windows."""

    def __init__(
        self, members: Sequence[Session], both_strands: bool = False, batch_size: int | None = None
    ) -> None:
        self.members = [Member(session, batch_size) for session in members]
        self.both_strands = both_strands
        session = members[0]
        units = units_of(session)
        self.targets = tuple(target.name for target in session.targets)
        self.units = tuple(units[name] for name in self.targets)

    @property
    def notes(self) -> list[str]:
        """What a user should know of how it was done."""
        return list(dict.fromkeys(note for member in self.members for note in member.session.notes))

    def effects(
        self, references: Tensor, alternatives: Tensor, places: Tensor | None = None
    ) -> VariantEffects:
        """Of windows (N, 4, L) with either allele; of rows for which a model has no number there is NaN.

        `places` (N,) say where the windows begin, far from each other on different chromosomes: where many
        overlap, and the model allows for it, what they share is worked out once.
        """
        strands = [(references, alternatives, places)]
        if self.both_strands:
            turned = None if places is None else -places
            strands.append((references.flip(1, 2), alternatives.flip(1, 2), turned))
        found = [member.columns(*pair) for member in self.members for pair in strands]
        means = (sum(column[1:], column[0]) / len(column) for column in zip(*found, strict=True))
        return VariantEffects(self.targets, self.units, *means)


class Columns(NamedTuple):
    """What one model says, (T, N) each."""

    reference: Tensor
    alternative: Tensor
    difference: Tensor
    reference_value: Tensor
    alternative_value: Tensor
    log2_ratio: Tensor


class Windows(NamedTuple):
    """Windows with either allele (N, 4, L), and where they begin (N,), if that is known."""

    references: Tensor
    alternatives: Tensor
    places: Tensor | None


def pair_of(rows: slice, references: Tensor, alternatives: Tensor, places: Tensor | None) -> Windows:
    """Some rows."""
    return Windows(references[rows], alternatives[rows], None if places is None else places[rows])


class Member:
    """One model."""

    def __init__(self, session: Session, batch_size: int | None) -> None:
        self.session, self.batch_size = session, batch_size
        self.plan = session.plan(None)
        units, own = units_of(session), flat_outputs(session.model)
        self.kinds = [
            kind_of(units[target.name], final if target.name in own else "")
            for target, final in zip(session.targets, session.finals, strict=True)
        ]

    def columns(self, references: Tensor, alternatives: Tensor, places: Tensor | None = None) -> Columns:
        """Of pairs of windows, in pieces where memory is short."""
        rows = self.session.rows_at_once(self.plan, references.shape[2], self.batch_size)
        parts = [
            self.session.run(partial(self._some, pair_of(some, references, alternatives, places)), rows)
            for some in pieces(len(references), max(rows, 256))
        ]
        return Columns(*(torch.cat(column, 1) for column in zip(*parts, strict=True)))

    def _some(self, windows: "Windows", rows: int) -> Columns:
        """So many rows at once."""
        first, second = (self.session.to_device(one) for one in windows[:2])
        pairs = self.session.once(("pairs", first.shape[2], rows), lambda: Pairs(self.plan, rows))
        (before, low), (after, high) = (
            self._numbers(found) for found in pairs.answers(first, second, windows.places)
        )
        self.session.rows_forward += 2 * len(first)
        columns = before, after, after - before, low, high, self._ratio(after - before, low, high)
        return Columns(*(column.cpu() for column in columns))

    def _numbers(self, found: Outputs) -> tuple[Tensor, Tensor]:
        """The targets' outputs and values (T, N)."""
        targets = self.session.targets
        outputs = torch.stack([self._vector(found, target)[:, target.index] for target in targets])
        values = [self._value(found, *one) for one in zip(targets, self.kinds, strict=True)]
        return outputs, torch.stack(values)

    def _vector(self, found: Outputs, target: Target) -> Tensor:
        values = found[self.session.graph.outputs[target.output]]
        return values.to(torch.promote_types(values.dtype, torch.float32))

    def _value(self, found: Outputs, target: Target, kind: str) -> Tensor:
        """Probabilities or counts (N); NaN where an output is neither."""
        vector = self._vector(found, target)
        output = vector[:, target.index]
        if kind == SIGMOID:
            return output.sigmoid()
        if kind == SOFTMAX:
            return vector.softmax(1)[:, target.index]
        return output.expm1() if kind == LOG_COUNTS else torch.full_like(output, torch.nan)

    def _ratio(self, difference: Tensor, reference: Tensor, alternative: Tensor) -> Tensor:
        """log2 of alternative to reference (T, N)."""
        ratio = (alternative / reference).log2()
        for row, kind in enumerate(self.kinds):
            if kind == LOG_COUNTS:
                ratio[row] = difference[row] / log(2)
        return ratio


def flat_outputs(model: Model) -> set[str]:
    """The targets that are elements of outputs in one dimension, over which a softmax is taken."""
    shapes = model.outputs.shapes
    return {target.name for target in model.targets if len(shapes[target.output]) <= 1}


def kind_of(unit: str, final: str) -> str:
    """What an output is the logit or the logarithm of: a final nonlinearity, or counts; "" for neither."""
    if unit == LOG_COUNTS:
        return LOG_COUNTS
    if SOME in final or " and " in final:
        return ""
    return next((kind for kind in (SIGMOID, SOFTMAX) if kind in final), "")
