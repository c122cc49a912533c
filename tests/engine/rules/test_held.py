"""What a model holds fixed by detach: torch's own gradient, and a difference without it."""

import pytest
import torch
from torch import Tensor, nn

import seqattr
from seqattr.engine.walk.session import Session
from seqattr.methods.explainer import Explainer
from seqattr.methods.registry import METHODS

LENGTH = 14


class Weighted(nn.Module):
    """Logits weighted by a softmax that is held fixed; and one number that a held gate multiplies."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.conv, self.dense = nn.Conv1d(4, 5, 3), nn.Linear(5 * (LENGTH - 2), 6)
        self.double()

    def logits(self, x: Tensor) -> Tensor:
        return self.dense(self.conv(x).relu().flatten(1)) * 3

    def forward(self, x: Tensor) -> Tensor:
        z, h = self.logits(x), self.conv(x)
        weighted = (z * torch.softmax(z.detach(), -1)).sum(-1)
        gated = (h.transpose(1, 2).tanh() * h.sigmoid().mT.detach()).sum((1, 2))
        return torch.stack([weighted, gated], 1)


def one_hot(rows: int, seed: int = 0) -> Tensor:
    codes = torch.randint(4, (rows, LENGTH), generator=torch.Generator().manual_seed(seed))
    return nn.functional.one_hot(codes, 4).transpose(1, 2).double()


@pytest.fixture(scope="module")
def module() -> Weighted:
    return Weighted()


@pytest.fixture(scope="module")
def model(module: Weighted) -> seqattr.Model:
    return seqattr.Model(module, one_hot(2))


X, R = one_hot(4, 1), one_hot(3, 2)


def test_a_gradient_is_torchs_own(module, model):
    found = seqattr.attribute(model, X, R, method="gradient").multipliers
    points = X.clone().requires_grad_()
    for target in range(2):
        (own,) = torch.autograd.grad(module(points)[:, target].sum(), points)
        torch.testing.assert_close(found[target], own, rtol=0, atol=1e-12)


@pytest.mark.parametrize("method", ["deeplift", "deeplift-rescale", "deeplift-revealcancel"])
@pytest.mark.parametrize("batch_size", [1, None])
def test_contributions_sum_to_the_difference_without_what_is_held(module, model, method, batch_size):
    """With the weights' mean over the two sides, as a product's midpoint rule has it."""
    result = seqattr.attribute(model, X, R, method=method, batch_size=batch_size)
    assert result.additivity_error.max() < 1e-12
    with torch.no_grad():
        logits = [module.logits(s) for s in (X, R)]
        hidden = [module.conv(s).flatten(1) for s in (X, R)]
        pairs = (
            (logits, [z.softmax(-1) for z in logits]),
            ([h.tanh() for h in hidden], [h.sigmoid() for h in hidden]),
        )
        expected = [((p[:, None] + p0) / 2 * (z[:, None] - z0)).sum(-1).mean(1) for (z, z0), (p, p0) in pairs]
    torch.testing.assert_close(result.difference, torch.stack(expected), rtol=1e-12, atol=1e-13)
    torch.testing.assert_close(result.contributions.sum(-1), result.difference, rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(result.prediction, module(X).detach().T, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("method", [name for name, method in METHODS.items() if not method.needs_patterns])
def test_every_method_takes_it(model, method):
    result = seqattr.attribute(model, X[:2], R[:2], method=method)
    assert result.contributions.isfinite().all()
    assert not METHODS[method].complete or result.additivity_error.max() < 1e-9


def test_relevance_goes_to_what_is_weighted_and_none_to_the_held_weights(module, model):
    """Of logits times held weights all is the logits' share: that of the weighted logits alone."""
    result = seqattr.attribute(model, X, method="lrp-0", targets=[0])
    points = X.clone().requires_grad_()
    (own,) = torch.autograd.grad(module(points)[:, 0].sum(), points)
    torch.testing.assert_close(result.multipliers[0], own, rtol=0, atol=1e-12)


def test_a_note_says_where_the_model_holds_something(model):
    explainer = Explainer(Session(model), "deeplift")
    explainer.attribute(X, R)
    assert sum("holds fixed by detach at test_held.py" in note for note in explainer.notes) == 2


class OfMask(nn.Module):
    """A mask has no slope, held or not: kept by hand or not, a ReLU is one."""

    def __init__(self, held: bool) -> None:
        super().__init__()
        torch.manual_seed(2)
        self.conv, self.held = nn.Conv1d(4, 5, 3).double(), held

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv(x)
        mask = (h > 0).to(h.dtype)
        return (h * (mask.detach() if self.held else mask)).sum((1, 2))[:, None]


def test_a_mask_that_is_held_is_a_mask():
    results = [seqattr.attribute(seqattr.Model(OfMask(held), one_hot(2)), X, R) for held in (False, True)]
    torch.testing.assert_close(results[0].contributions, results[1].contributions, rtol=0, atol=1e-14)


class InPlace(nn.Module):
    """A view and a ReLU of the same values, of which the ReLU comes last; detach in place."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.conv = nn.Conv1d(4, 5, 3).double()

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv(x)
        seen, held = h.flatten(1), h.clone().detach_()
        rectified = h.relu()
        parts = seen.sum(1) * rectified.sum((1, 2)), held.exp().sum((1, 2)), seen.square().mean(1)
        return torch.stack(parts, 1)


def test_a_relu_in_place_leaves_other_names_of_its_input_alone():
    module = InPlace()
    model = seqattr.Model(module, one_hot(2))
    result = seqattr.attribute(model, X, R)
    torch.testing.assert_close(result.prediction, module(X).detach().T, rtol=1e-12, atol=0)
    assert result.additivity_error.max() < 1e-12
    assert result.contributions[1].abs().max() == 0
    assert result.difference[1].abs().max() < 1e-12
