"""The zoo: each architecture has its published sizes, is captured and exact, and is built by name."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from seqattr.engine.capture.model import Model
from seqattr.engine.graph.forward import random_sequences
from seqattr.errors import InputError, UnknownName
from seqattr.methods.attribution import attribute
from seqattr.models.zoo import ARCHITECTURES, Conv1d, build, trainable
from seqattr.models.zoo.table import arguments_of

NAMES = list(ARCHITECTURES)
DOCS = Path(__file__).parents[3] / "docs"
SMALL: dict[
    str, dict[str, Any]
] = {  # arguments that make an architecture small enough to be explained at once
    "tal-gata": {"filters": 4, "dense": 5},
    "basset": {"widths": [4, 5, 3], "dense": 6},
    "deepsea": {"widths": [4, 5, 3], "dense": 6},
    "beluga": {"widths": [4, 3, 5], "dense": 6},
    "danq": {"filters": 4, "units": 3, "dense": 6},
    "deepstarr": {"widths": [4, 3, 5, 6], "dense": 6},
    "enformer-small": {"channels": 8, "tower": 1, "attention": [1, 2]},
    "bpnet": {"filters": 4, "layers": 1},
    "bpnet-counts": {"filters": 4, "layers": 2},
    "chrombpnet": {"filters": 4, "layers": 1, "bias_filters": 2, "bias_layers": 1},
}


def made(name: str, length: int, tasks: int = 3, seed: int = 0, **arguments: Any) -> nn.Module:
    """With the weights of a seed, as small as the name's entry in SMALL makes it."""
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        return build(name, length, tasks, **SMALL[name], **arguments).eval()


def shortest(name: str) -> int:
    return ARCHITECTURES[name].shortest(**SMALL[name])


def sequences(rows: int, length: int) -> Tensor:
    return random_sequences(rows, length, torch.float32, "cpu", seed=rows)


# ---- as published


@pytest.mark.parametrize(
    ("name", "length", "tasks", "weights"),
    [
        ("tal-gata", 200, 3, 32_503),
        ("basset", 600, 164, 4_135_064),  # as its published weights, in Kipoi
        ("deepsea", 1000, 919, 52_843_119),
        ("beluga", 2000, 2002, 149_536_251),  # 67,840 positions and channels under 2,003 dense units
        ("danq", 1000, 919, 46_926_479 + 2 * 4 * 320),  # torch's LSTM has each bias twice
        ("deepstarr", 249, 2, 620_612),  # those that Keras calls trainable
        ("bpnet", 2114, 1, 109_122),
        ("bpnet-counts", 2114, 1, 109_122 - 64 * 75 - 1),
        ("chrombpnet", 2114, 1, 6_377_986 + 217_730),
    ],
)
def test_the_published_sizes(name: str, length: int, tasks: int, weights: int) -> None:
    with torch.device("meta"):
        net = build(name, length, tasks).eval()
        answer = net(torch.zeros(2, 4, length))
    assert sum(parameters.numel() for parameters in net.parameters()) == weights
    if ARCHITECTURES[name].plain:
        assert answer.shape == (2, tasks)


def test_tal_gata_is_the_papers() -> None:
    net = build("tal-gata", 200, 3)
    assert [type(layer).__name__ for layer in net.logits] == [
        *("Conv1d", "ReLU", "Conv1d", "ReLU", "AdaptiveAvgPool1d", "Flatten"),
        *("Linear", "ReLU", "Dropout", "Linear"),
    ]
    assert net.logits[-2].p == 0.5


@pytest.mark.parametrize("name", NAMES)
def test_weights_are_glorot_uniform_and_biases_zero(name: str) -> None:
    layers = [
        layer
        for layer in made(name, max(200, shortest(name))).modules()
        if isinstance(layer, nn.Conv1d | nn.Conv2d | nn.Linear)
    ]
    for layer in layers:
        receptive = layer.weight[0, 0].numel()
        fans = (layer.weight.shape[0] + layer.weight.shape[1]) * receptive
        bound = (6 / fans) ** 0.5
        assert layer.weight.abs().max() <= bound
        # A uniform's mean square is bound² / 3; the relative error of n draws is about 0.9 / sqrt(n).
        spread = 5 / layer.weight.numel() ** 0.5
        assert (layer.weight.square().mean() * 3 / bound**2).item() == pytest.approx(1, abs=spread)
        assert layer.bias is None or not layer.bias.any()
    assert layers


# ---- classes and numbers


@pytest.mark.parametrize("name", trainable())
def test_a_probability_or_a_number_for_each_task(name: str) -> None:
    for length in (shortest(name), 401):
        rows = sequences(5, length)
        classes, numbers = (made(name, length, 2, classes=classes) for classes in (True, False))
        with torch.no_grad():
            assert numbers(rows).shape == (5, 2)
            torch.testing.assert_close(numbers(rows), classes.logits(rows))
            torch.testing.assert_close(classes(rows), numbers(rows).sigmoid())


def test_its_own_head_is_the_default() -> None:
    numbers = [name for name in trainable() if not arguments_of(name)["classes"]]
    assert numbers == ["deepstarr", "bpnet-counts"]
    assert ARCHITECTURES["bpnet"].instead == "bpnet-counts"
    assert trainable() == [name for name in NAMES if name not in ("bpnet", "chrombpnet")]


def test_bpnet_gives_a_profile_and_counts() -> None:
    net = build("bpnet", 150, 2, filters=8, layers=3)
    profile, counts = net(sequences(5, 150))
    assert profile.shape == (5, 2, 150 - net.margin)
    assert counts.shape == (5, 2)
    assert [conv.dilation for conv in net.dilated] == [(2,), (4,), (8,)]
    assert {conv.out_channels for conv in net.dilated} == {8}


# ---- explained


def unsettled(net: nn.Module) -> nn.Module:
    """In float64, with biases and batch norms as of a trained net."""
    generator = torch.Generator().manual_seed(1)
    for values in (*net.double().parameters(), *net.buffers()):
        if values.is_floating_point():
            values.data += 0.1 * torch.rand(values.shape, generator=generator, dtype=torch.float64)
    return net.eval()


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] * (name == "enformer-small")) for name in NAMES],
)
def test_it_is_captured_and_its_contributions_add_up(name: str) -> None:
    """At its shortest, by both rules. What is explained are the numbers before any sigmoid."""
    length = shortest(name)
    net = unsettled(made(name, length, tasks=2))
    model = Model(net, sequences(2, length).double())
    rows, references = sequences(4, length).double(), sequences(3, length).double()
    for method in ("deeplift", "deeplift-rescale"):
        result = attribute(model, rows, references, method=method, device="cpu")
        assert result.contributions.shape == (len(model.targets), 4, length)
        assert result.additivity_error.max() < 1e-10
    if name in trainable():
        torch.testing.assert_close(result.prediction.T, net.logits(rows).detach())


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


# ---- built by name


def test_the_generator_settles_the_weights() -> None:
    one, same, other = (made("tal-gata", 30, seed=seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(one[key], same[key]) for key in one)
    assert not torch.equal(one["logits.0.weight"], other["logits.0.weight"])


@pytest.mark.parametrize("name", NAMES)
def test_a_state_dict_goes_back_in(name: str) -> None:
    length = shortest(name) + 8
    one, other = made(name, length, seed=1), made(name, length, seed=2)
    other.load_state_dict(one.state_dict())
    assert all(map(torch.equal, one.state_dict().values(), other.state_dict().values()))


@pytest.mark.parametrize("name", NAMES)
def test_one_base_less_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=f"{name} needs sequences of at least {shortest(name)} bp"):
        made(name, shortest(name) - 1)


def test_what_cannot_be_built() -> None:
    with pytest.raises(UnknownName, match="unknown architecture 'resnet'; there is: tal-gata, basset"):
        build("resnet", 200, 3)
    with pytest.raises(InputError, match="bpnet needs sequences of at least 1115 bp, not 1114"):
        build("bpnet", 1114, 3)
    with pytest.raises(InputError, match="number of tasks must be at least 1, not 0"):
        build("tal-gata", 200, 0)


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("basset", {"depth": 3}, "basset has no argument 'depth'; it has: widths, dense, classes"),
        ("basset", {"widths": [4, 4]}, r"widths of the architecture basset must be like \[300, 200, 200\]"),
        ("basset", {"widths": 4}, r"must be like \[300, 200, 200\], not 4"),
        ("basset", {"dense": 0}, "dense of the architecture basset must be like 1000, not 0"),
        ("basset", {"dense": 10_001}, "must be like 1000, not 10001"),
        ("basset", {"dense": True}, "must be like 1000, not True"),
        ("basset", {"classes": 1}, "must be like true, not 1"),
        ("danq", {"units": "many"}, "must be like 320, not many"),
        (
            "enformer-small",
            {"channels": 10, "attention": [1, 4]},
            r"enformer-small cannot be built with channels=10, attention=\[1, 4\]: 4 heads",
        ),
        ("bpnet", {"layers": 31}, "layers of the architecture bpnet must be like 8, not 31"),
        ("bpnet", {"layers": 30}, "needs sequences of at least"),
    ],
)
def test_arguments_that_cannot_be(name: str, arguments: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        build(name, 2114, 1, **arguments)


def test_the_page_on_training_has_a_row_for_each() -> None:
    """With the shortest sequences and the arguments that there are."""
    rows = {}
    for line in (DOCS / "train.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("| ").split("|")]
        if len(cells) == 5 and cells[0].startswith("`"):
            rows[cells[0].strip("`")] = cells[3:]
    assert list(rows) == NAMES
    for name, (least, arguments) in rows.items():
        assert int(least) == ARCHITECTURES[name].shortest()
        assert arguments.split(", ") == [key for key in arguments_of(name) if key != "classes"]
