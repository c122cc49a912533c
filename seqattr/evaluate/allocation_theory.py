"""What theory says of how fourteen methods divide the effects of functions that are known in closed form.

Deng et al. 2023 write an output as a sum of Taylor effects about the reference, c x^k for exponents k, and
each method's contributions as weighted sums of these. The weights here are worked out anew for three
variables that are 0 in the reference and 1 in the sequence, so that the effect of c x^k is c; those of
methods that go layer by layer hang on how the function is written, here as products of one factor after the
other.
"""

from collections.abc import Callable
from math import erfc, sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from seqattr.methods.families import NOISE

VARIABLES = 3
PATCH = 2  # variables that occlusion by patches takes at once
EPSILON = 0.25  # of LRP-epsilon, of the root mean square of a step's values: those of one unit are its size

Weights = npt.NDArray[np.float64]  # (VARIABLES,)


class Effect(NamedTuple):
    """coefficient times the product of factors, each the number of a variable."""

    text: str
    coefficient: float
    factors: tuple[int, ...]

    @property
    def exponents(self) -> Weights:
        return np.bincount(self.factors, minlength=VARIABLES).astype(float)


class Unit(NamedTuple):
    """relu(weights of the variables): all that is known of it is one effect, of size relu(their sum)."""

    text: str
    weights: tuple[float, ...]

    @property
    def coefficient(self) -> float:
        return max(0.0, sum(self.weights))


FUNCTIONS: dict[str, tuple[Effect | Unit, ...]] = {
    "2 x1 + 3 x2 x3": (Effect("2 x1", 2, (0,)), Effect("3 x2 x3", 3, (1, 2))),
    "4 x1 x2 x3": (Effect("4 x1 x2 x3", 4, (0, 1, 2)),),
    "x1 + 2 x2² + 3 x1² x3": (
        Effect("x1", 1, (0,)),
        Effect("2 x2²", 2, (1, 1)),
        Effect("3 x1² x3", 3, (0, 0, 2)),
    ),
    "relu(2 x1 + x2 - 2 x3)": (Unit("relu(2 x1 + x2 - 2 x3)", (2, 1, -2)),),
}


# --- of a product ----------------------------------------------------------------------------------


def exponents(effect: Effect) -> Weights:
    """x times the derivative of x^k."""
    return effect.exponents


def members(effect: Effect) -> Weights:
    """All of the effect to each variable without which it is gone."""
    return np.minimum(effect.exponents, 1)


def in_patches(effect: Effect) -> Weights:
    """All of it to each patch with a member, and to a variable the mean of the patches over it."""
    patches = [range(start, start + PATCH) for start in range(VARIABLES - PATCH + 1)]
    touched = [float(any(factor in patch for factor in effect.factors)) for patch in patches]
    own = [[t for t, patch in zip(touched, patches, strict=True) if i in patch] for i in range(VARIABLES)]
    return np.array([sum(some) / len(some) for some in own])


def mean_exponent(effect: Effect) -> Weights:
    """The mean gradient over positions, to all alike."""
    return np.full(VARIABLES, len(effect.factors) / VARIABLES)


def by_exponents(effect: Effect) -> Weights:
    """k_i over the sum of exponents: the mean over the way of k_i t^(d - 1)."""
    return effect.exponents / len(effect.factors)


def evenly(effect: Effect) -> Weights:
    """The same to each member, however high its exponent."""
    return members(effect) / members(effect).sum()


def by_halves(effect: Effect) -> Weights:
    """Half to the last factor, half to the product of those before it, and so on."""
    weights = np.zeros(VARIABLES)
    left = 1.0
    for factor in effect.factors[:0:-1]:
        left /= 2
        weights[factor] += left
    weights[effect.factors[0]] += left
    return weights


def with_noise(effect: Effect) -> Weights:
    """The exponents, times the moments of 1 + noise: 1 but for squares that are left, 1 + NOISE^2."""
    k = effect.exponents
    left = [k - np.eye(VARIABLES)[i] for i in range(VARIABLES)]
    squares = [float((others == 2).sum()) for others in left]
    return k * np.array([(1 + NOISE**2) ** number for number in squares])


# --- of a ReLU unit, all as parts of its output ------------------------------------------------------


def relu(value: float) -> float:
    return max(0.0, value)


def slopes(unit: Unit) -> Weights:
    """The derivatives, and z_i / z times the output: the same where there is no bias and the unit is on."""
    return np.array(unit.weights, float)


def losses(unit: Unit) -> Weights:
    """The output less what it is without a variable."""
    whole = sum(unit.weights)
    return np.array([relu(whole) - relu(whole - weight) for weight in unit.weights])


def patch_losses(unit: Unit) -> Weights:
    """The same of two neighbours, of which the middle variable is in both pairs."""
    first, middle, last = unit.weights
    pairs = relu(first + middle + last) - np.array([relu(last), relu(first)])
    return np.array([pairs[0], pairs.mean(), pairs[1]])


def mean_slope(unit: Unit) -> Weights:
    """What is above 0 of the mean gradient, to all alike."""
    return np.full(VARIABLES, relu(sum(unit.weights) / VARIABLES))


def shapley_values(unit: Unit) -> Weights:
    """Of three, by the four sets of others: 1/3 for none or both, 1/6 for either."""
    values = []
    for i, weight in enumerate(unit.weights):
        one, other = (w for j, w in enumerate(unit.weights) if j != i)
        before = [(1 / 3, 0.0), (1 / 6, one), (1 / 6, other), (1 / 3, one + other)]
        values.append(sum(share * (relu(rest + weight) - relu(rest)) for share, rest in before))
    return np.array(values)


def damped(unit: Unit) -> Weights:
    """z_i / (z + epsilon) times the output, epsilon a share of z."""
    return slopes(unit) / (1 + EPSILON)


def by_parts(unit: Unit) -> Weights:
    """RevealCancel: what each sign's part does alone and after the other, by z_i within it."""
    parts = sum(relu(w) for w in unit.weights), sum(min(0.0, w) for w in unit.weights)
    whole = relu(sum(parts))
    up = (relu(parts[0]) + whole - relu(parts[1])) / 2
    down = (relu(parts[1]) + whole - relu(parts[0])) / 2
    return np.array([up * w / parts[0] if w > 0 else down * w / parts[1] for w in unit.weights])


def alpha_beta(unit: Unit) -> Weights:
    """Twice the output by shares of z+, less once by shares of z-."""
    positive, negative = np.maximum(slopes(unit), 0), np.minimum(slopes(unit), 0)
    return unit.coefficient * (2 * positive / positive.sum() - negative / negative.sum())


def z_boxed(unit: Unit) -> Weights:
    """Deep Taylor at bases between 0 and 1: x w less the least it can be, w where that is < 0."""
    positive = np.maximum(slopes(unit), 0)
    return unit.coefficient * positive / positive.sum()


def often_on(unit: Unit) -> Weights:
    """The slopes, times how often noise leaves the unit on: a normal number above 0."""
    mean, spread = sum(unit.weights), NOISE * sqrt(sum(w * w for w in unit.weights))
    return slopes(unit) * erfc(-mean / spread / sqrt(2)) / 2


# --- the table -------------------------------------------------------------------------------------


class Theory(NamedTuple):
    """How a method of the paper divides the effect of a product, and a unit's output; and within which
    `tolerance` its weights are found: what is no closed form is a mean over steps or draws.
    """

    of_product: Callable[[Effect], Weights]
    of_unit: Callable[[Unit], Weights]
    tolerance: float = 1e-9

    def weights(self, effect: Effect | Unit) -> Weights:
        """Shares of the effect that each variable gets."""
        if isinstance(effect, Unit):
            return self.of_unit(effect) / effect.coefficient
        return self.of_product(effect)


THEORY: dict[str, Theory] = {
    "gradient x input": Theory(exponents, slopes),
    "occlusion-1": Theory(members, losses),
    "occlusion-patch": Theory(in_patches, patch_losses),
    "Grad-CAM": Theory(mean_exponent, mean_slope),
    "integrated gradients": Theory(by_exponents, slopes, 1e-4),  # 50 steps: 1 / (12 * 50^2) of a square
    "expected gradients": Theory(by_exponents, slopes, 0.06),  # six standard errors of a mean of 1,000
    "Shapley value": Theory(evenly, shapley_values),
    "LRP-epsilon": Theory(by_halves, damped),
    "LRP-alpha-beta": Theory(by_halves, alpha_beta),
    "deep Taylor": Theory(by_halves, z_boxed),
    "DeepLIFT Rescale": Theory(by_halves, slopes),
    "DeepLIFT RevealCancel": Theory(by_halves, by_parts),
    "DeepSHAP": Theory(by_halves, slopes),
    "smooth gradients": Theory(with_noise, often_on, 0.3),  # 25 draws
}
