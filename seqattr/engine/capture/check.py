"""The captured graph compared with the model itself, and why they differ where they do.

Random one-hot sequences alone would not do: a cast, a threshold or a rare motif shows on others.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from seqattr.dna.frequencies import BACKGROUND
from seqattr.engine.capture.batch_faults import instability
from seqattr.engine.capture.gaps import Gap, first_gap, gap_between
from seqattr.engine.capture.original import Original, OwnFailure
from seqattr.engine.graph.forward import in_full, outputs_of, random_sequences
from seqattr.engine.graph.graph import INPUT, Graph
from seqattr.engine.graph.lengths import LONG
from seqattr.engine.numerics.device import full_precision
from seqattr.errors import ModelError

NOISE = 20.0  # how many times what float32 costs against float64 still counts as rounding
PROBES = 5  # rows of each sort of sequence
USUAL = "one-hot sequences"
FILTERS = 6  # of the first layer, whose best matches are planted


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
    frequencies = torch.tensor(BACKGROUND).to(like)[None, :, None].expand(1, 4, length)
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


def is_noise(graph: Graph, sequences: Tensor, actual: Sequence[Tensor], gap: Gap) -> bool:
    """Whether float32 alone is as far from float64, as where large activations cancel."""
    if all(answer.dtype == torch.float64 for answer in actual):
        return False
    exact = graph_answer(graph.to(sequences.device, torch.float64), sequences.double())
    noise = max(gap_between(a, b).apart for a, b in zip(exact, actual, strict=True))
    return gap.apart <= NOISE * noise < float("inf")
