"""The unit of contributions: that of what is explained, and no other where that is not known."""

import pytest
import torch
from torch import nn

from seqattr.engine.capture.model import Model
from seqattr.engine.walk.session import Session
from seqattr.methods.units import units_of


class Heads(nn.Module):
    """Logits of a profile on both strands, and a log of their counts; or the same in one row."""

    def __init__(self, flat: bool = False) -> None:
        super().__init__()
        self.profile, self.counts = nn.Conv1d(4, 2, 1), nn.Linear(4, 1)
        self.flat = flat

    def forward(self, x):
        profile, counts = self.profile(x), self.counts(x.mean(dim=2))
        if self.flat:
            return torch.cat([profile[:, 0], counts], dim=1)
        return profile, counts


def units(module: nn.Module, length: int, targets=None) -> dict[str, str]:
    return units_of(Session(Model(module.eval(), torch.zeros(1, 4, length)), targets, device="cpu"))


def test_of_a_bpnet():
    asked = ["counts", "profile", 240, 7, "gap=output0_target1-output0_target0"]
    found = units(Heads(), 120, asked)
    assert list(found.values()) == ["log counts", "logit", "log counts", "logit", "output of gap"]


def test_of_a_bpnet_in_one_row():
    found = units(Heads(flat=True), 1000, ["counts", 1000, 999])
    assert list(found.values()) == ["log counts", "log counts", "logit"]


@pytest.mark.parametrize(
    ("last", "unit"), [(nn.Sigmoid(), "logit"), (nn.Softmax(dim=1), "logit"), (nn.Identity(), "output of {}")]
)
def test_before_a_final_nonlinearity_and_without(last, unit):
    found = units(nn.Sequential(nn.Flatten(), nn.Linear(80, 3), last), 20)
    assert found == {name: unit.format(name) for name in found}
    assert len(found) == 3
