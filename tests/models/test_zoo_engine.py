"""Whatever a model is made of: contributions sum to the difference, the forward is the module's own."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from seqattr.engine.capture.model import Model
from seqattr.engine.graph.forward import floats_of, random_sequences, step_by_step
from seqattr.engine.graph.shapes import shapes_of
from seqattr.engine.ops.elementwise import ELEMENTWISE
from seqattr.engine.ops.kinds import Kind
from seqattr.methods.attribution import attribute
from seqattr.methods.registry import METHODS
from seqattr.models import claims
from tests.helpers.pieces import Head, Net, conv
from tests.helpers.scales import AFFORDABLE
from tests.helpers.sequences import LENGTH, frequency, one_hot, shuffled
from tests.helpers.zoo import ZOO, captured

COMPLETE = [name for name in AFFORDABLE if METHODS[name].complete]
# Rounding alone: float64 carries 1e-16 of each activation, float32 1e-7, times the number of steps and,
# by the definition of the error, up to a hundred where the difference is small beside the output.
TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-4}
STEEP = {("softmax of large logits", torch.float32): 2}  # a logit's rounding comes out 300 times larger


def references(sequences: Tensor) -> Tensor:
    """Two shuffles and the bases' frequencies for each sequence, (N, 3, 4, L)."""
    shared = frequency(sequences.shape[2]).expand(len(sequences), 1, -1, -1)
    return torch.cat([shuffled(sequences), shared], 1)


def outputs(module: nn.Module, sequences: Tensor) -> Tensor:
    """The module's own outputs, (N, T)."""
    answer = module(sequences)
    answer = answer if isinstance(answer, tuple) else (answer,)
    return torch.cat([value.reshape(len(sequences), -1) for value in answer], 1)


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("method", COMPLETE)
@pytest.mark.parametrize("name", ZOO)
def test_contributions_sum_to_the_difference(name: str, method: str, dtype: torch.dtype) -> None:
    x = one_hot()
    result = attribute(captured(name)[1], x, references(x), method=method, dtype=dtype)
    assert result.additivity_error.max() <= TOLERANCE[dtype] * STEEP.get((name, dtype), 1)
    # float32 need not see a difference of 1e-10 in an output of 1
    assert result.difference.abs().max() > 0 or dtype == torch.float32


@pytest.mark.parametrize("name", ZOO)
def test_forward_is_the_modules_own(name: str) -> None:
    module, model = captured(name)
    x = one_hot(5, seed=7)
    torch.testing.assert_close(model.predict(x), outputs(module, x).detach(), rtol=1e-11, atol=0)


@pytest.mark.parametrize("name", ZOO)
def test_gradient_is_autograds(name: str) -> None:
    module, model = captured(name)
    x = one_hot().requires_grad_()
    values = outputs(module, x)
    wanted = [torch.autograd.grad(column.sum(), x, retain_graph=True)[0] for column in values.unbind(1)]
    got = attribute(model, x.detach(), method="gradient").multipliers
    torch.testing.assert_close(got, torch.stack(wanted), rtol=0, atol=1e-10 * float(got.abs().max()))


@pytest.mark.parametrize("method", COMPLETE)
@pytest.mark.parametrize("name", ZOO)
def test_without_a_difference_multipliers_are_the_gradient(name: str, method: str) -> None:
    """A secant at two equal points is the derivative, in every rule."""
    _, model = captured(name)
    x = one_hot()
    wanted = attribute(model, x, method="gradient").multipliers
    got = attribute(model, x, x[:, None], method=method).multipliers
    torch.testing.assert_close(got, wanted, rtol=0, atol=1e-10 * float(wanted.abs().max()))


def test_every_kind_is_in_the_zoo() -> None:
    """But what is held fixed, whose part of the difference is left out: tests/engine/rules/test_held.py."""
    kinds = {kind for name in ZOO for kind in captured(name)[1].kinds().values()}
    assert kinds == set(Kind) - {Kind.HELD}


# --- every function of one input, in two models -------------------------------------------------

REAL = {
    "relu": F.relu,
    "relu6": F.relu6,
    "leaky_relu": F.leaky_relu,
    "prelu": lambda x: F.prelu(x, torch.linspace(-0.2, 0.4, 6, dtype=x.dtype)),
    "rrelu": lambda x: F.rrelu(x, training=False),
    "threshold": lambda x: F.threshold(x, 0.1, 0.05),
    "hardtanh": lambda x: F.hardtanh(x, -0.2, 0.3),
    "hardsigmoid": lambda x: F.hardsigmoid(5 * x),
    "hardswish": lambda x: F.hardswish(5 * x),
    "hardshrink": lambda x: F.hardshrink(x, 0.2),
    "softshrink": lambda x: F.softshrink(x, 0.2),
    "abs": torch.abs,
    "clamp": lambda x: x.clamp(-0.2, 0.3),
    "clamp_min": lambda x: x.clamp_min(-0.1),
    "clamp_max": lambda x: x.clamp_max(0.2),
    "sign": lambda x: x.sign() * x,
    "elu": lambda x: F.elu(x, 0.7),
    "selu": F.selu,
    "celu": lambda x: F.celu(x, 0.6),
    "gelu": F.gelu,
    "gelu tanh": lambda x: F.gelu(x, approximate="tanh"),
    "silu": F.silu,
    "mish": F.mish,
    "softplus": F.softplus,
    "softplus beta threshold": lambda x: F.softplus(x, 5, 1),
    "log_sigmoid": F.logsigmoid,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "tanhshrink": F.tanhshrink,
    "softsign": F.softsign,
    "softmin": lambda x: F.softmin(x, 1),
    "exp": torch.exp,
    "exp2": torch.exp2,
    "expm1": torch.expm1,
    "sin": torch.sin,
    "cos": torch.cos,
    "atan": torch.atan,
    "sinh": torch.sinh,
    "cosh": torch.cosh,
    "asinh": torch.asinh,
    "erf": torch.erf,
    "special_ndtr": torch.special.ndtr,
    "square": torch.square,
    "cube": lambda x: x**3,
    "exponential": lambda x: 1.7**x,
    "tan": lambda x: torch.tan(x.tanh()),
    "asin": lambda x: torch.asin(0.9 * x.tanh()),
    "acos": lambda x: torch.acos(0.9 * x.tanh()),
    "atanh": lambda x: torch.atanh(0.9 * x.tanh()),
    "erfc": torch.erfc,
    "erfinv": lambda x: torch.erfinv(0.9 * x.tanh()),
    "sinc": torch.sinc,
    "nan_to_num": torch.nan_to_num,
    "floor": lambda x: x * torch.floor(3 * x),
    "ceil": lambda x: x * torch.ceil(3 * x),
    "round": lambda x: x * torch.round(3 * x),
    "trunc": lambda x: x * torch.trunc(3 * x),
    "frac": lambda x: torch.frac(3 * x),
    "fmod": lambda x: torch.fmod(3 * x, 0.7),
    "remainder": lambda x: torch.remainder(3 * x, 0.7),
}
POSITIVE = {
    "log": torch.log,
    "log2": torch.log2,
    "log10": torch.log10,
    "log1p": torch.log1p,
    "sqrt": torch.sqrt,
    "rsqrt": torch.rsqrt,
    "reciprocal": torch.reciprocal,
    "power": lambda x: x**1.3,
    "negative power": lambda x: x**-2,
    "xlogx": lambda x: x * x.log(),
    "acosh": lambda x: torch.acosh(x + 1),
    "lgamma": torch.lgamma,
}


def every(m: Net, x: Tensor) -> tuple[Tensor, ...]:
    """One output for each function, all of the same convolution."""
    h = m.conv(x)
    positive = F.softplus(h) + 0.5
    values = [*(f(h) for f in REAL.values()), *(f(positive) for f in POSITIVE.values())]
    return tuple(m.head(value)[:, 0] for value in values)


@pytest.fixture(scope="module")
def every_function() -> tuple[nn.Module, Model]:
    torch.manual_seed(0)
    module = Net(every, conv=conv(), head=Head(6, 1)).double()
    with torch.no_grad():
        module.conv.weight *= 3  # or the functions are all but linear on it, and their means all but equal
        module.head[-1].bias += 1  # or an output that happens to be 0 is what the error is held against
    example = torch.zeros(2, 4, LENGTH, dtype=torch.float64)
    return module, Model(module, example, targets=[*REAL, *POSITIVE])


@pytest.mark.parametrize("name", [*REAL, *POSITIVE])
def test_every_function(every_function: tuple[nn.Module, Model], name: str) -> None:
    module, model = every_function
    x = one_hot()
    for method in COMPLETE:
        for dtype, tolerance in TOLERANCE.items():
            result = attribute(model, x, references(x), method=method, targets=[name], dtype=dtype)
            assert result.additivity_error.max() <= tolerance
    y = x.clone().requires_grad_()
    value = outputs(module, y)[:, [*REAL, *POSITIVE].index(name)]
    (wanted,) = torch.autograd.grad(value.sum(), y)
    got = attribute(model, x, method="gradient", targets=[name]).multipliers[0]
    torch.testing.assert_close(got, wanted, rtol=0, atol=1e-10 * float(wanted.abs().max()))


def test_every_function_is_tried(every_function: tuple[nn.Module, Model]) -> None:
    assert set(ELEMENTWISE) <= {step.op for step in every_function[1].graph.steps}


@pytest.mark.parametrize("name", ZOO)
def test_shapes_are_found_as_the_values_have_them(name: str) -> None:
    model = captured(name)[1]
    like = floats_of(model.graph)
    for rows, length in ((2, model.lengths.shortest), (3, model.example_length)):
        sequences, found = (
            random_sequences(rows, length, like.dtype, like.device),
            shapes_of(model.graph, rows, length),
        )
        for step, (value,) in step_by_step(model.graph, sequences):
            other = found[step.name]
            assert getattr(value, "shape", value) == getattr(other, "shape", other), step
    claims.check_names(model.graph)
    claims.check(model)
