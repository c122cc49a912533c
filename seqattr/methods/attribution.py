"""From a model, sequences and references to contributions, batch by batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from seqattr.engine.capture.model import Model
from seqattr.engine.capture.watch import check_prediction
from seqattr.engine.graph.outputs import cut_to
from seqattr.engine.numerics.device import full_precision
from seqattr.engine.walk.memory import chunks, halving, pairs_at_once
from seqattr.engine.walk.session import tensor_of
from seqattr.errors import InputError
from seqattr.methods.attributors import Batch, Work
from seqattr.methods.method import Method
from seqattr.methods.registry import method_named
from seqattr.methods.results import Accumulator, Attribution, check_found, check_outputs


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
    method: str | Method = "deeplift"
    targets: Sequence[int | str] | None = None
    device: str = "auto"
    dtype: torch.dtype | None = None
    tf32: bool = False  # on a GPU, products of float32 in ten bits

    def __post_init__(self) -> None:
        self.picked = self.model.pick(self.targets)
        self.place = pick_device(self.device)
        self.dtype = self.dtype or self.model.dtype
        self.entry = method_named(self.method) if isinstance(self.method, str) else self.method
        rulebook = self.entry.rulebook_for(self.model)
        graph, self._inner = cut_to(self.model.graph, self.picked)
        self.work = Work(graph.to(self.place, self.dtype), rulebook)
        self._pairs: dict[int, int] = {}

    def attribute(self, sequences: Any, references: Any = None, batch_size: int | None = None) -> Attribution:
        """As the function of this name, for this model, method and device."""
        ones = self._tensor(sequences, "sequences", 3)
        shared, pool = self._references(references, ones)
        self.model.check_length(ones.shape[-1])
        if batch_size is not None and batch_size < 1:
            raise InputError(f"the batch size must be at least 1, not {batch_size}")
        pairs = batch_size or self.pairs_at_once(ones.shape[-1])
        with torch.no_grad(), full_precision(self.tf32):
            result = halving(lambda n: self._all(ones, pool, shared, n), pairs)
        self._look_again(ones, pool if shared else pool[0], result)
        return result

    def _look_again(self, sequences: Tensor, references: Tensor, result: Attribution) -> None:
        """Now and then, the first sequence and reference run in other ways. Raises ModelError."""
        if not len(sequences):
            return
        sequence, reference = sequences[0], references[0]
        watch = self.model.watch
        if watch.is_due(sequence, reference, len(sequences) * len(references)):
            watch.look(sequence, reference)
            if not self.tf32:
                placed = self._placed(sequence[None])[0]
                check_prediction(self.work.graph, placed, self._inner, result.prediction[:, 0])

    def pairs_at_once(self, length: int) -> int:
        """How many pairs of a sequence and one of its references go through the model at once."""
        if length not in self._pairs:
            self._pairs[length] = pairs_at_once(self.work.plan, length, self.place)
        return self._pairs[length]

    def _tensor(self, array: Any, what: str, dims: int) -> Tensor:
        tensor = tensor_of(array)
        if tensor.ndim != dims or tensor.shape[-2] != 4:
            wanted = "(N, 4, L)" if dims == 3 else "(N, R, 4, L) or (R, 4, L)"
            raise InputError(f"{what} must have the shape {wanted}, not {tuple(tensor.shape)}")
        return tensor

    def _references(self, references: Any, sequences: Tensor) -> tuple[bool, Tensor]:
        """Whether all sequences share the references, and these as (R, 4, L) or (N, R, 4, L)."""
        if references is None:
            return True, torch.zeros(1, *sequences.shape[1:])
        if not hasattr(references, "ndim"):
            references = tensor_of(references)
        strides = getattr(references, "strides", None) or references.stride()
        if references.ndim == 4 and len(references) and strides[0] == 0 and len(references) > 1:
            references = references[0]
        pool = self._tensor(references, "references", references.ndim if references.ndim in (3, 4) else 4)
        lead = (len(sequences),) if pool.ndim == 4 else ()
        if pool.shape != (*lead, pool.shape[-3], *sequences.shape[1:]) or pool.shape[-3] == 0:
            raise InputError(
                f"references of the shape {tuple(pool.shape)} do not fit sequences of the shape "
                f"{tuple(sequences.shape)}; (N, R, 4, L) or (R, 4, L) with R at least 1 would"
            )
        return pool.ndim == 3, pool

    def _placed(self, some: Tensor) -> Tensor:
        """On the device, as precise as the model; it travels as it is, which is a byte a number for bases."""
        if self.place.type == "cuda" and some.is_cpu:
            some = some.pin_memory().to(self.place, non_blocking=True)
        return some.to(self.place, self.dtype)

    def _all(self, sequences: Tensor, pool: Tensor, shared: bool, pairs: int) -> Attribution:
        dtype = torch.promote_types(self.dtype or torch.float32, torch.float32)
        results = Accumulator(self.picked, sequences.shape, pool.shape[-3], dtype)
        number = pool.shape[-3]
        for chunk in chunks(len(sequences), number, pairs, shared):
            x = self._placed(sequences[chunk.sequences])
            r = self._placed(
                pool[chunk.references][None] if shared else pool[chunk.sequences, chunk.references]
            )
            batch = Batch(self.work, x, r, shared, self._inner, in_pieces=r.shape[1] < number)
            explanation = self.entry.attributor(batch)
            outputs = [explanation.outputs(target) for target in self._inner]
            for target, values in zip(self._inner, outputs, strict=True):
                check_outputs(*values, target, chunk)
            for t, (target, values) in enumerate(zip(self._inner, outputs, strict=True)):
                found = explanation.found(target)
                check_found(found, target, chunk)
                results.add(t, chunk, r.shape[1] / number, found, *values)
                if explanation.errors is not None:
                    results.add_errors(t, chunk, r.shape[1] / number, explanation.errors(target))
        return results.finish()


def pick_device(name: str) -> torch.device:
    """auto, cpu, cuda or cuda:i. Raises InputError for a device that is not there."""
    if name.startswith(("auto", "cuda")) and torch.cuda._is_in_bad_fork():
        raise InputError(
            "this process was forked from one that uses a GPU, and cannot use it itself; "
            "start it with 'spawn' (multiprocessing.get_context('spawn')), or take the device cpu"
        )
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
