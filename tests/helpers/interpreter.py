"""Kernels for a GPU as Triton's interpreter runs them on a CPU."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch import Tensor

from seqattr.engine.numerics.gpu import available, fastest

needs_interpreter = pytest.mark.skipif(
    not available.there_is_triton() or torch.cuda.is_available(),
    reason="needs Triton, and no GPU, where it would run as it does there",
)


@contextmanager
def on_cpu(
    monkeypatch: pytest.MonkeyPatch, take: Callable[[Mapping[str, Any]], str] = lambda forms: list(forms)[-1]
) -> Iterator[None]:
    """Kernels of our own serve tensors on a CPU, and of several forms the one is taken that `take` names."""

    def quickest(key: Any, forms: Mapping[str, Callable[[], Tensor]], *more: Any) -> str:
        return take(forms)

    with monkeypatch.context() as patch:
        patch.setattr(available, "DEVICES", {"cpu"})
        patch.setattr(fastest, "quickest", quickest)
        yield
