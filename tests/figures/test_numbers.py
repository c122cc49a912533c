"""Numbers with signs, as pages and figures show them."""

import pytest

from seqattr.figures.numbers import decimal_places, signed, signed_interval, signed_percent, typed


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (1.374, None, "+1.37"),
        (-0.2391, None, "−0.239"),
        (0.0, None, "0"),
        (-0.0, None, "0"),
        (-1234.5, None, "−1,234"),
        (2e-9, None, "+2.0e−09"),
        (float("nan"), None, "–"),
        (-0.2391, 2, "−0.24"),
        (-0.004, 2, "0.00"),
        (0.004, 2, "0.00"),
        (0.006, 2, "+0.01"),
        (1234.5, 0, "+1,234"),
        (2e-9, 11, "+2.0e−09"),
    ],
)
def test_a_number_has_a_sign_unless_it_comes_to_nothing(value: float, places: int | None, text: str) -> None:
    assert signed(value, places) == text


def test_a_share_has_one_too_and_a_terminal_the_keyboard_s() -> None:
    assert [typed(signed_percent(share)) for share in (-0.0004, 0.224, -0.05)] == [
        "0.0 %",
        "+22.4 %",
        "-5.0 %",
    ]
    assert signed_percent(float("nan")) == "–"


def test_the_largest_number_says_how_many_decimals_all_have() -> None:
    assert [
        decimal_places(some) for some in ([1.5, -0.001], [-12.5, 3], [0.02], [0.0, float("nan")], [])
    ] == [*(2, 1, 4, 0, 0)]


@pytest.mark.parametrize(
    ("mean", "low", "high", "text"),
    [
        (9.764, 9.49, 10.0, "+9.76 [+9.49, +10.00]"),
        (4.953, 4.82, 5.1, "+4.95 [+4.82, +5.10]"),
        (-0.001, -0.5, 0.4, "−0.001 [−0.500, +0.400]"),
        (0.0, -0.5, 0.4, "0.000 [−0.500, +0.400]"),
        (1.5, float("nan"), float("nan"), "+1.50 [–, –]"),
    ],
)
def test_a_mean_and_its_interval_have_as_many_decimals(mean, low, high, text) -> None:
    assert signed_interval(mean, low, high) == text
