"""DeepLIFT a second time, slowly: loops over neurons, straight from the formulas of the paper.

Shrikumar, Greenside & Kundaje 2017 (arXiv 1704.02685). Each neuron has a value x and a reference value r,
its difference in two parts (D+, D-), and two multipliers (m+, m-). One sequence, one reference, float64.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from torch import nn

Array = np.ndarray
Both = tuple[Array, Array]  # of the positive and of the negative part
Edge = tuple[tuple[int, ...], tuple[int, ...], float]  # to, from, weight


@dataclass
class Linear:
    """Section 3.5.1: what an input gives to a part depends on the sign of weight times difference."""

    edges: list[Edge]
    bias: Array

    def forward(self, x: Array) -> Array:
        y = self.bias.copy()
        for to, source, weight in self.edges:
            y[to] += weight * x[source]
        return y

    def parts(self, x: Array, r: Array, parts: Both) -> Both:
        positive, negative = np.zeros_like(self.bias), np.zeros_like(self.bias)
        for to, source, weight in self.edges:
            share = weight * (x[source] - r[source])
            (positive if share > 0 else negative)[to] += share
        return positive, negative

    def back(self, x: Array, r: Array, parts: Both, m: Both) -> Both:
        result = np.zeros_like(x)
        for to, source, weight in self.edges:
            share = weight * (x[source] - r[source])
            if x[source] == r[source]:
                result[source] += weight * (m[0][to] + m[1][to]) / 2
            else:
                result[source] += weight * m[0 if share > 0 else 1][to]
        return result, result


@dataclass
class Average:
    """Weights that are never negative: each part passes by itself."""

    edges: list[Edge]
    shape: tuple[int, ...]

    def forward(self, x: Array) -> Array:
        y = np.zeros(self.shape)
        for to, source, weight in self.edges:
            y[to] += weight * x[source]
        return y

    def parts(self, x: Array, r: Array, parts: Both) -> Both:
        return self.forward(parts[0]), self.forward(parts[1])

    def back(self, x: Array, r: Array, parts: Both, m: Both) -> Both:
        result = np.zeros_like(x), np.zeros_like(x)
        for (to, source, weight), side in product(self.edges, (0, 1)):
            result[side][source] += weight * m[side][to]
        return result


@dataclass
class Scale:
    """A batch norm: a factor for each channel, and the parts change places where it is negative."""

    factor: Array
    shift: Array

    def forward(self, x: Array) -> Array:
        return np.stack([g * row + s for g, s, row in zip(self.factor, self.shift, x, strict=True)])

    def parts(self, x: Array, r: Array, parts: Both) -> Both:
        return self.back(x, r, parts, parts)

    def back(self, x: Array, r: Array, parts: Both, m: Both) -> Both:
        pairs = [(p, n) if g >= 0 else (n, p) for g, p, n in zip(self.factor, *m, strict=True)]
        return tuple(
            np.stack([g * pair[k] for g, pair in zip(self.factor, pairs, strict=True)]) for k in (0, 1)
        )


@dataclass
class Flatten:
    def forward(self, x: Array) -> Array:
        return x.reshape(-1)

    def parts(self, x: Array, r: Array, parts: Both) -> Both:
        return parts[0].reshape(-1), parts[1].reshape(-1)

    def back(self, x: Array, r: Array, parts: Both, m: Both) -> Both:
        return m[0].reshape(x.shape), m[1].reshape(x.shape)


@dataclass
class Nonlinear:
    """A function of each neuron and its derivative; both are given the neuron's channel."""

    f: Callable[[float, int], float]
    df: Callable[[float, int], float]
    rule: str = "rescale"

    def forward(self, x: Array) -> Array:
        return np.array([self.f(x[i], i[0]) for i in np.ndindex(x.shape)]).reshape(x.shape)

    def slopes(self, x: Array, r: Array, parts: Both) -> Both:
        rule = self.revealcancel if self.rule == "revealcancel" else self.rescale
        both = [rule(x[i], r[i], parts[0][i], parts[1][i], i[0]) for i in np.ndindex(x.shape)]
        return tuple(np.array([pair[k] for pair in both]).reshape(x.shape) for k in (0, 1))

    def rescale(self, x: float, r: float, P: float, N: float, c: int) -> tuple[float, float]:
        """Section 3.5.2."""
        slope = self.df(r, c) if x == r else (self.f(x, c) - self.f(r, c)) / (x - r)
        return slope, slope

    def revealcancel(self, x: float, r: float, P: float, N: float, c: int) -> tuple[float, float]:
        """Section 3.5.3: each part's effect, averaged over which of the two comes first."""
        f, df = (lambda v: self.f(v, c)), (lambda v: self.df(v, c))
        up = ((f(r + P) - f(r)) + (f(r + N + P) - f(r + N))) / 2
        down = ((f(r + N) - f(r)) + (f(r + P + N) - f(r + P))) / 2
        return (
            up / P if P else (df(r) + df(r + N)) / 2,
            down / N if N else (df(r) + df(r + P)) / 2,
        )

    def parts(self, x: Array, r: Array, parts: Both) -> Both:
        slopes = self.slopes(x, r, parts)
        return slopes[0] * parts[0], slopes[1] * parts[1]

    def back(self, x: Array, r: Array, parts: Both, m: Both) -> Both:
        slopes = self.slopes(x, r, parts)
        return slopes[0] * m[0], slopes[1] * m[1]


Layer = Linear | Average | Scale | Flatten | Nonlinear


def multipliers(layers: Sequence[Layer], x: Array, r: Array, target: int) -> Array:
    """The multipliers at the input of a sequence (4, L) with a reference (4, L), for one output."""
    trail = []
    parts: Both = np.maximum(x - r, 0), np.minimum(x - r, 0)
    for layer in layers:
        trail.append((x, r, parts))
        x, r, parts = layer.forward(x), layer.forward(r), layer.parts(x, r, parts)
    m: Both = (np.eye(len(x))[target],) * 2
    for layer, point in zip(reversed(layers), reversed(trail), strict=True):
        m = layer.back(*point, m)
    assert np.array_equal(*m)  # the first layer is linear
    return m[0]


def explain(layers: Sequence[Layer], x: Array, r: Array, target: int) -> tuple[Array, Array, Array]:
    """Multipliers (4, L), contributions (L) and hypothetical contributions (4, L)."""
    m = multipliers(layers, x, r, target)
    hypothetical = np.zeros_like(x)
    for base, place in np.ndindex(x.shape):
        one_hot = np.eye(4)[base]
        hypothetical[base, place] = (m[:, place] * (one_hot - r[:, place])).sum()
    return m, (m * (x - r)).sum(0), hypothetical


# --- the same network, from its modules -----------------------------------------------------------


def layers_of(net: nn.Sequential, shape: tuple[int, ...], method: str) -> list[Layer]:
    """The layers of a sequential network of float64 on inputs of this shape."""
    layers: list[Layer] = []
    for i, module in enumerate(net):
        layer = LAYERS[type(module)](module, shape)
        if isinstance(layer, Nonlinear):
            layer.rule = rule_of(list(net)[:i], method)
        layers.append(layer)
        shape = layer.forward(np.zeros(shape)).shape
    return layers


def rule_of(before: list[nn.Module], method: str) -> str:
    """The genomics default: RevealCancel where a dense layer comes first, looking back past norms."""
    if method != "deeplift":
        return method.removeprefix("deeplift-")
    passed = nn.BatchNorm1d | nn.Flatten | nn.AvgPool1d
    weighted = next((m for m in reversed(before) if not isinstance(m, passed)), None)
    return "revealcancel" if isinstance(weighted, nn.Linear) else "rescale"


def convolution(module: nn.Conv1d, shape: tuple[int, ...]) -> Linear:
    weight, (stride,), (step,) = module.weight.detach().numpy(), module.stride, module.dilation
    length = (shape[1] - step * (weight.shape[2] - 1) - 1) // stride + 1
    bias = np.repeat(module.bias.detach().numpy()[:, None], length, 1)
    places = product(range(length), np.ndindex(weight.shape))
    return Linear([((o, p), (c, p * stride + j * step), weight[o, c, j]) for p, (o, c, j) in places], bias)


def dense(module: nn.Linear, shape: tuple[int, ...]) -> Linear:
    weight = module.weight.detach().numpy()
    edges = [((o,), (i,), weight[o, i]) for o, i in np.ndindex(weight.shape)]
    return Linear(edges, module.bias.detach().numpy().copy())


def average(module: nn.AvgPool1d, shape: tuple[int, ...]) -> Average:
    (k,), (stride,) = module.kernel_size, module.stride
    length = (shape[1] - k) // stride + 1
    places = product(range(shape[0]), range(length), range(k))
    return Average([((c, p), (c, p * stride + j), 1 / k) for c, p, j in places], (shape[0], length))


def batch_norm(module: nn.BatchNorm1d, shape: tuple[int, ...]) -> Scale:
    gamma, beta, mean, var = (
        t.detach().numpy() for t in (module.weight, module.bias, module.running_mean, module.running_var)
    )
    factor = gamma / np.sqrt(var + module.eps)
    return Scale(factor, beta - mean * factor)


def prelu(module: nn.PReLU, shape: tuple[int, ...]) -> Nonlinear:
    slope = module.weight.detach().numpy()
    return Nonlinear(lambda v, c: v if v > 0 else slope[c] * v, lambda v, c: 1.0 if v > 0 else slope[c])


def logistic(v: float) -> float:
    return 1 / (1 + np.exp(-v))


LAYERS: dict[type, Callable[..., Layer]] = {
    nn.Conv1d: convolution,
    nn.Linear: dense,
    nn.AvgPool1d: average,
    nn.BatchNorm1d: batch_norm,
    nn.PReLU: prelu,
    nn.Flatten: lambda module, shape: Flatten(),
    nn.ReLU: lambda module, shape: Nonlinear(lambda v, c: max(v, 0.0), lambda v, c: float(v > 0)),
    nn.Tanh: lambda module, shape: Nonlinear(lambda v, c: np.tanh(v), lambda v, c: 1 - np.tanh(v) ** 2),
    nn.Sigmoid: lambda module, shape: Nonlinear(
        lambda v, c: logistic(v), lambda v, c: logistic(v) * logistic(-v)
    ),
}


# --- steps without natural parts, from their definitions --------------------------------------------


def in_both_orders(
    f: Callable[[float, float], float], a: float, a0: float, b: float, b0: float
) -> tuple[float, float]:
    """The two arguments' effects on f(a, b) - f(a0, b0), averaged over which moves first, as slopes."""
    of_a = ((f(a, b0) - f(a0, b0)) + (f(a, b) - f(a0, b))) / 2
    of_b = ((f(a0, b) - f(a0, b0)) + (f(a, b) - f(a, b0))) / 2
    return of_a / (a - a0), of_b / (b - b0)


def quotient(a: float, a0: float, b: float, b0: float) -> tuple[float, float]:
    """The slopes of u = a / b, from those of the product a = u b solved for u.

    Where b and b0 have two signs the product's slope of u may be 0: there the two orders in which u and b may
    move, da = b0 du + u db and da = b du + u0 db, get the least weights with alpha b0 + beta b = 1.
    """
    u, u0 = a / b, a0 / b0
    if b * b0 > 0:
        of_u, of_b = in_both_orders(lambda v, w: v * w, u, u0, b, b0)
        return 1 / of_u, -of_b / of_u
    alpha, beta = np.linalg.lstsq(np.array([[b0, b]]), np.ones(1), rcond=None)[0]
    return alpha + beta, -(alpha * u + beta * u0)


def windows(length: int, k: int, stride: int) -> Iterator[range]:
    for start in range(0, length - k + 1, stride):
        yield range(start, start + k)


def max_pool(x: Array, r: Array, m: Array, k: int, stride: int) -> Array:
    """A row of length L, multipliers m at its windows: first the reference's largest is raised to the
    sequence's level, at the sequence's place, or lowered to it, at the reference's."""
    result = np.zeros_like(x)
    for window, multiplier in zip(windows(len(x), k, stride), m, strict=True):
        top, below = max(window, key=lambda i: x[i]), max(window, key=lambda i: r[i])
        if x[top] > r[below]:
            result[top] += multiplier * (x[top] - r[below]) / (x[top] - r[top])
        if x[top] < r[below]:
            result[below] += multiplier * (x[top] - r[below]) / (x[below] - r[below])
    return result


def layer_norm(x: Array, r: Array, m: Array, eps: float) -> Array:
    """A vector, multipliers m at its normed values: centre, mean of squares, root, quotient."""
    return standardised(x - x.mean(), r - r.mean(), m, eps, centred=True)


def rms_norm(x: Array, r: Array, m: Array, eps: float) -> Array:
    """The same of a vector that is not centred."""
    return standardised(x, r, m, eps, centred=False)


def standardised(c: Array, c0: Array, m: Array, eps: float, centred: bool) -> Array:
    n = len(c)
    v, v0 = (c**2).sum() / n + eps, (c0**2).sum() / n + eps
    at_centred, at_root = np.zeros(n), 0.0
    for i in range(n):
        of_c, of_root = quotient(c[i], c0[i], np.sqrt(v), np.sqrt(v0))
        at_centred[i] += m[i] * of_c
        at_root += m[i] * of_root
    at_variance = at_root * (np.sqrt(v) - np.sqrt(v0)) / (v - v0)
    for i in range(n):
        at_centred[i] += at_variance / n * (c[i] ** 2 - c0[i] ** 2) / (c[i] - c0[i])
    return at_centred - at_centred.mean() if centred else at_centred
