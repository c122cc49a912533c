"""A mirrored model on mirrored sequences gives the mirrored explanation, tandem repeats included.

A method that draws noise draws it from a hash of the sequence, so that a mirrored one has other noise: noise
for both strands would have to be its own mirror image where the sequence is. So it is mirrored here by hand,
but for such sequences, and all else is the same to the last digits; what is drawn of windows agrees within
its standard errors.
"""

import functools
import random
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

import seqattr
from seqattr.analyses.patterns import fit_patterns
from seqattr.methods import gradients
from seqattr.methods.attribution import Attribution
from seqattr.methods.registry import COSTLY, METHODS, with_patterns
from tests.helpers.kinds_of_method import ALIKE
from tests.helpers.pieces import Net
from tests.helpers.sequences import one_hot, shuffled

LENGTH = 24
REPEATS = ("CAG" * 8, "AT" * 12, "G" * 24)
OTHER_IN_THE_MIRROR = [0, 2, 3, 4]  # ATAT is its own mirror image
NOISY = ("smoothgrad", "smoothgrad-squared", "vargrad")
BY_CHANCE = ("shapley-sampling", "lime")  # of windows, with standard errors


def letters(text: str) -> Tensor:
    return torch.eye(4, dtype=torch.float64)[["ACGT".index(letter) for letter in text]].T


def sequences() -> Tensor:
    return torch.cat([torch.stack([letters(text) for text in REPEATS]), one_hot(2, LENGTH)])


def attend(h: Tensor) -> Tensor:
    t = h.transpose(1, 2)
    return h + F.scaled_dot_product_attention(t, t, t).transpose(1, 2)


LAYERS: list[Callable[[Tensor], Tensor]] = [
    *(F.gelu, F.relu, F.elu, attend),
    lambda h: F.layer_norm(h.transpose(1, 2), (6,)).transpose(1, 2),
    lambda h: F.avg_pool1d(h, 2, 1),
    lambda h: h * torch.sigmoid(h.mean(2, keepdim=True)),
]
ENDS: list[Callable[[Tensor], Tensor]] = [
    lambda h: h.amax(2),
    lambda h: h.amax(2) + h.mean(2),
    lambda h: torch.maximum(h, h.flip(2)).mean(2),
    lambda h: h.amin(2) * h.amax(2).tanh(),
]


class Mirrored(nn.Module):
    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: Tensor) -> Tensor:
        return self.module(x.flip(1, 2))


def random_net(seed: int) -> nn.Module:
    """Two convolutions with random layers after each, something along all positions, a dense layer."""
    torch.manual_seed(seed)
    first, second = (random.Random(seed + i).sample(LAYERS, 2) for i in (0, 100))

    def run(m: Net, x: Tensor) -> Tensor:
        h = functools.reduce(lambda h, layer: layer(h), first, m.first(x))
        h = functools.reduce(lambda h, layer: layer(h), second, m.second(h))
        return m.dense(ENDS[seed % len(ENDS)](h))

    parts = {"first": nn.Conv1d(4, 6, 5), "second": nn.Conv1d(6, 6, 3), "dense": nn.Linear(6, 2)}
    return Net(run, **parts).double().eval()


@functools.cache
def captured(seed: int) -> tuple[seqattr.Model, seqattr.Model]:
    net, example = random_net(seed), torch.zeros(2, 4, LENGTH, dtype=torch.float64)
    return seqattr.Model(net, example), seqattr.Model(Mirrored(net), example)


def explained(seed: int, method: str, mirrored: bool) -> Attribution:
    """By a net, or by its mirror image of what is mirrored."""
    model, x, sample = captured(seed)[mirrored], sequences(), one_hot(40, LENGTH, seed=9)
    pool = torch.cat([shuffled(x, 1), torch.full((len(x), 1, 4, LENGTH), 0.25).double()], 1)
    x, pool, sample = (t.flip(-1, -2) if mirrored else t for t in (x, pool, sample))
    if method in COSTLY:
        x, pool = x[[0, 3]], pool[[0, 3], :1]
    if method in NOISY:
        x, pool = x[OTHER_IN_THE_MIRROR], pool[OTHER_IN_THE_MIRROR]
    way = with_patterns(method, fit_patterns(model, sample)) if METHODS[method].needs_patterns else method
    return seqattr.attribute(model, x, pool, method=way)


def one_of_both(*tensors: Tensor) -> bool:
    """Whether of these and their mirror images these come first."""
    for tensor in tensors:
        apart = (tensor - tensor.flip(-1, -2)).flatten()
        if apart.any():
            return bool(apart[apart != 0][0] > 0)
    return True


@pytest.fixture
def mirrored_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    noise, seed_of = gradients.noise, gradients.seed_of

    def of_both(sequence: Tensor, samples: int) -> Tensor:
        return (
            noise(sequence, samples)
            if one_of_both(sequence)
            else noise(sequence.flip(0, 1), samples).flip(1, 2)
        )

    def seed_of_both(*tensors: Tensor) -> int:
        return seed_of(*tensors) if one_of_both(*tensors) else seed_of(*(t.flip(-1, -2) for t in tensors))

    monkeypatch.setattr(gradients, "seed_of", seed_of_both)
    monkeypatch.setattr(gradients, "noise", of_both)


@pytest.mark.usefixtures("mirrored_noise")
@pytest.mark.parametrize("method", [name for name in METHODS if name not in BY_CHANCE])
def test_the_explanation_is_mirrored(method: str) -> None:
    for seed in range(1 if method in COSTLY | ALIKE else 3):
        found, mirror = (explained(seed, method, mirrored) for mirrored in (False, True))
        scale = float(found.hypothetical.abs().max())
        close = functools.partial(torch.testing.assert_close, rtol=0, atol=1e-11 * max(scale, 1e-3))
        close(mirror.contributions.flip(-1), found.contributions)
        close(mirror.hypothetical.flip(-1, -2), found.hypothetical)
        close(mirror.difference, found.difference)


@pytest.mark.parametrize("method", BY_CHANCE)
def test_what_is_drawn_of_windows_agrees_within_its_errors(method: str) -> None:
    found, mirror = (explained(0, method, mirrored) for mirrored in (False, True))
    apart = (mirror.contributions.flip(-1) - found.contributions).abs()
    assert found.standard_error is not None
    assert mirror.standard_error is not None
    expected = (found.standard_error.square() + mirror.standard_error.flip(-1).square()).sqrt()
    assert (apart <= 6 * expected + 1e-12).all()
