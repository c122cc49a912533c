"""The zoo: each architecture has its shapes, can be captured, and trains as the net that is explained."""

import pytest
import torch
from torch import Tensor, nn

from seqattr.engine.capture.model import Model
from seqattr.engine.graph.forward import random_sequences
from seqattr.errors import InputError, UnknownName
from seqattr.methods.attribution import attribute
from seqattr.models.zoo import ARCHITECTURES, Conv1d, build, classifiers

NAMES = list(ARCHITECTURES)
SMALL = {  # arguments that make an architecture small enough to be explained at once
    "bpnet": {"filters": 4, "layers": 1},
    "chrombpnet": {"filters": 4, "layers": 1, "bias_filters": 2, "bias_layers": 1},
}


def made(name: str, length: int, tasks: int = 3, seed: int = 0) -> nn.Module:
    """With the weights of a seed, as small as the name's entry in SMALL makes it."""
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        return build(name, length, tasks, **SMALL.get(name, {})).eval()


def shortest(name: str) -> int:
    return ARCHITECTURES[name].shortest(**SMALL.get(name, {}))


def sequences(rows: int, length: int) -> Tensor:
    return random_sequences(rows, length, torch.float32, "cpu", seed=rows)


def test_tal_gata_is_the_papers() -> None:
    net = made("tal-gata", 200)
    assert sum(weights.numel() for weights in net.parameters()) == 32_503
    assert [type(layer).__name__ for layer in net.logits] == [
        *("Conv1d", "ReLU", "Conv1d", "ReLU", "AdaptiveAvgPool1d", "Flatten"),
        *("Linear", "ReLU", "Dropout", "Linear"),
    ]
    assert net.logits[-2].p == 0.5


@pytest.mark.parametrize("name", NAMES)
def test_weights_are_glorot_uniform_and_biases_zero(name: str) -> None:
    length = max(200, shortest(name))
    for layer in made(name, length).modules():
        if isinstance(layer, nn.Conv1d | nn.Linear):
            receptive = layer.weight[0, 0].numel()
            fans = (layer.weight.shape[0] + layer.weight.shape[1]) * receptive
            bound = (6 / fans) ** 0.5
            assert layer.weight.abs().max() <= bound
            # A uniform's mean square is bound² / 3; the relative error of n draws is about 0.9 / sqrt(n).
            spread = 5 / layer.weight.numel() ** 0.5
            assert (layer.weight.square().mean() * 3 / bound**2).item() == pytest.approx(1, abs=spread)
            assert not layer.bias.any()


@pytest.mark.parametrize("name", classifiers())
def test_a_classifier_gives_a_probability_for_each_task(name: str) -> None:
    for length in (shortest(name), 200, 601):
        net, rows = made(name, length, tasks=2), sequences(5, length)
        with torch.no_grad():
            assert net(rows).shape == (5, 2)
            torch.testing.assert_close(net(rows), net.logits(rows).sigmoid())


def test_bpnet_gives_a_profile_and_counts() -> None:
    assert "bpnet" not in classifiers()
    net = build("bpnet", 150, 2, filters=8, layers=3)
    profile, counts = net(sequences(5, 150))
    assert profile.shape == (5, 2, 150 - net.margin)
    assert counts.shape == (5, 2)
    assert [conv.dilation for conv in net.dilated] == [(2,), (4,), (8,)]
    assert {conv.out_channels for conv in net.dilated} == {8}


@pytest.mark.parametrize("name", classifiers())
def test_a_classifier_can_be_captured_and_its_contributions_add_up(name: str) -> None:
    net = made(name, 96).double()
    model = Model(net, sequences(2, 96).double(), targets=("both", "GATA1", "TAL1"))
    assert [target.name for target in model.targets] == ["both", "GATA1", "TAL1"]
    assert model.finals == ("sigmoid",)
    rows, references = sequences(4, 96).double(), sequences(3, 96).double()
    result = attribute(model, rows, references, device="cpu")
    torch.testing.assert_close(result.prediction.T, net.logits(rows).detach())
    assert result.additivity_error.max() < 1e-9  # float64 carries 1e-16, times some thousand additions


@pytest.mark.parametrize("name", NAMES)
def test_the_shortest_sequence_can_be_explained(name: str) -> None:
    """Of any architecture, classifier or not; one base less is refused."""
    length = shortest(name)
    model = Model(made(name, length, tasks=1).double(), sequences(2, length).double())
    result = attribute(model, sequences(3, length).double(), device="cpu")
    assert result.contributions.shape == (len(model.targets), 3, length)
    assert result.additivity_error.max() < 1e-9
    with pytest.raises(InputError, match=f"{name} needs sequences of at least {length} bp"):
        made(name, length - 1)


@pytest.mark.parametrize("options", [{}, {"padding": "valid"}, {"dilation": 4}])
def test_a_conv_is_the_same_while_it_trains(options: dict) -> None:
    conv = Conv1d(4, 6, 5, **options).double()
    rows = sequences(3, 40).double().requires_grad_()
    answers = []
    for training in (True, False):
        conv.train(training).zero_grad()
        rows.grad = None
        answer = conv(rows)
        answer.square().sum().backward()
        answers.append((answer.detach(), rows.grad, conv.weight.grad, conv.bias.grad))
    for trained, explained in zip(*answers, strict=True):
        assert trained.shape == explained.shape
        torch.testing.assert_close(trained, explained, rtol=1e-12, atol=1e-12)


def test_the_generator_settles_the_weights() -> None:
    one, same, other = (made("tal-gata", 30, seed=seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(one[key], same[key]) for key in one)
    assert not torch.equal(one["logits.0.weight"], other["logits.0.weight"])


def test_what_cannot_be_built() -> None:
    with pytest.raises(UnknownName, match="unknown architecture 'resnet'; there is: tal-gata, basset"):
        build("resnet", 200, 3)
    with pytest.raises(InputError, match="bpnet needs sequences of at least 1115 bp, not 1114"):
        build("bpnet", 1114, 3)
    with pytest.raises(InputError, match="number of tasks must be at least 1, not 0"):
        build("tal-gata", 200, 0)
