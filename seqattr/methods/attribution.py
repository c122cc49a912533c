"""From a model, sequences and references to contributions, batch by batch, summed over references."""

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor

from seqattr.engine.capture.model import Model
from seqattr.engine.capture.watch import check_prediction
from seqattr.engine.graph.outputs import Target
from seqattr.engine.numerics.multipliers import Projected
from seqattr.engine.walk.memory import Chunk, chunks
from seqattr.engine.walk.session import Session, check_finite, one_hot_tensor, tensor_of
from seqattr.errors import InputError
from seqattr.methods.attributors import Batch, Explanation
from seqattr.methods.method import Method
from seqattr.methods.registry import method_named

# What cancels to an output and a difference of exactly 0 is still a number.
TINY, HUGE = torch.finfo(torch.float64).tiny, torch.finfo(torch.float64).max
NO_SLOPE = "the method finds a slope that is NaN or infinite"


class Attribution(NamedTuple):
    """What each base contributed, for T targets of N sequences of length L, on the CPU.

    `prediction` is the target's value for the sequence, `difference` that value minus the references'
    mean. `additivity_error` is the worst over the references of
    |sum of contributions - difference| / max(|difference|, |prediction| / 100), and `cancellation` that of
    the sum of |contributions| over the same: how far the explanation adds up only because its parts cancel.
    `standard_error` is that of the contributions, given the references, where the method estimates them by
    chance; None elsewhere.
    """

    contributions: Tensor  # (T, N, L)
    hypothetical: Tensor  # (T, N, 4, L)
    multipliers: Tensor  # (T, N, 4, L), mean over references
    prediction: Tensor  # (T, N)
    difference: Tensor  # (T, N)
    additivity_error: Tensor  # (T, N)
    cancellation: Tensor  # (T, N)
    standard_error: Tensor | None = None  # (T, N, L)


def attribute(
    model: Model,
    sequences: Any,
    references: Any = None,
    *,
    method: str | Method = "deeplift",
    targets: Sequence[int | str] | None = None,
    device: str = "auto",
    dtype: torch.dtype | None = None,
    batch_size: int | None = None,
) -> Attribution:
    """What each base of each sequence contributes to each target.

    `sequences` is (N, 4, L) one-hot, numpy or torch; `references` (baselines) are (N, R, 4, L), or (R, 4, L)
    shared by all sequences, or None for all zeros. contribution[l] = sum over channels of
    multiplier * (sequence - reference), mean over references; hypothetical[l, base] is the same for the
    base put there. `batch_size` counts pairs of a sequence and a reference; None chooses it from free
    memory. The precision is the model's unless `dtype` says otherwise.

    Raises InputError for shapes that do not fit, UnknownName for an unknown method or target, NotFinite
    if the model answers with NaN or infinity.
    """
    session = Session(model, targets, device, dtype)
    return Explainer(session, method).attribute(sequences, references, batch_size)


class Explainer:
    """A method in a session: attributes any number of batches."""

    def __init__(self, session: Session, method: str | Method = "deeplift") -> None:
        self.session = session
        self.method = method_named(method) if isinstance(method, str) else method
        self.plan = session.plan(self.method.rulebook_for(session.model))

    def attribute(self, sequences: Any, references: Any = None, batch_size: int | None = None) -> Attribution:
        """As the function of this name, for this session and method."""
        x = one_hot_tensor(sequences)
        pool = reference_pool(references, x)
        pairs = self.session.rows_at_once(self.plan, x.shape[-1], batch_size)
        result = self.session.run(partial(self._attribute, x, pool), pairs)
        if len(x):
            self._look_again(x, pool, result)
        return result

    def _attribute(self, sequences: Tensor, pool: Tensor, pairs: int) -> Attribution:
        """All sequences against their pool of references, so many pairs at once."""
        session, shared, number = self.session, pool.ndim == 3, pool.shape[-3]
        dtype = torch.promote_types(session.dtype, torch.float32)
        results = Accumulator(session.targets, sequences.shape, dtype)
        for chunk in chunks(len(sequences), number, pairs, shared):
            x = session.to_device(sequences[chunk.sequences])
            r = session.to_device(
                pool[chunk.references][None] if shared else pool[chunk.sequences, chunk.references]
            )
            batch = Batch(session, self.plan, x, r, shared, in_pieces=r.shape[1] < number)
            results.add(self.method.attributor(batch), chunk, r.shape[1] / number)
        return results.finish()

    def _look_again(self, sequences: Tensor, pool: Tensor, result: Attribution) -> None:
        """Now and then, the first sequence and reference run in other ways. Raises ModelError."""
        references = pool if pool.ndim == 3 else pool[0]
        watch, session = self.session.model.watch, self.session
        if watch.is_due(sequences[0], references[0], len(sequences) * len(references)):
            watch.look(sequences[0], references[0])
            if not session.tf32:
                point = session.to_device(sequences[:1])[0]
                check_prediction(session.graph, point, session.targets, result.prediction[:, 0])


def reference_pool(references: Any, sequences: Tensor) -> Tensor:
    """(R, 4, L) where all sequences share the references, else (N, R, 4, L); one of zeros for None.

    Raises InputError for what does not fit the sequences (N, 4, L).
    """
    if references is None:
        return torch.zeros(1, *sequences.shape[1:])
    if not hasattr(references, "ndim"):
        references = tensor_of(references)
    strides = getattr(references, "strides", None) or references.stride()
    if references.ndim == 4 and len(references) > 1 and strides[0] == 0:
        references = references[0]
    pool = tensor_of(references)
    if pool.ndim not in (3, 4) or pool.shape[-2] != 4:
        raise InputError(f"references must have the shape (N, R, 4, L) or (R, 4, L), not {tuple(pool.shape)}")
    lead = (len(sequences),) if pool.ndim == 4 else ()
    if pool.shape != (*lead, pool.shape[-3], *sequences.shape[1:]) or pool.shape[-3] == 0:
        raise InputError(
            f"references of the shape {tuple(pool.shape)} do not fit sequences of the shape "
            f"{tuple(sequences.shape)}; (N, R, 4, L) or (R, 4, L) with R at least 1 would"
        )
    return pool


# --- sums over references ------------------------------------------------------------------------


class Accumulator:
    """An attribution of sequences of the shape (N, 4, L) in the making, as batches come in."""

    def __init__(self, targets: Sequence[Target], shape: Sequence[int], dtype: torch.dtype) -> None:
        n, _, length = shape
        self.targets = targets
        self.contributions = torch.zeros(len(targets), n, length, dtype=dtype)
        self.hypothetical = torch.zeros(len(targets), n, 4, length, dtype=dtype)
        self.multipliers = torch.zeros(len(targets), n, 4, length, dtype=dtype)
        self.prediction = torch.zeros(len(targets), n, dtype=torch.float64)
        self.difference = torch.zeros(len(targets), n, dtype=torch.float64)
        self.error = torch.zeros(len(targets), n, dtype=torch.float64)
        self.cancellation = torch.zeros(len(targets), n, dtype=torch.float64)
        self.variance: Tensor | None = None  # of the contributions, where the method knows it

    def add(self, explanation: Explanation, chunk: Chunk, share: float) -> None:
        """A batch against a share of its references. Raises NotFinite naming the sequence."""
        rows = chunk.sequences
        outputs = [explanation.outputs(target) for target in self.targets]
        for target, values in zip(self.targets, outputs, strict=True):
            check_outputs(*values, target, rows.start)
        for t, target in enumerate(self.targets):
            projected = explanation.projection(target)
            slopes = projected.multipliers - projected.against[:, None]  # of the square root at 0: infinite
            check_finite(slopes, f"{NO_SLOPE} for target {target.name} of", rows.start)
            self.contributions[t, rows] += projected.contributions.cpu() * share
            self.multipliers[t, rows] += projected.multipliers.cpu() * share
            self.hypothetical[t, rows] += slopes.cpu() * share
            self._compare(t, rows, share, *outputs[t], projected)
            if explanation.errors is not None:
                self._add_errors(t, rows, share, explanation.errors(target))

    def _compare(
        self, t: int, rows: slice, share: float, at_x: Tensor, at_r: Tensor, projected: Projected
    ) -> None:
        """The outputs of sequences (B, 1) and references (B or 1, R), and how far contributions miss them."""
        change = at_x.double() - at_r.double()
        gap = (projected.totals - change).abs()
        floor = torch.maximum(change.abs(), at_x.double().abs() / 100)
        error = torch.where(gap == 0, 0.0, gap / floor)
        cancellation = (projected.sizes / floor.clamp(min=TINY)).clamp(max=HUGE)
        self.prediction[t, rows] = at_x[:, 0].double().cpu()
        self.difference[t, rows] += change.mean(1).cpu() * share
        for worst, values in ((self.error, error), (self.cancellation, cancellation)):
            worst[t, rows] = torch.maximum(worst[t, rows], values.amax(1).cpu())

    def _add_errors(self, t: int, rows: slice, share: float, errors: Tensor) -> None:
        """Standard errors (B, L) against a share of the references; independent of the other references'."""
        if self.variance is None:
            self.variance = torch.zeros_like(self.contributions, dtype=torch.float64)
        self.variance[t, rows] += (errors.double().cpu() * share).square()

    def finish(self) -> Attribution:
        return Attribution(
            self.contributions,
            self.hypothetical,
            self.multipliers,
            self.prediction,
            self.difference,
            self.error,
            self.cancellation,
            None if self.variance is None else self.variance.sqrt().to(self.contributions),
        )


def check_outputs(at_x: Tensor, at_r: Tensor, target: Target, start: int) -> None:
    """Raises NotFinite naming the first sequence for which the model answers with NaN or infinity."""
    for values, what in ((at_x, ""), (at_r, " a reference of")):
        bad = ~values.isfinite()
        if bad.any():
            answer = float(values[bad][0])
            check_finite(values, f"the model answers {answer} for target {target.name} of{what}", start)
