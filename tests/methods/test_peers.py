"""Where tangermeme is right, it says the same: Rescale on convolutions, ReLUs, residuals and max pools."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from seqattr.engine.model import Model
from seqattr.methods import attribute
from tests.zoo import one_hot, shuffled

pytestmark = pytest.mark.peers
LENGTH = 60


class Residual(nn.Module):
    """A dilated convolution beside its own input."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(channels, channels, 3, dilation=dilation, padding=dilation)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return x + self.relu(self.conv(x))


def dense(into: int) -> list[nn.Module]:
    return [nn.Flatten(), nn.Linear(into, 10), nn.ReLU(), nn.Linear(10, 2)]


NETS: dict[str, Callable[[], list[nn.Module]]] = {
    "convolutions": lambda: [nn.Conv1d(4, 8, 7), nn.ReLU(), nn.Conv1d(8, 6, 5), nn.ReLU(), *dense(300)],
    "residuals": lambda: [nn.Conv1d(4, 6, 7), nn.ReLU(), *(Residual(6, 2**i) for i in range(3)), *dense(324)],
    "max pool": lambda: [
        nn.Conv1d(4, 8, 7),
        nn.ReLU(),
        nn.MaxPool1d(3),
        nn.Conv1d(8, 6, 5),
        nn.ReLU(),
        *dense(84),
    ],
    "overlapping max pool": lambda: [nn.Conv1d(4, 8, 7), nn.MaxPool1d(4, 2), nn.ReLU(), *dense(208)],
    "smooth": lambda: [nn.Conv1d(4, 8, 7), nn.ELU(), nn.Conv1d(8, 6, 5), nn.Tanh(), *dense(300)],
    "average pool": lambda: [nn.Conv1d(4, 8, 7), nn.ReLU(), nn.AvgPool1d(6), *dense(72)],
}


@pytest.mark.parametrize("target", [0, 1])
@pytest.mark.parametrize("name", NETS)
def test_rescale_is_tangermemes(name: str, target: int) -> None:
    """To float32, in which it keeps its outputs; it takes a difference below 1e-6 for none."""
    peer = pytest.importorskip("tangermeme.deep_lift_shap")
    torch.manual_seed(0)
    module = nn.Sequential(*NETS[name]()).double()
    x = one_hot(4, LENGTH)
    references = torch.cat([shuffled(x, 4), x[:, None]], 1)
    references[:, 4, :, 20:40] = shuffled(x, 1)[:, 0, :, 20:40]  # and one that is like the sequence elsewhere
    options = {"target": target, "references": references, "device": "cpu", "warning_threshold": 1}
    wanted = {h: peer.deep_lift_shap(module, x, hypothetical=h, **options) for h in (False, True)}
    model = Model(module, torch.zeros(2, 4, LENGTH, dtype=torch.float64))
    got = attribute(model, x, references, method="deeplift-rescale", targets=[target])
    scale = 1e-5 * float(wanted[False].abs().max())
    torch.testing.assert_close(got.contributions[0], wanted[False].sum(1), rtol=0, atol=scale)
    torch.testing.assert_close(got.hypothetical[0], wanted[True], rtol=0, atol=scale)
