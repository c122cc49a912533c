"""Kernels serve where tests run."""

import pytest

from seqattr.engine.numerics.gpu import available
from tests.helpers.gpu_kernels import DEVICE


@pytest.fixture
def kernels(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Kernels serve; what they failed by, if anything."""
    pytest.importorskip("triton")
    failed: list[str] = []
    monkeypatch.setattr(available, "DEVICES", {DEVICE})
    monkeypatch.setattr(available, "FAILED", failed)
    return failed
