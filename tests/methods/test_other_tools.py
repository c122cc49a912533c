"""What captum and zennit say of the same networks: gradients, their relatives, Grad-CAM and LRP."""

import functools
import importlib
import sys
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from seqattr.engine.capture.model import Model
from seqattr.methods.attribution import attribute
from seqattr.methods.registry import METHODS
from tests.helpers.sequences import one_hot

pytestmark = pytest.mark.peers
LENGTH, TARGET = 40, 1


def plain() -> nn.Sequential:
    """Two convolutions and two dense layers; without in-place changes, which hooks do not survive."""
    body = nn.Conv1d(4, 8, 7), nn.ReLU(), nn.AvgPool1d(2), nn.Conv1d(8, 6, 5), nn.ReLU()
    return nn.Sequential(*body, nn.Flatten(), nn.Linear(78, 10), nn.ReLU(), nn.Linear(10, 2))


class Flat2d(nn.Module):
    """The same as images of height 1, for tools that know only those."""

    def __init__(self, of: nn.Sequential) -> None:
        super().__init__()
        self.net = nn.Sequential(*(in_two_dimensions(module) for module in of))

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


def in_two_dimensions(module: nn.Module) -> nn.Module:
    if isinstance(module, nn.Conv1d):
        flat = nn.Conv2d(module.in_channels, module.out_channels, (1, *module.kernel_size))
        flat.weight, flat.bias = nn.Parameter(module.weight[:, :, None]), module.bias
        return flat
    return nn.AvgPool2d((1, *module.kernel_size)) if isinstance(module, nn.AvgPool1d) else module


@functools.cache
def net() -> tuple[nn.Sequential, Model]:
    torch.manual_seed(0)
    module = plain().double()
    return module, Model(module, torch.zeros(2, 4, LENGTH, dtype=torch.float64))


def ours(method: str, x: Tensor, references: Tensor | None = None) -> Any:
    return attribute(net()[1], x, references, method=method, targets=[TARGET])


def assert_close(got: Tensor, wanted: Tensor, rounding: float = 1e-9) -> None:
    """Sums in another order; zennit's stabilisers are 1e-6 unless told otherwise."""
    torch.testing.assert_close(got, wanted.detach(), rtol=0, atol=rounding * float(wanted.abs().max()))


# --- captum --------------------------------------------------------------------------------------

GRADIENTS = {
    "gradient": "Saliency",
    "saliency": "Saliency",
    "guided-backprop": "GuidedBackprop",
    "deconvnet": "Deconvolution",
}


@pytest.mark.parametrize("method", GRADIENTS)
@pytest.mark.filterwarnings("ignore")
def test_gradients_are_captums(method: str) -> None:
    attr = pytest.importorskip("captum.attr")
    x = one_hot(3, LENGTH)
    name = GRADIENTS[method]
    options = {"abs": method == "saliency"} if name == "Saliency" else {}
    wanted = getattr(attr, name)(net()[0]).attribute(x.clone().requires_grad_(), target=TARGET, **options)
    assert_close(ours(method, x).multipliers[0], wanted)


@pytest.mark.parametrize("steps", [5, 50])
def test_integrated_gradients_are_captums(steps: int) -> None:
    attr = pytest.importorskip("captum.attr")
    x = one_hot(3, LENGTH)
    options = {"n_steps": steps, "method": "riemann_middle", "target": TARGET}
    wanted = attr.IntegratedGradients(net()[0]).attribute(x, torch.zeros_like(x), **options)
    close = ours(f"integrated-gradients-{steps}", x).contributions[0]
    assert_close(close, wanted.sum(1), 1e-6)  # its steps are float32


@pytest.mark.filterwarnings("ignore")
def test_grad_cam_is_captums() -> None:
    attr = pytest.importorskip("captum.attr")
    x = one_hot(3, LENGTH)
    cam = attr.LayerGradCam(net()[0], net()[0][4]).attribute(x, target=TARGET, relu_attributions=True)
    wanted = attr.LayerAttribution.interpolate(cam, (LENGTH,), "linear")
    assert_close(ours("grad-cam", x).multipliers[0], wanted.expand(-1, 4, -1))


def captum_lrp(first: str, convolution: str, dense: str) -> Tensor:
    attr, rules = pytest.importorskip("captum.attr"), pytest.importorskip("captum.attr._utils.lrp_rules")
    module = plain().double()
    module.load_state_dict(net()[0].state_dict())
    flat = Flat2d(module).double()
    linear = [layer for layer in flat.net if isinstance(layer, nn.Conv2d | nn.Linear)]
    for layer, name in zip(linear, (first, convolution, dense, "EpsilonRule"), strict=True):
        layer.rule = getattr(rules, name)()
    (flatten,) = (layer for layer in flat.net if isinstance(layer, nn.Flatten))
    flatten.rule = rules.EpsilonRule()
    x = one_hot(3, LENGTH)[:, :, None].requires_grad_()
    return attr.LRP(flat).attribute(x, target=TARGET).squeeze(2)


@pytest.mark.filterwarnings("ignore")
def test_lrp_is_captums_on_images_of_height_1() -> None:
    """Its epsilon is 1e-9, and so LRP-0."""
    x = one_hot(3, LENGTH)
    wanted = captum_lrp("EpsilonRule", "EpsilonRule", "EpsilonRule")
    assert_close(ours("lrp-0", x).multipliers[0] * x, wanted, 1e-6)


# --- zennit --------------------------------------------------------------------------------------


@pytest.fixture
def zennit(monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    """Its rules and composites.

    It imports torchvision for the blocks of a ResNet, which no test here has: where torchvision is missing,
    or made for another torch, their names alone do.
    """
    try:
        importlib.import_module("torchvision.models")
    except (ImportError, RuntimeError):
        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            monkeypatch.delitem(sys.modules, name)
        blocks = SimpleNamespace(Bottleneck=type("Bottleneck", (), {}), BasicBlock=type("BasicBlock", (), {}))
        for name in ("torchvision", "torchvision.models", "torchvision.models.resnet"):
            monkeypatch.setitem(sys.modules, name, blocks)
    return tuple(pytest.importorskip(f"zennit.{name}") for name in ("rules", "composites"))  # type: ignore[return-value]


def root_mean_square(z: Tensor) -> Tensor:
    """What is added to z by our epsilon."""
    size = z.square().flatten(1).mean(1).sqrt().view(-1, *[1] * (z.ndim - 1))
    return z + 0.25 * torch.where(z >= 0, 1.0, -1.0) * size


def rulebooks(rules: Any) -> dict[str, list[Any]]:
    """Zennit's rules for two convolutions and two dense layers."""
    zero, epsilon = (lambda: rules.Epsilon(1e-12)), (lambda: rules.Epsilon(root_mean_square))
    plus = functools.partial(rules.ZPlus, stabilizer=1e-12)
    taylor = functools.partial(plus, zero_params=["bias"])
    box = functools.partial(rules.ZBox, 0.0, 1.0, stabilizer=1e-12)
    gamma = functools.partial(rules.Gamma, 0.25, stabilizer=1e-12)
    mixed = functools.partial(rules.AlphaBeta, 2.0, 1.0, stabilizer=1e-12)
    flat, square = rules.Flat(1e-12), rules.WSquare(1e-12, zero_params=["bias"])
    return {
        "lrp-0": [zero(), zero(), zero(), zero()],
        "lrp-epsilon": [epsilon(), epsilon(), epsilon(), zero()],
        "lrp-gamma": [gamma(), gamma(), gamma(), gamma()],
        "lrp-alpha2-beta1": [mixed(), mixed(), mixed(), zero()],
        "lrp-z-plus": [plus(), plus(), plus(), zero()],
        "lrp-flat": [flat, plus(), epsilon(), zero()],
        "lrp-w2": [square, taylor(), taylor(), zero()],
        "lrp-zb": [box(), epsilon(), epsilon(), zero()],
        "deep-taylor": [box(), taylor(), taylor(), taylor()],
        "lrp-composite": [box(), gamma(), epsilon(), zero()],
    }


LRP = [name for name, method in METHODS.items() if method.family == "relevance"]


@pytest.mark.parametrize("method", LRP)
@pytest.mark.filterwarnings("ignore")
def test_lrp_is_zennits(zennit: tuple[Any, Any], method: str) -> None:
    """Which seeds with the output itself, here for the one target."""
    rules, composites = zennit
    x = one_hot(3, LENGTH)
    module = net()[0]
    linear = [name for name, layer in module.named_children() if isinstance(layer, nn.Conv1d | nn.Linear)]
    table = list(zip([[name] for name in linear], rulebooks(rules)[method], strict=True))
    averages = [(nn.AvgPool1d, rules.Norm(stabilizer=1e-12)), (nn.ReLU, rules.Pass())]
    composite = composites.MixedComposite(
        [composites.NameMapComposite(table), composites.LayerMapComposite(averages)]
    )
    leaf = x.clone().requires_grad_()
    with composite.context(module) as hooked:
        output = hooked(leaf)
        seed = torch.zeros_like(output)
        seed[:, TARGET] = output[:, TARGET].detach()
        (wanted,) = torch.autograd.grad(output, leaf, seed)
    assert_close(ours(method, x).contributions[0], wanted.sum(1), 1e-8)
