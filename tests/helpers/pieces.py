"""What the small models of the tests are put together from."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from tests.helpers.sequences import LENGTH


class Net(nn.Module):
    """Modules and tensors by name, and the function of them and the sequences that they serve."""

    def __init__(self, function: Callable[["Net", Tensor], Any], **parts: Any) -> None:
        super().__init__()
        self.function = function
        for name, part in parts.items():
            setattr(self, name, nn.Parameter(part) if isinstance(part, Tensor) else part)

    def forward(self, x: Tensor) -> Any:
        return self.function(self, x)


class Head(nn.Sequential):
    """(N, channels, ...) -> (N, 2): mean over positions, dense, ReLU, dense."""

    def __init__(self, channels: int, outputs: int = 2) -> None:
        super().__init__(nn.Linear(channels, 7), nn.ReLU(), nn.Linear(7, outputs))

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.flatten(2).mean(2) if x.ndim > 2 else x)


class MyReLU(nn.ReLU):
    """A subclass, which a table keyed by classes does not know."""


def conv(out: int = 6, k: int = 5, into: int = 4, **options: Any) -> nn.Conv1d:
    return nn.Conv1d(into, out, k, **options)


def body(*layers: nn.Module, channels: int = 6, **options: Any) -> nn.Sequential:
    """Convolution, ReLU, these layers, head."""
    return nn.Sequential(conv(**options), nn.ReLU(), *layers, Head(channels))


def plain(function: Callable[[Tensor], Tensor], channels: int = 6, **options: Any) -> Net:
    """Convolution, this function, head."""
    return Net(lambda m, x: m.head(function(m.conv(x))), conv=conv(**options), head=Head(channels))


def two(function: Callable[[Tensor, Tensor], Tensor], channels: int = 6) -> Net:
    """A function of two convolutions' values, then the head."""
    return Net(lambda m, x: m.head(function(m.a(x), m.b(x))), a=conv(), b=conv(), head=Head(channels))


def recurrent(layer: nn.Module, channels: int) -> Net:
    def run(m: Net, x: Tensor) -> Tensor:
        return m.head(m.layer(m.conv(x)[..., ::3].transpose(1, 2))[0].transpose(1, 2))

    return Net(run, conv=conv(), layer=layer, head=Head(channels))


def over_positions(function: Callable[..., Tensor], **parts: Any) -> Net:
    """Convolution, a function of (N, positions, 6), head."""

    def run(m: Net, x: Tensor) -> Tensor:
        return m.head(function(m, torch.relu(m.conv(x)).transpose(1, 2)).transpose(1, 2))

    return Net(run, conv=conv(k=9), head=Head(6), **parts)


def attend(m: Net, h: Tensor, **options: Any) -> Tensor:
    """Attention of h to itself, in two heads."""
    q, k, v = (layer(h).unflatten(2, (2, 3)).transpose(1, 2) for layer in (m.q, m.k, m.v))
    return F.scaled_dot_product_attention(q, k, v, **options).transpose(1, 2).flatten(2)


def attention(**options: Any) -> Net:
    q, k, v = (nn.Linear(6, 6) for _ in range(3))
    return over_positions(lambda m, h: attend(m, h, **options), q=q, k=k, v=v)


def handwritten_attention(m: Net, h: Tensor) -> Tensor:
    """Causal, with minus infinity where looking is forbidden, and positions from the length."""
    length = h.shape[1]
    h = h + torch.sin(torch.arange(length, device=h.device) / 7)[None, :, None]
    logits = m.q(h) @ m.k(h).mT / math.sqrt(6)
    later = torch.ones(length, length, device=h.device).triu(1).bool()
    return logits.masked_fill(later, float("-inf")).softmax(-1) @ m.v(h)


def learned_queries(m: Net, h: Tensor) -> Tensor:
    """Attention whose queries depend on no base."""
    return F.scaled_dot_product_attention(m.queries.expand(h.shape[0], -1, -1), m.k(h), h)


def rotary(h: Tensor) -> Tensor:
    """Pairs of channels turned by an angle that grows with the position."""
    angle = torch.arange(h.shape[1], dtype=h.dtype)[:, None] * torch.tensor([1.0, 0.3, 0.1], dtype=h.dtype)
    a, b = h[..., ::2], h[..., 1::2]
    return torch.stack([a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos()], -1).flatten(-2)


def rotary_attention(m: Net, h: Tensor) -> Tensor:
    return F.scaled_dot_product_attention(rotary(m.q(h)), rotary(m.k(h)), h)


def multihead(batch_first: bool) -> Net:
    def run(m: Net, h: Tensor) -> Tensor:
        h = h if batch_first else h.transpose(0, 1)
        h = h + m.attention(h, h, h)[0]
        return h if batch_first else h.transpose(0, 1)

    return over_positions(run, attention=nn.MultiheadAttention(6, 2, batch_first=batch_first))


def transformer(norm_first: bool) -> Net:
    layer = nn.TransformerEncoderLayer(6, 2, 9, activation="gelu", norm_first=norm_first, batch_first=True)
    return over_positions(lambda m, h: m.layer(h), layer=layer)


def attention_pool(m: Net, x: Tensor) -> Tensor:
    h = torch.relu(m.conv(x))
    return m.head((h * m.weight(h).softmax(-1)).sum(-1))


class BPNet(nn.Module):
    """Dilated residual convolutions; profile logits and log counts."""

    def __init__(self, scale: float = 1.0) -> None:
        super().__init__()
        self.first = conv(6, 7)
        self.dilated = nn.ModuleList(conv(6, 3, 6, dilation=d, padding=d) for d in (1, 2, 4))
        self.profile, self.counts = conv(1, 5, 6, padding=2), nn.Linear(6, 1)
        with torch.no_grad():
            for p in (*self.first.parameters(), *(layer.bias for layer in self.dilated)):
                p *= scale

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        h = F.relu(self.first(x))
        for layer in self.dilated:
            h = h + F.relu(layer(h))
        logits = self.profile(h).squeeze(1)
        return (logits * logits.softmax(-1)).sum(-1), self.counts(h.mean(-1))


def preactivation(m: Net, x: Tensor) -> Tensor:
    """The convolution's value is read twice, so that the norm cannot be folded into it."""
    h = m.first(x)
    return m.head(torch.relu(h + m.second(torch.relu(m.norm(h)))))


def squeeze_excite(m: Net, x: Tensor) -> Tensor:
    h = torch.relu(m.conv(x))
    return m.head(h * m.gate(h.mean(2))[:, :, None])


def siamese(m: Net, x: Tensor) -> tuple[Tensor, Tensor]:
    forward, reverse = (torch.relu(m.conv(s)).mean(2) for s in (x, x.flip(1, 2)))
    return m.head((forward + reverse) / 2), m.head(torch.maximum(forward, reverse))


def slices(m: Net, x: Tensor) -> Tensor:
    h = m.conv(x)
    left, right, last = h[..., :9], h[..., 9:18], h[:, 2:5, -1:]
    return m.head(torch.relu(torch.cat([left - right, right[:, [0, 2, 1]], last.expand_as(left[:, 2:5])], 1)))


def assigned(m: Net, x: Tensor) -> Tensor:
    """Written into a tensor of zeros, piece by piece."""
    h = m.conv(x)
    out = torch.zeros_like(h)
    out[..., 3:9] = torch.relu(h[..., 3:9])
    out[:, 1] = h[:, 0]
    return m.head(out)


def merged(m: Net, x: Tensor) -> Tensor:
    """Positions merged with the batch for a dense layer."""
    h = m.conv(x).transpose(1, 2)
    return m.head(torch.relu(m.dense(h.reshape(-1, 6))).reshape(h.shape[0], -1, 5).transpose(1, 2))


def bmm_constant(m: Net, x: Tensor) -> Tensor:
    return m.head(torch.relu(torch.bmm(m.matrix.expand(x.shape[0], -1, -1), m.conv(x))))


def reused(m: Net, x: Tensor) -> Tensor:
    return m.head(m.relu(m.second(m.relu(m.first(x)))))


def rough_pool(x: Tensor) -> Tensor:
    """Every average there is."""
    pools = F.avg_pool1d(x, 4, 2, 1), F.adaptive_avg_pool1d(x, 7), F.avg_pool1d(x, 5, 3, ceil_mode=True)
    averages = x.sum(2, keepdim=True), x.mean((2,), keepdim=True), x.cumsum(2)
    return torch.relu(torch.cat([*pools, *averages], 2))


def pads(x: Tensor) -> Tensor:
    return torch.cat(
        [
            F.pad(torch.relu(x), (3, 2), value=0.7),
            F.pad(x, (2, 2), "reflect"),
            F.pad(x, (2, 1), "replicate"),
            F.pad(x, (1, 3), "circular"),
        ],
        2,
    ).relu()


def views(x: Tensor) -> Tensor:
    x = x.unflatten(1, (2, 3)).permute(0, 2, 1, 3).flatten(1, 2)
    x = x.unsqueeze(1).expand(-1, 2, -1, -1).reshape(x.shape[0], 12, -1).roll(2, 2).repeat(1, 1, 2)
    return torch.stack([*torch.relu(x).chunk(2, 1)], 1).flatten(1, 2).narrow(2, 1, 30)


def upsample(x: Tensor) -> Tensor:
    return torch.cat([F.interpolate(x, scale_factor=2), F.interpolate(x, scale_factor=2, mode="linear")], 2)


def normed(layer: nn.Module) -> Net:
    """Over channels, at every position."""
    return over_positions(lambda m, h: m.layer(h), layer=layer)


def exported() -> nn.Module:
    batch = torch.export.Dim("batch")
    return torch.export.export(body(), (torch.zeros(3, 4, LENGTH),), dynamic_shapes=({0: batch},)).module()


@torch.no_grad()
def unsettle(norm: nn.Module) -> None:
    """Random scales of both signs, shifts and running statistics."""
    for name, tensor in norm.state_dict().items():
        if tensor.is_floating_point():
            tensor.copy_(torch.rand(tensor.shape) + 0.5 if "var" in name else torch.randn(tensor.shape))
