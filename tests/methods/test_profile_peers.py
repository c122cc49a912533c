"""Counts and profiles of BPNets and ChromBPNets as tangermeme has them with bpnet-lite's wrappers."""

import pytest
import torch
from torch import Tensor, nn

from seqattr.engine.capture.model import Model
from seqattr.methods.attribution import attribute
from tests.helpers.sequences import one_hot

pytestmark = pytest.mark.peers
LENGTH = 400
TRIMMED = {"trimming": 100, "verbose": False}


class Profile(nn.Module):
    """A profile with these weights at its positions: linear, of which tangermeme is exact.

    ChromBPNet's own weights are held by stop_gradient, and DeepSHAP's rule for their product with logits has
    the mean of the sequence's and the reference's (kundajelab's shap, deep_tf.py, nonlinearity_2d_handler).
    """

    def __init__(self, model: nn.Module, weights: Tensor) -> None:
        super().__init__()
        self.model = model
        self.register_buffer("weights", weights)

    def forward(self, x: Tensor) -> Tensor:
        return (centred(self.model(x)[0]) * self.weights).sum(-1, keepdim=True)


def centred(logits: Tensor) -> Tensor:
    flat = logits.flatten(1)
    return flat - flat.mean(-1, keepdim=True)


def bpnet() -> nn.Module:
    """Two strands, and control tracks of zeros."""
    lite = pytest.importorskip("bpnetlite.bpnet")
    return lite.ControlWrapper(lite.BPNet(8, 3, n_outputs=2, n_control_tracks=2, **TRIMMED))


def chrombpnet() -> nn.Module:
    lite, whole = pytest.importorskip("bpnetlite.bpnet"), pytest.importorskip("bpnetlite.chrombpnet")
    parts = [
        lite.BPNet(n, layers, n_outputs=1, n_control_tracks=0, **TRIMMED) for n, layers in ((4, 2), (8, 3))
    ]
    return whole.ChromBPNet(*parts)


MODELS = {"BPNet": bpnet, "ChromBPNet": chrombpnet}
X, R = one_hot(2, LENGTH, 1), one_hot(2, LENGTH, 2)


@pytest.fixture(scope="module", params=MODELS)
def module(request) -> nn.Module:
    torch.manual_seed(0)
    module = MODELS[request.param]().double()
    for weight in module.parameters():
        weight.data *= 2  # so that the profile is no flat one
    return module


@pytest.fixture(scope="module")
def model(module: nn.Module) -> Model:
    return Model(module, X)


def theirs(module: nn.Module, x: Tensor = X, references: Tensor = R) -> Tensor:
    attribution = pytest.importorskip("bpnetlite.attribute")
    options = {"references": references[:, None], "device": "cpu", "warning_threshold": 1e9}
    return attribution.deep_lift_shap(module, x, **options).sum(1)


def ours(model: Model, target: str) -> Tensor:
    result = attribute(model, X, R[:, None], method="deeplift-rescale", targets=target)
    assert result.additivity_error.max() < 1e-12
    return result.contributions[0]


def test_counts_are_count_wrappers(module, model):
    lite = pytest.importorskip("bpnetlite.bpnet")
    expected = theirs(lite.CountWrapper(module))
    torch.testing.assert_close(ours(model, "counts"), expected, rtol=0, atol=1e-12)


def test_a_profile_is_chrombpnets(module, model):
    with torch.no_grad():
        weights = [(centred(module(s)[0])).softmax(-1) for s in (X, R)]
    means = (weights[0] + weights[1]) / 2
    rows = [theirs(Profile(module, means[i]), X[i : i + 1], R[i : i + 1]) for i in range(len(X))]
    expected = torch.cat(rows)
    torch.testing.assert_close(ours(model, "profile"), expected, rtol=0, atol=1e-12)


def test_profile_lite_is_profile_wrappers(module, model):
    lite = pytest.importorskip("bpnetlite.bpnet")
    expected = theirs(lite.ProfileWrapper(module))
    torch.testing.assert_close(ours(model, "profile-lite"), expected, rtol=0, atol=1e-10)
    together = ours(model, "profile-free").sum(-1)
    torch.testing.assert_close(together, expected.sum(-1), rtol=1e-9, atol=1e-12)


def test_in_float32_all_three_add_up_and_agree_to_1e3(module):
    lite = pytest.importorskip("bpnetlite.bpnet")
    expected = [theirs(wrapper(module)) for wrapper in (lite.CountWrapper, lite.ProfileWrapper)]
    single = Model(module.float(), X.float())
    module.double()
    names = ["counts", "profile-lite", "profile", "profile-free"]
    result = attribute(single, X, R[:, None], method="deeplift-rescale", targets=names)
    assert result.additivity_error.max() < 1e-4
    for own, peer in zip(result.contributions, expected, strict=False):
        assert (own - peer).abs().max() < 1e-3 * peer.abs().max()


def test_wrappers_themselves_are_captured_with_the_same_gradients(module, model):
    """A wrapped model is a model of one output, whose gradients are those of the expression."""
    lite = pytest.importorskip("bpnetlite.bpnet")
    for wrapper, target in ((lite.CountWrapper, "counts"), (lite.ProfileWrapper, "profile-free")):
        wrapped = attribute(Model(wrapper(module), X), X, method="gradient").multipliers
        own = attribute(model, X, method="gradient", targets=target).multipliers
        torch.testing.assert_close(own, wrapped, rtol=0, atol=1e-12)
