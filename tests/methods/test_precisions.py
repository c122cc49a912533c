"""How far rough precisions lead, in words."""

import re

import pytest
import torch
from torch import nn

from seqattr.engine.capture.model import Model
from seqattr.engine.numerics.device import FULL, PRODUCTS
from seqattr.methods.attribution import attribute
from seqattr.methods.precisions import PRECISIONS, percent, roughness
from tests.helpers.sequences import one_hot


def test_all_that_multiply_roughly_are_measured() -> None:
    rough = {precision.products for precision in PRECISIONS.values() if precision.rough}
    assert {precision.products for precision in PRECISIONS.values()} == {*PRODUCTS}
    assert rough >= {*PRODUCTS} - {FULL}
    assert not any(PRECISIONS[name].rough for name in ("model", "float32", "float64"))


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.0, "0%"), (1.24e-5, "0.0012%"), (3e-9, "3e-07%"), (0.034, "3.4%"), (0.5, "50%"), (1.5, "150%")],
)
def test_a_small_error_is_not_said_to_be_none(share: float, words: str) -> None:
    assert percent(share) == words


def test_the_worst_sequence_of_those_measured_counts() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Flatten(), nn.Linear(4 * 12, 5), nn.ReLU(), nn.Linear(5, 2))
    exact = attribute(Model(module, torch.zeros(2, 4, 12)), one_hot(3, 12), method="gradient", device="cpu")
    off = exact.contributions.clone()
    off[1, 2, 5] += 2e-5 * off[1, 2].abs().max()
    (share,) = re.findall(r"by up to (\S+)% .* on 2 sequences", roughness("bfloat16x3", exact, first(exact)))
    assert float(share) == 0
    words = roughness("bfloat16x3", exact._replace(contributions=off), exact)
    assert words.startswith("in bfloat16x3 contributions differ from float32's by up to 0.002% ")
    assert words.endswith("measured on 3 sequences")


def first(result):  # type: ignore[no-untyped-def]
    """Of the first two sequences."""
    return result._replace(contributions=result.contributions[:, :2])
