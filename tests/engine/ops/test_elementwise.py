"""Every secant against exact arithmetic, at points far apart, close together and equal."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from mpmath import mp, mpf
from torch import Tensor

from seqattr.engine.ops.elementwise import ELEMENTWISE, Elementwise

mp.dps = 60  # beside exp(-30) too, sixty digits leave twenty for a gap of 1e-12
SELU = (1.6732632423543772848170429916717, 1.0507009873554804934193349852946)


def sigmoid(x: mpf) -> mpf:
    return 1 / (1 + mp.exp(-x))


def softplus(x: mpf) -> mpf:
    return mp.log1p(mp.exp(x))


def elu(x: mpf, alpha: float = 1, scale: float = 1, input_scale: float = 1) -> mpf:
    return mpf(scale) * (x if x > 0 else mpf(alpha) * mp.expm1(mpf(input_scale) * x))


def clip(x: mpf, low: float, high: float) -> mpf:
    return max(mpf(low), min(mpf(high), x))


def leaky(x: mpf) -> mpf:
    return x if x > 0 else x / 8


def tanh_gelu(x: mpf) -> mpf:
    return x / 2 * (1 + mp.tanh(mp.sqrt(2 / mp.pi) * (x + mpf(0.044715) * x**3)))


# For each op the function as its definition has it, with the arguments that say so: one or more cases.
CASES: dict[str, list[tuple[Callable[[mpf], mpf], tuple | dict]]] = {
    "relu": [(lambda x: max(x, 0), ())],
    "relu6": [(lambda x: clip(x, 0, 6), ())],
    "leaky_relu": [(leaky, (0.125,))],
    "prelu": [(leaky, (torch.tensor([0.125]),))],
    "threshold": [(lambda x: x if x > 0.75 else mpf(0.25), (0.75, 0.25))],
    "hardtanh": [(lambda x: clip(x, -1, 1), ()), (lambda x: clip(x, -0.25, 2.5), (-0.25, 2.5))],
    "hardsigmoid": [(lambda x: clip(x + 3, 0, 6) / 6, ())],
    "hardswish": [(lambda x: x * clip(x + 3, 0, 6) / 6, ())],
    "abs": [(abs, ())],
    "clamp": [(lambda x: clip(x, -0.5, 1.75), (-0.5, 1.75)), (lambda x: min(x, mpf(1.75)), (None, 1.75))],
    "clamp_min": [(lambda x: max(x, mpf(-0.5)), (-0.5,))],
    "clamp_max": [(lambda x: min(x, mpf(0.5)), (0.5,))],
    "sign": [(mp.sign, ())],
    "elu": [(elu, ()), (lambda x: elu(x, 0.75, 1.25, 2.125), (0.75, 1.25, 2.125))],
    "celu": [(lambda x: elu(x, 1.5, 1, 1 / mpf(1.5)), (1.5,))],
    "selu": [(lambda x: elu(x, *SELU), ())],
    "gelu": [(lambda x: x * mp.ncdf(x), ()), (tanh_gelu, {"approximate": "tanh"})],
    "silu": [(lambda x: x * sigmoid(x), ())],
    "mish": [(lambda x: x * mp.tanh(softplus(x)), ())],
    "softplus": [(softplus, (1.0, 1e9)), (lambda x: softplus(1.75 * x) / 1.75, (1.75, 1e9))],
    "log_sigmoid": [(lambda x: -softplus(-x), ())],
    "sigmoid": [(sigmoid, ())],
    "tanh": [(mp.tanh, ())],
    "exp": [(mp.exp, ())],
    "exp2": [(lambda x: mpf(2) ** x, ())],
    "expm1": [(mp.expm1, ())],
    "log": [(mp.log, ())],
    "log2": [(lambda x: mp.log(x, 2), ())],
    "log10": [(mp.log10, ())],
    "log1p": [(mp.log1p, ())],
    "sqrt": [(mp.sqrt, ())],
    "rsqrt": [(lambda x: 1 / mp.sqrt(x), ())],
    "reciprocal": [(lambda x: 1 / x, ())],
    "square": [(lambda x: x**2, ())],
    "pow": [
        (lambda x, p=p: x ** mpf(p), (p,)) for p in (0, 1, 2, 3, 7, -1, -2, -3, 0.5, -0.5, 0.3, 1.5, -1.7)
    ],
    "erf": [(mp.erf, ())],
    "special_ndtr": [(mp.ncdf, ())],
    "sin": [(mp.sin, ())],
    "cos": [(mp.cos, ())],
    "atan": [(mp.atan, ())],
    "sinh": [(mp.sinh, ())],
    "cosh": [(mp.cosh, ())],
    "asinh": [(mp.asinh, ())],
    "tan": [(mp.tan, ())],
    "asin": [(mp.asin, ())],
    "acos": [(mp.acos, ())],
    "acosh": [(mp.acosh, ())],
    "atanh": [(mp.atanh, ())],
    "erfc": [(mp.erfc, ())],
    "erfinv": [(mp.erfinv, ())],
    "sinc": [(lambda x: mp.sincpi(x), ())],
    "lgamma": [(mp.loggamma, ())],
    "nan_to_num": [(lambda x: x, ())],
    "floor": [(mp.floor, ())],
    "ceil": [(mp.ceil, ())],
    "round": [(mp.nint, ())],
    "trunc": [(lambda x: mp.sign(x) * mp.floor(abs(x)), ())],
    "frac": [(lambda x: x - mp.sign(x) * mp.floor(abs(x)), ())],
    "remainder": [(lambda x: x - mpf(1.5) * mp.floor(x / mpf(1.5)), (1.5,))],
    "fmod": [(lambda x: x - mpf(1.5) * mp.sign(x) * mp.floor(abs(x) / mpf(1.5)), (1.5,))],
}
TABLE = [(op, function, args) for op in ELEMENTWISE for function, args in CASES.get(op.split(".")[1], [])]
NAMES = [f"{op.split('.')[1]}{args or ''}" for op, _, args in TABLE]
# Of x > 0, and of no scale of their own: as good at 1e-12 as at 1e12.
SCALE_FREE = {"log", "log2", "log10", "sqrt", "rsqrt", "reciprocal", "pow"}
# Their slope is about 1 and passes 0: what counts is the error beside the steepest, not beside nothing.
TURNING = {"hardswish", "gelu", "silu", "mish", "erf", "special_ndtr", "sin", "cos", "cosh"} | {
    *("erfc", "sinc", "lgamma", "tan", "frac", "remainder", "fmod"),
}
# Those that are not defined everywhere, with points near the ends.
INSIDE_ONE = [-0.99, -0.75, -0.5, -0.25, -1e-3, -1e-6, 1e-6, 1e-3, 0.125, 0.25, 0.625, 0.875]
DOMAINS = {
    **dict.fromkeys(("asin", "acos", "atanh", "erfinv"), INSIDE_ONE),
    "acosh": [1.001, 1.01, 1.125, 1.5, 2, 3, 5, 10, 30, 100, 1e6],
    "sinc": [-30, -2.3, -1, -0.6, -0.4, -0.1, 0, 0.2, 0.45, 0.5, 0.55, 1, 1.5, 2.2, 10],
    "lgamma": [1e-6, 1e-3, 0.125, 0.5, 1, 1.25, 1.46, 2, 2.5, 3, 7.5, 30, 100],
}
GAPS = (1e-1, 1e-2, 1e-4, 1e-6, 1e-8, 1e-10, 1e-12)
# A few units in the last place; a broken power of 1e12 loses the digits of its logarithm.
TOLERANCE = {torch.float64: 2e-14, torch.float32: 5e-6}


def name_of(op: str) -> str:
    return op.split(".")[1]


def starts(op: str) -> np.ndarray:
    """Points all over the function's domain."""
    if name_of(op) in DOMAINS:
        return np.array(DOMAINS[name_of(op)])
    spread = np.random.default_rng(0).normal(0, 2, 12)
    if name_of(op) in SCALE_FREE:
        return np.concatenate([np.exp(spread), [1e-12, 1e-6, 30, 1e6, 1e12]])
    if name_of(op) == "log1p":
        return np.concatenate([np.exp(spread) - 1, [1e-12, 1e-6, 30, 1e6, 1e12]])
    return np.concatenate([spread, [1e-6, -1e-6, 1e-3, 30, -30]])


def pairs(op: str, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Different points at each gap, relative for functions without a scale, and far apart."""
    a = starts(op)
    near = [a * (1 + gap) if name_of(op) in SCALE_FREE else a + gap for gap in GAPS]
    far = [np.roll(a, shift) for shift in (1, 5, 8)]
    left, right = (torch.tensor(v, dtype=dtype) for v in (np.tile(a, 10), np.concatenate([*near, *far])))
    return left[left != right], right[left != right]


def call(function: Callable[..., Tensor], *points: Tensor, given: tuple | dict) -> Tensor:
    """The function or secant at these points, with the case's arguments."""
    if isinstance(given, dict):
        return function(*points, **given)
    return function(*points, *(a.to(points[0]) if isinstance(a, Tensor) else a for a in given))


def test_no_function_is_without_its_definition() -> None:
    missing = ", ".join({name_of(op) for op in ELEMENTWISE} - CASES.keys())
    assert not missing, f"add to CASES in this file, as its definition has it: {missing}"


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize(("op", "function", "args"), TABLE, ids=NAMES)
def test_secant_is_exact(
    op: str, function: Callable[[mpf], mpf], args: tuple | dict, dtype: torch.dtype
) -> None:
    a, b = pairs(op, dtype)
    got = call(ELEMENTWISE[op].secant, a, b, given=args)
    floor = 1.0 if name_of(op) in TURNING else 0.0
    for x, y, slope in zip(a.tolist(), b.tolist(), got.tolist(), strict=True):
        true = (function(mpf(x)) - function(mpf(y))) / (mpf(x) - mpf(y))
        if true == 0 or 1e-35 < abs(true) < 1e35:  # what float32 can hold
            assert abs(slope - true) <= TOLERANCE[dtype] * max(abs(true), floor), (x, y)


@pytest.mark.parametrize(("op", "args"), [(op, args) for op, _, args in TABLE], ids=NAMES)
def test_order_does_not_matter(op: str, args: tuple | dict) -> None:
    a, b = pairs(op, torch.float64)
    forth, back = (call(ELEMENTWISE[op].secant, *ab, given=args) for ab in ((a, b), (b, a)))
    torch.testing.assert_close(forth, back, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize(("op", "args"), [(op, args) for op, _, args in TABLE], ids=NAMES)
def test_equal_points_give_the_derivative(op: str, args: tuple | dict) -> None:
    """At the kinks too, where torch's choice of a side is ours."""
    kinks = [0.5, 1, 6] if name_of(op) in SCALE_FREE else [0, 0.25, -0.5, 0.75, 1, -1, 1.75, 6, 2.5]
    kinks = [] if name_of(op) in DOMAINS else kinks
    a, entry = torch.tensor([*starts(op), *kinks], dtype=torch.float64), ELEMENTWISE[op]
    got, wanted = call(entry.secant, a, a.clone(), given=args), call(entry.derivative, a, given=args)
    rtol = 1e-7 if name_of(op) == "hardsigmoid" else 1e-12  # torch keeps the sixth of its slope in float32
    torch.testing.assert_close(got, wanted, rtol=rtol, atol=1e-15)


def test_softplus_follows_torch_beyond_its_threshold() -> None:
    a, b = torch.tensor([25.0, 30.0, 19.0, -1.0]).double(), torch.tensor([21.0, 30.0, 24.0, 22.0]).double()
    rise = torch.nn.functional.softplus(a) - torch.nn.functional.softplus(b)
    torch.testing.assert_close(ELEMENTWISE["aten.softplus.default"].secant(a, b) * (a - b), rise)


@pytest.mark.parametrize("p", [0.3, 0.5, 1.5])
def test_powers_of_nothing_have_no_slope(p: float) -> None:
    """A ReLU leaves zeros on both sides; an infinite derivative there would spoil what lies before."""
    zero = torch.zeros(1, dtype=torch.float64)
    entry: Elementwise = ELEMENTWISE["aten.pow.Tensor_Scalar"]
    assert entry.secant(zero, zero, p).item() == 0
    assert entry.secant(zero + 4, zero, p).item() == pytest.approx(4 ** (p - 1))
