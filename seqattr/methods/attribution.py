"""From a model, sequences and references to contributions, batch by batch."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from seqattr.engine.graph import INPUT
from seqattr.engine.memory import Chunk, chunks, halving, pairs_at_once
from seqattr.engine.model import Model
from seqattr.engine.outputs import Target
from seqattr.engine.plan import Plan
from seqattr.engine.run import Walk, reference_values
from seqattr.errors import InputError, NotFinite
from seqattr.methods.registry import Method, method_named

KEPT = 4  # shared references whose values stay in memory: the pieces of a large set


class Attribution(NamedTuple):
    """What each base contributed, for T targets of N sequences of length L, on the CPU.

    `prediction` is the target's value for the sequence, `difference` that value minus the references'
    mean. `additivity_error` is the worst over the references of
    |sum of contributions - difference| / max(|difference|, |prediction| / 100).
    """

    contributions: Tensor  # (T, N, L)
    hypothetical: Tensor  # (T, N, 4, L)
    multipliers: Tensor  # (T, N, 4, L), mean over references
    prediction: Tensor  # (T, N)
    difference: Tensor  # (T, N)
    additivity_error: Tensor  # (T, N)


def attribute(
    model: Model,
    sequences: Any,
    references: Any = None,
    *,
    method: str = "deeplift",
    targets: Sequence[int | str] | None = None,
    device: str = "auto",
    dtype: torch.dtype | None = None,
    batch_size: int | None = None,
) -> Attribution:
    """What each base of each sequence contributes to each target.

    `sequences` is (N, 4, L) one-hot, numpy or torch; `references` (N, R, 4, L), or (R, 4, L) shared by
    all sequences, or None for all zeros. contribution[l] = sum over channels of
    multiplier * (sequence - reference), mean over references; hypothetical[l, base] is the same for the
    base put there. `batch_size` counts pairs of a sequence and a reference; None chooses it from free
    memory. The precision is the model's unless `dtype` says otherwise.

    Raises InputError for shapes that do not fit, UnknownName for an unknown method or target, NotFinite
    if the model answers with NaN or infinity.
    """
    engine = Engine(model, method=method, targets=targets, device=device, dtype=dtype)
    return engine.attribute(sequences, references, batch_size)


@dataclass
class Engine:
    """A model prepared for one method on one device; attributes any number of batches."""

    model: Model
    method: str = "deeplift"
    targets: Sequence[int | str] | None = None
    device: str = "auto"
    dtype: torch.dtype | None = None
    rows_forward: int = field(default=0, init=False)  # counted, so that the work can be checked
    rows_backward: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.picked = self.model.pick(self.targets)
        self.place = pick_device(self.device)
        self.dtype = self.dtype or self.model.dtype
        self.plan = Plan(self.model.graph.to(self.place, self.dtype), method_named(self.method).book)
        self._pairs: dict[int, int] = {}
        self._kept: list[dict[str, Any]] = []

    @property
    def entry(self) -> Method:
        return method_named(self.method)

    def attribute(self, sequences: Any, references: Any = None, batch_size: int | None = None) -> Attribution:
        """As the function of this name, for this model, method and device."""
        ones = self._tensor(sequences, "sequences", 3)
        shared, pool = self._references(references, ones)
        self.model.check_length(ones.shape[-1])
        if batch_size is not None and batch_size < 1:
            raise InputError(f"the batch size must be at least 1, not {batch_size}")
        pairs = batch_size or self.pairs_at_once(ones.shape[-1])
        with torch.no_grad():
            return halving(lambda n: self._all(ones, pool, shared, n), pairs)

    def pairs_at_once(self, length: int) -> int:
        """How many pairs of a sequence and a reference go through the model at once."""
        if length not in self._pairs:
            self._pairs[length] = pairs_at_once(self.plan, length, self.place)
        return self._pairs[length]

    def _tensor(self, array: Any, what: str, dims: int) -> Tensor:
        tensor = (
            torch.from_numpy(np.array(array)) if isinstance(array, np.ndarray) else torch.as_tensor(array)
        )
        if tensor.ndim != dims or tensor.shape[-2] != 4:
            wanted = "(N, 4, L)" if dims == 3 else "(N, R, 4, L) or (R, 4, L)"
            raise InputError(f"{what} must have the shape {wanted}, not {tuple(tensor.shape)}")
        return tensor.detach()

    def _references(self, references: Any, sequences: Tensor) -> tuple[bool, Tensor]:
        """Whether all sequences share the references, and these as (R, 4, L) or (N, R, 4, L)."""
        if references is None:
            return True, torch.zeros(1, *sequences.shape[1:])
        strides = getattr(references, "strides", None) or references.stride()
        if references.ndim == 4 and len(references) and (strides[0] == 0 or len(references) == 1):
            references = references[0]
        pool = self._tensor(references, "references", references.ndim if references.ndim in (3, 4) else 4)
        lead = (len(sequences),) if pool.ndim == 4 else ()
        if pool.shape != (*lead, pool.shape[-3], *sequences.shape[1:]) or pool.shape[-3] == 0:
            raise InputError(
                f"references of the shape {tuple(pool.shape)} do not fit sequences of the shape "
                f"{tuple(sequences.shape)}; (N, R, 4, L) or (R, 4, L) with R at least 1 would"
            )
        return pool.ndim == 3, pool

    def _all(self, sequences: Tensor, pool: Tensor, shared: bool, pairs: int) -> Attribution:
        results = Accumulator(self.picked, sequences.shape, pool.shape[-3], self.dtype or torch.float32)
        walks_references = self.entry.uses_references
        for chunk in chunks(len(sequences), pool.shape[-3], pairs):
            x = sequences[chunk.sequences].to(self.place, self.dtype)
            r = (pool[chunk.references][None] if shared else pool[chunk.sequences, chunk.references]).to(x)
            if not walks_references:
                walk, values = Walk(self.plan, x), self._reference_outputs(r)
            else:
                kept = self._shared_values(r[0]) if shared else None
                walk, values = Walk(self.plan, x, None if shared else r, kept), None
            self.rows_forward += len(x) + (0 if shared else r.shape[0] * r.shape[1])
            for number, target in enumerate(self.picked):
                multipliers = walk.multipliers(target)
                self.rows_backward += walk.rows.pairs
                at_x, at_r = walk.outputs(target)
                if at_r is None and values is not None:
                    at_r = values[number]
                assert at_r is not None  # every method is compared with references
                check_finite(at_x, at_r, target, chunk)
                results.add(number, chunk, x, r, multipliers, at_x, at_r)
        return results.finish()

    def _shared_values(self, references: Tensor) -> dict[str, Any]:
        """The shared references' values: forward once, however many batches and calls there are."""
        kept = next((values for values in self._kept if torch.equal(values[INPUT], references)), None)
        if kept is None:
            kept = reference_values(self.plan, references)
            self.rows_forward += len(references)
            self._kept = [*self._kept[1 - KEPT :], kept]
        return kept

    def _reference_outputs(self, references: Tensor) -> list[Tensor]:
        """The targets' values for the references, for a method that walks without them."""
        self.rows_forward += references.shape[0] * references.shape[1]
        values = reference_values(self.plan, references.flatten(0, 1))
        flat = [
            values[name].reshape(references.shape[0] * references.shape[1], -1)
            for name in self.plan.graph.outputs
        ]
        return [flat[t.output][:, t.index].view(references.shape[:2]) for t in self.picked]


class Accumulator:
    """Sums over references as batches come in."""

    def __init__(
        self, targets: Sequence[Target], shape: Sequence[int], references: int, dtype: torch.dtype
    ) -> None:
        n, _, length = shape
        self.number = references
        self.contributions = torch.zeros(len(targets), n, length, dtype=dtype)
        self.hypothetical = torch.zeros(len(targets), n, 4, length, dtype=dtype)
        self.multipliers = torch.zeros(len(targets), n, 4, length, dtype=dtype)
        self.prediction = torch.zeros(len(targets), n, dtype=torch.float64)
        self.difference = torch.zeros(len(targets), n, dtype=torch.float64)
        self.error = torch.zeros(len(targets), n, dtype=torch.float64)

    def add(
        self, t: int, chunk: Chunk, x: Tensor, r: Tensor, multipliers: Tensor, at_x: Tensor, at_r: Tensor
    ) -> None:
        """One target's multipliers (B, R, 4, L) and outputs (B, 1) and (B or 1, R)."""
        rows = chunk.sequences
        against = (multipliers * r).sum(2)  # (B, R, L)
        contributions = (multipliers * x[:, None]).sum(2) - against
        change = at_x.double() - at_r.double()
        gap = (contributions.double().sum(2) - change).abs()
        floor = torch.maximum(change.abs(), at_x.double().abs() / 100)
        error = torch.where(gap == 0, 0.0, gap / floor)
        weight = r.shape[1] / self.number
        self.contributions[t, rows] += contributions.mean(1).cpu() * weight
        self.multipliers[t, rows] += multipliers.mean(1).cpu() * weight
        self.hypothetical[t, rows] += (multipliers - against[:, :, None]).mean(1).cpu() * weight
        self.prediction[t, rows] = at_x[:, 0].double().cpu()
        self.difference[t, rows] += change.mean(1).cpu() * weight
        self.error[t, rows] = torch.maximum(self.error[t, rows], error.amax(1).cpu())

    def finish(self) -> Attribution:
        return Attribution(
            self.contributions,
            self.hypothetical,
            self.multipliers,
            self.prediction,
            self.difference,
            self.error,
        )


def check_finite(at_x: Tensor, at_r: Tensor, target: Target, chunk: Chunk) -> None:
    """Raises NotFinite naming the first sequence for which the model answers with NaN or infinity."""
    for values, what in ((at_x, "sequence"), (at_r, "a reference of sequence")):
        bad = (~values.isfinite()).any(1)
        if bad.any():
            row = (
                chunk.sequences.start + int(bad.nonzero()[0])
                if len(bad) == len(at_x)
                else chunk.sequences.start
            )
            value = float(values[bad][0][~values[bad][0].isfinite()][0])
            raise NotFinite(f"the model answers {value} for target {target.name} of {what} number {row}", row)


def pick_device(name: str) -> torch.device:
    """auto, cpu, cuda or cuda:i. Raises InputError for a device that is not there."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise InputError(f"unknown device '{name}'; there is: auto, cpu, cuda, cuda:0 ...") from error
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise InputError(f"there is no device {name}: torch sees {torch.cuda.device_count()} CUDA devices")
    if device.type not in ("cpu", "cuda"):
        raise InputError(f"unknown device '{name}'; there is: auto, cpu, cuda, cuda:0 ...")
    return device
