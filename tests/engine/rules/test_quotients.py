"""A quotient's parts are of the size of what they explain, however near to 0 its denominator comes.

After a ReLU vectors of zeros are ordinary; what divides them by their length divides by its epsilon.
"""

import functools
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from seqattr.engine.capture.model import Model
from seqattr.methods.attribution import attribute
from tests.helpers.pieces import Net, conv
from tests.helpers.sequences import LENGTH, one_hot, shuffled

STEPS = 400
CHANNELS = 8


def mean_square(h: Tensor) -> Tensor:
    return h.square().mean(1, keepdim=True) + 1e-6


def total(h: Tensor) -> Tensor:
    return h.sum(1, keepdim=True)


def dot(a: Tensor, b: Tensor) -> Tensor:
    return total(a * b)


def centred(h: Tensor) -> Tensor:
    return h - h.mean(1, keepdim=True)


def length(h: Tensor) -> Tensor:
    return h.norm(dim=1, keepdim=True)


def one_over(h: Tensor) -> Tensor:
    return torch.rsqrt(dot(h, h) + 1e-8)


def over_sum(h: Tensor) -> Tensor:
    return h / (total(h) + 1e-6)


def rms_norm(h: Tensor) -> Tensor:
    return F.rms_norm(h.mT, (CHANNELS,), eps=1e-6).mT


def layer_norm(h: Tensor) -> Tensor:
    return F.layer_norm(h.mT, (CHANNELS,)).mT


QUOTIENTS: dict[str, Callable[[Tensor], Tensor]] = {
    "normalize": lambda h: F.normalize(h, dim=1),
    "over the sum": over_sum,
    "rms norm": rms_norm,
    "layer norm": layer_norm,
    "instance norm": F.instance_norm,
    "over the deviation": lambda h: (h - h.mean(1, keepdim=True)) / (h.std(1, keepdim=True) + 1e-5),
    "over the deviation alone": lambda h: (
        (h - h.mean(1, keepdim=True)) / h.std(1, keepdim=True).clamp_min(1e-6)
    ),
    "times the deviation": lambda h: h.flip(1) * h.std(1, keepdim=True),
    "times a reciprocal": lambda h: (h.sum(1, keepdim=True) + 1e-6).reciprocal() * h,
    "times one over it": lambda h: h * (1 / (h.sum(1, keepdim=True) + 1e-6)),
    "times a root's reciprocal": lambda h: h * torch.rsqrt(mean_square(h)),
    "times a negative power": lambda h: h * mean_square(h).pow(-0.5),
    "times a scaled power": lambda h: h * (-0.7 * mean_square(h) ** -0.5).expand(-1, CHANNELS, -1),
    "times a power of a reciprocal": lambda h: h * (1 / mean_square(h)).sqrt(),
    "one after the other": lambda h: over_sum(h / (length(h) + 1e-6)),
    "over a lone entry": lambda h: h / (h + 0.01),
    "a mean with weights": lambda h: (h * h.flip(1)).sum(2, keepdim=True) / (h.sum(2, keepdim=True) + 1e-6),
}
# Of two vectors, and of values that are neither rectified nor a part of the divisor.
OF_TWO: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    "cosine": lambda a, b, v: F.cosine_similarity(a, b, 1)[:, None],
    "cosine by hand": lambda a, b, v: dot(a, b) / (length(a) * length(b) + 1e-8),
    "cosine of one root": lambda a, b, v: dot(a, b) / (dot(a, a) * dot(b, b) + 1e-12).sqrt(),
    "cosine by reciprocals": lambda a, b, v: dot(a, b) * (one_over(a) * one_over(b)),
    "cosines of all pairs": lambda a, b, v: total((a.mT @ b) / (length(a).mT * length(b) + 1e-8)),
    "times a gated reciprocal": lambda a, b, v: a * (torch.sigmoid(v) * one_over(a)),
    "times an exponential": lambda a, b, v: a * torch.exp(-torch.log(total(a) + 1e-6)),
    "over a product": lambda a, b, v: a / ((total(a) + 1e-3) * (total(b) + 1e-3)),
    "a product over": lambda a, b, v: a * v / (total(a) + 1e-6),
    "times a quotient": lambda a, b, v: a * (b / (total(a * b) + 1e-6)),
    "power": lambda a, b, v: (a + 1e-6) ** torch.sigmoid(v),
    "softmax by hand": lambda a, b, v: (5 * v).exp() / total((5 * v).exp()),
    "sigmoid by hand": lambda a, b, v: torch.exp(20 * v) / (1 + torch.exp(20 * v)),
    "softsign": lambda a, b, v: F.softsign(20 * v),
    "log of a ratio": lambda a, b, v: torch.log((a + 1e-3) / (b + 1e-3)),
    "a difference of logs": lambda a, b, v: torch.log(a + 1e-3) - torch.log(b + 1e-3),
}


def capture(function: Callable[[Net, Tensor], Tensor]) -> tuple[nn.Module, Model]:
    """A function of two convolutions' values, less 0.2 and rectified, in a sum with random weights."""
    torch.manual_seed(0)
    parts = {"a": conv(CHANNELS), "b": conv(CHANNELS), "weight": torch.randn(CHANNELS, LENGTH - 4)}
    module = Net(lambda m, x: (m.weight * function(m, x)).sum((1, 2)), **parts).double()
    return module, Model(module, torch.zeros(2, 4, LENGTH, dtype=torch.float64))


def rectified(layer: nn.Module, x: Tensor) -> Tensor:
    return torch.relu(layer(x) - 0.2)


def integrated_gradients(module: nn.Module, x: Tensor, references: Tensor) -> Tensor:
    """Of STEPS steps, by torch's own gradients, (N, L)."""
    change = x[:, None] - references
    places = (torch.arange(STEPS, dtype=x.dtype) + 0.5) / STEPS
    points = (references + places.view(-1, 1, 1, 1, 1) * change).flatten(0, 2).requires_grad_()
    (slopes,) = torch.autograd.grad(module(points).sum(), points)
    return (slopes.unflatten(0, (STEPS, *change.shape[:2])).mean(0) * change).sum(2).mean(1)


def assert_bounded(module: nn.Module, model: Model, limit: float = 4, single: float = 1e-3) -> None:
    """Contributions sum to no more in absolute value than `limit` times integrated gradients do, or the
    difference where its steps miss it.
    """
    x = one_hot(4)
    zeros = torch.zeros(4, 1, 4, LENGTH, dtype=x.dtype)
    exact = functools.partial(attribute, model, x, dtype=torch.float64)
    for references in (shuffled(x), zeros):
        smooth = integrated_gradients(module, x, references).abs().sum()
        for method in ("deeplift-rescale", "deeplift-revealcancel"):
            result = exact(references, method=method)
            size = max(float(smooth), float(result.difference.abs().sum()))
            assert result.contributions.abs().sum() < limit * size
            assert result.additivity_error.max() < 1e-8  # of differences that may be next to none
            if method == "deeplift-rescale":
                rounded = attribute(model, x, references, method=method, dtype=torch.float32)
                assert rounded.contributions.abs().sum() < limit * size
                assert rounded.additivity_error.max() < single


@pytest.mark.parametrize("name", QUOTIENTS)
def test_contributions_are_of_the_size_of_integrated_gradients(name: str) -> None:
    assert_bounded(*capture(lambda m, x: QUOTIENTS[name](rectified(m.a, x))))


@pytest.mark.parametrize("name", OF_TWO)
def test_of_two_vectors_too(name: str) -> None:
    def function(m: Net, x: Tensor) -> Tensor:
        return OF_TWO[name](rectified(m.a, x), rectified(m.b, x), m.b(x).flip(1))

    assert_bounded(*capture(function))


def test_a_denominator_that_changes_its_sign() -> None:
    """No slope of 1 / b exists along the way: parts are no larger than 2 (|u| + |u0|), and sum to u - u0."""
    double = {"dtype": torch.float64}
    above = torch.tensor([[1, 1e-9, 1, -2], [1e-9, 1, -1, 0]], **double)  # a and a0
    below = torch.tensor([[1.5, 0.5 + 1e-9, 1.5, -2.5], [0.5 - 1e-9, -0.5, -0.5, 0.5 + 1e-12]], **double)
    model = Model(Net(lambda m, x: x[:, 0] / (x[:, 1] - 0.5)), torch.ones(2, 4, 4, **double))
    x, r = torch.stack([above, below, above, above], 1)
    multipliers = attribute(
        model, x[None], r[None, None], method="deeplift-rescale", dtype=x.dtype
    ).multipliers
    parts = multipliers[torch.arange(4), 0, :2, torch.arange(4)] * (x - r)[:2].T
    values = above / (below - 0.5)
    assert ((below[0] < 0.5) != (below[1] < 0.5)).all()
    assert (parts.abs() <= 2 * values.abs().sum(0)[:, None]).all()
    torch.testing.assert_close(parts.sum(1), values[0] - values[1])
