"""In float64 nothing on the way is rounded to torch's default, which is float32."""

import contextlib
import functools
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

import seqattr
from seqattr.methods.registry import METHODS
from tests.helpers.kinds_of_method import ready
from tests.helpers.pieces import Net
from tests.helpers.sequences import one_hot, shuffled

LENGTH = 29  # no number of windows divides it


@contextlib.contextmanager
def default(dtype: torch.dtype) -> Iterator[None]:
    """With this as the type of numbers that ask for none."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def run(m: Net, x: Tensor) -> Tensor:
    """A norm, attention with positions, means of three, a gate, maxima, functions with constants."""
    positions = torch.arange(25, dtype=x.dtype)[:, None] / 7
    h = m.norm(m.conv(x).transpose(1, 2)) + positions
    h = h + nn.functional.scaled_dot_product_attention(h, h, h, is_causal=True)
    h = nn.functional.gelu(h).transpose(1, 2) * 0.3
    h = nn.functional.avg_pool1d(h, 3) + nn.functional.interpolate(h[..., ::6], 8)
    top = torch.maximum(h, 0.1 * h.roll(1, 2)).amax(2) + h.max(2).values
    return m.dense(nn.functional.elu(top, 0.7) * torch.sigmoid(h.mean(2)) / (1 + h.square().mean(2)))


@functools.cache
def net() -> nn.Module:
    torch.manual_seed(0)
    parts = {"conv": nn.Conv1d(4, 6, 5), "norm": nn.LayerNorm(6), "dense": nn.Linear(6, 2)}
    return Net(run, **parts).double().eval()


@functools.cache
def model(dtype: torch.dtype) -> seqattr.Model:
    """Captured under a default."""
    return seqattr.Model(net(), torch.zeros(2, 4, LENGTH, dtype=torch.float64))


@pytest.mark.parametrize("method", METHODS)
def test_the_default_type_changes_nothing(method: str) -> None:
    x, found = one_hot(2, LENGTH), []
    for dtype in (torch.float32, torch.float64):
        with default(dtype):
            of_method = ready(model(dtype), method)
            found.append(seqattr.attribute(model(dtype), x, shuffled(x), method=of_method))
    scale = float(found[1].multipliers.abs().max())
    for field, other in zip(*(each.tensors for each in found), strict=True):
        if field is not None:
            torch.testing.assert_close(field, other, rtol=0, atol=1e-12 * max(scale, 1))


@pytest.mark.parametrize("method", [name for name, method in METHODS.items() if method.complete])
def test_complete_methods_add_up_to_the_last_digits(method: str) -> None:
    x = one_hot(4, LENGTH, seed=2)
    found = seqattr.attribute(model(torch.float32), x, shuffled(x), method=method)
    assert found.additivity_error.max() < 1e-13
