"""Sizes as people write them."""

import pytest

from seqattr.support.rounding import number_of, rounded


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (412.0, 1, "400"),
        (12.3, 1, "10"),
        (12.3, 2, "12"),
        (0.0312, 1, "0.03"),
        (2.1e-5, 1, "2e-05"),
        (123_456, 2, "120,000"),
        (0, 2, "0"),
    ],
)
def test_a_size_has_the_digits_that_count_and_no_power_of_ten_that_nobody_needs(value, digits, text):
    assert rounded(value, digits) == text


def test_things_are_counted_in_words():
    assert [number_of(count, "hit") for count in (0, 1, 2, 1000)] == [
        "0 hits",
        "1 hit",
        "2 hits",
        "1,000 hits",
    ]
