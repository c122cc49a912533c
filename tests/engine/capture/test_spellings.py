"""One function in several spellings gives one result."""

import functools
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from seqattr.engine.capture.model import Model
from seqattr.methods.attribution import Attribution, attribute
from tests.helpers.kinds_of_method import ONE_OF_EACH, ready
from tests.helpers.pieces import Head, MyReLU, Net, conv
from tests.helpers.sequences import LENGTH, one_hot, shuffled

Function = Callable[[Tensor], Tensor]


def twice(function: Function) -> tuple[Function, Function]:
    return function, function


# Each makes the two functions of a model of two layers; the first is what the others are held against.
SPELLINGS: dict[str, list[Callable[[], tuple[Function, Function]]]] = {
    "relu": [
        lambda: (nn.ReLU(), nn.ReLU()),
        lambda: twice(nn.ReLU()),
        lambda: (nn.ReLU(inplace=True), nn.ReLU(inplace=True)),
        lambda: (MyReLU(), MyReLU()),
        lambda: twice(F.relu),
        lambda: twice(F.relu_),
        lambda: twice(lambda x: F.relu(x, inplace=True)),
        lambda: twice(torch.relu),
        lambda: (lambda x: x.relu(), lambda x: x.relu_()),
        lambda: (nn.ReLU(), F.relu_),
        lambda: twice(lambda x: x.clamp(min=0)),
        lambda: twice(lambda x: x.clamp_(min=0)),
        lambda: twice(lambda x: torch.clamp_min(x, 0)),
        lambda: (nn.Threshold(0, 0), nn.Threshold(0, 0)),
        lambda: twice(nn.LeakyReLU(0.0)),
        lambda: twice(nn.PReLU(6, 0.0)),
    ],
    "gelu": [lambda: twice(nn.GELU()), lambda: twice(F.gelu)],
    "tanh gelu": [
        lambda: twice(nn.GELU(approximate="tanh")),
        lambda: twice(lambda x: F.gelu(x, approximate="tanh")),
    ],
    "silu": [lambda: twice(nn.SiLU()), lambda: twice(F.silu), lambda: twice(nn.SiLU(inplace=True))],
    "mish": [lambda: twice(nn.Mish()), lambda: twice(nn.Mish(inplace=True))],
    "sigmoid": [lambda: twice(nn.Sigmoid()), lambda: twice(torch.sigmoid_)],
    "tanh": [lambda: twice(nn.Tanh()), lambda: twice(lambda x: x.tanh_())],
    "elu": [lambda: twice(nn.ELU()), lambda: twice(F.elu_)],
}
PAIRS = [(name, i) for name, spellings in SPELLINGS.items() for i in range(1, len(spellings))]


def capture(functions: tuple[Function, Function]) -> Model:
    """Always the same weights, with these two functions."""
    torch.manual_seed(3)
    layers = {"a": conv(), "b": conv(6, 3, 6), "head": Head(6)}
    first, second = functions
    module = Net(lambda m, x: m.head(second(m.b(first(m.a(x))))), **layers, first=first, second=second)
    return Model(module.double(), torch.zeros(2, 4, LENGTH, dtype=torch.float64))


@functools.cache
def spelled(name: str, i: int) -> Model:
    return capture(SPELLINGS[name][i]())


def result(model: Model, method: str) -> Attribution:
    x = one_hot()
    return attribute(model, x, shuffled(x), method=ready(model, method))


@functools.cache
def first_spelling(name: str, method: str) -> Attribution:
    return result(spelled(name, 0), method)


@pytest.mark.parametrize("method", [name for name in ONE_OF_EACH if "integrated" not in name])
@pytest.mark.parametrize(("name", "i"), PAIRS)
def test_spellings_agree_to_the_last_bit(name: str, i: int, method: str) -> None:
    wanted, got = first_spelling(name, method), result(spelled(name, i), method)
    fields = [name for name in wanted._fields if isinstance(getattr(wanted, name), torch.Tensor)]
    for field in fields:
        a, b = getattr(wanted, field), getattr(got, field)
        assert torch.equal(a, b), field


def test_a_gate_by_itself_is_silu() -> None:
    """x * sigmoid(x) in two steps and in one: the same formula under the Rescale rule."""
    one = result(spelled("silu", 0), "deeplift-rescale")
    two = result(capture(twice(lambda x: x * torch.sigmoid(x))), "deeplift-rescale")
    torch.testing.assert_close(one.hypothetical, two.hypothetical, rtol=0, atol=1e-14)
