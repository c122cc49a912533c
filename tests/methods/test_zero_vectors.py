"""Norms, deviations and roots of what a rectifier set to 0: the gradient is finite where torch's own is."""

import functools
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

import seqattr
from seqattr.errors import NotFinite
from tests.helpers.pieces import Net
from tests.helpers.sequences import one_hot, shuffled

LENGTH = 30
METHODS = ["gradient", "saliency", "integrated-gradients-5", "guided-backprop", "deconvnet", "smoothgrad"]
FUNCTIONS: dict[
    str, Callable[[Tensor, Tensor], Tensor]
] = {  # of what is 0 at many positions, and what is not
    "normalize": lambda r, h: F.normalize(r, dim=1),
    "linalg.vector_norm": lambda r, h: torch.linalg.vector_norm(r, dim=1, keepdim=True) * h,
    "norm": lambda r, h: h / (1 + r.norm(dim=1, keepdim=True)),
    "std": lambda r, h: r.std(1, keepdim=True) * h,
    "cosine_similarity": lambda r, h: F.cosine_similarity(r, h, dim=1)[:, None] * h,
    "root of squares": lambda r, h: r.square().sum(1, keepdim=True).sqrt() * h,
    "power of half": lambda r, h: (r * r).sum(1, keepdim=True) ** 0.5 * h,
    "root": lambda r, h: torch.sqrt(r),
    "root of a clamp": lambda r, h: torch.sqrt(h.clamp(0, 0.3)),
    "root of relu6": lambda r, h: torch.sqrt(F.relu6(h)) + torch.rsqrt(F.hardtanh(h, 0, 1) + 1e-3),
    "root of a threshold": lambda r, h: torch.sqrt(F.threshold(h, 0.1, 0)),
    "root of a hardsigmoid": lambda r, h: torch.sqrt(F.hardsigmoid(8 * h)),
    "power by a parameter": lambda r, h: r ** torch.tensor([0.4], dtype=r.dtype),
}


def net(function: Callable[[Tensor, Tensor], Tensor]) -> nn.Module:
    """A convolution, the function, a mean over positions, a dense layer."""
    torch.manual_seed(0)

    def run(m: Net, x: Tensor) -> Tensor:
        h = m.conv(x)
        return m.dense(function(F.relu(h - 0.2), h).mean(2))

    return Net(run, conv=nn.Conv1d(4, 6, 5), dense=nn.Linear(6, 1)).double().eval()


@functools.cache
def captured(name: str) -> tuple[nn.Module, seqattr.Model]:
    module = net(FUNCTIONS[name])
    return module, seqattr.Model(module, torch.zeros(2, 4, LENGTH, dtype=torch.float64))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_gradient_is_torchs_own(name: str) -> None:
    module, model = captured(name)
    x = one_hot(4, LENGTH).requires_grad_()
    (expected,) = torch.autograd.grad(module(x).sum(), x)
    assert expected.isfinite().all()
    torch.testing.assert_close(seqattr.jacobian(model, x.detach())[0], expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", ["normalize", "std"])
def test_methods_by_gradients_answer(name: str, method: str) -> None:
    x = one_hot(2, LENGTH)
    found = seqattr.attribute(captured(name)[1], x, shuffled(x), method=method)
    assert found.multipliers.isfinite().all()
    assert (found.contributions != 0).any()


def test_where_torch_has_no_gradient_there_is_none() -> None:
    """A root of 0 that nothing holds back."""
    module = net(lambda r, h: (h - h).square().sum(1, keepdim=True).sqrt() + h)
    x = one_hot(2, LENGTH).requires_grad_()
    assert torch.autograd.grad(module(x).sum(), x)[0].isnan().any()
    model = seqattr.Model(module, torch.zeros(2, 4, LENGTH, dtype=torch.float64))
    with pytest.raises(NotFinite, match="slope that is NaN or infinite"):
        seqattr.attribute(model, x.detach(), method="gradient")
