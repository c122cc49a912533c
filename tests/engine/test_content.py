"""The hash of what a graph computes is the same in whatever format a model was."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

import seqattr
from seqattr.engine.content import content_hash
from tests.pieces import BPNet

LENGTH = 60
EXAMPLE = torch.zeros(2, 4, LENGTH)


def pooled() -> nn.Module:
    """A norm that melts, and a pool that torch.export alone writes in two dimensions."""
    layers = nn.Conv1d(4, 6, 7), nn.BatchNorm1d(6), nn.ReLU(), nn.MaxPool1d(2), nn.Flatten()
    return nn.Sequential(*layers, nn.Linear(6 * 27, 3), nn.Sigmoid())


def as_torchscript(module: nn.Module, path: Path) -> None:
    torch.jit.trace(module, EXAMPLE).save(str(path))


def as_archive(module: nn.Module, path: Path) -> None:
    sizes = ({0: torch.export.Dim("batch", min=2)},)
    torch.export.save(torch.export.export(module, (EXAMPLE,), dynamic_shapes=sizes, strict=False), path)


def as_own(module: nn.Module, path: Path) -> None:
    seqattr.save_model(path, seqattr.Model(module, EXAMPLE))


@pytest.mark.parametrize("write", [as_torchscript, as_archive, as_own, torch.save])
@pytest.mark.parametrize("make", [pooled, BPNet])
@pytest.mark.filterwarnings("ignore")
def test_formats_of_one_model_have_one_hash(make: Callable, write: Callable, tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = make().eval()
    path = tmp_path / ("m.pt2" if write is as_archive else "m.pt")
    write(module, path)
    foreign = {} if write is as_own else {"foreign": seqattr.Foreign(length=LENGTH)}
    read = seqattr.load_model(path, trust=True, **foreign)
    assert content_hash(read.graph) == content_hash(seqattr.Model(module, EXAMPLE).graph)
    torch.manual_seed(1)
    assert content_hash(read.graph) != content_hash(seqattr.Model(make().eval(), EXAMPLE).graph)
