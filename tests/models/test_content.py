"""The hash of what a graph computes is the same in whatever format a model was."""

import functools
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import seqattr
from seqattr.models.content import content_hash
from tests.helpers.pieces import BPNet, Net
from tests.helpers.zoo import ZOO, captured

LENGTH = 60
EXAMPLE = torch.zeros(2, 4, LENGTH)


def pooled() -> nn.Module:
    """A norm that is folded away, and a pool that torch.export alone writes in two dimensions."""
    layers = nn.Conv1d(4, 6, 7), nn.BatchNorm1d(6), nn.ReLU(), nn.MaxPool1d(2), nn.Flatten()
    return nn.Sequential(*layers, nn.Linear(6 * 27, 3), nn.Sigmoid())


class Moving(nn.Module):
    """Both strands, cropped, pooled and joined, with a dense layer over channels."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.head = nn.Conv1d(4, 6, 7), nn.Linear(12, 3)

    def forward(self, x: Tensor) -> Tensor:
        both = torch.cat([self.conv(x), self.conv(x.flip(1, 2)).flip(2)], 1)[:, :, 3:-3]
        return self.head(torch.max_pool1d(both, 4, padding=1).transpose(1, 2)).amax(1)


def as_torchscript(module: nn.Module, path: Path) -> None:
    torch.jit.trace(module, EXAMPLE).save(str(path))


def as_archive(module: nn.Module, path: Path) -> None:
    sizes = ({0: torch.export.Dim("batch", min=2)},)
    torch.export.save(torch.export.export(module, (EXAMPLE,), dynamic_shapes=sizes, strict=False), path)


def as_own(module: nn.Module, path: Path) -> None:
    seqattr.save_model(path, seqattr.Model(module, EXAMPLE))


MOVED = {
    "as it was": lambda h: h.amax(2),
    "positions flipped": lambda h: h.flip(2)[:, :, :20].amax(2),
    "channels flipped": lambda h: h.flip(1).amax(2),
    "the first 20": lambda h: h[:, :, :20].amax(2),
    "20 from the middle": lambda h: h[:, :, 9:29].amax(2),
    "rolled": lambda h: h[:, :, :20].roll(1, 1).amax(2),
    "every other": lambda h: h[:, :, ::2].amax(2),
    "padded": lambda h: torch.nn.functional.pad(h, (1, 1)).amax(2),
    "padded with ones": lambda h: torch.nn.functional.pad(h, (1, 1), value=1.0).amax(2),
    "joined": lambda h: torch.cat([h[:, :, :9], h[:, :, 20:]], 2).amax(2),
    "joined in the other order": lambda h: torch.cat([h[:, :, 20:], h[:, :, :9]], 2).amax(2),
    "the largest channel": lambda h: h.amax(1),
    "turned": lambda h: h.transpose(1, 2).flatten(1),
    "in pools": lambda h: torch.max_pool1d(h, 3),
    "in padded pools": lambda h: torch.max_pool1d(h, 3, padding=1),
    "in pools a step apart": lambda h: torch.max_pool1d(h, 3, stride=1),
    "in dilated pools": lambda h: torch.max_pool1d(h, 3, stride=1, dilation=2),
    "in pools of two dimensions": lambda h: torch.max_pool2d(h, 3),
    "in pools of channels": lambda h: torch.max_pool2d(h, (3, 1)),
    "scaled along positions": lambda h: h[:, :, :6] * torch.arange(6.0),
    "scaled along channels": lambda h: h[:, :, :6] * torch.arange(6.0)[:, None],
}  # fmt: skip


def after_a_convolution(run: Callable) -> seqattr.Model:
    torch.manual_seed(0)
    return seqattr.Model(Net(lambda m, x: run(m.conv(x)), conv=nn.Conv1d(4, 6, 7)), EXAMPLE)


def test_what_reads_other_elements_has_another_hash() -> None:
    hashes = {name: content_hash(after_a_convolution(run)) for name, run in MOVED.items()}
    assert len(set(hashes.values())) == len(MOVED), sorted((h, name) for name, h in hashes.items())


def test_other_spellings_of_the_same_have_the_same_hash() -> None:
    spellings = {
        "as it was": lambda h: h[:, :, 9:29].amax(2),
        "as views that cancel": lambda h: h.transpose(1, 2).flip(1).mT.flip(2)[:, :, 9:29].amax(2),
        "by numbers": lambda h: h.index_select(2, torch.arange(9, 29)).amax(-1),
        "in two steps": lambda h: h.narrow(2, 4, 30)[..., 5:25].max(2).values,
    }  # fmt: skip
    assert len({content_hash(after_a_convolution(run)) for run in spellings.values()}) == 1
    pools = lambda h: torch.max_pool1d(h, 3), lambda h: torch.max_pool2d(h[:, None], (1, 3))[:, 0]
    assert len({content_hash(after_a_convolution(run)) for run in pools}) == 1


@pytest.mark.parametrize("name", ZOO)
def test_any_graph_has_a_hash_that_its_own_file_keeps(name: str, tmp_path: Path) -> None:
    model = captured(name)[1]
    seqattr.save_model(tmp_path / "m.pt", model)
    assert content_hash(seqattr.load_model(tmp_path / "m.pt")) == content_hash(model)


def made(make: Callable, seed: int) -> nn.Module:
    torch.manual_seed(seed)
    return make().eval()


@functools.cache
def hash_of(make: Callable, seed: int) -> str:
    return content_hash(seqattr.Model(made(make, seed), EXAMPLE))


@pytest.mark.parametrize("write", [as_torchscript, as_archive, as_own, torch.save])
@pytest.mark.parametrize("make", [pooled, BPNet, Moving])
@pytest.mark.filterwarnings("ignore")
def test_formats_of_one_model_have_one_hash(make: Callable, write: Callable, tmp_path: Path) -> None:
    path = tmp_path / ("m.pt2" if write is as_archive else "m.pt")
    write(made(make, 0), path)
    foreign = {} if write is as_own else {"foreign": seqattr.Foreign(length=LENGTH)}
    read = seqattr.load_model(path, trust=True, **foreign)
    assert content_hash(read) == hash_of(make, 0)
    assert content_hash(read) != hash_of(make, 1)
