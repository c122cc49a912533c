"""Windows of a tandem repeat are equal: amax shares among them as torch does, max pools take the first."""

import functools
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import seqattr
from tests.helpers.pieces import Net
from tests.helpers.sequences import frequency, one_hot, shuffled

REPEATS = ("CAGCAGCAGCAGCAGCAGCAGCAG", "ATATATATATATATATATATATAT", "GGGGGGGGGGGGGGGGGGGGGGGG")
LARGEST: dict[str, Callable[[Tensor], Tensor]] = {
    "amax": lambda h: h.amax(2),
    "amax over several": lambda h: h.unflatten(1, (2, 3)).amax((1, -1), keepdim=True).flatten(1),
    "amax over all": lambda h: h.amax((1, 2))[:, None],
    "amax over channels": lambda h: h.amax(1),
    "amin": lambda h: h.amin(-1),
    "maximum": lambda h: torch.maximum(h, h.roll(3, 2)).mean(2),
    "minimum with a row": lambda h: torch.minimum(h, h[..., :1]).mean(2),
    "max over a dimension": lambda h: h.max(2).values,
    "max pool": lambda h: nn.functional.max_pool1d(h, 5, 2).mean(2),
    "adaptive max pool": lambda h: nn.functional.adaptive_max_pool1d(h, 3).mean(2),
}
SHARED = [name for name in LARGEST if name.startswith(("amax", "amin", "maximum", "minimum"))]


def letters(*texts: str) -> Tensor:
    """One-hot (N, 4, L)."""
    codes = torch.tensor([["ACGT".index(letter) for letter in text] for text in texts])
    return torch.eye(4, dtype=torch.float64)[codes].transpose(1, 2).contiguous()


@functools.cache
def net(name: str) -> nn.Module:
    """A convolution, the function, and a dense layer."""
    torch.manual_seed(3)
    function = LARGEST[name]
    width = function(torch.zeros(1, 6, 20)).shape[1]

    def run(m: Net, x: Tensor) -> Tensor:
        return m.dense(function(m.conv(x)))

    return Net(run, conv=nn.Conv1d(4, 6, 5), dense=nn.Linear(width, 2)).double().eval()


@functools.cache
def captured(name: str) -> seqattr.Model:
    return seqattr.Model(net(name), letters(*REPEATS))


@pytest.mark.parametrize("name", LARGEST)
def test_the_gradient_equals_autograds(name: str) -> None:
    module, x = net(name), torch.cat([letters(*REPEATS), one_hot(2)])
    leaf = x.clone().requires_grad_()
    expected = torch.stack([torch.autograd.grad(module(leaf)[:, t].sum(), leaf)[0] for t in (0, 1)])
    torch.testing.assert_close(seqattr.jacobian(captured(name), x), expected, rtol=0, atol=1e-15)


@pytest.mark.parametrize("name", SHARED)
@pytest.mark.parametrize("method", ["deeplift", "deeplift-revealcancel"])
def test_deeplift_adds_up_and_at_no_difference_is_the_gradient(name: str, method: str) -> None:
    model, x = captured(name), torch.cat([letters(*REPEATS), one_hot(2)])
    against = seqattr.attribute(model, x, torch.cat([shuffled(x), x.flip(2)[:, None]], 1), method=method)
    assert against.additivity_error.max() < 1e-12
    itself = seqattr.attribute(model, x, x[:, None], method=method).multipliers
    torch.testing.assert_close(itself, seqattr.jacobian(model, x), rtol=0, atol=1e-14)


def shared_max(x: np.ndarray, r: np.ndarray) -> np.ndarray:
    """The slopes of the largest of a row, slowly: what the sequence's largest adds is shared among all that
    are as large, and so is what the reference's largest takes away."""
    level = max(*x, *r)
    changes = [(x, level - max(r)), (r, max(x) - level)]
    result = np.zeros_like(x)
    for row, change in changes:
        places = [i for i in range(len(x)) if row[i] == max(row)]
        for i in places:
            if x[i] != r[i]:
                result[i] += change / len(places) / (x[i] - r[i])
            elif x[i] == max(x) and r[i] == max(r):
                result[i] += 1 / len(places) / 2
    return result


def test_deeplifts_slopes_are_those_of_the_definition() -> None:
    rng = np.random.default_rng(0)
    module = Net(lambda m, x: (x.cumsum(2) * m.factors).amax((1, 2))[:, None], factors=torch.rand(4, 1))
    model = seqattr.Model(module.double(), torch.zeros(2, 4, 6, dtype=torch.float64))
    for _ in range(200):
        pair = torch.from_numpy(rng.integers(-1, 3, (2, 1, 4, 6)).astype(float))
        got = seqattr.attribute(model, pair[0], pair[1:], method="deeplift").multipliers[0, 0]
        inner = (pair.cumsum(3) * module.factors.detach())[:, 0].flatten(1).numpy()
        slopes = torch.from_numpy(shared_max(*inner)).view(4, 6)
        expected = (slopes * module.factors.detach()).flip(1).cumsum(1).flip(1)
        torch.testing.assert_close(got, expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize("method", ["deeplift", "deeplift-rescale", "gradient", "guided-backprop", "lrp-0"])
def test_what_a_repeat_contributes_is_shared_among_its_units(method: str) -> None:
    """Inside, where no end is near, each unit has the same."""
    x = letters(REPEATS[0])
    found = seqattr.attribute(captured("amax"), x, frequency(), method=method)
    inside = found.contributions[0, 0, 6:18].unflatten(0, (4, 3))
    assert inside.abs().max() > 1e-4
    torch.testing.assert_close(inside, inside[:1].expand(4, 3), rtol=0, atol=1e-15)


def test_an_edit_of_a_repeat_is_worked_out_alike() -> None:
    """Along channels, a window that an edit can reach is enough."""
    x, module = letters(*REPEATS), net("amax over channels")
    ism = seqattr.attribute(captured("amax over channels"), x, method="ism").hypothetical[0, 0]
    edited = torch.stack(
        [torch.where(torch.arange(24) == 7, row, x[0]) for row in torch.eye(4).double()[:, :, None]]
    )
    answers = module(edited)[:, 0].detach()
    torch.testing.assert_close(ism[:, 7].diff(dim=0), answers.diff(dim=0) * 4 / 3, rtol=0, atol=1e-14)
