"""A model of the user's own code, in a file of each format."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

from tests.helpers.full_disk import with_full_disk as with_full_disk
from tests.helpers.model_files import CODE, FORMATS, LENGTH, save_exported


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with user_nets.py, as a user has one where the command is started."""
    folder = tmp_path_factory.mktemp("code")
    (folder / "user_nets.py").write_text(CODE)
    yield folder
    sys.modules.pop("user_nets", None)


@pytest.fixture(scope="module")
def module(code: Path) -> nn.Module:
    sys.path.insert(0, str(code))
    try:
        from user_nets import Net
    finally:
        sys.path.remove(str(code))
    with torch.random.fork_rng([]):
        torch.manual_seed(1)
        net = Net()
        net.norm.running_mean.normal_()
        net.norm.running_var.uniform_(0.5, 2)
    return net.eval()


@pytest.fixture(scope="module")
def files(module: nn.Module, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The module in a file of each format, none of which has its ending."""
    folder = tmp_path_factory.mktemp("files")
    paths = {name: folder / f"{number}.model" for number, name in enumerate(FORMATS)}
    example = torch.zeros(3, 4, LENGTH)
    torch.save(module, paths["pickle"])
    torch.save(module, paths["legacy pickle"], _use_new_zipfile_serialization=False)
    torch.save(module.state_dict(), paths["state dict"])
    torch.save(module.state_dict(), paths["legacy state dict"], _use_new_zipfile_serialization=False)
    torch.save({"epoch": 3, "model_state_dict": module.state_dict()}, paths["checkpoint"])
    torch.jit.script(module).save(paths["script"])
    torch.jit.trace(module, example).save(paths["trace"])
    save_exported(module, paths["exported"])
    return paths


@pytest.fixture
def here(code: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start in the folder of the user's code, which is not imported yet."""
    monkeypatch.chdir(code)
    monkeypatch.delitem(sys.modules, "user_nets", raising=False)
