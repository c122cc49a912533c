"""A small zoo of untrained architectures that read one-hot sequences (N, 4, L).

ARCHITECTURES names them; each is after a published model:

    tal-gata    Shrikumar et al. 2017, section 4.2, as published
    basset      Kelley et al. 2016, with a third to a fifth of its widths; made for 600 bp
    deepstarr   de Almeida et al. 2022, its widths; made for 249 bp
    bpnet       Avsec et al. 2021; 64 filters, 8 dilated layers, plain convs as heads

The first three end in one sigmoid per task (DeepSTARR's own outputs have none), so that all of them can be
trained on classes. Weights start Glorot uniform, biases at zero; torch's global generator draws them.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqattr.errors import InputError, UnknownName


class Architecture(NamedTuple):
    """(length, tasks) -> module; what it is, in a line; the shortest sequences it takes, in bases."""

    build: Callable[[int, int], nn.Module]
    summary: str
    shortest: int
    classes: bool = True


def build(name: str, length: int, tasks: int) -> nn.Module:
    """An untrained module of an architecture for sequences (N, 4, length) and this number of tasks.

    Raises UnknownName for an architecture that there is not, InputError for too short a length or no task.
    """
    if name not in ARCHITECTURES:
        raise UnknownName("architecture", name, ARCHITECTURES)
    shortest = ARCHITECTURES[name].shortest
    if length < shortest:
        raise InputError(f"the architecture {name} needs sequences of at least {shortest} bp, not {length}")
    if tasks < 1:
        raise InputError(f"the number of tasks must be at least 1, not {tasks}")
    return ARCHITECTURES[name].build(length, tasks)


def classifiers() -> list[str]:
    """The names of the architectures that give classes, and so can be trained on them."""
    return [name for name, architecture in ARCHITECTURES.items() if architecture.classes]


# ---- parts


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


class Classifier(nn.Module):
    """Probabilities (N, T), one for each task: the sigmoid of `logits`, which training works on."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.logits = nn.Sequential(*layers)
        self.apply(_glorot)

    def forward(self, sequences: Tensor) -> Tensor:
        return torch.sigmoid(self.logits(sequences))


class Profiler(nn.Module):
    """Profile logits (N, T, L) and log counts (N, T): a wide conv, dilated residual convs, two heads."""

    def __init__(self, tasks: int, filters: int, layers: int) -> None:
        super().__init__()
        self.first = Conv1d(4, filters, 21)
        self.dilated = nn.ModuleList(
            Conv1d(filters, filters, 3, dilation=2**layer) for layer in range(1, layers + 1)
        )
        self.profile = Conv1d(filters, tasks, 75)
        self.counts = nn.Linear(filters, tasks)
        self.apply(_glorot)

    def forward(self, sequences: Tensor) -> tuple[Tensor, Tensor]:
        hidden = torch.relu(self.first(sequences))
        for conv in self.dilated:
            hidden = hidden + torch.relu(conv(hidden))
        return self.profile(hidden), self.counts(hidden.mean(2))


def _glorot(module: nn.Module) -> None:
    if isinstance(module, nn.Conv1d | nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def _conv_block(inputs: int, outputs: int, width: int, pool: int) -> list[nn.Module]:
    return [Conv1d(inputs, outputs, width), nn.BatchNorm1d(outputs), nn.ReLU(), nn.MaxPool1d(pool)]


def _dense_block(inputs: int, outputs: int, dropout: float) -> list[nn.Module]:
    return [nn.Linear(inputs, outputs), nn.ReLU(), nn.Dropout(dropout)]


# ---- architectures


def tal_gata(length: int, tasks: int) -> Classifier:
    """The paper's own: two convs of 50 x 11 without padding, global average pooling, 50 dense."""
    return Classifier(
        *(Conv1d(4, 50, 11, "valid"), nn.ReLU()),
        *(Conv1d(50, 50, 11, "valid"), nn.ReLU()),
        *(nn.AdaptiveAvgPool1d(1), nn.Flatten()),
        *_dense_block(50, 50, 0.5),
        nn.Linear(50, tasks),
    )


def basset(length: int, tasks: int) -> Classifier:
    """Three convs, each with batch norm, ReLU and max pooling; two dense layers."""
    return Classifier(
        *_conv_block(4, 100, 19, 3),
        *_conv_block(100, 64, 11, 4),
        *_conv_block(64, 64, 7, 4),
        nn.Flatten(),
        *_dense_block(64 * (length // 3 // 4 // 4), 200, 0.3),
        *_dense_block(200, 200, 0.3),
        nn.Linear(200, tasks),
    )


def deepstarr(length: int, tasks: int) -> Classifier:
    """Four convs, each with batch norm, ReLU and max pooling by two; two dense layers."""
    return Classifier(
        *_conv_block(4, 246, 7, 2),
        *_conv_block(246, 60, 3, 2),
        *_conv_block(60, 60, 5, 2),
        *_conv_block(60, 120, 3, 2),
        nn.Flatten(),
        *_dense_block(120 * (length // 16), 256, 0.4),
        *_dense_block(256, 256, 0.4),
        nn.Linear(256, tasks),
    )


def bpnet(length: int, tasks: int, filters: int = 64, layers: int = 8) -> Profiler:
    """A conv of width 21, `layers` dilated residual convs of `filters` each, a profile and a counts head."""
    return Profiler(tasks, filters, layers)


ARCHITECTURES: dict[str, Architecture] = {
    "tal-gata": Architecture(tal_gata, "two convs, global average pooling, one dense layer", 21),
    "basset": Architecture(basset, "three convs with batch norm and max pooling, two dense layers", 48),
    "deepstarr": Architecture(deepstarr, "four convs with batch norm and max pooling, two dense layers", 16),
    "bpnet": Architecture(bpnet, "dilated residual convs, a profile and a counts head", 1, classes=False),
}
