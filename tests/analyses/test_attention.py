"""Attention weights are those that the module itself works out, and rollout is the paper's."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

import seqattr
from seqattr.analyses.attention import Attending, Layer, Maps, attention, rollout
from seqattr.engine.capture.model import Model
from seqattr.errors import InputError
from tests.helpers.pieces import Head, Net, attend, conv, over_positions
from tests.helpers.sequences import LENGTH, one_hot
from tests.helpers.zoo import captured

TOKENS = 16  # of `over_positions`, whose convolution is 9 wide
ROUNDING = 1e-12  # of weights in float64
SELF = [
    *("attention", "attention, masked", "attention, causal", "attention by hand, causal"),
    *("multihead, batch first", "multihead", "transformer", "transformer, norm first", "rotary attention"),
]


def model_of(module: nn.Module) -> Model:
    return Model(module.double(), torch.zeros(2, 4, LENGTH, dtype=torch.float64))


def build(function: Callable[..., Tensor], **parts: nn.Module) -> Net:
    torch.manual_seed(3)
    linear = {name: nn.Linear(6, 6) for name in "qkv"}
    return over_positions(function, **(linear | parts)).double().eval()


def hooked(encoder: nn.TransformerEncoder, run: Callable[[], object]) -> list[Tensor]:
    """What each layer's nn.MultiheadAttention says its weights are at the inputs it got: (N, heads, T, T)."""
    inputs: dict[nn.Module, Tensor] = {}

    def keep(module: nn.Module, args: tuple[Tensor, ...], kwargs: dict[str, object]) -> None:
        inputs[module] = args[0]

    modules = [layer.self_attn for layer in encoder.layers]
    handles = [m.register_forward_pre_hook(keep, with_kwargs=True) for m in modules]
    run()  # with gradients, which keeps torch from its fused path
    for handle in handles:
        handle.remove()
    options = {"need_weights": True, "average_attn_weights": False}
    return [m(*[inputs[m]] * 3, **options)[1].detach() for m in modules]


def paper_rollout(weights: list[np.ndarray]) -> np.ndarray:
    """Abnar & Zuidema (2020), section 3: rollout(l_i) = A(l_i) rollout(l_i-1), A = 0.5 W + 0.5 I."""
    heads, tokens, _ = weights[0].shape
    total = np.eye(tokens)
    for layer in weights:
        step = np.zeros((tokens, tokens))
        for head in range(heads):
            step += 0.5 * layer[head] / heads
        for token in range(tokens):
            step[token, token] += 0.5
        total = step @ total
    return total


OTHER_ENCODERS = [{"norm_first": True}, {"activation": "gelu"}]


@pytest.mark.parametrize(
    "options", [{}, *(pytest.param(each, marks=pytest.mark.slow) for each in OTHER_ENCODERS)], ids=str
)
def test_an_encoders_weights_are_those_of_its_own_modules(options: dict[str, bool]) -> None:
    layer = nn.TransformerEncoderLayer(6, 2, 9, dropout=0.3, batch_first=True, **options)
    encoder = nn.TransformerEncoder(layer, 3, enable_nested_tensor=False)
    module = build(lambda m, h: m.encoder(h), encoder=encoder)
    x = one_hot(5)
    wanted = hooked(module.encoder, lambda: module(x))
    layers, maps = attention(model_of(module), x, batch_size=2)
    assert [(each.name, each.heads) for each in layers] == [(f"attention{i}", 2) for i in (1, 2, 3)]
    for each, weights in zip(layers, wanted, strict=True):
        torch.testing.assert_close(maps.weights[each.name], weights, rtol=0, atol=ROUNDING)
    assert maps.rollout is not None
    for row, rolled in enumerate(maps.rollout):
        by_loop = paper_rollout([weights[row].numpy() for weights in wanted])
        np.testing.assert_allclose(rolled, by_loop, rtol=0, atol=ROUNDING)


@pytest.mark.parametrize("name", SELF)
def test_rows_sum_to_one_and_no_batch_matters(name: str) -> None:
    model, x = captured(name)[1], one_hot(5)
    (layer,), maps = attention(model, x)
    assert (layer.queries, layer.keys) == (TOKENS, TOKENS)
    assert layer.heads == (1 if name in ("attention by hand, causal", "rotary attention") else 2)
    assert maps.rollout is not None
    for values in (maps.weights["attention1"], maps.rollout):
        assert (values >= 0).all()
        torch.testing.assert_close(values.sum(-1), torch.ones(values.shape[:-1]).double(), rtol=0, atol=1e-9)
    for size in (1, 2, 5):
        again = attention(model, x, batch_size=size)[1]
        torch.testing.assert_close(again.weights, maps.weights, rtol=0, atol=ROUNDING)
        torch.testing.assert_close(again.rollout, maps.rollout, rtol=0, atol=ROUNDING)
    if "causal" in name:
        assert not maps.weights["attention1"].triu(1).any()
        assert not maps.rollout.triu(1).any()


def logits(m: Net, h: Tensor) -> Tensor:
    return m.q(h) @ m.k(h).mT


def by_division(m: Net, h: Tensor) -> Tensor:
    weights = torch.exp(logits(m, h))
    return weights / weights.sum(-1, keepdim=True) @ m.v(h)


def by_einsum(m: Net, h: Tensor) -> Tensor:
    q, k, v = (layer(h).unflatten(2, (2, 3)) for layer in (m.q, m.k, m.v))
    weights = torch.einsum("nqhd,nkhd->nhqk", q, k).softmax(-1)
    return torch.einsum("nhqk,nkhd->nqhd", weights, v).flatten(2)


def on_the_right(m: Net, h: Tensor) -> Tensor:
    """Positions last: values times weights, whose columns sum to 1."""
    return (m.v(h).mT @ logits(m, h).mT.softmax(1)).mT


def head_by_head(m: Net, h: Tensor) -> Tensor:
    q, k, v = (layer(h).chunk(2, -1) for layer in (m.q, m.k, m.v))
    return torch.cat([(q[i] @ k[i].mT).softmax(-1) @ v[i] for i in range(2)], -1)


def with_weights(m: Net, h: Tensor) -> Tensor:
    return m.attention(h, h, h, need_weights=True)[0]


def in_two_heads(m: Net, h: Tensor, scale: float = 1.0) -> Tensor:
    q, k = (layer(h).unflatten(2, (2, 3)).transpose(1, 2) for layer in (m.q, m.k))
    return (q @ k.mT * scale).softmax(-1)


def in_one_head(m: Net, h: Tensor) -> Tensor:
    return logits(m, h).softmax(-1)[:, None]


WRITTEN: dict[str, tuple[Callable[..., Tensor], Callable[..., Tensor]]] = {
    "divided by its sum": (by_division, in_one_head),
    "einsum": (by_einsum, in_two_heads),
    "on the right": (on_the_right, in_one_head),
    "head by head": (head_by_head, in_two_heads),
    "scaled_dot_product_attention": (attend, lambda m, h: in_two_heads(m, h, 3**-0.5)),
    "dropout of weights": (
        lambda m, h: F.dropout(logits(m, h).softmax(-1), 0.5, m.training) @ m.v(h),
        in_one_head,
    ),
    "MultiheadAttention with weights": (
        with_weights,
        lambda m, h: m.attention(h, h, h, average_attn_weights=False)[1],
    ),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_however_it_is_written(name: str) -> None:
    function, twin = WRITTEN[name]
    module = build(function, attention=nn.MultiheadAttention(6, 2, batch_first=True))
    x = one_hot(3)
    tokens = torch.relu(module.conv(x)).transpose(1, 2)
    (layer,), maps = attention(model_of(module), x)
    torch.testing.assert_close(
        maps.weights["attention1"], twin(module, tokens).detach(), rtol=0, atol=ROUNDING
    )
    assert layer.bases is not None
    assert layer.bases.tolist() == [[i, i + 9] for i in range(TOKENS)]


def test_a_pool_has_one_query_and_no_rollout() -> None:
    module, model = captured("attention pool")
    x = one_hot(3)
    (layer,), maps = attention(model, x)
    wanted = module.weight(torch.relu(module.conv(x))).softmax(-1)[:, None]
    torch.testing.assert_close(maps.weights["attention1"], wanted.detach(), rtol=0, atol=ROUNDING)
    assert (layer.heads, layer.queries, layer.keys, maps.rollout) == (1, 1, 20, None)
    assert Attending(model, LENGTH).notes == [
        "rollout is not defined for this model, and left out: it has no self-attention"
    ]


def self_attention(m: Net, h: Tensor) -> Tensor:
    return h + logits(m, h).softmax(-1) @ m.v(h)


def pooled_after(m: Net, h: Tensor) -> Tensor:
    h = self_attention(m, h)
    return (m.v(h).mean(-1, keepdim=True).softmax(1) * h).sum(1, keepdim=True)


def test_a_pool_after_self_attention_is_left_out_of_the_rollout() -> None:
    model = model_of(build(pooled_after))
    layers, maps = attention(model, one_hot(2))
    assert [(each.queries, each.keys) for each in layers] == [(TOKENS, TOKENS), (1, TOKENS)]
    assert maps.rollout is not None
    torch.testing.assert_close(maps.rollout, rollout([maps.weights["attention1"]]))
    assert Attending(model, LENGTH).notes == [
        "attention2 (queries: 1, keys: 16) is no self-attention: the rollout leaves it out"
    ]


def halved(m: Net, h: Tensor) -> Tensor:
    return self_attention(m, F.avg_pool1d(self_attention(m, h).mT, 2).mT)


def beside(m: Net, h: Tensor) -> Tensor:
    return self_attention(m, h) + self_attention(m, torch.tanh(h))


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (halved, "its self-attention layers differ in their tokens (16 and 8)"),
        (beside, "attention2 does not follow on attention1"),
    ],
)
def test_where_rollout_is_not_defined_the_weights_still_are(
    function: Callable[..., Tensor], why: str
) -> None:
    model = model_of(build(function))
    layers, maps = attention(model, one_hot(2))
    assert (len(layers), len(maps.weights), maps.rollout) == (2, 2, None)
    notes = Attending(model, LENGTH).notes
    assert notes[0] == f"rollout is not defined for this model, and left out: {why}"
    assert [
        note for note in notes[1:] if "the graph does not tell the bases of the 8 tokens" not in note
    ] == []


def gated(m: Net, h: Tensor) -> Tensor:
    return h * m.q(h).softmax(-1)


def profile(m: Net, h: Tensor) -> Tensor:
    """An expectation of the logits themselves is no attention."""
    counts = m.q(h)
    return (counts * counts.softmax(1)).sum(1, keepdim=True)


@pytest.mark.parametrize("function", [gated, profile])
def test_a_model_without_attention_is_told(function: Callable[..., Tensor]) -> None:
    with pytest.raises(InputError, match="the model has no attention: nothing in it is mixed by the weights"):
        attention(model_of(build(function)), one_hot(2))


def strided(m: Net, x: Tensor) -> Tensor:
    h = F.avg_pool1d(m.second(m.conv(x)), 2, 2).mT
    return m.head(((h @ h.mT).softmax(-1) @ h).mT)


def test_the_bases_of_a_token_are_those_it_moves_with() -> None:
    """Beside the gradient of each token, with weights that cannot cancel."""
    module = Net(strided, conv=conv(6, 5, padding=2), second=conv(6, 3, 6, dilation=2), head=Head(6)).double()
    with torch.no_grad():
        for p in (*module.conv.parameters(), *module.second.parameters()):
            p.abs_()
    (layer,), _ = attention(model_of(module), one_hot(1))
    x = one_hot(1).requires_grad_()
    tokens = F.avg_pool1d(module.second(module.conv(x)), 2, 2).sum(1)[0]
    assert layer.bases is not None
    assert len(layer.bases) == len(tokens)
    for (start, end), token in zip(layer.bases.tolist(), tokens, strict=True):
        reached = torch.autograd.grad(token, x, retain_graph=True)[0].abs().sum((0, 1)).nonzero()[:, 0]
        assert reached.tolist() == list(range(start, end))


def test_tokens_that_are_no_positions_have_no_bases() -> None:
    """One more than there are positions, in front of them."""

    def with_class(m: Net, h: Tensor) -> Tensor:
        return self_attention(m, torch.cat([m.token.expand(h.shape[0], -1, -1), h], 1))

    model = model_of(build(with_class, token=torch.randn(1, 1, 6)))
    (layer,), maps = attention(model, one_hot(2))
    assert (layer.keys, layer.bases) == (TOKENS + 1, None)
    assert maps.rollout is not None
    assert Attending(model, LENGTH).notes == [
        "the graph does not tell the bases of the 17 tokens of attention1"
    ]


def test_any_length_that_the_model_takes() -> None:
    model = captured("multihead")[1]
    for length in (12, 24, 40):
        (layer,), maps = attention(model, one_hot(2, length))
        assert maps.weights["attention1"].shape == (2, 2, length - 8, length - 8)
        assert layer.bases is not None
        assert layer.bases.tolist() == [[i, i + 9] for i in range(length - 8)]


def test_the_public_face_and_what_cannot_be() -> None:
    model = captured("attention")[1]
    layers, maps = seqattr.attention(model, one_hot(2).numpy())
    assert isinstance(layers[0], Layer)
    assert isinstance(maps, Maps)
    with pytest.raises(InputError, match=r"not \(4, 24\)"):
        attention(model, one_hot(2)[0])
    with pytest.raises(InputError, match="sequences of 3 bp do not fit the model"):
        attention(model, one_hot(2, 3))
