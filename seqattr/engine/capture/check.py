"""The captured graph compared with the model itself, and why they differ where they do.

Random one-hot sequences alone would not do: a cast, a threshold or a rare motif shows on others.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from seqattr.engine.capture.answers import named_tensors
from seqattr.engine.capture.export import evaluating
from seqattr.engine.graph.forward import in_full, outputs_of, random_sequences
from seqattr.engine.graph.graph import INPUT, Graph
from seqattr.engine.graph.lengths import LONG
from seqattr.engine.graph.source_lines import first_line
from seqattr.engine.numerics.device import full_precision
from seqattr.errors import ModelError

# How far two ways of computing the same may be apart, beside the largest output.
TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-4, torch.float16: 1e-2, torch.bfloat16: 1e-1}
NOISE = 20.0  # how many times what float32 costs against float64 still counts as rounding
PROBES = 5  # rows of each sort of sequence
FREQUENCIES = (0.3, 0.2, 0.2, 0.3)
USUAL = "one-hot sequences"
FILTERS = 6  # of the first layer, whose best matches are planted


# What a model's own failure comes to, by what is said.
CURES = {
    "argument #1 'indices' to have": "; it takes the bases' numbers for an embedding: wrap it in a module "
    "whose forward takes the sequences and multiplies them with the weight of the embedding",
    r"values to unpack \(expected": "; where it takes its inputs in a list, the others are given by their "
    "numbers, as in `inputs=1=zeros`",
}


class OwnFailure(ModelError):
    """The model itself fails on an input."""


# --- the model's own answers ---------------------------------------------------------------------


@dataclass(frozen=True)
class Original:
    """The model itself, which of its outputs count, and the coarsest type that it computes in."""

    module: nn.Module
    outputs: tuple[int, ...]
    rounding: torch.dtype

    def answer(self, sequences: Tensor) -> list[Tensor]:
        """Its outputs. Raises OwnFailure."""
        tensors = named_tensors(own_answer(self.module, sequences))
        return [tensors[number][1].detach() for number in self.outputs]


def own_answer(module: nn.Module, sequences: Tensor) -> Any:
    """What the module answers with, whatever that is. Raises OwnFailure where it fails."""
    try:
        with evaluating(module), torch.no_grad(), full_precision():
            return module(sequences.clone())  # on which it may write
    except Exception as error:
        shape = tuple(sequences.shape)
        cure = next((cure for words, cure in CURES.items() if re.search(words, str(error))), "")
        raise OwnFailure(
            f"the model fails on an input of shape {shape}: {first_line(error)}{cure}"
        ) from error


def graph_answer(graph: Graph, sequences: Tensor) -> list[Tensor]:
    """The graph's outputs, computed plainly."""
    with torch.no_grad(), full_precision():
        return outputs_of(graph, sequences)


# --- what they are compared on -------------------------------------------------------------------


def probes(graph: Graph, like: Tensor) -> dict[str, Tensor]:
    """Sequences of several sorts, as long as `like` (N, 4, L), of its type and on its device."""
    length = like.shape[2]
    one_hot = random_sequences(PROBES, length, like.dtype, like.device, seed=length)
    blank = one_hot.clone()
    blank[:, :, length // 3 : -(length // 4) or None] = 0
    frequencies = torch.tensor(FREQUENCIES).to(like)[None, :, None].expand(1, 4, length)
    generator = torch.Generator().manual_seed(length)
    mixtures = torch.rand(PROBES, 4, length, generator=generator).to(like)
    motifs = with_motifs(graph, one_hot)
    sorts = {
        USUAL: one_hot,
        "repeats": repeats(like),
        "sequences with unknown bases": torch.cat([blank, torch.zeros_like(one_hot[:1])]),
        "base frequencies": torch.cat([frequencies, mixtures / mixtures.sum(1, keepdim=True)]),
        **({"what the first layer looks for": motifs} if len(motifs) else {}),
    }
    return {sort: some_of(sequences) for sort, sequences in sorts.items()}


def some_of(sequences: Tensor) -> Tensor:
    """All of them, of long ones the first and the last: a model of 100,000 bases runs for seconds on each."""
    return sequences if sequences.shape[2] <= LONG else sequences[[0, -1]]


def repeats(like: Tensor) -> Tensor:
    """Each base alone, and repeats of two and of three, (8, 4, length of `like`)."""
    length, units = like.shape[2], ("A", "C", "G", "T", "AC", "GT", "CAG", "TAA")
    codes = [["ACGT".index(unit[i % len(unit)]) for i in range(length)] for unit in units]
    return torch.eye(4).to(like)[torch.tensor(codes)].transpose(1, 2).contiguous()


def with_motifs(graph: Graph, one_hot: Tensor) -> Tensor:
    """The sequences whose middle excites one filter of the first layer most, for several filters."""
    weights = [weight for step in graph.steps if (weight := first_weight(graph, step.args)) is not None]
    rows: list[Tensor] = []
    for weight in weights[:1]:
        best = weight.amax(1).sum(1).topk(min(FILTERS, len(weight))).indices
        for filter in weight[best].float():
            width = min(filter.shape[1], one_hot.shape[2])
            letters = torch.eye(4, device=filter.device)[filter[:, :width].argmax(0)].T
            row, start = one_hot[len(rows) % len(one_hot)].clone(), (one_hot.shape[2] - width) // 2
            row[:, start : start + width] = letters.to(row)
            rows.append(row)
    return torch.stack(rows) if rows else one_hot[:0]


def first_weight(graph: Graph, args: Sequence[object]) -> Tensor | None:
    """The weights (filters, 4, width) of a step that reads the sequence itself."""
    if len(args) < 2 or args[0] != INPUT or not isinstance(args[1], str):
        return None
    weight = graph.tensors.get(args[1])
    return weight if weight is not None and weight.ndim == 3 and weight.shape[1] == 4 else None


# --- the comparison ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Gap:
    """How far an output of the graph is from the model's own, and how large the model's is."""

    apart: float
    size: float

    def __str__(self) -> str:
        return f"by {self.apart:.2g} on outputs of {self.size:.2g}"


def check(original: Original, graph: Graph, like: Tensor) -> None:
    """Raises ModelError unless the graph answers as the module does, on sequences as long as `like`.

    On what is no random sequence of known bases the module may fail, or answer with NaN or infinity, which
    is let be.
    """
    for sort, sequences in probes(graph, like).items():
        try:
            compare(original, graph, sequences, sort)
        except OwnFailure:
            if sort == USUAL:
                raise


def compare(original: Original, graph: Graph, sequences: Tensor, sort: str) -> None:
    """Raises ModelError, saying why as far as that can be tried, where the graph answers otherwise."""
    expected, actual = original.answer(sequences), graph_answer(graph, in_full(sequences))
    if sort == USUAL and any(answer.isnan().any() for answer in expected):
        raise ModelError("the model itself answers with NaN to a random sequence; are its weights trained?")
    if sort != USUAL:  # as where a variance is 0, or its rounding
        expected = [where_finite(answer) for answer in expected]
    gap = first_gap(expected, actual, original.rounding)
    if gap is not None and not is_noise(graph, sequences, actual, gap):
        why = instability(original, sequences) or f"on {sort}"
        raise ModelError(f"the captured graph answers differently from the model itself ({gap}): {why}")


def where_finite(answer: Tensor) -> Tensor:
    return answer.where(answer.isfinite(), float("nan")) if answer.is_floating_point() else answer


def first_gap(expected: Sequence[Tensor], actual: Sequence[Tensor], rounding: torch.dtype) -> Gap | None:
    """The first output that is further off than rounding explains; rows where the model is NaN are let be."""
    for a, b in zip(expected, actual, strict=True):
        gap = gap_between(a, b)
        coarsest = max(TOLERANCE.get(a.dtype, 0.0), TOLERANCE.get(rounding, 0.0))
        if gap.apart > (coarsest if a.is_floating_point() else 0.0) * gap.size:
            return gap
    return None


def gap_between(a: Tensor, b: Tensor) -> Gap:
    """Of two answers; infinite where their shapes differ, or one has a number where the other has none."""
    if a.shape != b.shape:
        return Gap(float("inf"), float("nan"))
    a, b = a.double(), b.double().to(a.device)
    known = ~a.isnan()
    apart = torch.where(a == b, 0.0, (a - b).abs())[known].nan_to_num(float("inf"), float("inf"))
    size = a[a.isfinite()].abs()
    return Gap(float(apart.max()) if len(apart) else 0.0, float(size.max()) if len(size) else 0.0)


def is_noise(graph: Graph, sequences: Tensor, actual: Sequence[Tensor], gap: Gap) -> bool:
    """Whether float32 alone is as far from float64, as where large activations cancel."""
    if all(answer.dtype == torch.float64 for answer in actual):
        return False
    exact = graph_answer(graph.to(sequences.device, torch.float64), sequences.double())
    noise = max(gap_between(a, b).apart for a, b in zip(exact, actual, strict=True))
    return gap.apart <= NOISE * noise < float("inf")


# --- why -----------------------------------------------------------------------------------------


def instability(original: Original, sequences: Tensor) -> str:
    """What makes the model's answer to a sequence no function of that sequence, if anything does: tried."""
    try:
        first, again = original.answer(sequences), original.answer(sequences)
        # either end: along the batch a recurrent layer may run in one direction
        ends = [(original.answer(sequences[row, None]), row) for row in (0, len(sequences) - 1)]
    except ModelError:
        return ""  # it does not take one sequence alone
    gap = first_gap(first, again, original.rounding)
    if gap is not None:
        return (
            f"two calls of the model on the same sequences differ ({gap}); does the model draw random "
            "numbers (dropout that is always on), or keep something from call to call?"
        )
    pairs = [
        (batch[row, None], alone)
        for answers, row in ends
        for batch, alone in zip(first, answers, strict=True)
        if alone.shape[:1] == (1,) and batch.shape == (len(sequences), *alone.shape[1:])
    ]
    gap = first_gap([a for a, _ in pairs], [b for _, b in pairs], original.rounding)
    if gap is not None:
        return (
            "the model mixes the sequences of a batch: its answer to a sequence alone and in a batch differs "
            f"({gap}); does a recurrent layer run along the batch (batch_first), or a batch norm in training?"
        )
    return ""
