"""Models whose forward writes on their weights, on their buffers or on what they are given."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from seqattr.engine.capture.model import Model
from seqattr.errors import ModelError
from seqattr.methods.attribution import attribute
from tests.helpers.sequences import LENGTH, one_hot, shuffled

Write = Callable[["Writer", Tensor], object]


class Writer(nn.Module):
    """A convolution that writes first."""

    calls: Tensor

    def __init__(self, write: Write) -> None:
        super().__init__()
        self.conv, self.write = nn.Conv1d(4, 6, 5), write
        self.conv.weight.data = torch.linspace(-1, 1, 120).view(6, 4, 5)
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        self.write(self, x)
        return self.conv(x).sum(2)


def of_calls(model: Writer, x: Tensor) -> None:
    model.calls += 1
    x *= model.calls


CAPTURED: dict[str, Write] = {
    "weights held in bounds": lambda m, x: m.conv.weight.copy_(m.conv.weight.clamp(-0.1, 0.1)),
    "a bias set": lambda m, x: nn.init.constant_(m.conv.bias, 0.3),
    "a count of calls": lambda m, x: m.calls.add_(1),
    "a buffer that is set": lambda m, x: setattr(m, "calls", m.calls + 1),
    "the input": lambda m, x: x.sub_(0.25),
    "a channel": lambda m, x: x[:, 1].fill_(0),
}


@pytest.mark.parametrize("name", CAPTURED)
def test_what_answers_alike_each_time_is_captured(name: str) -> None:
    module = Writer(CAPTURED[name])
    model = Model(module, torch.zeros(2, 4, LENGTH))
    x = one_hot(3).float()
    with torch.no_grad():
        torch.testing.assert_close(model.predict(x), module(x.clone()))
    assert attribute(model, x, shuffled(x), dtype=torch.float64).additivity_error.amax() <= 1e-10


THROUGH_DATA = (
    r"writes on a tensor of its own, through \.data .*; write on the weights before, or work with a new"
)
REFUSED: dict[str, tuple[str, Write]] = {
    "renorm of the data": (THROUGH_DATA, lambda m, x: m.conv.weight.data.renorm_(2, 0, 0.9)),
    "other data": (
        THROUGH_DATA,
        lambda m, x: setattr(m.conv.weight, "data", m.conv.weight.data.clamp(-1, 1)),
    ),
    "a count that is used": ("keep something from call to call", of_calls),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_followed_is_refused_in_one_line(name: str) -> None:
    pattern, write = REFUSED[name]
    with pytest.raises(ModelError, match=pattern) as caught:
        Model(Writer(write), torch.zeros(2, 4, LENGTH))
    assert "\n" not in str(caught.value)
