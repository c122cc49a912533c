"""Patterns of a model, learned from sequences: what PatternNet and PatternAttribution explain by."""

from functools import partial
from typing import Any

import torch
from torch import Tensor

from seqattr.analyses.pattern_sums import Sums, Values
from seqattr.analyses.pattern_windows import Windows
from seqattr.engine.capture.model import Model
from seqattr.engine.graph.graph import Graph
from seqattr.engine.numerics.device import full_precision
from seqattr.engine.rules.gradient import GRADIENT
from seqattr.engine.rules.weighted_steps import weighted_steps
from seqattr.engine.walk.memory import halving, pairs_at_once
from seqattr.engine.walk.plan import Plan
from seqattr.engine.walk.session import tensor_of
from seqattr.engine.walk.walk import flat, side_values
from seqattr.errors import InputError, ModelError, NotFinite
from seqattr.methods.attribution import pick_device
from seqattr.methods.learned_patterns import Patterns, StepPattern
from seqattr.models.content import content_hash
from seqattr.support.progress import Progress, silent


def fit_patterns(
    model: Model,
    sequences: Any,
    *,
    device: str = "auto",
    batch_size: int | None = None,
    progress: Progress = silent,
) -> Patterns:
    """The patterns of every step with weights, from one pass over one-hot sequences (N, 4, L).

    The sequences should be such as the model was trained on, a thousand or more; labels play no part, nor
    does what reads padding or N, if there is anything else. All is worked out in float64, so that the batch
    size does not matter.

    Raises InputError for sequences that do not fit or are none, ModelError for a model without weights,
    NotFinite where it answers with NaN or infinity. Kindermans et al. 2018, section 4.
    """
    learning = Learning(model, device)
    learning.add(sequences, batch_size, progress)
    return learning.patterns()


class Learning:
    """Sums over sequences that come bit by bit, of one length or of several."""

    def __init__(self, model: Model, device: str = "auto") -> None:
        self.model, self.place, self.seen = model, pick_device(device), 0
        self.graph: Graph = model.graph.to(self.place, torch.float64)
        self.plan = Plan(self.graph, GRADIENT)
        windows, tensors = Windows(self.plan), self.graph.tensors
        self.sums = [Sums(layer, tensors[layer.weight], windows) for layer in weighted_steps(self.graph)]
        self._fitting: dict[int, int] = {}
        if not self.sums:
            raise ModelError("the model has no convolution, dense layer or matrix of which to learn patterns")

    def add(
        self,
        sequences: Any,
        batch_size: int | None = None,
        progress: Progress = silent,
        weight: float = 1,
    ) -> None:
        """More sequences (N, 4, L), which count by a weight."""
        ones = tensor_of(sequences)
        if ones.ndim != 3 or ones.shape[1] != 4:
            raise InputError(f"sequences must have the shape (N, 4, L), not {tuple(ones.shape)}")
        self.model.check_length(ones.shape[2])
        if batch_size is not None and batch_size < 1:
            raise InputError(f"the batch size must be at least 1, not {batch_size}")
        done, size = 0, batch_size or self.rows_at_once(ones.shape[2])
        with torch.no_grad(), full_precision():
            while done < len(ones):
                size = halving(partial(self._add, ones[done:], weight), min(size, len(ones) - done))
                done += size
                progress(done, len(ones))

    def rows_at_once(self, length: int) -> int:
        """How many sequences go through the model at once."""
        if length not in self._fitting:
            self._fitting[length] = pairs_at_once(self.plan, length, self.place)
        return self._fitting[length]

    def _add(self, sequences: Tensor, weight: float, size: int) -> int:
        """The first of some sequences, `size` of them: all or, where memory runs out, none."""
        values = side_values(self.plan, sequences[:size].to(self.place, torch.float64))
        self._check(values)
        totals = [sums.after(values, weight) for sums in self.sums]
        for sums, total in zip(self.sums, totals, strict=True):
            sums.so_far = total
        self.seen += size
        return size

    def _check(self, values: Values) -> None:
        """Raises NotFinite for the first sequence that the model has no answer to."""
        for name in self.graph.outputs:
            bad = ~flat(values[name]).isfinite().all(1)
            if bad.any():
                row = self.seen + int(bad.nonzero()[0])
                raise NotFinite("the model answers with NaN or infinity for", row)

    def patterns(self) -> Patterns:
        """What was learned. Raises InputError if there was no sequence."""
        if not self.seen:
            raise InputError("patterns need sequences to learn from, and there is none")
        return Patterns(content_hash(self.model), self.seen, tuple(map(learned, self.sums)))


def learned(sums: Sums) -> StepPattern:
    values, known = sums.pattern()
    windows, silent = int(sums.so_far.windows.max()), int((~known).sum())
    return StepPattern(sums.layer.step.name, values.cpu(), sums.layer.estimator, windows, silent)
