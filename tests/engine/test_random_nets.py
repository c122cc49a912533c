"""Random small nets of norms, gates, divisions and attention, also of vectors of zeros or all but constant.

What holds of each: contributions sum to the difference and do not cancel more than the gradient's, an answer
does not depend on its batch, the gradient is torch's own.
"""

import functools
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from seqattr.engine.capture.model import Model
from seqattr.methods.attribution import attribute
from seqattr.methods.registry import METHODS
from tests.helpers.pieces import Net
from tests.helpers.scales import AFFORDABLE
from tests.helpers.sequences import LENGTH, frequency, one_hot, shuffled

COMPLETE = [name for name in AFFORDABLE if METHODS[name].complete]
CHANNELS = 6
Block = Callable[[Net, Tensor], Tensor]  # of values (N, CHANNELS, L)


def attend(m: Net, h: Tensor) -> Tensor:
    return F.scaled_dot_product_attention(m.one(h).mT, m.two(h).mT, h.mT).mT


def centred(h: Tensor) -> Tensor:
    return h - h.mean(1, keepdim=True)


def over_lengths(a: Tensor, b: Tensor) -> Tensor:
    lengths = a.norm(dim=1, keepdim=True) * b.norm(dim=1, keepdim=True)
    return (a * b).sum(1, keepdim=True) / (lengths + 1e-6)


BLOCKS: dict[str, Block] = {
    "layer norm": lambda m, h: F.layer_norm(h.mT, (CHANNELS,)).mT,
    "rms norm": lambda m, h: F.rms_norm(h.mT, (CHANNELS,), eps=1e-6).mT,
    "group norm": lambda m, h: F.group_norm(h, 2),
    "instance norm": lambda m, h: F.instance_norm(h),
    "normalize": lambda m, h: F.normalize(h, dim=1),
    "over the deviation": lambda m, h: centred(h) / (h.std(1, keepdim=True) + 1e-5),
    "unit length": lambda m, h: h / (h.square().sum(1, keepdim=True) + 1e-12).sqrt(),
    "over the sum": lambda m, h: h / (h.abs().sum(1, keepdim=True) + 1e-6),
    "times a power": lambda m, h: h * (h.square().mean(1, keepdim=True) + 1e-8) ** -0.5,
    "quotient of gates": lambda m, h: m.one(h) / (1e-3 + torch.sigmoid(m.two(h))),
    "cosine by hand": lambda m, h: h * over_lengths(m.one(h), torch.relu(h)),
    "cosine": lambda m, h: h * F.cosine_similarity(m.one(h), torch.relu(h), 1)[:, None],
    "gate": lambda m, h: m.one(h) * torch.sigmoid(m.two(h)),
    "squeeze and excite": lambda m, h: h * torch.tanh(m.one(h).mean(2, keepdim=True)),
    "softmax": lambda m, h: h + m.one(h).softmax(1),
    "attention": attend,
    "residual": lambda m, h: h + F.gelu(m.one(h)),
}
ACTIVATIONS = (torch.relu, F.gelu, torch.tanh, F.silu, F.softplus)
# How many vectors are 0 after a ReLU, or how near to each other all values are.
SHIFTS = {"as drawn": (1.0, 0.0), "mostly zeros": (1.0, -0.8), "all but constant": (1e-4, 0.7)}


def draw(seed: int) -> tuple[nn.Module, Model, str]:
    """A net of three random blocks, in float64."""
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    names = rng.choice(list(BLOCKS), 3)
    functions = [ACTIVATIONS[i] for i in rng.integers(len(ACTIVATIONS), size=3)]
    shift = list(SHIFTS)[seed % len(SHIFTS)]
    first = nn.Conv1d(4, CHANNELS, 5)
    with torch.no_grad():
        first.weight *= SHIFTS[shift][0]
        first.bias += SHIFTS[shift][1]

    def run(m: Net, x: Tensor) -> Tensor:
        h = torch.relu(m.first(x))
        for name, function in zip(names, functions, strict=True):
            h = function(m.between(BLOCKS[name](m, h)))
        return m.last(h.mean(2))

    layers = {name: nn.Conv1d(CHANNELS, CHANNELS, 1) for name in ("one", "two", "between")}
    module = Net(run, first=first, last=nn.Linear(CHANNELS, 2), **layers).double().eval()
    return module, Model(module, torch.zeros(2, 4, LENGTH, dtype=torch.float64)), f"{shift}: {names}"


drawn = functools.cache(draw)
# Of gradients that vanish only rounding is left, and that depends on the order of the sums.
ROUNDING = 1e-14
SEEDS = [*range(9), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(9, 90))]


def tolerance(wanted: Tensor) -> float:
    return max(1e-10 * float(wanted.abs().max()), ROUNDING)


def pairs() -> tuple[Tensor, Tensor]:
    """Three sequences with shuffles, frequencies and zeros for references."""
    x = one_hot(3)
    shared = torch.cat([frequency(), torch.zeros(1, 4, LENGTH, dtype=x.dtype)]).expand(3, -1, -1, -1)
    return x, torch.cat([shuffled(x), shared], 1)


@pytest.mark.parametrize("seed", SEEDS)
def test_complete_methods_add_up_and_do_not_cancel(seed: int) -> None:
    """At most 100 times as much as the gradient, or as what cancels nothing where the gradient has vanished,
    as it has where the net is saturated.
    """
    _, model, what = drawn(seed)
    x, references = pairs()
    plain = attribute(model, x, references, method="gradient").cancellation
    for method in COMPLETE:
        result = attribute(model, x, references, method=method)
        assert result.additivity_error.max() <= 1e-9, (what, method)
        limit = 100 * plain.clamp(min=1)
        assert (result.cancellation <= limit).all(), (what, method, result.cancellation)


@pytest.mark.parametrize("seed", SEEDS)
def test_an_answer_does_not_depend_on_its_batch(seed: int) -> None:
    _, model, _ = drawn(seed)
    x, references = pairs()
    for method in ("deeplift", "deeplift-revealcancel", "gradient", "lrp-epsilon"):
        wanted = attribute(model, x, references, method=method).contributions
        alone = attribute(model, x[1:2], references[1:2], method=method).contributions
        pieces = attribute(model, x, references, method=method, batch_size=3).contributions
        close = functools.partial(torch.testing.assert_close, rtol=0, atol=tolerance(wanted))
        close(alone, wanted[:, 1:2])
        close(pieces, wanted)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_gradient_is_torchs(seed: int) -> None:
    module, model, _ = drawn(seed)
    x = one_hot(3).requires_grad_()
    values = module(x)
    wanted = torch.stack([torch.autograd.grad(v.sum(), x, retain_graph=True)[0] for v in values.unbind(1)])
    got = attribute(model, x.detach(), method="gradient").multipliers
    torch.testing.assert_close(got, wanted, rtol=0, atol=tolerance(wanted))
