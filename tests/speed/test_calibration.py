"""What speed.calibration says of a small network that nobody trained."""

import re

import pytest
import torch
from torch import nn

import seqattr
from seqattr.motifs.pwm import GATA1, TAL1
from speed import calibration

SMALL = {"DRAWN": (4,), "REPEATS": 3, "EVERY": 12, "SEQUENCES": 20, "VARIANTS": 30, "NULL": 19}


@pytest.mark.slow
@pytest.mark.parametrize("part", calibration.PARTS)
def test_each_part_has_shares_to_tell(part, tmp_path, monkeypatch):
    for name, value in SMALL.items():
        monkeypatch.setattr(calibration, name, value)
    torch.manual_seed(0)
    layers = nn.Conv1d(4, 5, 9), nn.ReLU(), nn.AdaptiveMaxPool1d(1), nn.Flatten(), nn.Linear(5, 2)
    seqattr.save_model(tmp_path / "model.pt", seqattr.Model(nn.Sequential(*layers), torch.zeros(2, 4, 200)))
    lines = list(calibration.PARTS[part](tmp_path / "model.pt", [TAL1, GATA1], 1))
    shares = [float(number) for line in lines for number in re.findall(r"([\d.]+)%", line)]
    assert len(shares) >= 3
    assert all(0 <= share <= 100 for share in shares)
