"""Where tangermeme is right, it says the same: Rescale on convolutions, ReLUs, residuals and max pools."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from seqattr.engine.capture.model import Model
from seqattr.methods.attribution import attribute
from tests.helpers.sequences import one_hot, shuffled

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


def both(name: str, target: int, x: Tensor, references: Tensor) -> tuple[tuple[Tensor, Tensor], ...]:
    """Contributions and hypothetical contributions, seqattr's and tangermeme's."""
    peer = pytest.importorskip("tangermeme.deep_lift_shap")
    torch.manual_seed(0)
    module = nn.Sequential(*NETS[name]()).double()
    options = {"target": target, "references": references, "device": "cpu", "warning_threshold": 1}
    theirs = [peer.deep_lift_shap(module, x, hypothetical=h, **options) for h in (False, True)]
    model = Model(module, torch.zeros(2, 4, LENGTH, dtype=torch.float64))
    ours = attribute(model, x, references, method="deeplift-rescale", targets=[target])
    return (ours.contributions[0], theirs[0].sum(1)), (ours.hypothetical[0], theirs[1])


def assert_close(ours: Tensor, theirs: Tensor) -> None:
    """To float32, in which tangermeme keeps some of its numbers."""
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-5 * float(theirs.abs().max()))


@pytest.mark.parametrize("target", [0, 1])
@pytest.mark.parametrize("name", NETS)
def test_rescale_is_tangermemes(name: str, target: int) -> None:
    x = one_hot(4, LENGTH)
    contributions, hypothetical = both(name, target, x, shuffled(x, 5))
    assert_close(*contributions)
    assert_close(*hypothetical)


@pytest.mark.parametrize("name", NETS)
def test_references_that_are_partly_alike(name: str) -> None:
    """Where a window's largest is another in the reference, but its place is alike, tangermeme takes the
    gradient of a max pool for the hypothetical contributions, seqattr the limit of its rule."""
    x = one_hot(4, LENGTH)
    references = x[:, None].clone()
    references[..., 20:40] = shuffled(x, 1)[..., 20:40]
    contributions, hypothetical = both(name, 0, x, references)
    assert_close(*contributions)
    if "max pool" not in name:
        assert_close(*hypothetical)
