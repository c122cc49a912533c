"""RevealCancel on functions that grow without bound: of the size of Rescale, additive, and said in a note."""

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from seqattr.engine.capture.model import Model
from seqattr.engine.numerics import multipliers, secants
from seqattr.engine.walk.session import Session
from seqattr.methods.attribution import Explainer, attribute
from tests.helpers.pieces import Net
from tests.helpers.sequences import LENGTH, one_hot, shuffled

GROWING = {
    "exp": torch.exp,
    "exp2": torch.exp2,
    "sinh": torch.sinh,
    "power": lambda h: h**7,
    "exponential": lambda h: 2.0**h,
    "softplus of sums in the hundreds": lambda h: F.softplus(20 * h - 600),
}


def dense(function, size: float) -> Model:
    """A dense layer whose sums fall into parts of about 3 `size`, the function, a dense layer."""
    torch.manual_seed(0)
    first, last = nn.Linear(4 * LENGTH, 6), nn.Linear(6, 1)
    with torch.no_grad():
        first.weight *= size
    module = Net(lambda m, x: m.last(function(m.first(x.flatten(1)))), first=first, last=last).double()
    return Model(module, torch.zeros(2, 4, LENGTH, dtype=torch.float64))


def sizes(model: Model, method: str, x: Tensor, references: Tensor) -> tuple[Tensor, float]:
    result = attribute(model, x, references, method=method)
    return result.contributions.abs().sum(), float(result.additivity_error.max())


@pytest.mark.parametrize("size", [10, 40])
@pytest.mark.parametrize("name", GROWING)
def test_contributions_are_of_rescales_size(name: str, size: float) -> None:
    x = one_hot()
    model, references = dense(GROWING[name], size), shuffled(x, 3)
    wanted, _ = sizes(model, "deeplift-rescale", x, references)
    for method in ("deeplift", "deeplift-revealcancel"):
        got, error = sizes(model, method, x, references)
        assert got <= 11 * wanted
        assert error < 1e-9


@pytest.mark.parametrize(("size", "notes"), [(0.1, 0), (40, 1)])
def test_a_note_says_where(size: float, notes: int) -> None:
    x = one_hot()
    explainer = Explainer(Session(dense(torch.exp, size)))
    explainer.attribute(x, shuffled(x))
    assert len(explainer.plan.notes) == notes
    assert all("aten.exp.default" in note for note in explainer.plan.notes)


def test_nothing_jumps_where_rescale_takes_over() -> None:
    """Beside the limit on both sides, the slopes are all but the same; below it they are untouched."""
    size = torch.linspace(2, 8, 60001, dtype=torch.float64)
    zero, end = torch.zeros_like(size), torch.full_like(size, 0.1)
    positive, negative = size + 0.1, -size
    slopes = multipliers.in_both_orders(secants.exp, end, zero, positive, negative)
    (up, down), beyond = multipliers.cap_effects(slopes, secants.exp(end, zero), positive, negative)
    assert beyond.any()
    assert not beyond.all()
    assert torch.equal(up[~beyond], slopes[0][~beyond])
    assert up.diff().abs().max() < 1e-2
    total = up * positive + down * negative
    torch.testing.assert_close(total, torch.full_like(size, math.expm1(0.1)), rtol=1e-9, atol=1e-12)
