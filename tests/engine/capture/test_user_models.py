"""Models as users write them: each is captured and exact, or refused with what is the matter."""

import re
from collections import OrderedDict, namedtuple
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from seqattr.engine.capture.model import Model
from seqattr.errors import ModelError
from seqattr.methods.attribution import attribute
from tests.helpers.pieces import Net, body, conv
from tests.helpers.sequences import LENGTH, one_hot, shuffled

Function = Callable[[Net, Tensor], Any]
Pair = namedtuple("Pair", "mean variance")


class Output(OrderedDict[str, Any]):
    """As the hub's models answer: a dict whose keys are attributes too."""

    def __getattr__(self, name: str) -> Any:
        return self[name]


class Result:
    """As Lightning's own and others': an object with slots, which has no table of attributes."""

    __slots__ = ("logits",)

    def __init__(self, logits: Tensor) -> None:
        self.logits = logits


def parts() -> dict[str, Any]:
    return {"net": body(), "conv": conv(), "line": nn.Linear(6, 2)}


def made(function: Function, **more: Any) -> nn.Module:
    torch.manual_seed(0)
    return Net(function, **parts(), **more).double().eval()


@torch.no_grad()
def without_gradients(m: Net, x: Tensor) -> Tensor:
    return m.net(x)


@torch.inference_mode()
def in_inference_mode(m: Net, x: Tensor) -> Tensor:
    return m.net(x)


def with_hook() -> nn.Module:
    module = made(lambda m, x: m.net(x))
    module.net[0].register_forward_hook(lambda layer, inputs, output: output * 3)  # type: ignore
    return module


def rescaled(m: Net, x: Tensor) -> Tensor:
    """What stands at unknown bases is put there by the model itself."""
    return m.net(torch.where(x.sum(1, keepdim=True) == 0, 0.25, x))


def both_strands(joined: Callable[[Tensor, Tensor], Tensor]) -> nn.Module:
    return made(lambda m, x: joined(m.net(x), m.net(x.flip(1, 2))))


# Of each the function, and the answer that it must be equal to where the graph has it in another order.
TAKEN: dict[str, nn.Module] = {
    "no gradients": made(without_gradients),
    "inference mode": made(in_inference_mode),
    "a hook on a layer": with_hook(),
    "a lambda of its own": made(lambda m, x: m.times(m.net(x)), times=lambda t: t * 2),
    "a compiled part": made(lambda m, x: m.compiled(m.net(x)), compiled=torch.compile(nn.Linear(2, 3))),
    "an ensemble": made(lambda m, x: torch.stack([net(x) for net in m.nets]).mean(0),
                        nets=nn.ModuleList([body(), body()])),
    "a view by len": made(lambda m, x: m.net(x).view(len(x), 2, 1)),
    "a view by -1": made(lambda m, x: m.net(x).view(-1, 2)),
    "to a device": made(lambda m, x: m.net(x.to("cuda" if torch.cuda.is_available() else "cpu"))),
    "0.25 at unknown bases": made(rescaled),
    "scaled and shifted": made(lambda m, x: m.net(2 * x - 0.5)),
    "strands averaged": both_strands(lambda a, b: (a + b) / 2),
    "the stronger strand": both_strands(torch.maximum),
    "the strand as a new dimension": both_strands(lambda a, b: torch.stack([a, b], 1)),
    "checkpointed": made(
        lambda m, x: torch.utils.checkpoint.checkpoint(m.net, x, use_reentrant=False)),
    "mixed types": made(lambda m, x: m.net(x).float().double()),
    "a squeeze of all": made(lambda m, x: m.net(x)[:, :1].squeeze()),
    "one output as a scalar each": made(lambda m, x: m.net(x)[:, 0]),
    "a sum of heads": made(lambda m, x: sum(m.net(x)[:, i : i + 1] for i in range(2))),
    "flattened by reshape": made(lambda m, x: m.net(x).reshape(x.size(0), -1)),
    "padded with constants of the batch": made(
        lambda m, x: m.net(torch.cat([x.new_full((x.shape[0], 4, 3), 0.25), x], 2))),
    "einops by hand": made(lambda m, x: m.line(m.conv(x).relu().permute(0, 2, 1).mean(1))),
    "a Kronecker product": made(
        lambda m, x: torch.kron(m.net(x), torch.tensor([[0.5, 2.0]], dtype=x.dtype))),
    "switched by a flag": made(lambda m, x: m.net(x) if not m.training else m.net(x) * 0),
}  # fmt: skip


# one of each sort; the others take the same way
COMMON = {
    "inference mode", "a hook on a layer", "an ensemble", "0.25 at unknown bases", "the stronger strand",
    "padded with constants of the batch", "a squeeze of all", "checkpointed",
}  # fmt: skip


@pytest.mark.parametrize(
    "name", [n if n in COMMON else pytest.param(n, marks=pytest.mark.slow) for n in TAKEN]
)
def test_what_a_user_writes_is_captured_and_exact(name: str) -> None:
    module, x = TAKEN[name], one_hot(4)
    model = Model(module, torch.zeros(2, 4, LENGTH, dtype=torch.float64))
    x[0, :, 3:6] = 0
    with torch.no_grad():
        expected = module(x).flatten(1) if module(x).ndim > 1 else module(x)[:, None]
    torch.testing.assert_close(model.predict(x), expected, rtol=1e-6, atol=1e-7)
    assert attribute(model, x, shuffled(x), targets=[0]).additivity_error.max() <= 1e-9


# --- answers -------------------------------------------------------------------------------------

NAMED: dict[str, tuple[Function, list[str]]] = {
    "an ordered dict with attributes": (
        lambda m, x: Output(logits=m.net(x), loss=None), ["logits_target0", "logits_target1"]),
    "a dict of dicts of tuples": (
        lambda m, x: {"human": {"head": (m.net(x)[:, 0], m.net(x)[:, 1])}}, ["human_head_0", "human_head_1"]),
    "numbers as keys": (
        lambda m, x: {0: m.net(x)[:, 0], 1: m.net(x)[:, 1]}, ["output0_target0", "output1_target0"]),
    "a list of one": (lambda m, x: [m.net(x)], ["target0", "target1"]),
    "a tuple in a tuple": (
        lambda m, x: (m.net(x)[:, 0], (m.net(x)[:, 1], None)), ["output0_target0", "output1_target0"]),
    "a named tuple in a dict": (
        lambda m, x: {"k562": Pair(m.net(x)[:, 0], m.net(x)[:, 1])}, ["k562_mean", "k562_variance"]),
    "texts and numbers beside": (
        lambda m, x: {"name": "net", "score": m.net(x)[:, 0], "version": 3}, ["score"]),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMED)
def test_answers_of_every_kind_have_names(name: str) -> None:
    function, names = NAMED[name]
    model = Model(made(function), torch.zeros(2, 4, LENGTH, dtype=torch.float64))
    assert [target.name for target in model.targets] == names


# --- what cannot be ------------------------------------------------------------------------------

BRANCHES = "branches on the values of a sequence, which one graph cannot follow"


def asserted(m: Net, x: Tensor) -> Tensor:
    if not ((x == 0) | (x == 1)).all():
        raise ValueError("no one-hot sequences")
    return m.net(x)


def cropped_at_random(m: Net, x: Tensor) -> Tensor:
    start = int(torch.randint(0, 5, (1,)))
    return m.net(x[:, :, start : start + 15])


def scripted() -> nn.Module:
    return made(lambda m, x: m.script(m.net(x)), script=torch.jit.script(nn.Linear(2, 2)))


def of_tokens(m: Net, x: Tensor) -> Tensor:
    rows, length = x.shape  # as HyenaDNA's forward begins
    return m.line(m.tokens(x).reshape(rows, length, -1).mean(1))


REFUSED: dict[str, tuple[Callable[[], nn.Module], str]] = {
    "a branch": (lambda: made(lambda m, x: m.net(x) if x.sum() > 3 else -m.net(x)), BRANCHES),
    "a test of what goes in": (lambda: made(asserted), rf"{BRANCHES} \(at .*test_user_models.py:\d+"),
    "allclose": (
        lambda: made(lambda m, x: m.net(x) if torch.allclose(x, x.round()) else -m.net(x)), BRANCHES),
    "an item": (
        lambda: made(lambda m, x: m.net(x) * float(x.sum().item())), "branches on|data-dependent|item"),
    "a random crop": (lambda: made(cropped_at_random), "two calls of the model on the same sequences differ"),
    "noise": (lambda: made(lambda m, x: m.net(x + torch.randn_like(x))), "random numbers"),
    "a scripted part": (scripted, "its part 'script' is TorchScript"),
    "numpy": (
        lambda: made(lambda m, x: torch.from_numpy(m.net(x).detach().numpy())), "leaves torch for numpy"),
    "nothing": (lambda: made(lambda m, x: None), "in which there is no tensor"),
    "constants": (lambda: made(lambda m, x: torch.zeros(len(x), 2)), "depend on the sequence"),
    "token numbers": (
        lambda: made(lambda m, x: m.line(m.tokens(x).mean(1)), tokens=nn.Embedding(9, 6)),
        "takes the bases' numbers for an embedding"),
    "token numbers by sequence and base": (
        lambda: made(of_tokens, tokens=nn.Embedding(9, 6)),
        "2\\); it takes the bases' numbers for an embedding"),
    "an argmax": (lambda: made(lambda m, x: m.net(x).argmax(1)), "the place of a maximum.* has no slope"),
    "places of a pool's maxima": (
        lambda: made(lambda m, x: F.max_unpool1d(*F.max_pool1d(m.conv(x), 2, return_indices=True), 2)),
        "the place of a maximum.* has no slope; use its value"),
    "tokens of an argmax": (
        lambda: made(lambda m, x: m.line(m.tokens(x.argmax(1)).mean(1)), tokens=nn.Embedding(9, 6)),
        "the place of a maximum.* has no slope"),
    "a batch norm without statistics": (
        lambda: made(lambda m, x: m.norm(m.net(x)), norm=nn.BatchNorm1d(2, track_running_stats=False)),
        "without running statistics it mixes the sequences of a batch"),
    "a batch norm in training": (
        lambda: made(lambda m, x: m.norm.train()(m.net(x)), norm=nn.BatchNorm1d(2)),
        "a batch norm in training mixes the sequences of a batch"),
    "dropout that is always on": (
        lambda: made(lambda m, x: F.dropout(m.net(x), 0.5)), "draw random numbers in every call"),
    "whole numbers of small range": (
        lambda: made(lambda m, x: m.net((99 * x).to(torch.int8).to(x))), "wraps"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_explained_says_why(name: str) -> None:
    module, line = REFUSED[name]
    with pytest.raises(ModelError) as caught:
        Model(module(), torch.zeros(2, 4, LENGTH, dtype=torch.float64))
    assert re.search(line, str(caught.value)), str(caught.value)
    assert "\n" not in str(caught.value)
    assert "seqattr/engine" not in str(caught.value)


# --- types of one-hot sequences --------------------------------------------------------------------


def insisting_on(dtype: torch.dtype, function: Function) -> nn.Module:
    def checked(m: Net, x: Tensor) -> Tensor:
        if x.dtype != dtype:
            raise TypeError(f"expected {dtype}")
        return function(m, x)

    return made(checked)


TYPED: dict[str, tuple[torch.dtype, Function]] = {
    "int8": (torch.int8, lambda m, x: m.net(x.double())),
    "uint8 by way of long": (torch.uint8, lambda m, x: m.net(x.long().double())),
    "bool": (torch.bool, lambda m, x: m.net(x.to(torch.float64))),
    "long, flipped": (torch.int64, lambda m, x: m.net(x.flip(1).double())),
    "half": (torch.float16, lambda m, x: m.net(x.double())),
}


@pytest.mark.parametrize("name", TYPED)
def test_one_hot_sequences_go_in_with_the_type_that_a_model_insists_on(name: str) -> None:
    dtype, function = TYPED[name]
    module, x = insisting_on(dtype, function), one_hot(3)
    model = Model(module, torch.zeros(2, 4, LENGTH))
    assert any(f"the model takes {dtype}" in note for note in model.notes)
    torch.testing.assert_close(model.predict(x), module(x.to(dtype)).detach(), rtol=1e-10, atol=1e-12)
    result = attribute(model, x, shuffled(x))
    assert result.additivity_error.max() <= 1e-9
    plain = made(lambda m, x: m.net(x.flip(1) if "flipped" in name else x))
    expected = attribute(Model(plain, torch.zeros(2, 4, LENGTH)), x, shuffled(x))
    torch.testing.assert_close(result.hypothetical, expected.hypothetical, rtol=1e-10, atol=1e-12)


def test_what_stands_at_unknown_bases_goes_in_as_the_model_was_trained() -> None:
    module, x = made(lambda m, x: m.net(x)), one_hot(3)
    x[:, :, 5:9] = 0
    filled = x + 0.25 * (x.sum(1, keepdim=True) == 0)
    model = Model(module, torch.zeros(2, 4, LENGTH), unknown=0.25)
    torch.testing.assert_close(model.predict(x), module(filled).detach(), rtol=1e-10, atol=1e-12)
    assert attribute(model, x, shuffled(x)).additivity_error.max() <= 1e-9
    assert model.notes == ("an unknown base goes in as 0.25 in each channel",)
