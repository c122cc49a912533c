"""Gradients, their relatives and LRP a second time, slowly: loops over neurons, from the papers' formulas.

One sequence, float64, networks of convolutions, dense layers, averages and ReLUs, whose connections are those
of `slow_deeplift`. Relevance is that of neurons here, not relevance over activation as in the engine.
"""

from collections.abc import Callable, Sequence
from math import sqrt

import numpy as np

from tests.helpers.slow_deeplift import Array, Average, Edge, Flatten, Layer, Linear, Nonlinear

AtUnit = Callable[[float, float], float]  # what comes back to a unit of value x, of what came to it


def values(layers: Sequence[Layer], x: Array) -> list[Array]:
    """What goes into each layer, and what comes out of the last."""
    found = [x]
    for layer in layers:
        found.append(layer.forward(found[-1]))
    return found


def gradient(x: float, g: float) -> float:
    return g if x > 0 else 0.0


def guided(x: float, g: float) -> float:
    """Springenberg et al. 2015: on going forward, and positive coming back."""
    return g if x > 0 and g > 0 else 0.0


def deconvnet(x: float, g: float) -> float:
    """Zeiler & Fergus 2014: positive coming back."""
    return max(g, 0.0)


def back(layers: Sequence[Layer], x: Array, target: int, unit: AtUnit = gradient, down_to: int = 0) -> Array:
    """The signal of one output at the input of layer number `down_to`."""
    inputs = values(layers, x)
    g = np.eye(len(inputs[-1]))[target]
    for layer, value in reversed(list(zip(layers, inputs, strict=False))[down_to:]):
        g = back_through(layer, value, g, unit)
    return g


def back_through(layer: Layer, x: Array, g: Array, unit: AtUnit) -> Array:
    if isinstance(layer, Flatten):
        return g.reshape(x.shape)
    if isinstance(layer, Nonlinear):
        return np.array([unit(x[i], g[i]) for i in np.ndindex(x.shape)]).reshape(x.shape)
    assert isinstance(layer, Linear | Average)
    result = np.zeros_like(x)
    for to, source, weight in layer.edges:
        result[source] += weight * g[to]
    return result


def class_map(layers: Sequence[Layer], x: Array, target: int, layer: int, length: int) -> Array:
    """Grad-CAM (Selvaraju et al. 2017, equations 1 and 2) of what goes into a layer, at `length` places."""
    on, g = values(layers, x)[layer], back(layers, x, target, down_to=layer)
    found = np.zeros(on.shape[1])
    for channel in range(len(on)):
        found += g[channel].mean() * on[channel]
    found = np.maximum(found, 0)
    places = (np.arange(length) + 0.5) * len(found) / length - 0.5
    return np.interp(places, np.arange(len(found)), found)


# --- relevance -----------------------------------------------------------------------------------

# A rule says what edge i -> j weighs, of the input x_i, the weight and the unit's z_j with its bias; what is
# sent along an edge is R_j times its weight over `total` of all weights at j, of their sum, z_j and b_j.


class Rule:
    """LRP-0: z_ij / z_j."""

    def edge(self, x: float, w: float, z: float) -> float:
        return x * w

    def total(self, edges: float, z: float, b: float, scale: float) -> float:
        return z


class Epsilon(Rule):
    def __init__(self, share: float) -> None:
        self.share = share

    def total(self, edges: float, z: float, b: float, scale: float) -> float:
        return z + self.share * scale * (1 if z >= 0 else -1)


class Gamma(Rule):
    """What agrees in sign with z_j counts more."""

    def __init__(self, gamma: float) -> None:
        self.gamma = gamma

    def edge(self, x: float, w: float, z: float) -> float:
        return x * w * (1 + self.gamma * ((x * w > 0) == (z > 0)))

    def total(self, edges: float, z: float, b: float, scale: float) -> float:
        return edges + b * (1 + self.gamma * ((b > 0) == (z > 0)))


class Positive(Rule):
    """z+, with or without the positive bias."""

    def __init__(self, biased: bool, sign: int = 1) -> None:
        self.biased, self.sign = biased, sign

    def edge(self, x: float, w: float, z: float) -> float:
        return max(self.sign * x * w, 0.0)

    def total(self, edges: float, z: float, b: float, scale: float) -> float:
        return edges + max(self.sign * b, 0.0) * self.biased


class Box(Rule):
    """zB between 0 and 1."""

    def edge(self, x: float, w: float, z: float) -> float:
        return x * w - 0 * max(w, 0) - 1 * min(w, 0)

    def total(self, edges: float, z: float, b: float, scale: float) -> float:
        return edges


class Flat(Box):
    def edge(self, x: float, w: float, z: float) -> float:
        return 1.0


class Square(Box):
    def edge(self, x: float, w: float, z: float) -> float:
        return w * w


Mixture = Sequence[tuple[float, Rule]]  # alpha times one rule, minus beta times another


def share_out(edges: Sequence[Edge], bias: Array, x: Array, relevance: Array, mixture: Mixture) -> Array:
    """R_i of the relevance R_j of a linear layer's units."""
    z = bias.copy()
    for to, source, weight in edges:
        z[to] += weight * x[source]
    scale = sqrt((z**2).mean())
    result = np.zeros_like(x)
    for amount, rule in mixture:
        sums = np.zeros_like(z)
        for to, source, weight in edges:
            sums[to] += rule.edge(x[source], weight, z[to])
        for to, source, weight in edges:
            total = rule.total(sums[to], z[to], bias[to], scale)
            if total != 0:
                result[source] += amount * rule.edge(x[source], weight, z[to]) / total * relevance[to]
    return result


def relevances(layers: Sequence[Layer], x: Array, target: int, rules: Sequence[Mixture]) -> Array:
    """The relevance of every input for one output; `rules` has one for each linear layer."""
    inputs = values(layers, x)
    relevance = np.eye(len(inputs[-1]))[target] * inputs[-1]
    queue = list(rules)
    for layer, value in reversed(list(zip(layers, inputs, strict=False))):
        if isinstance(layer, Linear):
            relevance = share_out(layer.edges, layer.bias, value, relevance, queue.pop())
        elif isinstance(layer, Average):
            relevance = share_out(layer.edges, np.zeros(layer.shape), value, relevance, [(1, Rule())])
        elif isinstance(layer, Flatten):
            relevance = relevance.reshape(value.shape)
    return relevance


Four = tuple[Mixture, Mixture, Mixture, Mixture]  # two convolutions, two dense layers
ZERO, EPSILON, GAMMA = [(1.0, Rule())], [(1.0, Epsilon(0.25))], [(1.0, Gamma(0.25))]
PLUS, TAYLOR = [(1.0, Positive(True))], [(1.0, Positive(False))]
BOX, FLAT, SQUARE = [(1.0, Box())], [(1.0, Flat())], [(1.0, Square())]
ALPHA_BETA = [(2.0, Positive(True)), (-1.0, Positive(True, -1))]
RULES: dict[str, Four] = {
    "lrp-0": (ZERO, ZERO, ZERO, ZERO),
    "lrp-epsilon": (EPSILON, EPSILON, EPSILON, ZERO),
    "lrp-gamma": (GAMMA, GAMMA, GAMMA, GAMMA),
    "lrp-alpha2-beta1": (ALPHA_BETA, ALPHA_BETA, ALPHA_BETA, ZERO),
    "lrp-z-plus": (PLUS, PLUS, PLUS, ZERO),
    "lrp-flat": (FLAT, PLUS, EPSILON, ZERO),
    "lrp-w2": (SQUARE, TAYLOR, TAYLOR, ZERO),
    "lrp-zb": (BOX, EPSILON, EPSILON, ZERO),
    "deep-taylor": (BOX, TAYLOR, TAYLOR, TAYLOR),
    "lrp-composite": (BOX, GAMMA, EPSILON, ZERO),
}
