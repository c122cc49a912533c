"""What is explained is compared with the model's own answers, and with the graph's, as explaining goes on.

A graph that was right on all that capture tried may still be wrong on what a user explains. Now and then one
sequence and one reference are run once more, in another way, at about a hundredth of the work.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from seqattr.engine.capture.check import compare, graph_answer, is_noise
from seqattr.engine.capture.gaps import first_gap
from seqattr.engine.capture.original import Original, OwnFailure
from seqattr.engine.graph.forward import in_full
from seqattr.engine.graph.graph import Graph
from seqattr.engine.graph.outputs import Target
from seqattr.errors import ModelError

# Of a sequence and a reference explained for each that is looked at. To look takes the host as long on any
# device, so that it is rarer where explaining is quicker.
PAIRS = 2000
PAIRS_ON_GPU = 200_000


def sort_of(sequence: Tensor) -> tuple[bool, bool]:
    """Whether all bases of (4, L) are known, and whether any column is a mixture."""
    return bool((sequence.sum(0) > 0).all()), bool(((sequence > 0) & (sequence < 1)).any())


@dataclass
class Watch:
    """When to look again, and the model and the whole graph to look at, where the model is at hand.

    Every sort of sequence and reference is looked at once, and then one pair in PAIRS, or in PAIRS_ON_GPU.
    """

    original: Original | None = None
    whole: Graph | None = None
    explained: int = 0
    looked: int = 0
    sorts: set[tuple[tuple[bool, bool], ...]] = field(default_factory=set)
    weights: tuple[tuple[int, ...], ...] = ()

    def __post_init__(self) -> None:
        self.weights = self.weights_now()

    def __getstate__(self) -> dict[str, object]:
        """A copy elsewhere has no model to compare with."""
        return {**vars(self), "original": None, "whole": None, "sorts": set()}

    def weights_now(self) -> tuple[tuple[int, ...], ...]:
        """Where the model's weights are and how often they were written on."""
        if self.original is None:
            return ()
        module = self.original.module
        return tuple((t.data_ptr(), t._version) for t in (*module.parameters(), *module.buffers()))

    def is_due(self, sequence: Tensor, reference: Tensor, pairs: int, each: int = PAIRS) -> bool:
        """Whether this pair of (4, L) should be looked at, now that so many are explained: one in `each`."""
        self.explained += pairs
        sorts = sort_of(sequence), sort_of(reference)
        if sorts in self.sorts and self.explained < each * self.looked:
            return False
        self.sorts.add(sorts)
        self.looked += 1
        return True

    def look(self, sequence: Tensor, reference: Tensor) -> None:
        """Raises ModelError where the graph answers otherwise than the model to a sequence or reference.

        Not once the model has been trained on or moved: the graph is of what it was.
        """
        if self.original is None or self.whole is None or self.weights_now() != self.weights:
            return
        like = next((p for p in self.original.module.parameters()), torch.zeros(()))
        both = torch.stack([sequence, reference]).to(like.device, like.dtype)
        try:
            compare(self.original, self.whole, both, "what is explained")
        except OwnFailure:
            return  # on what is no sequence to it


def check_prediction(graph: Graph, sequence: Tensor, targets: Sequence[Target], predicted: Tensor) -> None:
    """Raises ModelError where the outputs that an explanation rests on, (T,), are not those of the graph run
    plainly on the sequence (4, L)."""
    point = in_full(sequence[None])
    answers = graph_answer(graph.to(point.device, point.dtype), point)
    actual = torch.stack([answers[target.output].flatten()[target.index] for target in targets])
    gap = first_gap([actual.cpu()], [predicted.to(actual.dtype).cpu()], sequence.dtype)
    if gap is not None and not is_noise(graph, point, answers, gap):
        raise ModelError(
            f"the outputs explained differ from the graph's own ({gap}); this is a fault of seqattr, and "
            "float64 may settle it"
        )
