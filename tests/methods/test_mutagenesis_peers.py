"""In-silico mutagenesis beside tangermeme's."""

import pytest
import torch
from torch import nn

from seqattr.engine.capture.model import Model
from seqattr.methods.attribution import attribute
from tests.helpers.pieces import Net, conv
from tests.helpers.sequences import one_hot

pytestmark = pytest.mark.peers
LENGTH = 60

NETS = {
    "convolutions": lambda: nn.Sequential(conv(8, 7), nn.ReLU(), conv(6, 5, 8), nn.GELU(), nn.Flatten()),
    "dilated": lambda: nn.Sequential(conv(8, 7, padding=3), nn.ReLU(), conv(6, 3, 8, dilation=4)),
    "max pool": lambda: nn.Sequential(conv(8, 7), nn.ReLU(), nn.MaxPool1d(3), conv(6, 5, 8), nn.ReLU()),
}


@pytest.mark.parametrize("name", NETS)
def test_mutagenesis_is_tangermemes(name: str) -> None:
    """tangermeme takes the mean over all four bases, the base itself with no effect among them."""
    peer = pytest.importorskip("tangermeme.saturation_mutagenesis")
    torch.manual_seed(0)
    body = NETS[name]()
    width = body(torch.zeros(1, 4, LENGTH)).flatten(1).shape[1]
    module = Net(lambda m, x: m.head(m.body(x).flatten(1)), body=body, head=nn.Linear(width, 2)).double()
    x = one_hot(3, LENGTH)
    ours = attribute(
        Model(module, torch.zeros(2, 4, LENGTH, dtype=torch.float64)), x, method="ism", targets=[1]
    )
    theirs = peer.saturation_mutagenesis(
        module, x.float(), target=1, hypothetical=True, device="cpu", dtype=torch.float64, fast=False
    )
    close = {"rtol": 0, "atol": 1e-6 * float(theirs.abs().max())}  # tangermeme may keep float32
    torch.testing.assert_close(ours.hypothetical[0] * 3 / 4, theirs.double(), **close)
