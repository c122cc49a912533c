"""Kernels for a GPU where there is one, and else in Triton's interpreter on the CPU."""

import pytest
import torch

from seqattr.engine.numerics.gpu import available

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


@pytest.fixture
def kernels(monkeypatch: pytest.MonkeyPatch) -> list[Exception]:
    """Kernels serve; what they failed by, if anything."""
    pytest.importorskip("triton")
    failed: list[Exception] = []
    monkeypatch.setattr(available, "DEVICES", {DEVICE})
    monkeypatch.setattr(available, "FAILED", failed)
    return failed
