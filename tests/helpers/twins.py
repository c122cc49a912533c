"""The slow twin of every method: TWINS has each one's contributions, in float64, from the paper's formula.

A twin is a function of one Case. It shares no code with the method: it loops over neurons, bases or
coalitions. What a method draws at random is the sequence's own, so its twin draws the same.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from seqattr.methods import gradients
from seqattr.methods.coalitions import KERNEL_WIDTH, MASKS, PERMUTATIONS
from seqattr.methods.registry import NOISE, NOISY_SAMPLES
from tests.helpers import slow_deeplift, slow_methods, slow_patterns, slow_perturbation
from tests.helpers.pieces import Net
from tests.helpers.slow_deeplift import Array, Layer, layers_of
from tests.helpers.slow_methods import RULES, AtUnit

Twin = Callable[["Case"], Array]  # contributions (L)
Scores = Callable[["Case"], Array]  # of every base, (4, L)


@dataclass(frozen=True)
class Case:
    """A sequential network of float64, a sequence (4, L), its references (R, 4, L) and the target."""

    net: nn.Sequential
    last: int  # the layer that reads what the last convolution's nonlinearity gives
    x: Array
    references: Array
    target: int
    learned_from: Array  # sequences (M, 4, L), for methods that learn patterns

    def layers(self, method: str = "gradient") -> list[Layer]:
        return layers_of(self.net, self.x.shape, method)

    def gradient(self, x: Array, unit: AtUnit = slow_methods.gradient) -> Array:
        return slow_methods.back(self.layers(), x, self.target, unit)

    def predict(self, sequence: Tensor) -> Tensor:
        """Of (4, L) the case's target alone, (1)."""
        with torch.no_grad():
            return self.net(sequence[None])[0, self.target : self.target + 1]

    @property
    def length(self) -> int:
        return self.x.shape[1]

    @property
    def pairs(self) -> list[tuple[Tensor, Tensor]]:
        return [(torch.from_numpy(self.x), torch.from_numpy(r)) for r in self.references]


# --- differences, gradients and their relatives ----------------------------------------------------


def deeplift(rules: str) -> Twin:
    """Shrikumar et al. 2017: the mean over the references."""

    def twin(case: Case) -> Array:
        layers = case.layers(rules)
        return np.mean(
            [slow_deeplift.explain(layers, case.x, r, case.target)[1] for r in case.references], axis=0
        )

    return twin


def times_difference(slopes: Callable[[Case, Array], Array]) -> Twin:
    """Slopes (4, L) against a reference times the difference from it; the mean over the references."""
    return lambda case: np.mean([(slopes(case, r) * (case.x - r)).sum(0) for r in case.references], axis=0)


def of_own_bases(scores: Scores) -> Twin:
    """What the bases of the sequence itself score."""
    return lambda case: (scores(case) * case.x).sum(0)


def signal(unit: AtUnit) -> Twin:
    return times_difference(lambda case, r: case.gradient(case.x, unit))


def integrated(steps: int) -> Twin:
    """Sundararajan et al. 2017, equation 3, at the midpoints of the steps."""

    def slopes(case: Case, r: Array) -> Array:
        shares = [(step + 0.5) / steps for step in range(steps)]
        return np.mean([case.gradient(r + share * (case.x - r)) for share in shares], axis=0)

    return times_difference(slopes)


def at_one_point(case: Case, r: Array) -> Array:
    """Erion et al. 2021: one draw of the integral."""
    (share,) = gradients.shares_of_way(torch.from_numpy(case.x), torch.from_numpy(r)[None])
    return case.gradient(r + share * (case.x - r))


def nearby(case: Case) -> Array:
    """The gradients at noisy copies, (samples, 4, L)."""
    away = NOISE * gradients.noise(torch.from_numpy(case.x), NOISY_SAMPLES).numpy()
    return np.stack([case.gradient(case.x + step) for step in away])


def variance(case: Case) -> Array:
    found = nearby(case)
    return ((found - found.mean(0)) ** 2).mean(0)


def class_map(case: Case) -> Array:
    return slow_methods.class_map(case.layers(), case.x, case.target, case.last, case.length)


def guided_grad_cam(case: Case, r: Array) -> Array:
    return case.gradient(case.x, slow_methods.guided) * class_map(case)


# --- relevance and patterns ------------------------------------------------------------------------


def relevance(method: str) -> Twin:
    """A position has the relevance of all four of its channels."""
    return lambda case: slow_methods.relevances(case.layers(), case.x, case.target, RULES[method]).sum(0)


def by_patterns(case: Case, combine: slow_patterns.Combine) -> Array:
    patterns = slow_patterns.fit(case.net, case.learned_from)
    return slow_patterns.back(case.net, patterns, case.x, case.target, combine)


def patternattribution(case: Case) -> Array:
    """A position has the shares of all four channels."""
    return by_patterns(case, slow_patterns.PATTERN_ATTRIBUTION).sum(0)


# --- perturbation ----------------------------------------------------------------------------------


def mutagenesis(form: Callable[[Tensor, int], Tensor]) -> Twin:
    def scores(case: Case) -> Array:
        table = slow_perturbation.substitutions(case.predict, torch.from_numpy(case.x))
        return np.stack([form(table, base)[0].numpy() for base in range(4)])

    return of_own_bases(scores)


def occlusion(width: int) -> Twin:
    return lambda case: slow_perturbation.occlusion(
        case.predict, torch.from_numpy(case.x), torch.from_numpy(case.references), width
    )[0].numpy()


Solved = Callable[[slow_perturbation.Worth, int, np.random.Generator], Tensor]  # (players, T)


def by_groups(solve: Solved, most: int) -> Twin:
    """The mean over the references of what each position has of its player's value."""

    def of_pair(case: Case, x: Tensor, r: Tensor) -> Array:
        groups = slow_perturbation.players(x, r, most)
        worth = slow_perturbation.worth_of(case.predict, x, r, groups)
        rng = np.random.default_rng(gradients.seed_of(x.float(), r.float()))
        values = solve(worth, len(groups), rng)
        return slow_perturbation.shared_out(values, groups, case.length)[0].numpy()

    return lambda case: np.mean([of_pair(case, *pair) for pair in case.pairs], axis=0)


def sampled(worth: slow_perturbation.Worth, number: int, rng: np.random.Generator) -> Tensor:
    """Castro, Gomez & Tejada 2009; exact where there are fewer coalitions than would be tried."""
    if 2**number <= PERMUTATIONS * number:
        return slow_perturbation.shapley(worth, number)
    orders = slow_perturbation.orders_of(rng, number, PERMUTATIONS // 2)
    return slow_perturbation.shapley_over_orders(worth, number, orders)


def lime(worth: slow_perturbation.Worth, number: int, rng: np.random.Generator) -> Tensor:
    return slow_perturbation.lime(worth, rng, number, MASKS, KERNEL_WIDTH)


def deleted(case: Case) -> Array:
    """How far each base is deleted."""
    module = Net(lambda m, s: m.net(s)[:, case.target], net=case.net)
    return np.mean([1 - slow_perturbation.mask(module, *pair).numpy() for pair in case.pairs], axis=0)


TWINS: dict[str, Twin] = {
    # differences
    "deeplift": deeplift("deeplift"),
    "deeplift-rescale": deeplift("deeplift-rescale"),
    "deeplift-revealcancel": deeplift("deeplift-revealcancel"),
    "deepshap": deeplift("deeplift-rescale"),
    # gradients
    "gradient": signal(slow_methods.gradient),
    "saliency": of_own_bases(lambda case: np.abs(case.gradient(case.x))),
    "squared-gradient": of_own_bases(lambda case: case.gradient(case.x) ** 2),
    "smoothgrad": times_difference(lambda case, r: nearby(case).mean(0)),
    "smoothgrad-squared": of_own_bases(lambda case: (nearby(case) ** 2).mean(0)),
    "vargrad": of_own_bases(variance),
    "integrated-gradients-5": integrated(5),
    "integrated-gradients-10": integrated(10),
    "integrated-gradients-50": integrated(50),
    "expected-gradients": times_difference(at_one_point),
    # modified backward
    "deconvnet": signal(slow_methods.deconvnet),
    "guided-backprop": signal(slow_methods.guided),
    "grad-cam": class_map,
    "guided-grad-cam": times_difference(guided_grad_cam),
    # relevance
    **{name: relevance(name) for name in RULES},
    # learned patterns
    "patternnet": of_own_bases(partial(by_patterns, combine=slow_patterns.PATTERNNET)),
    "patternattribution": patternattribution,
    # perturbation
    "ism": mutagenesis(slow_perturbation.less_the_mean),
    "ism-any-base": mutagenesis(slow_perturbation.less_the_largest),
    "occlusion-1": occlusion(1),
    "occlusion-5": occlusion(5),
    "occlusion-20": occlusion(20),
    "shapley": by_groups(lambda worth, number, rng: slow_perturbation.shapley(worth, number), 12),
    "shapley-sampling": by_groups(sampled, 40),
    "lime": by_groups(lime, 40),
    "meaningful-perturbation": deleted,
}
