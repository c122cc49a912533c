"""What an attribution is, on a model whose answer is known, and what is no attribution."""

import numpy as np
import pytest
import torch
from torch import nn

from seqattr.engine.capture.model import Model
from seqattr.errors import InputError, UnknownName
from seqattr.methods.attribution import attribute
from seqattr.methods.registry import METHODS
from tests.helpers.kinds_of_method import MULTIPLYING
from tests.helpers.pieces import conv
from tests.helpers.sequences import LENGTH, frequency, one_hot, shuffled

N, R = 3, 2


@pytest.fixture(scope="module")
def linear() -> tuple[torch.Tensor, Model]:
    """Two weighted sums of the bases, and the weights (2, 4, L)."""
    torch.manual_seed(0)
    layer = nn.Linear(4 * LENGTH, 2).double()
    model = Model(nn.Sequential(nn.Flatten(), layer), torch.zeros(2, 4, LENGTH, dtype=torch.float64))
    return layer.weight.detach().view(2, 4, LENGTH), model


@pytest.mark.parametrize("method", MULTIPLYING)
def test_of_a_weighted_sum_slopes_are_the_weights(linear: tuple[torch.Tensor, Model], method: str) -> None:
    weights, model = linear
    x = one_hot(N)
    references = shuffled(x, R)
    result = attribute(model, x, references, method=method)
    w, mean = weights[:, None], references.mean(1)
    close = {"rtol": 0, "atol": 1e-14}
    torch.testing.assert_close(result.multipliers, w.expand(2, N, 4, LENGTH), **close)
    torch.testing.assert_close(result.contributions, (w * (x - mean)).sum(2), **close)
    torch.testing.assert_close(result.hypothetical, w - (w * mean).sum(2, keepdim=True), **close)
    torch.testing.assert_close(result.difference, (w * (x - mean)).sum((2, 3)), **close)
    assert result.additivity_error.max() <= 1e-12


def test_targets_come_in_the_order_asked_for(linear: tuple[torch.Tensor, Model]) -> None:
    both, swapped = (
        attribute(linear[1], one_hot(N), targets=targets) for targets in (None, [1, "target0", 1])
    )
    assert torch.equal(swapped.contributions, both.contributions[[1, 0, 1]])


@pytest.mark.parametrize("kind", [np.int8, np.float32, np.float64])
def test_sequences_may_be_arrays_of_any_type(linear: tuple[torch.Tensor, Model], kind: type) -> None:
    x, references = one_hot(N), shuffled(one_hot(N), R)
    wanted = attribute(linear[1], x, references)
    got = attribute(linear[1], x.numpy().astype(kind), references.numpy().astype(kind))
    assert torch.equal(got.contributions, wanted.contributions)


def test_an_unknown_base_contributes_by_what_it_lacks(linear: tuple[torch.Tensor, Model]) -> None:
    """A column of zeros: minus what the reference would have given."""
    x = one_hot(N)
    x[:, :, 5] = 0
    got = attribute(linear[1], x, frequency()).contributions[:, :, 5]
    wanted = -(linear[0][:, :, 5] * frequency()[0, :, 5]).sum(1)
    torch.testing.assert_close(got, wanted[:, None].expand(2, N), rtol=0, atol=1e-14)


def test_no_sequences_have_no_contributions(linear: tuple[torch.Tensor, Model]) -> None:
    assert attribute(linear[1], one_hot(0)).contributions.shape == (2, 0, LENGTH)


@pytest.fixture(scope="module")
def smooth() -> Model:
    torch.manual_seed(0)
    layers = conv(k=9), nn.Tanh(), nn.Flatten(), nn.Linear(6 * (LENGTH - 8), 3), nn.Sigmoid(), nn.Linear(3, 1)
    module = nn.Sequential(*layers).double()
    with torch.no_grad():
        module[0].weight *= 5
    return Model(module, torch.zeros(2, 4, LENGTH, dtype=torch.float64))


@pytest.mark.parametrize("method", [name for name in METHODS if "integrated" in name])
def test_more_steps_are_closer_to_complete(smooth: Model, method: str) -> None:
    """On a smooth function the midpoint rule's error falls with the square of the number of steps."""
    x, steps = one_hot(N), int(method.rsplit("-", 1)[1])
    error = attribute(smooth, x, shuffled(x, R), method=method).additivity_error.max()
    assert 0.1 / steps**2 <= error <= 10 / steps**2


@pytest.mark.parametrize(
    ("sequences", "references", "options", "message"),
    [
        (one_hot(N)[0], None, {}, r"sequences must have the shape \(N, 4, L\), not \(4, 24\)"),
        (torch.zeros(N, 5, LENGTH), None, {}, r"sequences must have the shape \(N, 4, L\), not \(3, 5, 24\)"),
        (one_hot(N), torch.zeros(2, 4, 9), {}, r"references of the shape \(2, 4, 9\) do not fit"),
        (one_hot(N), torch.zeros(5, 2, 4, LENGTH), {}, r"references of the shape \(5, 2, 4, 24\) do not fit"),
        (one_hot(N), torch.zeros(0, 4, LENGTH), {}, "with R at least 1"),
        (one_hot(N), torch.zeros(4, LENGTH), {}, r"references must have the shape \(N, R, 4, L\) or"),
        (one_hot(N), None, {"batch_size": 0}, "the batch size must be at least 1, not 0"),
        (one_hot(N), None, {"device": "tpu"}, "unknown device 'tpu'; there is: auto, cpu, cuda"),
        (one_hot(N), None, {"device": "cuda:99"}, "there is no device cuda:99"),
        (one_hot(N, 9), None, {}, "sequences of 9 bp do not fit the model, which takes 24 bp"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(
    linear: tuple[torch.Tensor, Model],
    sequences: torch.Tensor,
    references: torch.Tensor,
    options: dict,
    message: str,
) -> None:
    with pytest.raises(InputError, match=message):
        attribute(linear[1], sequences, references, **options)


def test_an_unknown_method_lists_the_known(linear: tuple[torch.Tensor, Model]) -> None:
    with pytest.raises(UnknownName, match="unknown method 'deeplft'; there is: deeplift, deeplift-rescale"):
        attribute(linear[1], one_hot(), method="deeplft")
