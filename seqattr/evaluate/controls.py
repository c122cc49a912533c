"""CONTROLS: explanations that ignore the model, which every check is to tell from those that do not.

Each is a function of the sequences alone, as an edge detector is of an image (Adebayo et al. 2018,
section 5): a method that agrees with one of them whatever the model holds shows the sequence, and not the
model.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from seqattr.dna.alphabet import ALPHABET
from seqattr.methods.gradients import seed_of

WINDOW = 21  # bases of which the GC content is taken
STRONG = torch.tensor([base in "CG" for base in ALPHABET], dtype=torch.float64)


class Control(NamedTuple):
    """What it is, and its numbers (N, L), float64, for sequences (N, 4, L) and a seed."""

    summary: str
    explain: Callable[[Tensor, int], Tensor]


def random_numbers(sequences: Tensor, seed: int) -> Tensor:
    """Normal numbers, which hang on the seed and the sequence, whatever others there are beside it."""
    generators = [generator_of(seed, seed_of(sequence)) for sequence in sequences]
    length = sequences.shape[2]
    drawn = [torch.randn(length, dtype=torch.float64, generator=each) for each in generators]
    return torch.stack(drawn) if drawn else torch.zeros(0, length, dtype=torch.float64)


def generator_of(seed: int, other: int) -> torch.Generator:
    """Of two numbers."""
    return torch.Generator().manual_seed((seed * 1_000_003 + other) % 2**63)


def codes_of(sequences: Tensor) -> Tensor:
    """0 to 3, and 4 for no base: (N, L)."""
    known = sequences.sum(1) > 0
    return torch.where(known, sequences.argmax(1), 4)


def gc_content(sequences: Tensor, _: int) -> Tensor:
    """The share of C and G among the bases of a window around each."""
    rows = sequences.double()
    strong, known = (rows * STRONG[:, None]).sum(1), rows.sum(1)
    return windowed(strong) / windowed(known).clamp(min=1)


def windowed(values: Tensor) -> Tensor:
    """Sums over WINDOW positions around each, (N, L)."""
    kernel = torch.ones(1, 1, WINDOW, dtype=values.dtype)
    return torch.nn.functional.conv1d(values[:, None], kernel, padding=WINDOW // 2)[:, 0]


def dinucleotides(sequences: Tensor, _: int) -> Tensor:
    """How rare the two dinucleotides are that a base is part of, in nats, within its own sequence."""
    codes = codes_of(sequences)
    pairs = codes[:, :-1] * 5 + codes[:, 1:]
    counts = torch.zeros(len(codes), 25, dtype=torch.float64)
    counts.scatter_add_(1, pairs, torch.ones_like(pairs, dtype=torch.float64))
    rarity = -(counts / max(1, pairs.shape[1])).clamp(min=1e-12).log().gather(1, pairs)
    around = torch.nn.functional.pad(rarity, (1, 1))
    return around[:, :-1] + around[:, 1:]


def letters(sequences: Tensor, _: int) -> Tensor:
    """Each letter by its number, 0 to 3: the sequence itself, as an edge detector shows an image."""
    return codes_of(sequences).double()


CONTROLS: dict[str, Control] = {
    "random": Control("random numbers", random_numbers),
    "gc-content": Control(f"the GC content of {WINDOW} bases around each", gc_content),
    "dinucleotides": Control("how rare a base's dinucleotides are in its sequence", dinucleotides),
    "sequence": Control("the letters themselves", letters),
}
