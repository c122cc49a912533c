"""Where kernels of our own cannot be made, torch's do it all."""

import pytest
import torch

from seqattr.engine.numerics import fused
from seqattr.engine.numerics.gpu import available
from seqattr.engine.numerics.gpu.notes import telling
from tests.helpers.gpu_kernels import DEVICE


def no_compiler(*_: object) -> None:
    raise RuntimeError("Failed to find C compiler")


def test_what_cannot_be_made_is_tried_once(kernels: list, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seqattr.engine.numerics.gpu.elementwise.evaluated", no_compiler)
    numbers = torch.arange(300.0, device=DEVICE)
    for _ in range(3):
        notes: list[str] = []
        with telling(notes.append):
            difference, size = fused.difference_and_size(numbers, 2 * numbers)
        assert torch.equal(-difference, numbers)
        assert torch.equal(size, numbers)
        assert kernels == ["RuntimeError: Failed to find C compiler"]
        assert notes == [available.NONE.format(*kernels)]


def test_no_memory_is_not_a_missing_compiler(kernels: list) -> None:
    def full() -> None:
        raise torch.OutOfMemoryError

    with pytest.raises(torch.OutOfMemoryError):
        available.attempted(full)
    assert kernels == []


def test_kernels_serve_their_own_types_where_they_run(kernels: list) -> None:
    one = torch.ones(1, device=DEVICE)
    assert available.serves(one)
    assert not available.serves(one.double())
    assert available.serves(one.double(), fused.TYPES)
    assert not available.serves(one.to("meta"))
    kernels.append("RuntimeError: no compiler")
    assert not available.serves(one)


@pytest.mark.parametrize(("said", "there"), [("", True), ("1", False)])
def test_triton_can_be_switched_off(said: str, there: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("triton")
    monkeypatch.setenv(available.WITHOUT, said)
    assert available.there_is_triton.__wrapped__() is there
