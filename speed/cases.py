"""What is measured: a model, a method, a number of targets and a number of references."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn

from seqattr import references as draw_references
from speed.models import NETWORKS, network

# The name of a method in a case's name, and seqattr's for it.
METHODS = {"rescale": "deeplift-rescale", "genomics": "deeplift", "revealcancel": "deeplift-revealcancel"}
SETTINGS = (("rescale", 1), ("rescale", 3), ("genomics", 1), ("revealcancel", 1))
REFERENCES = (20, 10, 1)
# A GPU is not filled by what fills a CPU.
MORE_ON_GPU = 16


@dataclass(frozen=True)
class Case:
    """One thing to compute, the same for every tool."""

    model: str
    method: str
    targets: int
    references: int

    @property
    def name(self) -> str:
        return f"{self.model}/{self.method}/{self.targets}t/{self.references}r"

    @classmethod
    def from_name(cls, name: str) -> "Case":
        """The case of a name such as tal-gata/rescale/3t/20r."""
        model, method, targets, references = name.split("/")
        return cls(model, method, int(targets.removesuffix("t")), int(references.removesuffix("r")))


CASES = tuple(
    Case(model, method, targets, references)
    for model, net in NETWORKS.items()
    for method, targets in SETTINGS
    if targets <= net.tasks
    for references in REFERENCES
)
QUICK = tuple(
    map(
        Case.from_name,
        (
            "tal-gata/rescale/1t/20r",
            "tal-gata/rescale/3t/20r",
            "tal-gata/revealcancel/1t/20r",
            "basset/rescale/1t/20r",
            "bpnet-counts/rescale/1t/20r",
            "transformer/rescale/1t/10r",
        ),
    )
)


@dataclass(frozen=True)
class Problem:
    """A case with its module on a device; sequences and references are on the CPU, as read from a file: so
    many sequences, or as many as make a call long enough to time.
    """

    case: Case
    device: torch.device
    number: int | None = None

    @cached_property
    def module(self) -> nn.Module:
        return network(self.case.model).to(self.device)

    @cached_property
    def sequences(self) -> Tensor:
        """(N, 4, L) float32"""
        net = NETWORKS[self.case.model]
        number = self.number or net.sequences * (MORE_ON_GPU if self.device.type == "cuda" else 1)
        return torch.from_numpy(random_sequences(number, net.length)).float()

    @cached_property
    def references(self) -> Tensor:
        """(N, R, 4, L) float32: dinucleotide shuffles of each sequence."""
        drawn = draw_references(f"shuffle:{self.case.references}", self.sequences)
        return drawn.float().contiguous()

    @property
    def pairs(self) -> int:
        return len(self.sequences) * self.case.references

    @property
    def targets(self) -> range:
        return range(self.case.targets)


def random_sequences(number: int, length: int, seed: int = 0) -> np.ndarray:
    """One-hot (number, 4, length) int8, with the base frequencies of the TAL-GATA simulation."""
    codes = np.random.default_rng(seed).choice(4, (number, length), p=(0.3, 0.2, 0.2, 0.3))
    return np.ascontiguousarray(np.eye(4, dtype=np.int8)[codes].transpose(0, 2, 1))
