"""From a module to a graph: any batch, which lengths, which layouts; and refusals in one line."""

import functools
import re
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from seqattr.engine.capture.model import Model
from seqattr.errors import InputError, ModelError, SeqattrError, UnsupportedOp
from seqattr.methods.attribution import attribute
from tests.helpers.pieces import Head, Net, body, conv
from tests.helpers.sequences import LENGTH, one_hot, shuffled
from tests.helpers.zoo import build, capture, captured

EXAMPLE = torch.zeros(2, 4, LENGTH, dtype=torch.float64)

# --- geometry -----------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 2, 7])
def test_any_number_of_sequences(rows: int) -> None:
    module, model = captured("transformer")
    x = one_hot(rows)
    torch.testing.assert_close(model.predict(x), module(x).detach(), rtol=1e-10, atol=0)


FREE = [
    "conv1d",
    "relu, overlapping max pool",
    "max pool, padded, dilated, ceil",
    "batch merged with positions",
    "constants",
    "constant zeros joined",
    "upsampled",
    "attention, causal",
    "attention by hand, causal",
    "transformer, norm first",
    "siamese reverse complement",
]


@pytest.mark.parametrize("length", [LENGTH - 5, 2 * LENGTH + 1])
@pytest.mark.parametrize("name", FREE)
def test_a_free_length_is_right_at_every_length(name: str, length: int) -> None:
    module, model = captured(name)
    assert model.lengths.longest is None
    x = one_hot(3, length)
    own = module(x)
    own = torch.cat(own, 1) if isinstance(own, tuple) else own
    torch.testing.assert_close(model.predict(x), own.detach(), rtol=1e-10, atol=0)
    assert attribute(model, x, shuffled(x)).additivity_error.max() <= 1e-9


def test_an_encoder_of_torchs_takes_any_length() -> None:
    """Attention's kernels may order their answers otherwise than products of matrices do, positions first."""
    module = Net(
        lambda net, x: net.encoder(net.conv(x).permute(2, 0, 1)).mean(0),
        conv=conv(8),
        encoder=nn.TransformerEncoderLayer(8, 2, 9),
    )
    module.double().eval()
    model = Model(module, EXAMPLE)
    assert model.lengths.longest is None
    for length in (9, LENGTH + 8):
        x = one_hot(2, length)
        torch.testing.assert_close(model.predict(x), module(x).detach(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("name", "shortest"), [("conv1d", 5), ("dilated", 9), ("depthwise", 7)])
def test_the_shortest_length_is_the_receptive_field(name: str, shortest: int) -> None:
    _, model = captured(name)
    assert model.lengths.shortest == shortest
    attribute(model, one_hot(2, shortest))
    with pytest.raises(
        InputError, match=f"of {shortest - 1} bp do not fit the model, which takes {shortest} bp or more"
    ):
        attribute(model, one_hot(2, shortest - 1))


@pytest.mark.parametrize("length", [LENGTH - 1, LENGTH + 1])
def test_a_dense_model_takes_one_length(length: int) -> None:
    _, model = captured("dense")
    assert model.lengths.is_fixed
    with pytest.raises(InputError, match=f"of {length} bp do not fit the model, which takes {LENGTH} bp"):
        model.predict(one_hot(2, length))


@functools.cache
def plain() -> nn.Module:
    torch.manual_seed(5)
    return body(conv(6, 3, 6), nn.GELU()).double()


LAYOUTS: dict[str, Callable[[Tensor], Tensor]] = {
    "NL4": lambda x: x.transpose(1, 2),
    "N41L": lambda x: x.squeeze(2),
    "N4L1": lambda x: x.squeeze(3),
}


@pytest.mark.parametrize("channels", ["ACGT", "TGCA"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_and_channel_orders_are_one(layout: str, channels: str) -> None:
    def as_usual(m: Net, x: Tensor) -> Tensor:
        x = LAYOUTS[layout](x)
        return m.net(x if channels == "ACGT" else x.flip(1))

    sizes = {"N": 2, "4": 4, "L": LENGTH, "1": 1}
    example = torch.zeros([sizes[letter] for letter in layout], dtype=torch.float64)
    other = Model(Net(as_usual, net=plain()), example, layout=layout, channels=channels)
    x = one_hot()
    wanted = attribute(Model(plain(), EXAMPLE), x, shuffled(x))
    got = attribute(other, x, shuffled(x))
    torch.testing.assert_close(got.hypothetical, wanted.hypothetical, rtol=0, atol=1e-13)
    assert torch.equal(got.prediction, wanted.prediction)


@pytest.mark.parametrize(
    ("example", "options", "message"),
    [
        (torch.zeros(2, 5, LENGTH), {}, r"must have 4 channels in the layout N4L, but .* shape \(2, 5, 24\)"),
        (torch.zeros(2, 4, LENGTH), {"layout": "NL4"}, "must have 4 channels in the layout NL4"),
        (torch.zeros(4, LENGTH), {}, "must have 4 channels in the layout N4L"),
        (torch.zeros(2, 4, LENGTH), {"layout": "4CL"}, "unknown input layout '4CL'; there is: N4L, NL4"),
        (torch.zeros(2, 4, LENGTH), {"channels": "ACGU"}, "an order of the letters ACGT, not 'ACGU'"),
    ],
)
def test_other_inputs_are_refused(example: Tensor, options: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Model(body(), example, **options)


@pytest.mark.parametrize("wrap", [lambda m: torch.compile(m, backend="eager"), nn.DataParallel])
def test_what_wraps_a_module_is_looked_through(wrap: Callable[[nn.Module], nn.Module]) -> None:
    x = one_hot()
    wanted, got = (attribute(Model(m, EXAMPLE), x) for m in (plain(), wrap(plain())))
    assert torch.equal(got.hypothetical, wanted.hypothetical)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize(
    "name", ["batch norm folded", "transformer, norm first", "relu, overlapping max pool"]
)
def test_half_precision_is_explained_in_float32(name: str, dtype: torch.dtype) -> None:
    """In half precision no sum adds up; the weights stay what they were."""
    module = build(name).to(dtype)
    model = Model(module, torch.zeros(2, 4, LENGTH))
    x = one_hot()
    assert model.dtype == torch.float32
    assert attribute(model, x, shuffled(x)).additivity_error.max() <= 1e-4
    torch.testing.assert_close(model.predict(x), module.float()(x.float()).detach(), rtol=1e-4, atol=1e-5)


# --- refusals -----------------------------------------------------------------------------------


class Branches(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x[:, 0].sum() > 3:
            return x.mean(2)
        return x.sum(2)


class TakesOut(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.mean(2) * x.sum().item()


class Ranks(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.sort(x, dim=1)[1].mean(2, dtype=x.dtype)


class Inverts(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.linalg.inv(x @ x.mT + torch.eye(4)).mean(2)


class Transforms(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.fft.rfft(x).angle().mean(2)


class Turns(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.atan2(x[:, :2], x[:, 2:] + 1).mean(2)


class Places(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return F.one_hot(x.argmax(1), 4).to(x.dtype).mean(1)


class Mixes(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return (x - x.mean(0)).amax(2)


class Shifts(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.roll(1, 0).mean(2)


LINES: dict[type[nn.Module], tuple[type[SeqattrError], str]] = {
    Branches: (ModelError, "branches on the values of a sequence, .*(at HERE: if x[:, 0].sum() > 3"),
    TakesOut: (
        UnsupportedOp,
        "no rule for the op aten.item.default at HERE: return x.mean(2) * x.sum().item()",
    ),
    Ranks: (UnsupportedOp, "no rule for the op aten.sort.default at HERE: return torch.sort(x, dim=1)"),
    Inverts: (
        UnsupportedOp,
        "no rule for the op aten.linalg_inv_ex.default at HERE: return torch.linalg.inv",
    ),
    Transforms: (
        UnsupportedOp,
        "no rule for the op aten.angle.default at HERE: .*; use its real and imaginary parts",
    ),
    Turns: (UnsupportedOp, "at HERE: .*; write 2 * torch.atan(y / (torch.hypot(x, y) + x))"),
    Places: (UnsupportedOp, "at HERE: .*; the place of a maximum, or in an order, has no slope"),
    Mixes: (ModelError, "mixes the sequences of a batch in aten.mean.dim at HERE: return (x - x.mean(0))"),
    Shifts: (ModelError, "mixes the sequences of a batch in aten.roll.default at HERE: return x.roll(1, 0)"),
}


@pytest.mark.parametrize("module", LINES, ids=lambda module: module.__name__)
def test_refusals_name_the_line(module: type[nn.Module], capfd: pytest.CaptureFixture[str]) -> None:
    """One line, with the user's own, and nothing printed beside it."""
    error, wanted = LINES[module]
    pattern = re.escape(wanted).replace(r"\.\*", ".*").replace("HERE", r"test_export\.py:\d+ in forward")
    with pytest.raises(error) as caught:
        Model(module(), EXAMPLE)
    assert re.search(pattern, str(caught.value)), str(caught.value)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


REFUSED: dict[str, tuple[str, Callable[[Net, Tensor], object]]] = {
    "random": ("draw random numbers", lambda m, x: m.net(x) + torch.randn(3)),
    "dropout that is always on": ("draw random numbers", lambda m, x: F.dropout(m.net(x), 0.5)),
    "dropout made in forward": ("nn.Dropout to be made in __init__", lambda m, x: nn.Dropout()(m.net(x))),
    "noise": ("with register_buffer", lambda m, x: m.net(x) + torch.randn_like(x[:, :3, 0])),
    "an inverse": (
        "only those that depend on no base have an inverse",
        lambda m, x: torch.linalg.inv(x @ x.mT + torch.eye(4).to(x)).flatten(1),
    ),
    "a system of equations": (
        r"write torch.linalg.inv\(a\) @ b",
        lambda m, x: torch.linalg.solve(torch.eye(4).to(x), x).flatten(1),
    ),
    "values where a mask is": (
        r"write torch.where\(mask, values, x\)",
        lambda m, x: x.masked_scatter(torch.arange(4)[:, None] > 1, x.flip(1)).flatten(1),
    ),
    "fixed batch": ("fixes the number of sequences .* x.shape", lambda m, x: torch.stack(list(m.net(x)))),
    "no batch": ("first output dimension must be the batch", lambda m, x: m.net(x).T),
    "constant": ("first output dimension must be the batch", lambda m, x: m.net[0].bias),
    "own mistake": (
        r"fails on an input of shape \(3, 4, 24\): .* got 3 channels",
        lambda m, x: m.net(x[:, :3]),
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_are_one_line_that_names_the_cause(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    pattern, function = REFUSED[name]
    with pytest.raises(ModelError) as caught:
        capture(function)
    message = str(caught.value)
    assert re.search(pattern, message), message
    assert "\n" not in message
    assert capfd.readouterr() == ("", "")


def test_batch_statistics_are_refused() -> None:
    module = nn.Sequential(conv(), nn.BatchNorm1d(6, track_running_stats=False), Head(6))
    with pytest.raises(UnsupportedOp, match="at module 1; without running statistics it mixes the sequences"):
        Model(module, torch.zeros(2, 4, LENGTH))
