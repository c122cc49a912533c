"""Convolutions through spectra beside float64, and where they are taken."""

import functools

import pytest
import torch
from torch import Tensor, nn

import seqattr
from seqattr.engine.numerics import onednn, spectral
from seqattr.engine.numerics.onednn import channels_last
from seqattr.engine.numerics.spectral import spectral as through_spectra
from seqattr.engine.rules.deeplift import GENOMICS_DEFAULT, RESCALE, REVEALCANCEL
from seqattr.engine.rules.gradient import GRADIENT
from seqattr.engine.walk.plan import Plan
from seqattr.engine.walk.rulebook import Rulebook
from seqattr.methods.registry import METHODS
from tests.engine.numerics.test_convolution import numbers

pytestmark = pytest.mark.skipif(not spectral.fused.AVAILABLE, reason="loops are compiled by numba")


def exact(value: Tensor, weight: Tensor, bias: Tensor | None, padding: int) -> Tensor:
    bias = None if bias is None else bias.double()
    return nn.functional.conv2d(value.double(), weight.double(), bias, padding=(0, padding))


@pytest.mark.parametrize("length", [1, 12, 33, 54, 55, 108, 109, 200, 600])
@pytest.mark.parametrize("taps", [1, 2, 11, 33, 64])
@pytest.mark.parametrize("channels", [(1, 1), (3, 7), (50, 17)], ids=str)
def test_is_the_convolution(length: int, taps: int, channels: tuple[int, int]) -> None:
    """Of any number of tiles, part of one or a whole one, whatever padding there is."""
    inputs, outputs = channels
    weight, bias = numbers(outputs, inputs, 1, taps, seed=0), numbers(outputs, seed=1)
    value = channels_last(numbers(3, inputs, 1, length, seed=2))
    for padding in {0, 1, taps // 2, taps - 1, taps + 5}:
        if length + 2 * padding < taps:
            continue
        run = through_spectra(weight, padding)
        for some in (bias, None):
            expected = exact(value, weight, some, padding)
            bound = 2e-6 * float(weight.abs().sum((1, 2, 3)).max() * value.abs().max())
            assert (run(value, some) - expected).abs().max() < bound
            assert run(value, some).is_contiguous(memory_format=torch.channels_last)


def test_is_more_exact_than_a_sum_of_products() -> None:
    weight, value = numbers(64, 64, 1, 25, seed=0), channels_last(numbers(20, 64, 1, 300, seed=1).relu())
    expected = exact(value, weight, None, 12)
    direct = nn.functional.conv2d(value, weight, padding=(0, 12))
    own, usual = (
        (found - expected).square().mean() for found in (through_spectra(weight, 12)(value, None), direct)
    )
    assert own < usual


def test_a_sequence_does_not_depend_on_those_beside_it() -> None:
    """Two tiles share a signal, but never those of two sequences."""
    run = through_spectra(numbers(40, 40, 1, 11, seed=0), 5)
    value = channels_last(numbers(6, 40, 1, 140, seed=1))
    every = run(value, None)
    value[3:] *= 1e20
    value[4] = float("nan")
    assert torch.equal(run(value, None)[:3], every[:3])


def test_equal_pairs_of_tiles_give_equal_values() -> None:
    run = through_spectra(numbers(40, 40, 1, 11, seed=0), 0)
    value = channels_last(numbers(1, 40, 1, 300, seed=1).repeat(2, 1, 1, 1))
    value[1, :, :, :10] = 0
    found = run(value, None)
    assert torch.equal(found[0, ..., 108:], found[1, ..., 108:])
    assert not torch.equal(found[0, ..., :10], found[1, ..., :10])


def test_few_tiles_go_directly() -> None:
    """With few rows the weights of all frequencies take longer than what they are multiplied by."""
    taken = []
    run = spectral.where_many(
        lambda value, bias: taken.append(len(value)) or value, numbers(40, 40, 1, 11, seed=0), 5
    )
    for rows in (1, 3, 100):
        run(channels_last(numbers(rows, 40, 1, 200, seed=1)), None)
    assert taken == [1, 3]


@pytest.mark.parametrize(
    ("outputs", "inputs", "taps", "pays"),
    [(50, 50, 11, True), (50, 4, 11, False), (64, 64, 3, False), (50, 50, 40, False), (300, 300, 11, False)],
)
def test_where_it_pays(outputs: int, inputs: int, taps: int, pays: bool) -> None:
    assert spectral.pays(outputs, inputs, taps) is pays


def test_without_compiled_loops_all_go_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spectral.fused, "AVAILABLE", False)
    assert not spectral.pays(50, 50, 11)


class Net(nn.Module):
    def __init__(self, pool: nn.Module) -> None:
        super().__init__()
        convolutions = [nn.Conv1d(4, 48, 11), nn.Conv1d(48, 50, 11), nn.Conv1d(50, 44, 11)]
        layers = [layer for convolution in convolutions for layer in (convolution, nn.ReLU())]
        self.layers = nn.Sequential(*layers, pool, nn.Flatten(), nn.LazyLinear(2))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


@functools.cache
def model_with(pool: nn.Module) -> seqattr.Model:
    torch.manual_seed(0)
    net, example = Net(pool), torch.randn(2, 4, 150)
    net(example)
    return seqattr.Model(net.eval(), example)


def directions(pool: nn.Module, rulebook: Rulebook, form: str = "plain") -> set[str]:
    return set(Plan(model_with(pool).graph, rulebook).by_spectra(form))


def test_the_gradient_asks_of_linear_models_too() -> None:
    model = seqattr.Model(nn.Conv1d(4, 48, 11), torch.zeros(2, 4, 150))
    assert Plan(model.graph, GRADIENT).by_spectra("plain") == {"back"}


def test_only_where_nobody_asks_for_equal_values_or_zeros() -> None:
    mean, largest = nn.AdaptiveAvgPool1d(1), nn.MaxPool1d(10)
    assert directions(mean, RESCALE) == directions(mean, GENOMICS_DEFAULT) == {"forward", "back"}
    assert (
        directions(largest, RESCALE)
        == directions(mean, GRADIENT)
        == directions(mean, REVEALCANCEL)
        == {"back"}
    )
    assert directions(mean, REVEALCANCEL, "magnitude") == {"forward", "back"}
    assert (
        directions(mean, METHODS["lrp-epsilon"].rulebook)
        == directions(mean, METHODS["lrp-z-plus"].rulebook)
        == set()
    )


def rows(sequences: int, references: int, length: int) -> Tensor:
    bases = torch.randint(4, (sequences, references, length), generator=torch.Generator().manual_seed(0))
    return nn.functional.one_hot(bases, 4).transpose(2, 3).float()


@pytest.mark.parametrize("method", ["deeplift-rescale", "deeplift", "deeplift-revealcancel", "gradient"])
@pytest.mark.parametrize("pool", [nn.AdaptiveAvgPool1d(1), nn.MaxPool1d(10)], ids=["mean", "max"])
def test_answers_are_those_of_float64(method: str, pool: nn.Module, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hypothetical contributions too, where sequence and reference are equal in part, or wholly."""
    model, points, used = model_with(pool), rows(30, 5, 150), []
    points[:, 1:3, :, 40:] = points[:, :1, :, 40:]
    points[:, 3] = points[:, 0]
    many = spectral.spectral

    def counted(weight: Tensor, padding: int) -> onednn.Convolver:
        used.append(padding)
        return many(weight, padding)

    monkeypatch.setattr(spectral, "spectral", counted)
    single, double = (
        seqattr.attribute(model, points[:, 0], points[:, 1:], method=method, dtype=dtype)
        for dtype in (torch.float32, torch.float64)
    )
    assert 10 in used  # back; there, all taps but one are padding
    for found, true in zip(
        (single.contributions, single.hypothetical), (double.contributions, double.hypothetical), strict=True
    ):
        assert (found - true).abs().max() < 1e-5 * true.abs().max()


def test_mutagenesis_compares_answers_of_one_form(monkeypatch: pytest.MonkeyPatch) -> None:
    """An edit without an effect has none, however many are worked out together."""
    monkeypatch.setattr(spectral, "spectral", lambda *given: pytest.fail("went through spectra"))
    model = model_with(nn.AdaptiveAvgPool1d(1))
    seqattr.attribute(model, rows(40, 1, 150)[:, 0], method="ism")
