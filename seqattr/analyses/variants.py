"""What variants do to a model's outputs: both alleles' outputs, their difference, and the ratio."""

import math
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from seqattr.engine.capture.model import Model
from seqattr.engine.edits.pairs import Outputs, Pairs
from seqattr.engine.graph.logarithms import with_logarithms
from seqattr.engine.walk.memory import pieces
from seqattr.engine.walk.plan import Plan
from seqattr.engine.walk.session import Session, one_hot_tensor
from seqattr.errors import InputError, NotFinite, some_of
from seqattr.methods.ensemble import sessions
from seqattr.methods.subject import SHOWN_TARGETS
from seqattr.methods.units import LOG_COUNTS, units_of

SIGMOID, LOG_SIGMOID, LOGARITHM = "sigmoid", "log sigmoid", "logarithm"


class VariantEffects(NamedTuple):
    """Of T targets, by name, and N variants, on the CPU.

    `reference` and `alternative` (T, N) are the alleles' outputs as they are explained, in `units`: before a
    final sigmoid or softmax (logit), as log counts, or as they are. `difference` is alternative - reference.
    Where the model answers with probabilities of a sigmoid or softmax, with an exponential, or with the log
    counts beside a profile, `reference_value` and `alternative_value` are the probabilities, what the
    exponential gives, or the counts, and `log2_ratio` is log2(alternative_value / reference_value); of counts
    that of one more, which the model's logarithm is of. These are worked out from logarithms in float64, so
    that a probability of 1e-60 has a ratio. NaN elsewhere.
    """

    targets: tuple[str, ...]
    units: tuple[str, ...]
    reference: Tensor
    alternative: Tensor
    difference: Tensor
    reference_value: Tensor
    alternative_value: Tensor
    log2_ratio: Tensor

    def select(self, variants: Tensor) -> "VariantEffects":
        """Those of a mask (N,), or of some indices, with memory of their own."""
        return VariantEffects(self.targets, self.units, *(column[:, variants] for column in self[2:]))

    def __repr__(self) -> str:
        targets = some_of(self.targets, SHOWN_TARGETS, total=True)
        return f"<VariantEffects: {self.difference.shape[1]} variants, targets {targets}>"


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
    every number is the mean, and with `both_strands` that of the windows' reverse complements too; the ratio
    is that of mean values.
    `batch_size` counts windows.

    Raises InputError for shapes that do not fit and models whose targets differ, UnknownName for an unknown
    target, NotFinite if a model answers with NaN or infinity.
    """
    first, second = one_hot_tensor(references), one_hot_tensor(alternatives)
    if first.shape != second.shape or not len(first):
        raise InputError(
            f"there must be as many windows of each allele, of one length: not {tuple(first.shape)} and "
            f"{tuple(second.shape)}"
        )
    effects = Comparer(sessions(model, targets, device), both_strands, batch_size).effects(first, second)
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
        before, after, difference, *logs = (torch.stack(column) for column in zip(*found, strict=True))
        low, high = (log.logsumexp(0) - math.log(len(found)) for log in logs)  # of mean values
        return VariantEffects(
            self.targets,
            self.units,
            before.mean(0),
            after.mean(0),
            difference.mean(0),
            self.members[0].values(low),
            self.members[0].values(high),
            (high - low) / math.log(2),
        )


class Columns(NamedTuple):
    """What one model says, (T, N) each; logarithms, in float64, of probabilities and the like, and of one
    more than counts; NaN where there are none."""

    reference: Tensor
    alternative: Tensor
    difference: Tensor
    log_reference: Tensor
    log_alternative: Tensor


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
        finals, units = finals_of(session), units_of(session)
        graph, logs = with_logarithms(session.graph, finals)
        self.plan = Plan(graph) if logs else session.plan(None)
        self.outputs = [graph.outputs[target.output] for target in session.targets]
        self.logs = [
            logs.get(target.output, name) for target, name in zip(session.targets, self.outputs, strict=True)
        ]
        self.kinds = [
            LOGARITHM if target.output in logs else kind_of(units[target.name], finals.get(target.output))
            for target in session.targets
        ]

    def columns(self, references: Tensor, alternatives: Tensor, places: Tensor | None = None) -> Columns:
        """Of pairs of windows, in pieces where memory is short."""
        rows = self.session.rows_at_once(self.plan, references.shape[2], self.batch_size)
        parts = [
            self.session.run(partial(self._some, pair_of(some, references, alternatives, places)), rows)
            for some in pieces(len(references), max(rows, 256))
        ]
        return Columns(*(torch.cat(column, 1) for column in zip(*parts, strict=True)))

    def values(self, logs: Tensor) -> Tensor:
        """Probabilities and the like (T, N) of their logarithms; counts of those of one more."""
        rows = zip(logs, self.kinds, strict=True)
        return torch.stack([log.expm1() if kind == LOG_COUNTS else log.exp() for log, kind in rows])

    def _some(self, windows: "Windows", rows: int) -> Columns:
        """So many rows at once."""
        first, second = (self.session.to_device(one) for one in windows[:2])
        pairs = self.session.once(("pairs", first.shape[2], rows), lambda: Pairs(self.plan, rows))
        found = pairs.answers(first, second, windows.places)
        self.session.rows_forward += 2 * len(first)
        before, after = (self._columns_of(one, self.outputs) for one in found)
        return Columns(before, after, after - before, *(self._logarithms(one) for one in found))

    def _columns_of(self, found: Outputs, names: Sequence[str]) -> Tensor:
        """Each target's element of an output, (T, N)."""
        pairs = zip(names, self.session.targets, strict=True)
        columns = torch.stack([found[name][:, target.index] for name, target in pairs])
        return columns.to(torch.promote_types(columns.dtype, torch.float32)).cpu()

    def _logarithms(self, found: Outputs) -> Tensor:
        """Of probabilities and the like, (T, N)."""
        columns = zip(self._columns_of(found, self.logs).double(), self.kinds, strict=True)
        return torch.stack([logarithm_of(column, kind) for column, kind in columns])


def finals_of(session: Session) -> dict[int, str]:
    """The nonlinearity behind each output of the session's graph that is the model's own, "" for none."""
    names, own = session.graph.outputs, set(session.model.graph.outputs)
    pairs = zip(session.targets, session.finals, strict=True)
    return {target.output: final for target, final in pairs if names[target.output] in own}


def kind_of(unit: str, final: str | None) -> str:
    """What makes a probability or a count of an output by itself; "" for nothing that is known, as of an
    expression, behind which there is no `final`."""
    if final is not None and unit == LOG_COUNTS:
        return LOG_COUNTS
    return SIGMOID if final in (SIGMOID, LOG_SIGMOID) else ""


def logarithm_of(values: Tensor, kind: str) -> Tensor:
    """Of what a kind makes of values (N), of counts that of one more; NaN of no kind."""
    if kind == SIGMOID:
        return logsigmoid(values)
    return values if kind else torch.full_like(values, torch.nan)
