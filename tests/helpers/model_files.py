"""Model files of every format, to be read in tests."""

import io
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.export import Dim

LENGTH = 40
FORMATS = {
    "pickle": "a pickled PyTorch object",
    "legacy pickle": "a pickled PyTorch object",
    "state dict": "a state dict",
    "legacy state dict": "a state dict",
    "checkpoint": "a state dict",
    "script": "a TorchScript model",
    "trace": "a TorchScript model",
    "exported": "a torch.export archive (.pt2)",
}
CODE = '''
import sys

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, channels=6, tasks=2):
        super().__init__()
        self.conv = nn.Conv1d(4, channels, 7)
        self.norm = nn.BatchNorm1d(channels)
        self.head = nn.Linear(channels * 34, tasks)

    def forward(self, x):
        return torch.sigmoid(self.head(torch.relu(self.norm(self.conv(x))).flatten(1)))


class LastChannels(Net):
    """Wants (N, L, 4)."""

    def forward(self, x):
        return super().forward(x.transpose(1, 2))


class Leaves(nn.Module):
    def __init__(self):
        sys.exit(3)


def number():
    return 3
'''


def save_exported(module: nn.Module, path: Path, sizes: Any = "free batch") -> None:
    """torch.export.save insists on the ending .pt2."""
    shapes = ({0: Dim("batch", min=2)},) if sizes == "free batch" else sizes
    program = torch.export.export(module, (torch.zeros(3, 4, LENGTH),), dynamic_shapes=shapes)
    buffer = io.BytesIO()
    torch.export.save(program, buffer)
    path.write_bytes(buffer.getvalue())
