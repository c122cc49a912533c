"""LRP's rules on one layer, by hand: signs, zeros, biases, empty denominators.

A layer reads one number at each of four positions; the other three channels are 0 and have no weights.
"""

from dataclasses import replace
from math import log

import pytest
import torch
from torch import Tensor, nn

from seqattr.engine.capture.model import Model
from seqattr.engine.rules import relevance
from seqattr.engine.rules.lrp import lrp
from seqattr.engine.walk.rulebook import Rule
from seqattr.methods.attribution import Attribution, attribute
from seqattr.methods.registry import METHODS
from tests.helpers.pieces import Net

LENGTH = 4
CLOSE = {"rtol": 0, "atol": 1e-12}


def numbers(*values: float) -> Tensor:
    """(4, 4): these at the positions of the first channel."""
    rest = torch.zeros(3, LENGTH, dtype=torch.float64)
    return torch.cat([torch.tensor([values], dtype=torch.float64), rest])


def layer(*weights: Tensor, bias: tuple[float, ...] = (0.0,)) -> nn.Module:
    linear = nn.Linear(4 * LENGTH, len(weights)).double()
    with torch.no_grad():
        linear.weight.copy_(torch.stack([weight.flatten() for weight in weights]))
        linear.bias.copy_(torch.tensor(bias))
    return nn.Sequential(nn.Flatten(), linear)


def explained(module: nn.Module, x: Tensor, rule: Rule | None, bases: Rule | None = None) -> Attribution:
    """By a rulebook of this rule, or of one for the bases."""
    model = Model(module.double(), torch.zeros(2, 4, LENGTH, dtype=torch.float64))
    method = METHODS["lrp-0"]
    if rule is not None:
        method = replace(method, rulebook=lrp("by hand", rule, rule, bases))
    return attribute(model, x[None], method=method)


def close(found: Tensor, *wanted: float) -> None:
    torch.testing.assert_close(found, torch.tensor(wanted, dtype=torch.float64), **CLOSE)


# Contributions 2, -2, 0 and -1; the third number is 0, with a weight of 5.
X, W = numbers(2, -1, 0, 1), numbers(1, 2, 5, -1)


def test_gamma_of_a_unit_below_0() -> None:
    """z = -0.5: what is negative counts 1 + 1, the bias of 0.5 once: 2 - 4 - 2 + 0.5 = -3.5."""
    found = explained(layer(W, bias=(0.5,)), X, relevance.gamma(1.0))
    close(found.contributions[0, 0], 2 / 7, -4 / 7, 0, -2 / 7)
    # what is 0 counts as above 0, where a weight of 5 does not agree with z
    close(found.multipliers[0, 0, 0], 1 / 7, 4 / 7, 5 / 7, -2 / 7)


def test_gamma_of_a_unit_above_0() -> None:
    """z = 1: what is positive counts 1 + 1, and so does the bias of 2: 4 - 2 - 1 + 4 = 5."""
    found = explained(layer(W, bias=(2.0,)), X, relevance.gamma(1.0))
    close(found.contributions[0, 0], 4 / 5, -2 / 5, 0, -1 / 5)
    close(found.multipliers[0, 0, 0], 2 / 5, 2 / 5, 10 / 5, -1 / 5)


def test_gamma_with_a_bias_below_0() -> None:
    """z = -2: 2 - 4 - 2 - 2 = -6 with the bias of -1 counted twice; R = -2 times each share."""
    found = explained(layer(W, bias=(-1.0,)), X, relevance.gamma(1.0))
    close(found.contributions[0, 0], 2 / 3, -4 / 3, 0, -2 / 3)


def test_without_numbers_below_0_the_same_formula_holds() -> None:
    """Contributions 2, 2, 0, -1; z = 3: 4 + 4 - 1 = 7."""
    found = explained(layer(W), numbers(2, 1, 0, 1), relevance.gamma(1.0))
    close(found.contributions[0, 0], 12 / 7, 12 / 7, 0, -3 / 7)
    close(found.multipliers[0, 0, 0], 6 / 7, 12 / 7, 30 / 7, -3 / 7)


@pytest.mark.parametrize(
    ("bias", "biased", "wanted"),
    [
        (0.5, True, (-0.5 * 2 * 2 / 2.5, 0.5 * 2 / 3, 0, 0.5 * 1 / 3)),
        (0.5, False, (-0.5 * 2 * 2 / 2, 0.5 * 2 / 3, 0, 0.5 * 1 / 3)),
        (-0.5, True, (-1.5 * 2 * 2 / 2, 1.5 * 2 / 3.5, 0, 1.5 * 1 / 3.5)),
        (-0.5, False, (-1.5 * 2 * 2 / 2, 1.5 * 2 / 3, 0, 1.5 * 1 / 3)),
    ],
)
def test_alpha_2_beta_1(bias: float, biased: bool, wanted: tuple[float, ...]) -> None:
    """Contributions above 0 are 2, those below -2 and -1; a bias goes with those of its sign, if with any."""
    found = explained(layer(W, bias=(bias,)), X, relevance.alpha_beta(2, 1, biased))
    close(found.contributions[0, 0], *wanted)


def test_what_is_0_counts_as_above_0() -> None:
    """alpha 2 of z = -0.5 over 2.5 to a weight of 5, and beta 1 over 3 to the same of -5."""
    rule = relevance.alpha_beta(2, 1)
    close(explained(layer(W, bias=(0.5,)), X, rule).multipliers[0, 0, 0, 2:3], 2 * 5 * -0.5 / 2.5)
    negative = layer(numbers(1, 2, -5, -1), bias=(0.5,))
    close(explained(negative, X, rule).multipliers[0, 0, 0, 2:3], -1 * -5 * -0.5 / -3)


@pytest.mark.parametrize("sign", [1, -1])
def test_nothing_is_shared_where_no_contribution_has_the_sign(sign: int) -> None:
    """Of 1, 1, 1, 1 times one sign: alpha alone has nothing below 0, beta alone nothing above."""
    x, module = numbers(1, 1, 1, 1), layer(numbers(1, 1, 1, 1) * sign)
    for rule, of_sign, factor in ((relevance.alpha_beta(1, 0), 1, 1), (relevance.alpha_beta(0, 1), -1, -1)):
        found = explained(module, x, rule)
        close(found.contributions[0, 0], *[factor * sign if sign == of_sign else 0.0] * 4)


def test_epsilon_has_the_sign_of_the_unit() -> None:
    """z = 3 and -1: a root mean square of sqrt(5), of which epsilon is a half."""
    module = layer(numbers(1, 1, 0, 1), numbers(0, 1, 0, -2), bias=(0.0, 1.0))
    found = explained(module, numbers(1, 1, 0, 1), relevance.epsilon(0.5))
    small = 0.5 * 5**0.5
    wrong = explained(module, numbers(1, 1, 0, 1), relevance.epsilon(0.0))
    assert found.prediction[:, 0].tolist() == [3, 0]
    close(found.contributions[0, 0], *[3 / (3 + 0.5 * (9 / 2) ** 0.5)] * 2, 0, 3 / (3 + 0.5 * (9 / 2) ** 0.5))
    close(found.contributions[1, 0], 0, 0, 0, 0)
    close(wrong.contributions[1, 0], 0, 0, 0, 0)
    below = layer(numbers(1, 1, 0, 1), numbers(0, 1, 0, -2))
    found = explained(below, numbers(1, 1, 0, 1), relevance.epsilon(0.5))
    share = -1 / (-1 - small)
    close(found.contributions[1, 0], 0, share, 0, -2 * share)
    close(found.contributions[0, 0], *(3 / (3 + small) * value for value in (1, 1, 0, 1)))


def test_epsilon_is_of_each_sequence_alone() -> None:
    """z = 3 and -1 beside z = 30 and -10: shares are the same, as the scale of a sequence changes nothing."""
    module = layer(numbers(1, 1, 0, 1), numbers(0, 1, 0, -2), bias=(0.0, 0.0))
    model = Model(module, torch.zeros(2, 4, LENGTH, dtype=torch.float64))
    rule = relevance.epsilon(0.5)
    method = replace(METHODS["lrp-0"], rulebook=lrp("by hand", rule, rule))
    x = numbers(1, 1, 0, 1)
    found = attribute(model, torch.stack([x, 10 * x]), method=method)
    torch.testing.assert_close(found.contributions[:, 1], 10 * found.contributions[:, 0], **CLOSE)
    close(found.contributions[0, 0], *(3 / (3 + 0.5 * 5**0.5) * value for value in (1, 1, 0, 1)))


@pytest.mark.parametrize(
    "rule",
    [relevance.epsilon(0.25), relevance.gamma(0.25), relevance.alpha_beta(2, 1), relevance.alpha_beta(1, 0)],
)
def test_a_layer_of_zeros_shares_nothing(rule: Rule) -> None:
    """Not 0 / 0."""
    found = explained(layer(W), numbers(0, 0, 0, 0), rule)
    assert torch.equal(found.contributions, torch.zeros(1, 1, LENGTH, dtype=torch.float64))
    assert torch.equal(found.multipliers, torch.zeros(1, 1, 4, LENGTH, dtype=torch.float64))


@pytest.mark.parametrize("rule", [relevance.epsilon(0.25), relevance.gamma(0.25), relevance.alpha_beta(2, 1)])
def test_a_unit_of_0_shares_nothing(rule: Rule) -> None:
    """2 - 2 = 0, beside a unit of 1 that has a relevance to share."""
    module = layer(numbers(1, 2, 0, 0), numbers(0, 0, 0, 1), bias=(0.0, 0.0))
    found = explained(module, X, rule)
    close(found.contributions[0, 0], 0, 0, 0, 0)
    assert found.contributions[1, 0, 3] > 0


# --- at the bases ----------------------------------------------------------------------------------


def test_between_bounds() -> None:
    """l = -1, h = 2: 1 + 1, -2 + 2, 0 + 2, -6 + 6, of z = -6 with a bias of 1 that has no share."""
    module, x = layer(numbers(1, 2, -1, -3), bias=(1.0,)), numbers(1, -1, 0, 2)
    rule = relevance.at_bases(-1, 2)
    found = explained(module, x, rule, bases=rule)
    close(found.contributions[0, 0], -3, 0, -3, 0)
    # another number in place of this one: w (x - l) for weights above 0, w (x - h) below, times -6 / 4
    close(found.multipliers[0, 0, 0], *(-1.5 * weight for weight in (1, 2, -1, -3)))


def test_flat_is_even() -> None:
    """Among all four channels of four positions, whatever the weights and the numbers; z = -0.5."""
    rule = relevance.spread_by("ones")
    found = explained(layer(W, bias=(0.5,)), X, rule, bases=rule)
    close(found.contributions[0, 0], *[-0.5 / 4] * 4)


def test_w2_is_by_squares_of_weights() -> None:
    """1, 4, 25, 1 of 31."""
    rule = relevance.spread_by("square")
    found = explained(layer(W, bias=(0.5,)), X, rule, bases=rule)
    close(found.contributions[0, 0], *(-0.5 * square / 31 for square in (1, 4, 25, 1)))


def test_weights_of_0_share_nothing() -> None:
    rule = relevance.spread_by("square")
    found = explained(layer(numbers(0, 0, 0, 0), bias=(0.5,)), X, rule, bases=rule)
    close(found.contributions[0, 0], 0, 0, 0, 0)


# --- functions and quotients -----------------------------------------------------------------------


def test_a_functions_value_at_0_is_a_bias() -> None:
    """sigmoid(log 3) = 3 / 4, of which 1 / 2 is there at 0: 1 / 4 goes to the argument."""
    module = Net(lambda m, x: torch.sigmoid((m.w * x)[:, 0]).sum(1, keepdim=True), w=torch.ones(1))
    found = explained(module, numbers(log(3), 0, 0, 0), None)
    close(found.contributions[0, 0], 0.25, 0, 0, 0)
    close(found.multipliers[0, 0, 0], 0.25 / log(3), 0.25, 0.25, 0.25)  # its slope at 0


def test_a_denominator_has_all_of_a_constant_over_it() -> None:
    """10 / (2 + 3) = 2: of the denominator's 2 + 2 + 2 - 1 each has its share."""
    module = Net(lambda m, x: 10 / (2 + (x * m.w).sum((1, 2)))[:, None], w=numbers(1, 2, 0, -1))
    found = explained(module, numbers(2, 1, 0, 1), None)
    close(found.contributions[0, 0], 4 / 5, 4 / 5, 0, -2 / 5)


def test_a_numerator_has_all_of_a_quotient() -> None:
    """6 / (2 + 3): the numerator's 2 and 4 have 2 and 4 over 5, the denominator has nothing."""
    module = Net(
        lambda m, x: ((x * m.a).sum((1, 2)) / (2 + (x * m.b).sum((1, 2))))[:, None],
        a=numbers(1, 4, 0, 0),
        b=numbers(0, 0, 1, 2),
    )
    found = explained(module, numbers(2, 1, 1, 1), None)
    close(found.contributions[0, 0], 2 / 5, 4 / 5, 0, 0)
