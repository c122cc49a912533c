"""BPNet and ChromBPNet: the published sizes, the numbers of a slow twin and of bpnet-lite, and exact."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from seqattr.engine.capture.model import Model
from seqattr.engine.graph.forward import random_sequences
from seqattr.methods.attribution import attribute
from seqattr.models.zoo.bpnet import BPNet, ChromBPNet, bpnet, centre, chrombpnet, inner

SMALL = {"filters": 5, "layers": 2}


def settled(module: nn.Module, seed: int = 0) -> nn.Module:
    """Weights in float64, and biases as of a trained net, which are not zero."""
    generator = torch.Generator().manual_seed(seed)
    for weights in module.double().parameters():
        weights.data = torch.randn(weights.shape, generator=generator, dtype=torch.float64) * 0.2
    return module.eval()


def sequences(rows: int, length: int) -> Tensor:
    return random_sequences(rows, length, torch.float64, "cpu", seed=rows)


def small(**arguments: object) -> BPNet:
    return settled(BPNet(**(SMALL | arguments)))


@torch.no_grad
def answers(module: nn.Module, *inputs: Tensor) -> list[Tensor]:
    return list(module(*inputs))


# ---- as published


def test_the_published_sizes() -> None:
    with torch.device("meta"):
        net, pair = bpnet(2114, 1), chrombpnet(2114, 1)
        profile, counts = pair(torch.zeros(2, 4, 2114))
    assert sum(weights.numel() for weights in net.parameters()) == 109_122
    # 512 filters: 43,520 of the first conv, 8 x 786,944, 38,401 and 513 of the heads; 128 and 4 for the bias
    assert sum(weights.numel() for weights in pair.accessibility.parameters()) == 6_377_986
    assert sum(weights.numel() for weights in pair.bias.parameters()) == 217_730
    assert (profile.shape, counts.shape) == ((2, 1, 1000), (2, 1))
    assert net.margin == 1114
    assert pair.bias.margin == 154


def slow(net: BPNet, sequence: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Keras' layers one after the other, channels last, each conv as sums over its taps."""

    def conv(values: np.ndarray, layer: nn.Conv1d) -> np.ndarray:
        weight, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
        width, step = weight.shape[2], layer.dilation[0]
        left = len(values) - (width - 1) * step
        taps = (values[tap * step : tap * step + left] @ weight[:, :, tap].T for tap in range(width))
        return sum(taps) + bias

    hidden = np.maximum(conv(sequence, net.first), 0)
    for layer in net.dilated:
        activated = np.maximum(conv(hidden, layer), 0)
        crop = (len(hidden) - len(activated)) // 2
        hidden = activated + hidden[crop : len(hidden) - crop]
    profile = conv(hidden, net.profile)
    wanted = net.output_length or len(profile)
    crop = len(profile) // 2 - wanted // 2
    weight, bias = (values.detach().numpy() for values in (net.counts.weight, net.counts.bias))
    return profile[crop : len(profile) - crop].T, hidden.mean(0) @ weight.T + bias


@pytest.mark.parametrize("wanted", [None, 20])
def test_each_layer_is_that_of_keras(wanted: int | None) -> None:
    net, rows = small(tasks=2, counts=2, output_length=wanted), sequences(3, 150)
    profile, counts = answers(net, rows)
    assert profile.shape == (3, 2, wanted or 150 - net.margin)
    for row, sequence in enumerate(rows.numpy()):
        twin = slow(net, sequence.T)
        np.testing.assert_allclose(profile[row], twin[0], rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(counts[row], twin[1], rtol=1e-12, atol=1e-12)


def test_the_bias_is_cropped_and_reads_are_added() -> None:
    pair = ChromBPNet(small(), settled(BPNet(3, 1), seed=1)).eval()
    rows = sequences(3, 150)
    (profile, counts), parts = (
        answers(pair, rows),
        [answers(pair.accessibility, rows), answers(pair.bias, rows)],
    )
    torch.testing.assert_close(counts, sum(part[1].exp() for part in parts).log())
    torch.testing.assert_close(profile, parts[0][0] + parts[1][0][:, :, 4:-4])  # of dilation 4 on either side


def test_controls_are_zeros_where_there_are_none() -> None:
    net, rows = small(control_tracks=2), sequences(3, 140)
    for given, absent in zip(answers(net, rows, torch.zeros(3, 2, 140)), answers(net, rows), strict=True):
        torch.testing.assert_close(given, absent)
    assert not torch.equal(answers(net, rows, torch.ones(3, 2, 140))[1], answers(net, rows)[1])


# ---- against bpnet-lite


def weights_for(peer: nn.Module, net: BPNet) -> None:
    """Our weights in bpnet-lite's module."""
    names = {"first": "iconv", "dilated": "rconvs", "profile": "fconv", "counts": "linear"}
    renamed = {
        ".".join([names[name.split(".")[0]], *name.split(".")[1:]]): weights
        for name, weights in net.state_dict().items()
    }
    peer.load_state_dict(renamed)


@pytest.mark.peers
@pytest.mark.parametrize("kind", ["BPNet", "BasePairNet"])
@pytest.mark.parametrize("controls", [0, 2])
def test_bpnet_lite_answers_the_same(kind: str, controls: int) -> None:
    lite = pytest.importorskip("bpnetlite.bpnet")
    ours = small(tasks=2, control_tracks=controls, basepairmodels=kind == "BasePairNet")
    peer = getattr(lite, kind)(5, 2, 2, controls, trimming=ours.margin // 2, verbose=False).double().eval()
    weights_for(peer, ours)
    rows = sequences(4, 200)
    inputs = [rows, torch.rand(4, controls, 200).double()] if controls else [rows]
    for mine, theirs in zip(answers(ours, *inputs), answers(peer, *inputs), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-10, atol=1e-10)


@pytest.mark.peers
def test_bpnet_lite_combines_the_same() -> None:
    lite, pairs = pytest.importorskip("bpnetlite.bpnet"), pytest.importorskip("bpnetlite.chrombpnet")
    ours = ChromBPNet(small(), settled(BPNet(3, 1), seed=1)).eval()
    parts = [lite.BPNet(n, k, 1, 0, verbose=False).double().eval() for n, k in ((5, 2), (3, 1))]
    for part, mine in zip(parts, (ours.accessibility, ours.bias), strict=True):
        weights_for(part, mine)
    peer, rows = pairs.ChromBPNet(parts[1], parts[0]).eval(), sequences(4, 200)
    for mine, theirs in zip(answers(ours, rows), answers(peer, rows), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-10, atol=1e-10)


# ---- explained


@pytest.mark.parametrize("method", ["deeplift", "deeplift-rescale"])
def test_contributions_add_up(method: str) -> None:
    pair = ChromBPNet(small(filters=3), settled(BPNet(2, 1), seed=1)).eval()
    model = Model(pair, sequences(2, 108))
    positions = 108 - pair.accessibility.margin
    assert len(model.targets) == positions + 1
    result = attribute(model, sequences(3, 108), method=method, targets=[0, positions], device="cpu")
    assert result.additivity_error.max() < 1e-10


def test_of_the_centre() -> None:
    values = torch.arange(6)[None, None]
    assert inner(values, 2).flatten().tolist() == [2, 3]
    assert centre(values, 2).flatten().tolist() == [2, 3]
    assert centre(values, 3).flatten().tolist() == [1, 2, 3]
