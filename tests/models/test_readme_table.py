"""What you have, and the command: every line of the README's table, run on small files of the kind."""

import importlib.util
import json
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

import seqattr
from seqattr.models import zoo
from tests.helpers import bpnet_files
from tests.helpers.model_files import save_exported

README = (Path(__file__).parents[2] / "README.md").read_text()
TABLE = README.partition("| what you have | the command, once |")[2].partition("\n\n")[0]
ROWS = re.findall(r"^\| (.+) \| `(seqattr [^`]+)` \|$", TABLE, flags=re.MULTILINE)
CODE = """
from torch import nn

class Net(nn.Sequential):
    def __init__(self, filters=8):
        super().__init__(nn.Conv1d(4, filters, 5), nn.ReLU(), nn.AdaptiveMaxPool1d(1), nn.Flatten(),
                         nn.Linear(filters, 1))

class Lit(nn.Module):
    def __init__(self, filters=8, lr=0.1):
        super().__init__()
        self.model = Net(filters)

    def forward(self, x):
        return self.model(x)

class Controlled(Net):
    def forward(self, x, controls):
        return super().forward(x) + controls.sum((1, 2))[:, None]

class Last(Net):
    def forward(self, x):
        return super().forward(x.transpose(1, 2))
"""


@pytest.fixture
def networks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The user's code, in the folder where the command is started."""
    (tmp_path / "networks.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "networks", raising=False)
    import networks  # type: ignore[import-not-found]

    yield networks
    monkeypatch.delitem(sys.modules, "networks", raising=False)


def lightning(networks: Any) -> dict[str, Any]:
    """What a Trainer of Lightning 2.6 writes."""
    optimizer = torch.optim.Adam([torch.zeros(2)])
    return {
        "epoch": 2,
        "global_step": 4,
        "pytorch-lightning_version": "2.6.6",
        "loops": {"fit_loop": {}},
        "state_dict": networks.Lit(12).state_dict(),
        "callbacks": {"ModelCheckpoint{'mode': 'min'}": {}},
        "optimizer_states": [optimizer.state_dict()],
        "lr_schedulers": [],
        "hparams_name": "kwargs",
        "hyper_parameters": {"filters": 12, "lr": 0.001},
    }


def keras(path: Path) -> None:
    """A small model, as Keras 3 writes it; skipped where there is no Keras."""
    if importlib.util.find_spec("keras") is None:
        pytest.skip("needs seqattr[keras]")
    from seqattr.models.sources.keras_models import keras_on_torch

    library = keras_on_torch(path)
    layers = library.layers
    model = library.Sequential(
        [layers.Input((60, 4)), layers.Conv1D(3, 5), layers.Flatten(), layers.Dense(1)]
    )
    if path.suffix == ".keras":
        model.save(path)
    else:
        (path.parent / "architecture.json").write_text(model.to_json())
        model.save_weights(path.with_suffix(".weights.h5"))
        path.with_suffix(".weights.h5").rename(path)


def hub_folder(path: Path, networks: Any) -> None:
    path.mkdir()
    save_file(networks.Net(12).state_dict(), path / "model.safetensors")
    (path / "config.json").write_text(json.dumps({"filters": 12, "architectures": ["Net"]}))


def folds(path: Path) -> None:
    """Two models in our own format, and sequences."""
    for name in ("fold_0.pt", "fold_1.pt"):
        net = nn.Sequential(nn.Conv1d(4, 2, 5), nn.AdaptiveAvgPool1d(1), nn.Flatten())
        seqattr.save_model(path.parent / name, seqattr.Model(net, torch.zeros(2, 4, 40)))
    (path.parent / "peaks.fa").write_text(">a\n" + "ACGT" * 10 + "\n")


def bpnet() -> nn.Module:
    return zoo.build("bpnet", 2114, 1, filters=4, layers=1)


# What writes the file that a line of the table names.
WRITERS: dict[str, Callable[[Path, Any], Any]] = {
    "bpnet.torch": lambda path, _: torch.save(bpnet(), path),
    "weights.pth": lambda path, nets: torch.save(
        {"epoch": 3, "model_state_dict": nets.Net(12).state_dict()}, path
    ),
    "last.ckpt": lambda path, nets: torch.save(lightning(nets), path),
    "weights.safetensors": lambda path, nets: save_file(nets.Net().state_dict(), path),
    "folder": hub_folder,
    "deepstarr.pth": lambda path, _: torch.save(zoo.build("deepstarr", 249, 2).state_dict(), path),
    "scripted.pt": lambda path, nets: torch.jit.script(nn.Sequential(*nets.Net())).save(path),
    "exported.pt2": lambda path, nets: save_exported(nets.Net().eval(), path),
    "chrombpnet.h5": lambda path, _: bpnet_files.write(path, bpnet_files.whole(226, 40, 4, 2)),
    "controls.pt": lambda path, nets: torch.save(nets.Controlled(), path),
    "model.keras": lambda path, _: keras(path),
    "weights.hdf5": lambda path, _: keras(path),
    "last.pt": lambda path, nets: torch.save(nets.Last(), path),
    "fold_0.pt": lambda path, _: folds(path),
    "unknown.bin": lambda path, _: torch.save(torch.optim.Adam([torch.zeros(2)]).state_dict(), path),
}


def named(command: str) -> str:
    """The file that a command reads."""
    words = shlex.split(command)
    return words[words.index("--model") + 1] if "--model" in words else words[2]


def test_the_table_is_read():
    assert len(ROWS) == len(TABLE.strip().splitlines()) - 1
    assert {named(command) for _, command in ROWS} == set(WRITERS)


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
@pytest.mark.parametrize(("kind", "command"), ROWS, ids=[named(command) for _, command in ROWS])
def test_every_line_of_the_table_does_what_it_says(run, networks, tmp_path, kind, command):
    source = named(command)
    WRITERS[source](tmp_path / source, networks)
    done = run(*shlex.split(command)[1:])
    if command.startswith("seqattr inspect"):
        assert done.code == 1
        assert "it is an optimizer's state" in done.err
        return
    assert done.code == 0, done.err
    if command.startswith("seqattr convert"):
        model = seqattr.load_model("model.pt")
        assert model.provenance["source"] == source
        wanted = shlex.split(command)
        if "--target" in wanted:
            assert [target.name for target in model.targets] == [wanted[wanted.index("--target") + 1]]
    else:
        assert (tmp_path / "scores" / "run.json").exists()
