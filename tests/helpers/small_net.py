"""A small net in a file of code, and its weights under the names that trainers give them."""

import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

CODE = """
from torch import nn

class Small(nn.Sequential):
    def __init__(self, filters=8):
        super().__init__(nn.Conv1d(4, filters, 5), nn.ReLU(), nn.AdaptiveMaxPool1d(1), nn.Flatten(),
                         nn.Linear(filters, 1))

class Needs(nn.Module):
    def __init__(self, filters, *, taps):
        super().__init__()

class Wrapped(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = Small()

    def forward(self, x):
        return self.net(x)
"""
OPTIONS = ("--trust-model", "--input-length", "30")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "small_nets.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "small_nets", raising=False)
    return tmp_path


def small(filters: int = 8) -> nn.Module:
    with torch.random.fork_rng([]):
        torch.manual_seed(3)
        return nn.Sequential(
            *(nn.Conv1d(4, filters, 5), nn.ReLU(), nn.AdaptiveMaxPool1d(1), nn.Flatten()),
            nn.Linear(filters, 1),
        )


def state(prefix: str = "", filters: int = 8) -> dict[str, Any]:
    return {prefix + name: tensor for name, tensor in small(filters).state_dict().items()}
