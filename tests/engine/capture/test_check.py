"""The graph answers as the model does, on every sort of sequence; where it cannot, it is said why."""

import re
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from seqattr.engine.capture.model import Model
from seqattr.errors import ModelError, UnsupportedOp
from seqattr.methods.attribution import attribute
from tests.helpers.pieces import Net, body, conv
from tests.helpers.sequences import LENGTH, frequency, one_hot, shuffled

EXAMPLE = torch.zeros(2, 4, LENGTH, dtype=torch.float64)


def made(function: Callable[[Net, Tensor], object], example: Tensor = EXAMPLE) -> tuple[Net, Model]:
    """A small net under a function, and its capture."""
    torch.manual_seed(0)
    module = Net(function, net=body(), conv=conv(), line=nn.Linear(6, 1)).to(example.dtype).eval()
    return module, Model(module, example)


# --- casts ---------------------------------------------------------------------------------------


class Counter(nn.Module):
    """0 on nearly every sequence, whole numbers at runs of one base."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(4, 1, 12)
        self.conv.weight.data.zero_()[0, 0] = 1
        self.conv.bias.data[:] = -10.53

    def forward(self, x: Tensor) -> Tensor:
        return (torch.relu(self.conv(x)) * 10).int().to(x.dtype).amax(-1)


def test_a_cast_to_whole_numbers_is_kept() -> None:
    x = one_hot(3, 40).float()
    x[:, :, 5:20], x[:, 0, 5:20] = 0, 1
    module = Counter().eval()
    model = Model(module, torch.zeros(2, 4, 40))
    assert module(x).unique().tolist() == [14]
    assert torch.equal(model.predict(x), module(x).detach())
    result = attribute(model, x, shuffled(x, 3), method="deeplift-rescale", dtype=torch.float64)
    assert result.additivity_error.max() <= 1e-9


CASTS: dict[str, Callable[[Tensor], Tensor]] = {
    "long": lambda x: x.long().to(torch.float64),
    "int": lambda x: (3 * x - 0.5).int().to(x),
    "bool": lambda x: x.bool().type_as(x),
    "half and back": lambda x: (x.round() if x.is_sparse else x).float().double(),
    "to another's type": lambda x: (2.5 * x).to(torch.zeros(1, dtype=torch.int32)) * 0.5,
}


@pytest.mark.parametrize("name", CASTS)
def test_casts_are_what_they_are_to_the_model_on_references_too(name: str) -> None:
    """A frequency is 0 as a whole number, and true as a truth value."""
    module, model = made(lambda m, x: m.line(torch.relu(m.conv(CASTS[name](x).to(x.dtype))).mean(-1)))
    x, r = one_hot(), frequency()
    result = attribute(model, x, r)
    own = (module(x) - module(r)).detach()[:, 0]
    torch.testing.assert_close(result.difference[0], own, rtol=1e-10, atol=1e-14)
    torch.testing.assert_close(result.contributions[0].sum(1), own, rtol=1e-10, atol=1e-14)
    assert result.additivity_error.max() <= 1e-9


def test_a_cast_to_a_small_integer_is_refused() -> None:
    with pytest.raises(UnsupportedOp, match=r"no rule for the op aten._to_copy.* wraps .* cast to int64"):
        made(lambda m, x: m.net((100 * x).to(torch.int8).to(x)))


def test_positions_and_masks_may_be_cast_to_anything() -> None:
    def function(m: Net, x: Tensor) -> Tensor:
        places = torch.arange(x.shape[2], dtype=torch.float64)
        return m.net(x[:, :, (places / 2).long()] * (places > 3).byte().to(x))

    module, model = made(function)
    torch.testing.assert_close(model.predict(one_hot()), module(one_hot()).detach(), rtol=1e-10, atol=0)


def test_dropout_counts_as_nothing_only_where_it_is_off() -> None:
    _, model = made(lambda m, x: F.dropout(m.net(x), 0.5, training=m.training))
    assert "aten.native_dropout.default" not in {step.op for step in model.graph.steps}
    with pytest.raises(UnsupportedOp, match="draw random numbers in every call"):
        made(lambda m, x: F.dropout(m.net(x), 0.5))


# --- precision -----------------------------------------------------------------------------------


def test_single_precision_inside_a_double_model_is_taken() -> None:
    def function(m: Net, x: Tensor) -> Tensor:
        h = torch.relu(m.conv(x))
        wide = h.float()
        return m.line((wide * torch.rsqrt(wide.square().mean(1, keepdim=True) + 1e-5)).double().mean(2))

    module, model = made(function)
    assert (
        model.predict(one_hot()) - module(one_hot())
    ).abs().max() > 1e-10  # so that it is no float64 model
    torch.testing.assert_close(model.predict(one_hot()), module(one_hot()).detach(), rtol=1e-5, atol=1e-6)
    assert attribute(model, one_hot(), shuffled(one_hot())).additivity_error.max() <= 1e-9


def test_autocast_is_taken_at_the_precision_of_the_weights() -> None:
    @torch.autocast("cpu", dtype=torch.bfloat16)
    def function(m: Net, x: Tensor) -> Tensor:
        return m.net(x).float()

    module, model = made(function, EXAMPLE.float())
    x = one_hot().float()
    torch.testing.assert_close(model.predict(x), module(x).detach(), rtol=0.05, atol=0.02)


def test_large_values_that_cancel_are_no_difference() -> None:
    def function(m: Net, x: Tensor) -> Tensor:
        h = 1e4 + m.conv(x)
        return m.line((h - h.mean(2, keepdim=True)).mean(2)) * 1e3

    made(function, EXAMPLE.float())


# --- every sort of sequence ----------------------------------------------------------------------

RARE: dict[str, tuple[str, Callable[[Net, Tensor], Tensor]]] = {
    "N": ("sequences with unknown bases", lambda m, x: (x.sum(1) == 0).any(1)),
    "frequencies": ("base frequencies", lambda m, x: ((x > 0) & (x < 1)).any(2).any(1)),
    "a run": ("repeats", lambda m, x: x[:, 1].sum(1) == LENGTH),
    "a motif": ("what the first layer looks for", lambda m, x: m.conv(x).flatten(1).amax(1) > m.best),
}


@pytest.mark.parametrize("name", RARE)
def test_a_graph_that_differs_on_rare_sequences_alone_is_refused(name: str) -> None:
    """Here the model hides a step from capture."""
    sort, happens = RARE[name]

    def function(m: Net, x: Tensor) -> Tensor:
        answer = m.net(x)
        return answer if torch.compiler.is_compiling() else answer + happens(m, x)[:, None].to(x)

    torch.manual_seed(0)
    parts = body().double(), conv().double()
    module = Net(function, net=parts[0], conv=parts[0][0], best=torch.zeros(()))
    weight, bias = parts[0][0].weight.data, parts[0][0].bias.data
    module.best.data = (weight.amax(1).sum(1) + bias).max() - 1e-9
    with pytest.raises(ModelError, match=rf"differently from the model itself \(by 1 on .*\): on {sort}"):
        Model(module.eval(), EXAMPLE)


def test_a_model_may_be_nothing_for_what_is_no_sequence() -> None:
    module, model = made(lambda m, x: m.net(x / x.sum(1, keepdim=True)))
    assert module(torch.zeros_like(EXAMPLE)).isnan().all()
    torch.testing.assert_close(model.predict(one_hot()), module(one_hot()).detach(), rtol=1e-10, atol=0)


# --- what is the matter --------------------------------------------------------------------------


class AlongTheBatch(nn.Module):
    """An LSTM that takes the batch for time."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.lstm, self.out = conv(), nn.LSTM(6, 3, batch_first=True), nn.Linear(3 * 20, 1)

    def forward(self, x: Tensor) -> Tensor:
        h, _ = self.lstm(torch.relu(self.conv(x)).permute(2, 0, 1))
        return self.out(h.transpose(0, 1).reshape(x.shape[0], -1))


class Remembers(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.net, self.calls = body(), 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return self.net(x) + self.calls


class Divides(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.net = body()

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x) / (x.sum(1).mean(1, keepdim=True) - 1) * 0


class Flips(nn.Module):
    """Fixes its batch, so that it cannot be captured, and mixes it."""

    def __init__(self) -> None:
        super().__init__()
        self.net = body()

    def forward(self, x: Tensor) -> Tensor:
        rows = [self.net(row[None]) for row in x]
        return torch.cat([rows[0], *(row + rows[0] for row in rows[1:])])


MATTERS: dict[str, tuple[type[nn.Module], str]] = {
    "batch": (
        AlongTheBatch,
        r"mixes the sequences of a batch in .*lstm.* depends on the others.* \(batch_first\)",
    ),
    "batch, fixed": (Flips, r"a sequence alone and in a batch differs \(by .*; does a recurrent layer run"),
    "state": (Remembers, r"two calls of the model on the same sequences differ \(by .* keep something"),
    "NaN": (Divides, "answers with NaN to a random sequence"),
}


@pytest.mark.parametrize("name", MATTERS)
def test_what_is_said_was_tried(name: str) -> None:
    kind, line = MATTERS[name]
    torch.manual_seed(0)
    with pytest.raises(ModelError) as caught:
        Model(kind().double().eval(), EXAMPLE)
    assert re.search(line, str(caught.value)), str(caught.value)
    assert "\n" not in str(caught.value)


class Divides(nn.Module):
    """By a variance, which is 0, or its rounding, where all positions are alike."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(4, 8, 5)
        generator = torch.Generator().manual_seed(2)
        self.conv.weight.data = torch.randn(8, 4, 5, generator=generator)

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv(x)
        return (h / h.var(2, unbiased=False, keepdim=True)).amax(2)


def test_what_is_infinite_in_the_model_itself_is_let_be() -> None:
    module, x = Divides(), one_hot(3).float()
    alike = torch.eye(4)[[0] * LENGTH].T.unsqueeze(0)
    assert not module(alike).isfinite().all()
    model = Model(module, torch.zeros(2, 4, LENGTH))
    torch.testing.assert_close(model.predict(x), module(x).detach())


@pytest.mark.parametrize("turned", [torch.msort, lambda y: y.flip(0), lambda y: y.sort(0).values])
def test_outputs_in_the_order_of_something_else_are_of_no_sequence(
    turned: Callable[[Tensor], Tensor],
) -> None:
    """Repeating the rows in their order does not show it; another order does."""
    with pytest.raises(ModelError, match="the model mixes the sequences of a batch in aten"):
        made(lambda m, x: turned(m.net(x)))
