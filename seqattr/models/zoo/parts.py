"""What several architectures are made of.

Weights start Glorot uniform, biases at zero; torch's global generator draws them.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional


class Conv1d(nn.Conv1d):
    """A conv that trains on a CPU as one of height 1 with the channels last, a quarter faster.

    In eval mode, as it is captured and explained, it is torch's own conv1d. `padding` is a word.
    """

    def __init__(self, inputs: int, outputs: int, width: int, padding: str = "same", dilation: int = 1):
        super().__init__(inputs, outputs, width, padding=padding, dilation=dilation)

    def forward(self, sequences: Tensor) -> Tensor:
        if not self.training or sequences.is_cuda:
            return super().forward(sequences)
        rows, weight = (
            tensor.unsqueeze(2).contiguous(memory_format=torch.channels_last)
            for tensor in (sequences, self.weight)
        )
        dilation = (1, *self.dilation)
        return functional.conv2d(rows, weight, self.bias, padding=self.padding, dilation=dilation).squeeze(2)


class Stack(nn.Module):
    """Numbers (N, T), one for each task: what layers in a row give, from sequences (N, 4, L)."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.logits = nn.Sequential(*layers)
        self.apply(glorot)

    def forward(self, sequences: Tensor) -> Tensor:
        numbers: Tensor = self.logits(sequences)
        return numbers


class Classifier(Stack):
    """Probabilities (N, T), one for each task: the sigmoid of `logits`, which training works on."""

    def forward(self, sequences: Tensor) -> Tensor:
        return torch.sigmoid(self.logits(sequences))


def stack(classes: bool, *layers: nn.Module) -> Stack:
    """The layers in a row, under a sigmoid if they are to give classes."""
    return (Classifier if classes else Stack)(*layers)


def glorot(module: nn.Module) -> None:
    """Weights of a conv or a dense layer Glorot uniform, its biases zero."""
    if isinstance(module, nn.Conv1d | nn.Conv2d | nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def conv_block(inputs: int, outputs: int, width: int, pool: int, padding: str = "same") -> list[nn.Module]:
    """A conv with batch norm, ReLU and max pooling."""
    conv = Conv1d(inputs, outputs, width, padding)
    return [conv, nn.BatchNorm1d(outputs), nn.ReLU(), nn.MaxPool1d(pool)]


def dense_block(inputs: int, outputs: int, dropout: float) -> list[nn.Module]:
    """A dense layer with ReLU and dropout."""
    return [nn.Linear(inputs, outputs), nn.ReLU(), nn.Dropout(dropout)]


def normed_dense_block(inputs: int, outputs: int, dropout: float) -> list[nn.Module]:
    """A dense layer with batch norm, ReLU and dropout."""
    return [nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs), nn.ReLU(), nn.Dropout(dropout)]


Valid = tuple[tuple[int, int], ...]  # (width, pool) of each of the convs without padding, first to last


def left_of(length: int, layers: Valid) -> int:
    """The positions that convs without padding, each followed by pooling, leave of a length."""
    for width, pool in layers:
        length = (length - width + 1) // pool
    return length


def leaving_one(layers: Valid) -> Callable[..., int]:
    """What tells the shortest sequences of such convs, of which they leave one position, whatever arguments
    an architecture has beside.
    """
    length = 1
    for width, pool in reversed(layers):
        length = length * pool + width - 1
    return lambda **_: length
