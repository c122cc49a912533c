"""What trainers leave behind: half precision, tensors of a GPU, wrappers, and the files of other packages."""

import sys

import pytest
import torch
from torch import nn

import seqattr
from seqattr.models.load import Foreign
from tests.helpers.small_net import OPTIONS, small, state
from tests.helpers.small_net import here as here

HALVES = [torch.float16, torch.bfloat16]


@pytest.mark.parametrize("dtype", HALVES)
def test_weights_in_half_precision_are_computed_with_in_float32(here, dtype):
    torch.save({name: tensor.to(dtype) for name, tensor in state().items()}, "kept.pt")
    model = seqattr.load_model("kept.pt", trust=True, foreign=Foreign(length=30, arch="small_nets:Small"))
    torch.save(small().to(dtype), "whole.pt")
    whole = seqattr.load_model("whole.pt", trust=True, foreign=Foreign(length=30))
    note = f"weights of {str(dtype).removeprefix('torch.')} are computed with in float32"
    assert model.notes == (f"kept.pt: {note}",)
    assert whole.notes == (note,)
    sequences = torch.eye(4).repeat(2, 1, 8)[:, :, :30]
    rounded = small().to(dtype).float()(sequences).detach()
    for read in (model, whole):
        assert read.dtype == torch.float32
        torch.testing.assert_close(read.predict(sequences), rounded, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("legacy", [False, True])
def test_tensors_of_a_gpu_are_read_without_one(here, monkeypatch, legacy):
    for content, path in ((state(), "kept.pt"), (small(), "whole.pt")):
        with monkeypatch.context() as patched:
            patched.setattr(torch.serialization, "location_tag", lambda _: "cuda:0")
            torch.save(content, path, _use_new_zipfile_serialization=not legacy)
    if not torch.cuda.is_available():
        with pytest.raises(RuntimeError, match="CUDA"):
            torch.load("kept.pt", weights_only=True)
    weights = seqattr.load_model("kept.pt", trust=True, foreign=Foreign(length=30, arch="small_nets:Small"))
    whole = seqattr.load_model("whole.pt", trust=True, foreign=Foreign(length=30))
    sequences = torch.eye(4).repeat(2, 1, 8)[:, :, :30]
    assert torch.equal(weights.predict(sequences), whole.predict(sequences))


WRAPPED = {
    "spread": nn.DataParallel,
    "compiled": torch.compile,
    "compiled, of one that is spread": lambda net: torch.compile(nn.DataParallel(net)),
    "spread, of one that is compiled": lambda net: nn.DataParallel(torch.compile(net)),
    "a part is spread": lambda net: nn.Sequential(nn.DataParallel(net)),
}


@pytest.mark.parametrize("kind", WRAPPED)
def test_what_is_wrapped_for_training_is_unwrapped(here, kind):
    torch.save({"epoch": 1, "model": WRAPPED[kind](small())}, "whole.pt")
    model = seqattr.load_model("whole.pt", trust=True, foreign=Foreign(length=30))
    sequences = torch.eye(4).repeat(2, 1, 8)[:, :, :30]
    torch.testing.assert_close(model.predict(sequences), small()(sequences).detach())


def test_a_missing_length_is_told_where_the_layers_tell_it(refused, here):
    torch.save(nn.Sequential(nn.Conv1d(4, 2, 5), nn.MaxPool1d(4), nn.Flatten(), nn.Linear(14, 1)), "m.pt")
    line = refused("convert", "m.pt", "--out", "c.pt", "--trust-model")
    assert line.endswith("length must be given (--input-length L); it runs on sequences of 32 bp to 35 bp")


@pytest.mark.peers
def test_bpnet_lite_s_own_file(ran, refused, here):
    bpnet = pytest.importorskip("bpnetlite.bpnet")
    net = bpnet.BPNet(n_filters=4, n_layers=2, trimming=30, n_control_tracks=0, verbose=False).eval()
    torch.save(net, "bpnet.torch")
    assert "is a pickled PyTorch object, and reading it can run code" in refused("inspect", "bpnet.torch")
    ran("convert", "bpnet.torch", "--out", "m.pt", "--trust-model", "--input-length", 200)
    model = seqattr.load_model("m.pt")
    sequences = torch.eye(4).repeat(3, 1, 50)
    counts = net(sequences)[1].detach()
    torch.testing.assert_close(
        model.with_targets(["counts"]).predict(sequences), counts, rtol=1e-5, atol=1e-5
    )


@pytest.mark.peers
def test_bpnet_lite_s_control_tracks_are_held_constant(ran, refused, here):
    bpnet = pytest.importorskip("bpnetlite.bpnet")
    torch.manual_seed(0)
    net = bpnet.BPNet(n_filters=4, n_layers=2, trimming=30, n_control_tracks=2, verbose=False).eval()
    torch.save(net, "bpnet.torch")
    convert = ("convert", "bpnet.torch", "--out", "m.pt", "--trust-model", "--input-length", 200)
    assert "it runs with --input X_ctl=zeros, which holds that input constant" in refused(*convert)
    assert not (here / "m.pt").exists()
    sequences = torch.eye(4)[torch.randint(4, (3, 200))].mT
    for value, number in (("zeros", 0.0), ("2", 2.0)):
        said = ran(*convert, "--input", f"X_ctl={value}", "--force")
        assert f"held constant beside the sequence: X_ctl={value}(2,L)" in said
        model = seqattr.load_model("m.pt")
        profile, counts = (y.detach() for y in net(sequences, torch.full((3, 2, 200), number)))
        torch.testing.assert_close(
            model.with_targets(["counts"]).predict(sequences), counts, rtol=1e-5, atol=1e-5
        )
        found = model.predict(sequences)[:, : profile[0].numel()]
        torch.testing.assert_close(found, profile.flatten(1), rtol=1e-5, atol=1e-5)


@pytest.mark.peers
def test_a_checkpoint_and_a_folder_that_their_packages_wrote(ran, here):
    lightning, hub = pytest.importorskip("lightning"), pytest.importorskip("huggingface_hub")
    (here / "theirs.py").write_text(THEIRS)
    sys.path.insert(0, str(here))
    import theirs  # type: ignore[import-not-found]

    sys.path.remove(str(here))
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.zeros(4, 4, 30)))
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    trainer = lightning.Trainer(max_epochs=1, accelerator="cpu", default_root_dir=here, **quiet)
    net = theirs.Lit(filters=6)
    trainer.fit(net, loader)
    trainer.save_checkpoint("last.ckpt")
    theirs.Hub(filters=6).save_pretrained("hub")
    assert hub.__version__
    for source, arch in (("last.ckpt", "theirs:Lit"), ("hub", "theirs:Hub")):
        said = ran("convert", source, "--out", "m.pt", *OPTIONS, "--arch", arch, "--force")
        assert "filters=6" in said
    sys.modules.pop("theirs")


THEIRS = """
import lightning, torch
from huggingface_hub import PyTorchModelHubMixin
from torch import nn
from small_nets import Small

class Lit(lightning.LightningModule):
    def __init__(self, filters=8, rate=0.1):
        super().__init__()
        self.save_hyperparameters()
        self.model = Small(filters)

    def forward(self, x):
        return self.model(x)

    def training_step(self, batch, number):
        return self(batch[0]).square().mean()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=self.hparams.rate)

class Hub(nn.Module, PyTorchModelHubMixin):
    def __init__(self, filters: int = 8):
        super().__init__()
        self.net = Small(filters)

    def forward(self, x):
        return self.net(x)
"""
