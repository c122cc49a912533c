"""From a module to a graph: what is recognised, what is simplified, and what is refused in one line."""

import functools
import re
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from seqattr.engine.model import Model
from seqattr.errors import InputError, ModelError, SeqattrError, UnknownName, UnsupportedOp
from seqattr.methods import attribute
from tests.zoo import LENGTH, Head, Net, body, build, captured, conv, one_hot, shuffled

EXAMPLE = torch.zeros(2, 4, LENGTH, dtype=torch.float64)


def capture(
    function: Callable[[Net, Tensor], object], outputs: int = 3, **options: object
) -> tuple[Net, Model]:
    """A function of a small network's outputs `m.net(x)`, in float64."""
    torch.manual_seed(1)
    module = Net(function, net=nn.Sequential(conv(), nn.ReLU(), Head(6, outputs))).double()
    return module, Model(module, EXAMPLE, **options)


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
    assert model.lengths.fixed
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
        (torch.zeros(2, 4, LENGTH), {"layout": "4NL"}, "unknown input layout '4NL'; there is: N4L, NL4"),
        (torch.zeros(2, 4, LENGTH), {"channels": "ACGU"}, "an order of the letters ACGT, not 'ACGU'"),
    ],
)
def test_other_inputs_are_refused(example: Tensor, options: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Model(body(), example, **options)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize(
    "name", ["batch norm melted", "transformer, norm first", "relu, overlapping max pool"]
)
def test_half_precision_is_explained_in_float32(name: str, dtype: torch.dtype) -> None:
    """In half precision no sum adds up; the weights stay what they were."""
    module = build(name).to(dtype)
    model = Model(module, torch.zeros(2, 4, LENGTH))
    x = one_hot()
    assert model.dtype == torch.float32
    assert attribute(model, x, shuffled(x)).additivity_error.max() <= 1e-4
    torch.testing.assert_close(model.predict(x), module.float()(x.float()).detach(), rtol=1e-4, atol=1e-5)


# --- outputs ------------------------------------------------------------------------------------

FINALS: dict[str, tuple[str, Callable[[Tensor], Tensor]]] = {
    "sigmoid": ("sigmoid", torch.sigmoid),
    "log sigmoid": ("log sigmoid", F.logsigmoid),
    "sigmoid, flattened": ("sigmoid", lambda y: torch.sigmoid(y).unsqueeze(1).flatten(1)),
    "sigmoid of views": ("sigmoid", lambda y: torch.sigmoid(y.unsqueeze(2)).squeeze(-1)),
    "softmax": ("softmax", lambda y: y.softmax(1)),
    "softmax, squeezed": ("softmax", lambda y: y[..., None].softmax(1).squeeze(2)),
    "log softmax": ("log softmax", lambda y: F.log_softmax(y, -1)),
    "nothing": ("", lambda y: y * 1.0),
    "a gate": ("", lambda y: y * torch.sigmoid(y)),
}


@pytest.mark.parametrize("name", FINALS)
def test_a_final_nonlinearity_is_taken_off(name: str) -> None:
    final, function = FINALS[name]
    module, model = capture(lambda m, x: function(m.net(x)))
    assert model.finals == (final,)
    x = one_hot()
    logits = module.net(x).detach()
    if "softmax" in final:
        logits = logits - logits.mean(1, keepdim=True)
    wanted = logits if final else function(logits)
    torch.testing.assert_close(model.predict(x), wanted, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", ["softmax", "softmax, squeezed", "log softmax"])
def test_contributions_to_classes_sum_to_nothing(name: str) -> None:
    """Subtracting the mean over the classes is linear, so it is the logits' contributions less their mean."""
    _, model = capture(lambda m, x: FINALS[name][1](m.net(x)))
    _, logits = capture(lambda m, x: m.net(x))
    x = one_hot()
    got, raw = (attribute(m, x, shuffled(x), method="deeplift-rescale") for m in (model, logits))
    torch.testing.assert_close(got.contributions.sum(0), torch.zeros(3, LENGTH).double(), rtol=0, atol=1e-14)
    wanted = raw.contributions - raw.contributions.mean(0)
    torch.testing.assert_close(got.contributions, wanted, rtol=0, atol=1e-14)


def test_one_class_of_a_softmax() -> None:
    module, model = capture(lambda m, x: m.net(x).softmax(1)[:, 1])
    x = one_hot()
    logits = module.net(x).detach()
    assert model.finals == ("softmax",)
    torch.testing.assert_close(model.predict(x)[:, 0], logits[:, 1] - logits.mean(1), rtol=1e-12, atol=1e-14)


def test_each_output_has_its_own_final() -> None:
    def several(m: Net, x: Tensor) -> tuple[Tensor, ...]:
        y = m.net(x)
        return torch.sigmoid(y[:, :1]), y[:, 1], y[:, 1:].softmax(1)

    _, model = capture(several)
    assert model.finals == ("sigmoid", "", "softmax")
    assert model.shapes == ((1,), (), (2,))
    names = ["output0_target0", "output1_target0", "output2_target0", "output2_target1"]
    assert [target.name for target in model.targets] == names


def test_a_sigmoid_that_is_read_again_stays() -> None:
    def both(m: Net, x: Tensor) -> tuple[Tensor, Tensor]:
        p = torch.sigmoid(m.net(x))
        return p, p[:, :1] * p[:, 1:]

    module, model = capture(both)
    x = one_hot()
    assert model.finals == ("sigmoid", "")
    y = module.net(x).detach()
    wanted = torch.cat([y, torch.sigmoid(y)[:, :1] * torch.sigmoid(y)[:, 1:]], 1)
    torch.testing.assert_close(model.predict(x), wanted, rtol=1e-12, atol=0)


def test_numbers_beside_the_outputs_are_let_be() -> None:
    _, model = capture(lambda m, x: {"logits": m.net(x), "bins": 3})
    assert [target.name for target in model.targets] == ["target0", "target1", "target2"]


def test_targets_by_name_and_by_number() -> None:
    _, model = capture(lambda m, x: m.net(x), targets=["CTCF", "GATA1", "2"])
    assert [target.index for target in model.pick(["GATA1", 0])] == [1, 0]
    assert [target.index for target in model.pick(["1", "2", 2])] == [1, 2, 2]
    assert model.pick(None) == model.targets
    with pytest.raises(UnknownName, match="unknown target 'TAL1'; there is: CTCF, GATA1, 2"):
        model.pick(["TAL1"])
    with pytest.raises(UnknownName, match="unknown target '3'"):
        attribute(model, one_hot(), targets=[3])


def test_many_targets_are_not_all_listed() -> None:
    _, model = capture(lambda m, x: m.net(x), outputs=40)
    with pytest.raises(UnknownName, match=r"target11, \.\.\. \(40 in all\)$"):
        model.pick(["x"])


def test_target_names_have_to_be_as_many_as_outputs() -> None:
    with pytest.raises(InputError, match="the model has 3 targets, but 2 names were given"):
        capture(lambda m, x: m.net(x), targets=["a", "b"])


# --- simplification -----------------------------------------------------------------------------


def ops(model: Model) -> list[str]:
    return [step.op.split(".")[1] for step in model.graph.steps]


def test_batch_norms_melt_where_that_is_exact() -> None:
    melted = ops(captured("batch norm melted")[1])
    assert [op for op in melted if op in ("mul", "add", "batch_norm")] == []


@pytest.mark.parametrize("name", ["batch norm after relu", "batch norm of a value read twice"])
def test_batch_norms_stay_where_it_is_not(name: str) -> None:
    assert {"mul", "add"} <= set(ops(captured(name)[1]))


NORMED = {
    "conv": lambda: [conv()],
    "no bias": lambda: [conv(bias=False)],
    "grouped": lambda: [conv(groups=2)],
    "transposed": lambda: [conv(), nn.ConvTranspose1d(6, 6, 3, 2)],
    "transposed, grouped": lambda: [conv(), nn.ConvTranspose1d(6, 6, 3, groups=3)],
    "norm without scale": lambda: [conv()],
}


@pytest.mark.parametrize("name", NORMED)
def test_a_melted_norm_changes_no_number(name: str) -> None:
    """Melting is exact: the contributions equal those of the same model with its norm in the way of it."""
    torch.manual_seed(2)
    norm = nn.BatchNorm1d(6, affine=name != "norm without scale").double().eval()
    for tensor in (*norm.parameters(), norm.running_mean):
        nn.init.normal_(tensor)
    layers = nn.Sequential(*NORMED[name]()).double()
    head = Head(6).double()
    direct = Model(nn.Sequential(layers, norm, nn.ReLU(), head), EXAMPLE)
    apart = Net(lambda m, x: head(torch.relu(norm(m.layers(x))) + 0 * m.layers(x)), layers=layers)
    x = one_hot()
    got, wanted = (attribute(model, x, shuffled(x)) for model in (direct, Model(apart, EXAMPLE)))
    torch.testing.assert_close(got.hypothetical, wanted.hypothetical, rtol=0, atol=1e-13)
    assert ("mul" in ops(direct)) == (name == "transposed, grouped")


def test_dropout_is_gone() -> None:
    assert set(ops(captured("dropout")[1])) == {"conv1d", "relu", "silu", "mean", "linear"}


def test_parametrised_weights_are_worked_out_once() -> None:
    assert ops(captured("weight norm")[1]) == ops(captured("conv1d")[1])


def test_what_no_output_needs_is_dropped() -> None:
    def wasteful(m: Net, x: Tensor) -> Tensor:
        m.net(x).exp().sum(1)
        return m.net(x)

    assert "exp" not in ops(capture(wasteful)[1])


# --- refusals -----------------------------------------------------------------------------------


class Branches(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x[:, 0].sum() > 3:
            return x.mean(2)
        return x.sum(2)


class TakesOut(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.mean(2) * x.sum().item()


class Sorts(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.sort(x, dim=1)[0].mean(2)


class Transforms(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.fft.rfft(x).abs().mean(2)


class Chooses(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.where(x > 0.5, 1.0, 0.3).mean(2)


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
    Sorts: (UnsupportedOp, "no rule for the op aten.sort.default at HERE: return torch.sort(x, dim=1)"),
    Transforms: (UnsupportedOp, "no rule for the op aten.fft_rfft.default at HERE: return torch.fft.rfft(x)"),
    Chooses: (UnsupportedOp, "at HERE: .*; write the choice as a nonlinearity, such as torch.relu"),
    Mixes: (ModelError, "mixes the sequences of a batch in aten.mean.dim at HERE: return (x - x.mean(0))"),
    Shifts: (ModelError, "mixes the sequences of a batch in aten.roll.default at HERE: return x.roll(1, 0)"),
}


@pytest.mark.parametrize("module", LINES, ids=lambda module: module.__name__)
def test_refusals_name_the_line(module: type[nn.Module], capfd: pytest.CaptureFixture[str]) -> None:
    """One line, with the user's own, and nothing printed beside it."""
    error, wanted = LINES[module]
    pattern = re.escape(wanted).replace(r"\.\*", ".*").replace("HERE", r"test_capture\.py:\d+ in forward")
    with pytest.raises(error) as caught:
        Model(module(), EXAMPLE)
    assert re.search(pattern, str(caught.value)), str(caught.value)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


REFUSED: dict[str, tuple[str, Callable[[Net, Tensor], object]]] = {
    "random": ("draw random numbers", lambda m, x: m.net(x) + torch.randn(3)),
    "dropout that is always on": ("draw random numbers", lambda m, x: F.dropout(m.net(x), 0.5)),
    "fixed batch": ("fixes the number of sequences .* x.shape", lambda m, x: m.net(x).view(len(x), 3)),
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
