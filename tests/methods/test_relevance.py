"""LRP equals its slow twin, conserves what it says it conserves, and keeps to the paper's promises."""

import functools
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from seqattr.engine.capture.model import Model
from seqattr.methods.attribution import attribute
from seqattr.methods.registry import METHODS
from tests.helpers import slow_methods as slow
from tests.helpers.kinds_of_method import BLURRED, ready
from tests.helpers.pieces import Net, conv
from tests.helpers.sequences import LENGTH, one_hot
from tests.helpers.slow_deeplift import layers_of
from tests.helpers.slow_methods import RULES, Epsilon, Rule, relevances

L = 14
LRP = [name for name, method in METHODS.items() if method.family == "relevance"]


def dense(into: int) -> list[nn.Module]:
    return [nn.Flatten(), nn.Linear(into, 5), nn.ReLU(), nn.Linear(5, 2)]


def widened(net: list[nn.Module]) -> list[nn.Module]:
    """Without nonlinearities between them, activations of both signs."""
    return [module for i, module in enumerate(net) if i != 1]


NETS: dict[str, Callable[[], list[nn.Module]]] = {
    "two convolutions": lambda: [nn.Conv1d(4, 5, 4), nn.ReLU(), nn.Conv1d(5, 3, 3), nn.ReLU(), *dense(27)],
    "strided, dilated": lambda: [
        nn.Conv1d(4, 5, 3, stride=2, dilation=2), nn.ReLU(), nn.Conv1d(5, 4, 2), nn.ReLU(), *dense(16)
    ],
    "averages": lambda: [
        nn.Conv1d(4, 5, 4), nn.ReLU(), nn.AvgPool1d(3, 2), nn.Conv1d(5, 3, 3), nn.ReLU(), nn.AvgPool1d(2),
        *dense(3),
    ],
    "activations of both signs": lambda: widened(
        [nn.Conv1d(4, 5, 4), nn.ReLU(), nn.Conv1d(5, 3, 3), nn.ReLU(), *dense(27)]
    ),
}  # fmt: skip


@functools.cache
def net(name: str, bias: bool = True) -> tuple[nn.Sequential, Model]:
    torch.manual_seed(len(name))
    module = nn.Sequential(*NETS[name]()).double()
    for layer in module if not bias else ():
        if isinstance(layer, nn.Conv1d | nn.Linear):
            nn.init.zeros_(layer.bias)
    return module, Model(module, torch.zeros(2, 4, L, dtype=torch.float64))


def close(got: Tensor, wanted: np.ndarray) -> None:
    """Both are float64 and add in different orders."""
    np.testing.assert_allclose(got.numpy(), wanted, rtol=0, atol=1e-9 * max(np.abs(wanted).max(), 1e-9))


def test_every_book_has_a_twin() -> None:
    assert list(RULES) == LRP


@pytest.mark.parametrize("method", LRP)
@pytest.mark.parametrize("name", NETS)
def test_relevance_equals_the_twins(name: str, method: str) -> None:
    module, model = net(name)
    x = one_hot(2, L, seed=5)
    got = attribute(model, x, method=method).contributions
    layers = layers_of(module, (4, L), "gradient")
    for t, n in np.ndindex(2, 2):
        close(got[t, n], relevances(layers, x[n].numpy(), t, RULES[method]).sum(0))


# --- conservation --------------------------------------------------------------------------------


def kept(model: Model, method: str, sequences: Tensor) -> Tensor:
    """The sum of contributions over the output, (T, N)."""
    found = attribute(model, sequences, method=method)
    return found.contributions.sum(2) / found.prediction


@pytest.mark.parametrize("method", ["lrp-0", "lrp-gamma"])
@pytest.mark.parametrize("name", NETS)
def test_without_biases_all_of_the_output_is_shared_out(name: str, method: str) -> None:
    """A ReLU that is off has no relevance to pass, so nothing is lost (Bach et al. 2015, equation 2)."""
    share = kept(net(name, bias=False)[1], method, one_hot(4, L))
    torch.testing.assert_close(share, torch.ones_like(share), rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", NETS)
def test_epsilon_only_takes_away(name: str) -> None:
    """|z| / (|z| + epsilon) is below 1 at every unit; conservation comes back as epsilon goes to 0."""
    module, _ = net(name, bias=False)
    layers = layers_of(module, (4, L), "gradient")
    x = one_hot(1, L)[0].numpy()
    output = slow.values(layers, x)[-1][0]
    sums = [
        relevances(layers, x, 0, [[(1.0, Epsilon(share))]] * 4).sum() / output for share in (1e-2, 1e-4, 1e-6)
    ]
    gaps = np.abs(np.array(sums) - 1)
    assert gaps[0] > gaps[1] > gaps[2]
    assert gaps[2] < 1e-4


@pytest.mark.parametrize("name", NETS)
def test_deep_taylor_shares_out_a_positive_output_in_positive_parts(name: str) -> None:
    """Conservative and positive (Montavon et al. 2017, propositions 1 and 2)."""
    _, model = net(name, bias=False)
    found = attribute(model, one_hot(20, L), method="deep-taylor")
    good = found.prediction > 0
    assert good.any()
    assert found.contributions[good].min() >= 0
    share = (found.contributions.sum(2) / found.prediction)[good]
    torch.testing.assert_close(share, torch.ones_like(share), rtol=0, atol=1e-9)


# Why a method need not conserve the output, without biases. What is not here conserves all of it.
BY_EPSILON = "epsilon keeps a share of what it divides by"
EXCEPTIONS = {
    "lrp-epsilon": BY_EPSILON,
    "lrp-flat": BY_EPSILON,
    "lrp-zb": BY_EPSILON,
    "lrp-composite": BY_EPSILON,
    "lrp-alpha2-beta1": "a unit without negative contributions passes on twice what it has",
    "lrp-z-plus": "a unit below 0 without positive contributions passes on nothing",
    "deep-taylor": "a negative output has no positive parts",
}


@pytest.mark.parametrize("method", LRP)
def test_a_method_conserves_the_output_or_says_why_not(method: str) -> None:
    """On every net; and an exception is one."""
    shares = torch.cat([kept(net(name, bias=False)[1], method, one_hot(4, L)).flatten() for name in NETS])
    conserved = bool((shares - 1).abs().max() < 1e-9)
    assert conserved == (method not in EXCEPTIONS), (
        f"{method} conserves the output: {conserved}; exceptions and their reasons stand in EXCEPTIONS"
    )


@pytest.mark.parametrize("method", [name for name, reason in EXCEPTIONS.items() if reason == BY_EPSILON])
@pytest.mark.parametrize("name", NETS)
def test_but_for_epsilon_the_output_is_conserved(name: str, method: str) -> None:
    """By the twin, with LRP-0 in epsilon's place."""
    layers = layers_of(net(name, bias=False)[0], (4, L), "gradient")
    rules = [
        [(share, Rule() if isinstance(rule, Epsilon) else rule) for share, rule in mixture]
        for mixture in RULES[method]
    ]
    x = one_hot(1, L)[0].numpy()
    output = slow.values(layers, x)[-1][0]
    np.testing.assert_allclose(relevances(layers, x, 0, rules).sum(), output, rtol=1e-9)


def test_alpha_minus_beta_is_one() -> None:
    """Units that have contributions of both signs conserve what they pass on."""
    torch.manual_seed(0)
    layers = nn.Flatten(), nn.Linear(4 * L, 9, bias=False), nn.ReLU(), nn.Linear(9, 1, bias=False)
    model = Model(nn.Sequential(*layers).double(), torch.zeros(2, 4, L, dtype=torch.float64))
    for method in ("lrp-alpha2-beta1", "lrp-z-plus"):
        share = kept(model, method, one_hot(5, L))
        torch.testing.assert_close(share, torch.ones_like(share), rtol=0, atol=1e-9)


# --- what has no neurons of its own --------------------------------------------------------------


def found(function: Callable[[Net, Tensor], Tensor], **parts: Tensor) -> tuple[Tensor, Tensor]:
    """R (4, L) by LRP-0 of a function of real numbers in place of bases, and the output."""
    model = Model(Net(function, **parts), torch.zeros(2, 4, L, dtype=torch.float64))
    result = attribute(model, X[None], method="lrp-0")
    return result.multipliers[0, 0] * X, result.prediction[0, 0]


RNG = np.random.default_rng(4)
X, W = (torch.from_numpy(RNG.normal(0, 1, (4, L))) for _ in range(2))
A, B = (torch.from_numpy(RNG.normal(0, 0.4, (4, 4))) for _ in range(2))


def test_factors_get_half_each() -> None:
    """Achtibat et al. 2024, proposition 3.3, for products and for matrix products."""
    relevance, output = found(lambda m, x: (m.w * (m.a @ x) * (m.b @ x)).sum((1, 2)), a=A, b=B, w=W)
    wanted = X * (A.T @ (W * (B @ X)) + B.T @ (W * (A @ X))) / 2
    torch.testing.assert_close(relevance, wanted, rtol=0, atol=1e-12)
    torch.testing.assert_close(relevance.sum(), output, rtol=0, atol=1e-12)
    relevance, output = found(lambda m, x: ((m.a @ x) @ (m.b @ x).mT).sum((1, 2)), a=A, b=B)
    torch.testing.assert_close(relevance.sum(), output, rtol=0, atol=1e-12)


def test_softmax_is_its_gradient_times_the_logits() -> None:
    """R_i = x_i (R_i - s_i sum_j R_j), Achtibat et al. 2024, proposition 3.1."""
    relevance, _ = found(lambda m, x: (m.w * x.softmax(2)).sum((1, 2)), w=W)
    s = X.softmax(1)
    R = W * s
    torch.testing.assert_close(relevance, X * (R - s * R.sum(1, keepdim=True)), rtol=0, atol=1e-12)


def test_a_norm_divides_by_what_is_given() -> None:
    """Ali et al. 2022: the centred values alone have relevance."""
    normed = functools.partial(nn.functional.layer_norm, normalized_shape=(L,), eps=0.01)
    relevance, output = found(lambda m, x: (m.w * normed(x)).sum((1, 2)), w=W)
    root = (X.var(1, correction=0, keepdim=True) + 0.01).sqrt()
    wanted = X * (W / root - (W / root).mean(1, keepdim=True))
    torch.testing.assert_close(relevance, wanted, rtol=0, atol=1e-12)
    torch.testing.assert_close(relevance.sum(), output, rtol=0, atol=1e-12)


def test_a_quotient_is_its_numerators() -> None:
    relevance, output = found(lambda m, x: (m.w * x / (5 + m.b @ x)).sum((1, 2)), w=W, b=B)
    torch.testing.assert_close(relevance, X * W / (5 + B @ X), rtol=0, atol=1e-12)
    torch.testing.assert_close(relevance.sum(), output, rtol=0, atol=1e-12)


@pytest.mark.parametrize("power", [0.5, 1.7, -1.0, -0.5])
def test_relevance_passes_a_power_unchanged(power: float) -> None:
    relevance, _ = found(lambda m, x: (m.w * (x * x + 0.1).pow(power)).sum((1, 2)), w=W)
    share = X**2 / (X**2 + 0.1)  # the constant is a bias
    torch.testing.assert_close(relevance, W * (X**2 + 0.1) ** power * share, rtol=0, atol=1e-10)


def test_the_largest_takes_all() -> None:
    relevance, output = found(lambda m, x: (m.w[:, :1].T * x.amax(2)).sum(1), w=W)
    assert (relevance != 0).sum() == 4
    torch.testing.assert_close(relevance.sum(), output, rtol=0, atol=1e-12)


# --- at the bases --------------------------------------------------------------------------------

LAYOUTS: dict[str, Callable[[Net, Tensor], Tensor]] = {
    "as they are": lambda m, x: m.conv(x),
    "positions first": lambda m, x: m.conv(x.transpose(1, 2).mT),
    "in two pieces": lambda m, x: m.conv(torch.cat([x[..., :9], x[..., 9:]], 2)),
    "with a height": lambda m, x: nn.functional.conv2d(x[:, :, None], m.conv.weight[:, :, None])[:, :, 0],
    "as words": lambda m, x: (x.unfold(2, 5, 1).transpose(1, 2).flatten(2) @ m.conv.weight.flatten(1).T).mT,
}


@functools.cache
def laid_out(layout: str) -> Model:
    torch.manual_seed(0)
    first, weight = conv(bias=False), torch.rand(6, dtype=torch.float64)
    module = Net(lambda m, x: LAYOUTS[layout](m, x).relu().mean(2) @ m.weight, conv=first, weight=weight)
    return Model(module.double(), torch.zeros(2, 4, LENGTH, dtype=torch.float64))


@pytest.mark.parametrize("method", ["lrp-flat", "lrp-w2", "lrp-zb", "deep-taylor"])
def test_bases_may_lie_in_any_order(method: str) -> None:
    results = [attribute(laid_out(layout), one_hot(3), method=method) for layout in LAYOUTS]
    for other in results[1:]:
        torch.testing.assert_close(other.contributions, results[0].contributions, rtol=0, atol=1e-12)
        torch.testing.assert_close(other.hypothetical, results[0].hypothetical, rtol=0, atol=1e-12)


@pytest.fixture(scope="module")
def of_nine_bases() -> Model:
    """Reads the first nine bases alone."""
    torch.manual_seed(0)
    layers = conv(), nn.ReLU(), nn.Flatten(), nn.Linear(6 * 5, 5), nn.ReLU(), nn.Linear(5, 1)
    module = Net(lambda m, x: m.net(x[..., :9]), net=nn.Sequential(*layers)).double()
    return Model(module, torch.zeros(2, 4, LENGTH, dtype=torch.float64))


@pytest.mark.parametrize("method", [name for name in METHODS if name not in BLURRED])
def test_bases_that_no_weight_reads_get_nothing(of_nine_bases: Model, method: str) -> None:
    """By every method that speaks of single bases."""
    got = attribute(of_nine_bases, one_hot(3), method=ready(of_nine_bases, method))
    assert got.contributions[..., 9:].abs().max() == 0
    assert got.contributions[..., :9].abs().max() > 0


def test_a_reader_of_the_bases_without_weights_keeps_its_own() -> None:
    """The bases are read by a convolution, and as they are: what each sends back is added."""
    torch.manual_seed(0)
    alone = Net(lambda m, x: m.conv(x).relu().sum((1, 2)), conv=conv())
    module = Net(lambda m, x: m.alone(x) + (x * m.w).sum((1, 2)), alone=alone, w=torch.randn(4, LENGTH))
    example = torch.zeros(2, 4, LENGTH, dtype=torch.float64)
    x = one_hot(3)
    both, one = (attribute(Model(m.double(), example), x, method="lrp-flat") for m in (module, alone))
    extra = (module.w.detach() * x).sum(1)
    torch.testing.assert_close(both.contributions[0], one.contributions[0] + extra, rtol=0, atol=1e-12)
