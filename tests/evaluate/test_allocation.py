"""Weights by which methods divide known effects: by theory, by hand, and as they are found."""

import numpy as np
import pytest

from seqattr.evaluate.allocation import allocation_weights
from seqattr.evaluate.allocation_theory import FUNCTIONS, THEORY, VARIABLES, Effect, Unit, Weights

EXACT = [method for method, theory in THEORY.items() if theory.tolerance <= 1e-9]
SUM = "2 x1 + 3 x2 x3"
HALF = 1 / 2


def test_fourteen_methods_and_most_in_closed_form() -> None:
    assert len(THEORY) == 14
    assert set(THEORY) - set(EXACT) == {"integrated gradients", "expected gradients", "smooth gradients"}


@pytest.mark.parametrize("method", THEORY)
def test_the_weights_found_are_the_theorys(method: str) -> None:
    rows = [row for row in allocation_weights() if row.method == method]
    assert len(rows) == 3 * sum(len(effects) for effects in FUNCTIONS.values())
    for row in rows:
        assert row.weight == pytest.approx(row.theory, abs=row.tolerance), row


def allocated_shares(method: str, function: str) -> Weights:
    """The weights (effects, 3) by which a method allocates the effects of one of the FUNCTIONS."""
    rows = [row for row in allocation_weights() if (row.method, row.function) == (method, function)]
    return np.array([row.weight for row in rows]).reshape(-1, VARIABLES)


@pytest.mark.parametrize(
    ("method", "single", "product"),
    [
        ("gradient x input", [1, 0, 0], [0, 1, 1]),
        ("occlusion-1", [1, 0, 0], [0, 1, 1]),
        ("occlusion-patch", [1, HALF, 0], [1, 1, 1]),
        ("Grad-CAM", [1 / 3] * 3, [2 / 3] * 3),
        ("integrated gradients", [1, 0, 0], [0, HALF, HALF]),
        ("Shapley value", [1, 0, 0], [0, HALF, HALF]),
        ("LRP-epsilon", [1, 0, 0], [0, HALF, HALF]),
        ("LRP-alpha-beta", [1, 0, 0], [0, HALF, HALF]),
        ("deep Taylor", [1, 0, 0], [0, HALF, HALF]),
        ("DeepLIFT Rescale", [1, 0, 0], [0, HALF, HALF]),
        ("DeepLIFT RevealCancel", [1, 0, 0], [0, HALF, HALF]),
        ("DeepSHAP", [1, 0, 0], [0, HALF, HALF]),
    ],
)
def test_of_a_sum_and_a_product(method: str, single: list[float], product: list[float]) -> None:
    """By hand, to 1e-9; integrated gradients too, as what it integrates is a straight line here."""
    np.testing.assert_allclose(allocated_shares(method, SUM), [single, product], atol=1e-9)


@pytest.mark.parametrize(
    ("method", "shares"),
    [
        ("gradient x input", [2, 1, -2]),
        ("occlusion-1", [1, 1, -2]),
        ("Shapley value", [4 / 3, 5 / 6, -7 / 6]),
        ("LRP-epsilon", [1.6, 0.8, -1.6]),
        ("LRP-alpha-beta", [4 / 3, 2 / 3, -1]),
        ("deep Taylor", [2 / 3, 1 / 3, 0]),
        ("DeepLIFT Rescale", [2, 1, -2]),
        ("DeepLIFT RevealCancel", [4 / 3, 2 / 3, -1]),
    ],
)
def test_of_a_unit(method: str, shares: list[float]) -> None:
    """relu(2 + 1 - 2) = 1: positive parts of 3 and negative ones of -2."""
    np.testing.assert_allclose(allocated_shares(method, "relu(2 x1 + x2 - 2 x3)"), [shares], atol=1e-9)


def test_of_three_and_of_squares_methods_that_agree_on_pairs_differ() -> None:
    three, squares = "4 x1 x2 x3", "x1 + 2 x2² + 3 x1² x3"
    np.testing.assert_allclose(allocated_shares("Shapley value", three), [[1 / 3] * 3], atol=1e-9)
    np.testing.assert_allclose(allocated_shares("DeepLIFT Rescale", three), [[0.25, 0.25, 0.5]], atol=1e-9)
    by_path = allocated_shares("integrated gradients", squares)[2]
    np.testing.assert_allclose(by_path, [2 / 3, 0, 1 / 3], atol=1e-4)
    np.testing.assert_allclose(allocated_shares("Shapley value", squares)[2], [HALF, 0, HALF], atol=1e-9)
    np.testing.assert_allclose(allocated_shares("gradient x input", squares)[2], [2, 0, 1], atol=1e-9)


def test_the_effects_of_a_function_are_what_its_name_says() -> None:
    for name, effects in FUNCTIONS.items():
        assert name == " + ".join(effect.text for effect in effects)
        for effect in effects:
            assert isinstance(effect, Unit) or effect.coefficient == written(effect)


def written(effect: Effect) -> float:
    """The number before the variables, 1 where there is none."""
    first = effect.text.split()[0]
    return 1.0 if first.startswith("x") else float(first)
