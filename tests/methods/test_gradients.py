"""Gradients and modified gradients equal their slow twins; what is random is the sequence's own."""

import functools
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from seqattr.engine.capture.model import Model
from seqattr.errors import InputError, ModelError, UnknownName
from seqattr.methods import gradients
from seqattr.methods.attribution import attribute
from seqattr.methods.registry import METHODS, NOISE, NOISY_SAMPLES
from tests.helpers import slow_methods as slow
from tests.helpers.pieces import BPNet, Net, conv
from tests.helpers.sequences import LENGTH, frequency, one_hot, shuffled
from tests.helpers.slow_deeplift import Layer, layers_of

L = 14
NETS: dict[str, Callable[[], list[nn.Module]]] = {
    "convolutions": lambda: [nn.Conv1d(4, 5, 4), nn.ReLU(), nn.Conv1d(5, 3, 3), nn.ReLU(), *dense(27)],
    "averages": lambda: [
        nn.Conv1d(4, 5, 3), nn.ReLU(), nn.AvgPool1d(2), nn.Conv1d(5, 3, 3), nn.ReLU(), *dense(12)
    ],
}  # fmt: skip
LAST = {"convolutions": 4, "averages": 5}  # what comes after the last convolution and its ReLU
UNITS = {"gradient": slow.gradient, "guided-backprop": slow.guided, "deconvnet": slow.deconvnet}


def dense(into: int) -> list[nn.Module]:
    return [nn.Flatten(), nn.Linear(into, 5), nn.ReLU(), nn.Linear(5, 2)]


@functools.cache
def net(name: str) -> tuple[list[Layer], Model]:
    torch.manual_seed(len(name))
    module = nn.Sequential(*NETS[name]()).double()
    return layers_of(module, (4, L), "gradient"), Model(module, torch.zeros(2, 4, L, dtype=torch.float64))


def compare(name: str, method: str, wanted: Callable[[list[Layer], np.ndarray, int], np.ndarray]) -> None:
    """The slow twin's multipliers (4, L) of two sequences and two targets; sums in another order."""
    layers, model = net(name)
    x = one_hot(2, L, seed=5)
    got = attribute(model, x, method=method).multipliers
    for t, n in np.ndindex(2, 2):
        np.testing.assert_allclose(got[t, n].numpy(), wanted(layers, x[n].numpy(), t), rtol=0, atol=1e-12)


@pytest.mark.parametrize("method", UNITS)
@pytest.mark.parametrize("name", NETS)
def test_modified_gradients(name: str, method: str) -> None:
    compare(name, method, lambda layers, x, t: slow.back(layers, x, t, UNITS[method]))


@pytest.mark.parametrize(("method", "size"), [("saliency", np.abs), ("squared-gradient", np.square)])
@pytest.mark.parametrize("name", NETS)
def test_sizes_of_the_gradient(name: str, method: str, size: Callable[[np.ndarray], np.ndarray]) -> None:
    compare(name, method, lambda layers, x, t: size(slow.back(layers, x, t)))


MOMENTS = {
    "smoothgrad": lambda g: g.mean(0),
    "smoothgrad-squared": lambda g: (g**2).mean(0),
    "vargrad": lambda g: ((g - g.mean(0)) ** 2).mean(0),
}


@pytest.mark.parametrize("method", MOMENTS)
@pytest.mark.parametrize("name", NETS)
def test_moments_of_gradients_nearby(name: str, method: str) -> None:
    def wanted(layers: list[Layer], x: np.ndarray, t: int) -> np.ndarray:
        away = NOISE * gradients.noise(torch.from_numpy(x), NOISY_SAMPLES).numpy()
        return MOMENTS[method](np.stack([slow.back(layers, x + step, t) for step in away]))

    compare(name, method, wanted)


@pytest.mark.parametrize("name", NETS)
def test_grad_cam(name: str) -> None:
    compare(
        name, "grad-cam", lambda layers, x, t: np.tile(slow.class_map(layers, x, t, LAST[name], L), (4, 1))
    )


@pytest.mark.parametrize("name", NETS)
def test_guided_grad_cam(name: str) -> None:
    compare(
        name,
        "guided-grad-cam",
        lambda layers, x, t: (
            slow.back(layers, x, t, slow.guided) * slow.class_map(layers, x, t, LAST[name], L)
        ),
    )


@pytest.mark.parametrize(("step", "layer"), [("conv1d", 1), ("relu", 2), ("conv1d_1", 3)])
def test_grad_cam_of_any_step(step: str, layer: int) -> None:
    def wanted(layers: list[Layer], x: np.ndarray, t: int) -> np.ndarray:
        return np.tile(slow.class_map(layers, x, t, layer, L), (4, 1))

    compare("convolutions", f"grad-cam:{step}", wanted)


@pytest.mark.parametrize(
    ("method", "error", "message"),
    [
        ("grad-cam:nothing", UnknownName, "unknown step 'nothing'; there is: conv1d, relu, conv1d_1"),
        ("grad-cam:linear", ModelError, r"the step linear have the shape \(N, 5\)"),
        ("grad-cam:", InputError, "the method 'grad-cam' looks at no one step, as 'grad-cam:' asks"),
        ("deeplift:relu", InputError, "there is: grad-cam:STEP, guided-grad-cam:STEP"),
        ("magic:relu", UnknownName, "unknown method 'magic:relu'"),
    ],
)
def test_a_step_that_cannot_be_is_refused(method: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        attribute(net("convolutions")[1], one_hot(2, L), method=method)


def test_grad_cam_looks_below_a_profile() -> None:
    """Over whose positions the gradients of what its softmax weighs cancel."""
    torch.manual_seed(0)
    model = Model(BPNet().double(), torch.zeros(2, 4, L, dtype=torch.float64))
    x = one_hot(2, L)
    found = attribute(model, x, method="grad-cam")
    assert torch.equal(found.multipliers, attribute(model, x, method="grad-cam:relu_3").multipliers)
    profile = attribute(model, x, method="grad-cam:conv1d_4", targets=[0])
    assert profile.multipliers.max() < 1e-12
    assert (found.multipliers.amax((1, 2, 3)) > 1e-6).all()


def test_grad_cam_wants_a_convolution() -> None:
    model = Model(nn.Sequential(nn.Flatten(), nn.Linear(4 * L, 2)), torch.zeros(2, 4, L))
    with pytest.raises(ModelError, match="the model has no convolution: name another step"):
        attribute(model, one_hot(2, L), method="grad-cam")


# --- what is random ------------------------------------------------------------------------------

RANDOM = ["smoothgrad", "smoothgrad-squared", "vargrad", "expected-gradients"]


@pytest.mark.parametrize("method", RANDOM)
def test_a_sequence_has_its_own_noise_wherever_it_stands(method: str) -> None:
    _, model = net("convolutions")
    x = one_hot(5, L)
    whole = attribute(model, x, x[:2], method=method).hypothetical
    turned = attribute(model, x.flip(0), x[:2], method=method).hypothetical
    torch.testing.assert_close(turned.flip(1), whole, rtol=0, atol=1e-13)
    single = attribute(model, x[3:4], x[:2], method=method, dtype=torch.float32).hypothetical
    torch.testing.assert_close(single[:, 0].double(), whole[:, 3], rtol=0, atol=1e-6)


def test_noise_is_normal_and_of_each_sequence() -> None:
    first, second = (gradients.noise(sequence, 500) for sequence in one_hot(2))
    assert not torch.equal(first, second)
    assert abs(float(first.mean())) < 0.02  # 48,000 numbers: 4 standard errors
    assert abs(float(first.std()) - 1) < 0.02
    drawn = np.array([gradients.shares_of_way(x, shuffled(x[None], 50)[0]) for x in one_hot(20)]).ravel()
    assert abs(drawn.mean() - 0.5) < 0.04  # 1,000 numbers: 4 standard errors
    assert abs(drawn.std() - 12**-0.5) < 0.02


def curved() -> Model:
    torch.manual_seed(0)
    module = Net(lambda m, x: (3 * m.conv(x)).tanh().square().sum((1, 2)), conv=conv())
    return Model(module.double(), torch.zeros(2, 4, LENGTH, dtype=torch.float64))


def test_expected_gradients_are_integrated_gradients_in_expectation() -> None:
    """Of many references that hardly differ, each has a point of its own: a Monte Carlo integral."""
    model, x = curved(), one_hot(2)
    number = 4000
    nearly = frequency() + 1e-9 * torch.arange(number, dtype=torch.float64)[:, None, None]
    got = attribute(model, x, nearly, method="expected-gradients")
    wanted = attribute(model, x, frequency(), method="integrated-gradients-50")
    scale = wanted.contributions.abs().max()
    assert (got.contributions - wanted.contributions).abs().max() < 0.1 * scale
    gap = got.contributions.sum(2) - got.difference
    assert gap.abs().max() < 0.05 * got.difference.abs().max()


def test_deepshap_is_rescale_by_another_name() -> None:
    one, other = METHODS["deepshap"], METHODS["deeplift-rescale"]
    assert (one.rulebook, one.attributor, one.complete) == (other.rulebook, other.attributor, other.complete)


def test_nothing_of_an_output_that_a_step_has_no_part_in() -> None:
    torch.manual_seed(0)
    module = Net(lambda m, x: (m.a(x).relu().mean((1, 2)), m.b(x).tanh().mean((1, 2))), a=conv(), b=conv())
    model = Model(module.double(), torch.zeros(2, 4, LENGTH, dtype=torch.float64))
    got: Tensor = attribute(model, one_hot(2), method="grad-cam:relu").contributions
    assert got[0].abs().max() > 0
    assert got[1].abs().max() == 0
