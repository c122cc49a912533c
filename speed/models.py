"""The networks that are measured: (N, 4, L) to (N, T) outputs before any sigmoid.

Every nonlinearity is a module of its own, used once, as tools that hook modules need it, but for the
transformer's, which is torch's own layer. Weights are untrained but seeded: time does not depend on them.
"""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor, nn

from seqattr.models import zoo
from seqattr.models.zoo.parts import conv_block, dense_block, glorot


class Network(NamedTuple):
    """How a network is built, what it reads, and how many sequences make one call long enough to time."""

    build: Callable[[], nn.Module]
    length: int  # bases
    tasks: int
    sequences: int


class Residual(nn.Module):
    """x + relu(conv(x)), the conv dilated."""

    def __init__(self, filters: int, dilation: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(filters, filters, 3, dilation=dilation, padding=dilation)
        self.relu = nn.ReLU()

    def forward(self, hidden: Tensor) -> Tensor:
        return hidden + self.relu(self.conv(hidden))


class Counts(nn.Module):
    """Log counts: a dense layer on the mean over positions."""

    def __init__(self, filters: int, tasks: int) -> None:
        super().__init__()
        self.dense = nn.Linear(filters, tasks)

    def forward(self, hidden: Tensor) -> Tensor:
        return self.dense(hidden.mean(2))


class Profile(nn.Module):
    """The scalar by which profiles are explained: logits, centred, weighed by their own softmax."""

    def __init__(self, filters: int, tasks: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(filters, tasks, 75, padding=37)
        self.softmax = nn.Softmax(-1)

    def forward(self, hidden: Tensor) -> Tensor:
        logits = self.conv(hidden)
        centred = logits - logits.mean(-1, keepdim=True)
        return (centred * self.softmax(logits)).sum(-1)


class Attentive(nn.Module):
    """A conv, pooling by four, two transformer layers, the mean over tokens."""

    def __init__(self, tasks: int, width: int = 64, layers: int = 2) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv1d(4, width, 15, padding=7), nn.ReLU(), nn.AvgPool1d(4))
        layer = nn.TransformerEncoderLayer(width, 4, 2 * width, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.dense = nn.Linear(width, tasks)

    def forward(self, sequences: Tensor) -> Tensor:
        tokens = self.stem(sequences).transpose(1, 2)
        return self.dense(self.encoder(tokens).mean(1))


def dilated_net(head: type[nn.Module], filters: int, tasks: int, layers: int = 8) -> nn.Module:
    """BPNet's body, a conv of width 21 and dilated residual convs, under one head."""
    return nn.Sequential(
        *(nn.Conv1d(4, filters, 21, padding=10), nn.ReLU()),
        *(Residual(filters, 2**layer) for layer in range(1, layers + 1)),
        head(filters, tasks),
    )


def tal_gata(length: int, tasks: int) -> nn.Module:
    """The paper's CNN, without its sigmoid."""
    module = zoo.build("tal-gata", length, tasks)
    assert isinstance(module, zoo.Classifier)
    return module.logits


def small_basset(length: int, tasks: int) -> nn.Module:
    """Basset with a third to a fifth of its widths, padded, with no batch norm behind the dense layers."""
    return nn.Sequential(
        *conv_block(4, 100, 19, 3),
        *conv_block(100, 64, 11, 4),
        *conv_block(64, 64, 7, 4),
        nn.Flatten(),
        *dense_block(64 * (length // 3 // 4 // 4), 200, 0.3),
        *dense_block(200, 200, 0.3),
        nn.Linear(200, tasks),
    ).apply(glorot)


NETWORKS: dict[str, Network] = {
    "tal-gata": Network(lambda: tal_gata(200, 3), 200, 3, 16),
    "basset": Network(lambda: small_basset(600, 3), 600, 3, 8),
    "bpnet-counts": Network(lambda: dilated_net(Counts, 64, 3), 2114, 3, 2),
    "bpnet-profile": Network(lambda: dilated_net(Profile, 64, 1), 2114, 1, 2),
    "transformer": Network(lambda: Attentive(3), 400, 3, 4),
    "chrombpnet": Network(lambda: dilated_net(Counts, 512, 1), 2114, 1, 1),
}


@cache
def network(name: str) -> nn.Module:
    """The module of this name: seeded, in eval mode, its weights fixed."""
    torch.manual_seed(0)
    module = NETWORKS[name].build()
    unsettle(module)
    return module.eval().requires_grad_(False)


def unsettle(module: nn.Module) -> None:
    """Biases and batch-norm statistics as of a trained network, which are not all 0 and 1."""
    for part in module.modules():
        if isinstance(part, nn.BatchNorm1d) and part.running_mean is not None:
            nn.init.normal_(part.running_mean, 0, 0.1)
            nn.init.uniform_(part.running_var, 0.5, 1.5)  # type: ignore[arg-type]
        if isinstance(part, nn.Conv1d | nn.Linear) and part.bias is not None:
            nn.init.normal_(part.bias, 0, 0.1)
