"""A BPNet in small, for targets that are made of its outputs; and bases for it."""

import torch
from torch import Tensor, nn

LENGTH, POSITIONS, STRANDS = 120, 110, 2


class Heads(nn.Module):
    """A BPNet in small: logits of a profile of two strands, and log counts of each."""

    def __init__(self, flat: bool = False) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.conv, self.flat = nn.Conv1d(4, 6, 11), flat
        self.profile, self.counts = nn.Conv1d(6, STRANDS, 1), nn.Linear(6, STRANDS)
        self.double()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        h = self.conv(x).relu()
        return 4 * self.profile(h), 2 * self.counts(h.mean(-1))


def one_hot(rows: int, seed: int = 0) -> Tensor:
    codes = torch.randint(4, (rows, LENGTH), generator=torch.Generator().manual_seed(seed))
    return nn.functional.one_hot(codes, 4).transpose(1, 2).double()
