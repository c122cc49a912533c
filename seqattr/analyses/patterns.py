"""Patterns of a model, learned from sequences: what PatternNet and PatternAttribution explain by."""

from functools import partial
from typing import Any

import torch
from torch import Tensor

from seqattr.analyses.pattern_sums import Sums
from seqattr.analyses.pattern_windows import Windows
from seqattr.engine.capture.model import Model
from seqattr.engine.rules.gradient import GRADIENT
from seqattr.engine.rules.weighted_steps import weighted_steps
from seqattr.engine.walk.forward import side_values
from seqattr.engine.walk.session import Session, check_finite, one_hot_tensor
from seqattr.errors import InputError, ModelError
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
        self.session, self.seen = Session(model, device=device, dtype=torch.float64), 0
        self.plan, graph = self.session.plan(GRADIENT), self.session.graph
        windows = Windows(self.plan)
        self.sums = [Sums(layer, graph.tensors[layer.weight], windows) for layer in weighted_steps(graph)]
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
        batch = one_hot_tensor(sequences)
        done, size = 0, self.session.rows_at_once(self.plan, batch.shape[2], batch_size)
        while done < len(batch):
            size = self.session.run(partial(self._add, batch[done:], weight), min(size, len(batch) - done))
            done += size
            progress(done, len(batch))

    def _add(self, sequences: Tensor, weight: float, size: int) -> int:
        """The first of some sequences, `size` of them: all or, where memory runs out, none."""
        values = side_values(self.plan, self.session.to_device(sequences[:size]))
        for name in self.session.graph.outputs:
            check_finite(values[name], "the model answers with NaN or infinity for", self.seen)
        totals = [sums.after(values, weight) for sums in self.sums]
        for sums, total in zip(self.sums, totals, strict=True):
            sums.so_far = total
        self.seen += size
        return size

    def patterns(self) -> Patterns:
        """What was learned. Raises InputError if there was no sequence."""
        if not self.seen:
            raise InputError("patterns need sequences to learn from, and there is none")
        return Patterns(content_hash(self.session.model), self.seen, tuple(map(pattern_of, self.sums)))


def pattern_of(sums: Sums) -> StepPattern:
    """What was learned of one step."""
    values, known = sums.pattern()
    windows, silent = int(sums.so_far.windows.max()), int((~known).sum())
    return StepPattern(sums.layer.step.name, values.cpu(), sums.layer.estimator, windows, silent)
