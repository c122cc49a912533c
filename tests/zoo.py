"""Small models, one for each thing that a sequence model may be made of, captured once per session."""

import functools
import math
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from torch.nn.utils import parametrizations

from seqattr.engine.model import Model

LENGTH = 24
FREQUENCIES = torch.tensor([0.3, 0.2, 0.2, 0.3])


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


def small_head() -> nn.Module:
    """Mean over positions and a dense layer."""
    return nn.Sequential(nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 1))


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


def multihead(batch_first: bool) -> Net:
    def run(m: Net, h: Tensor) -> Tensor:
        h = h if batch_first else h.transpose(0, 1)
        h = h + m.attention(h, h, h)[0]
        return h if batch_first else h.transpose(0, 1)

    return over_positions(run, attention=nn.MultiheadAttention(6, 2, batch_first=batch_first))


def transformer(norm_first: bool, batch_first: bool = True) -> Net:
    layer = nn.TransformerEncoderLayer(
        6, 2, 9, activation="gelu", norm_first=norm_first, batch_first=batch_first
    )
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
    """The convolution's value is read twice, so that the norm cannot melt into it."""
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


MASK = torch.rand(16, 16, generator=torch.Generator().manual_seed(0)) < 0.7
MASK.fill_diagonal_(True)

ZOO: dict[str, Callable[[], nn.Module]] = {
    # linear
    "conv1d": body,
    "conv1d, no bias": lambda: body(bias=False),
    "dilated": lambda: body(dilation=2),
    "strided": lambda: body(stride=3, padding=2),
    "grouped": lambda: body(groups=2),
    "depthwise": lambda: body(conv(12, 3, 6, groups=6), nn.Tanh(), channels=12),
    "padding same, even kernel": lambda: body(k=6, padding="same", dilation=2),
    "conv2d": lambda: Net(
        lambda m, x: m.head(torch.relu(m.conv(x[:, None]))),
        conv=nn.Conv2d(1, 6, (4, 5), padding=(1, 0)),
        head=Head(6),
    ),
    "transposed": lambda: body(nn.ConvTranspose1d(6, 5, 4, 3, 1, output_padding=2), nn.ReLU(), channels=5),
    "transposed, grouped, dilated": lambda: body(
        nn.ConvTranspose1d(6, 4, 3, groups=2, dilation=2), nn.Tanh(), channels=4
    ),
    "dense": lambda: nn.Sequential(nn.Flatten(), nn.Linear(4 * LENGTH, 9), nn.ReLU(), Head(9)),
    "einsum with a constant": lambda: Net(
        lambda m, x: m.head(torch.relu(torch.einsum("ncl,kc,l->nkl", x, m.weight, m.places))),
        weight=torch.randn(6, 4),
        places=torch.randn(LENGTH),
        head=Head(6),
    ),
    "matmul with a constant on the left": lambda: Net(
        lambda m, x: m.head(torch.relu(m.weight @ m.conv(x))),
        conv=conv(),
        weight=torch.randn(5, 6),
        head=Head(5),
    ),
    "matmul with a constant on the right": lambda: Net(
        lambda m, x: m.head(torch.relu(x @ m.weight)), weight=torch.randn(LENGTH, 5), head=Head(4)
    ),
    "matmul with a vector": lambda: Net(
        lambda m, x: m.head(torch.relu(m.conv(x)) @ m.weight),
        conv=conv(),
        weight=torch.randn(20),
        head=Head(6),
    ),
    "bmm with a constant": lambda: Net(bmm_constant, matrix=torch.randn(1, 5, 6), conv=conv(), head=Head(5)),
    # sums, shapes, averages, constants
    "branches added": lambda: two(lambda a, b: torch.relu(a + b) - 0.3 * torch.relu(a - b)),
    "added with a factor": lambda: two(lambda a, b: torch.relu(torch.add(a, b, alpha=-0.3))),
    "branches joined": lambda: two(lambda a, b: torch.cat([a, b.relu(), 0.1 - a], 1).tanh(), 18),
    "slices": lambda: Net(slices, conv=conv(), head=Head(12)),
    "slices assigned to": lambda: Net(assigned, conv=conv(), head=Head(6)),
    "pads": lambda: plain(pads),
    "views": lambda: plain(views, 12),
    "batch merged with positions": lambda: Net(merged, conv=conv(), dense=nn.Linear(6, 5), head=Head(5)),
    "averages": lambda: plain(rough_pool),
    "average pool before a nonlinearity": lambda: body(conv(6, 3, 6), nn.AvgPool1d(3), nn.ReLU()),
    "upsampled": lambda: plain(lambda x: torch.relu(upsample(x))),
    "constants": lambda: plain(lambda x: torch.relu(0.3 - x * 0.7 + x.abs() / 1.7 + x / x.shape[-1])),
    "constant zeros joined": lambda: plain(
        lambda x: torch.cat([x, x.new_zeros(x.shape[0], 2, x.shape[2]), torch.ones_like(x)], 1).relu(), 14
    ),
    "constant mask": lambda: plain(
        lambda x: torch.where(torch.arange(20) % 3 == 0, x.relu(), x.masked_fill(torch.arange(20) > 9, 0.4))
    ),
    # nonlinearities, as peers see them
    "functional relu": lambda: plain(F.relu),
    "one relu reused": lambda: Net(reused, first=conv(), second=conv(6, 3, 6), relu=nn.ReLU(), head=Head(6)),
    "relu in place": lambda: nn.Sequential(conv(), nn.ReLU(inplace=True), Head(6)),
    "subclass of relu": lambda: nn.Sequential(conv(), MyReLU(), Head(6)),
    "two nonlinearities in a row": lambda: body(nn.Sigmoid(), nn.PReLU(6), nn.GELU()),
    # products, quotients
    "product": lambda: two(lambda a, b: a * torch.sigmoid(b)),
    "square": lambda: plain(lambda x: x * x - 0.2 * x**2),
    "quotient": lambda: two(lambda a, b: a / (1.2 + b.tanh())),
    "constant / activation": lambda: plain(lambda x: 0.7 / (1.1 + x * x)),
    "glu": lambda: nn.Sequential(conv(12), nn.GLU(1), Head(6)),
    "squeeze and excite": lambda: Net(
        squeeze_excite,
        conv=conv(),
        gate=nn.Sequential(nn.Linear(6, 3), nn.ReLU(), nn.Linear(3, 6), nn.Sigmoid()),
        head=Head(6),
    ),
    "generalised mean pool": lambda: Net(
        lambda m, x: m.head(m.conv(x).clamp(min=1e-3).pow(m.p).mean(2).pow(1 / m.p)),
        conv=conv(),
        p=torch.tensor([2.6]),
        head=Head(6),
    ),
    "cosine similarity": lambda: two(lambda a, b: F.cosine_similarity(a, b, 2)),
    # maxima
    "relu, overlapping max pool": lambda: body(nn.MaxPool1d(4, 2), conv(6, 3, 6), nn.ReLU()),
    "max pool, padded, dilated, ceil": lambda: nn.Sequential(
        conv(), nn.MaxPool1d(3, 2, 1, 2, ceil_mode=True), nn.ReLU(), Head(6)
    ),
    "max pool, 2-d": lambda: Net(
        lambda m, x: m.head(F.max_pool2d(m.conv(x[:, None]), (2, 3), (1, 2), (1, 1))),
        conv=nn.Conv2d(1, 6, (2, 5)),
        head=Head(6),
    ),
    "adaptive max pool": lambda: nn.Sequential(conv(), nn.AdaptiveMaxPool1d(7), nn.Tanh(), Head(6)),
    "amax": lambda: plain(lambda x: x.amax(2)),
    "amax over channels": lambda: plain(lambda x: x.amax(1, keepdim=True), 1),
    "amax over several": lambda: plain(lambda x: x.unflatten(1, (2, 3)).amax((1, 3)), 3),
    "global max, min": lambda: plain(lambda x: torch.cat([x.max(2).values, x.min(2)[0], x.amin(2)], 1), 18),
    "maximum": lambda: two(lambda a, b: torch.maximum(a, b) + torch.minimum(a, torch.tensor(0.1))),
    # softmax and its kin
    "softmax": lambda: plain(lambda x: x.softmax(1)),
    "log softmax": lambda: plain(lambda x: x.log_softmax(-1) / 2),
    "logsumexp": lambda: plain(lambda x: x.logsumexp(2)),
    "profile head": lambda: Net(
        lambda m, x: (m.conv(x) * m.conv(x).softmax(-1)).sum(-1), conv=conv(2), head=nn.Identity()
    ),
    "attention pool": lambda: Net(attention_pool, conv=conv(), weight=conv(1, 1, 6), head=Head(6)),
    # norms
    "layer norm": lambda: normed(nn.LayerNorm(6)),
    "rms norm": lambda: normed(nn.RMSNorm(6, eps=1e-5)),
    "group norm": lambda: nn.Sequential(conv(), nn.GroupNorm(3, 6), nn.ReLU(), Head(6)),
    "instance norm": lambda: nn.Sequential(conv(), nn.InstanceNorm1d(6, affine=True), nn.ReLU(), Head(6)),
    "l2 norm": lambda: plain(lambda x: F.normalize(x, dim=1)),
    "batch norm melted": lambda: nn.Sequential(
        conv(),
        nn.BatchNorm1d(6),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(120, 5),
        nn.BatchNorm1d(5),
        nn.ReLU(),
        Head(5),
    ),
    "batch norm after relu": lambda: body(nn.BatchNorm1d(6), conv(6, 3, 6), nn.ReLU()),
    "batch norm of a value read twice": lambda: Net(
        preactivation, first=conv(), norm=nn.BatchNorm1d(6), second=conv(6, 3, 6, padding=1), head=Head(6)
    ),
    "weight norm": lambda: nn.Sequential(parametrizations.weight_norm(conv()), nn.ReLU(), Head(6)),
    "spectral norm": lambda: nn.Sequential(parametrizations.spectral_norm(conv()), nn.ReLU(), Head(6)),
    # attention and recurrence
    "attention": attention,
    "attention, masked": lambda: attention(attn_mask=MASK),
    "attention, float mask": lambda: attention(attn_mask=MASK.logical_not().double() * -3),
    "attention, causal": lambda: attention(is_causal=True),
    "attention by hand, causal": lambda: over_positions(
        handwritten_attention, q=nn.Linear(6, 6), k=nn.Linear(6, 6), v=nn.Linear(6, 6)
    ),
    "multihead, batch first": lambda: multihead(True),
    "multihead": lambda: multihead(False),
    "transformer": lambda: transformer(False),
    "transformer, norm first": lambda: transformer(True),
    "lstm, both directions": lambda: recurrent(nn.LSTM(6, 4, batch_first=True, bidirectional=True), 8),
    "gru": lambda: recurrent(nn.GRU(6, 4, batch_first=True), 4),
    "rnn": lambda: recurrent(nn.RNN(6, 4, batch_first=True), 4),
    # whole models
    "bpnet": BPNet,
    "bpnet, activations 1e-6": lambda: BPNet(1e-6),
    "bpnet, activations 1e-9": lambda: BPNet(1e-9),
    "siamese reverse complement": lambda: Net(siamese, conv=conv(), head=Head(6)),
    "one number": lambda: Net(lambda m, x: m.head(m.conv(x).relu())[:, 0], conv=conv(), head=Head(6)),
    "dropout": lambda: body(nn.Dropout(0.5), conv(6, 3, 6), nn.SiLU(), nn.Dropout1d(0.2)),
    "exported program": exported,
}


def build(name: str) -> nn.Module:
    """The model of this name, in float64 and eval mode, its weights drawn from its name."""
    torch.manual_seed(zlib.crc32(name.encode()))
    module = ZOO[name]()
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm1d | nn.GroupNorm | nn.InstanceNorm1d | nn.LayerNorm | nn.RMSNorm):
            unsettle(layer)
    module = module.double()
    return module if name == "exported program" else module.eval()


@torch.no_grad()
def unsettle(norm: nn.Module) -> None:
    """Random scales of both signs, shifts and running statistics."""
    for name, tensor in norm.state_dict().items():
        if tensor.is_floating_point():
            tensor.copy_(torch.rand(tensor.shape) + 0.5 if "var" in name else torch.randn(tensor.shape))


@functools.cache
def captured(name: str) -> tuple[nn.Module, Model]:
    """The model of this name and its capture."""
    module = build(name)
    return module, Model(module, torch.zeros(2, 4, LENGTH, dtype=torch.float64))


def one_hot(n: int = 3, length: int = LENGTH, seed: int = 0) -> Tensor:
    """Random sequences (n, 4, length), in float64."""
    codes = np.random.default_rng(seed).integers(0, 4, (n, length))
    return torch.eye(4, dtype=torch.float64)[codes].transpose(1, 2).contiguous()


def shuffled(sequences: Tensor, references: int = 2, seed: int = 1) -> Tensor:
    """Each sequence with its positions in random orders, (N, R, 4, L)."""
    rng = np.random.default_rng(seed)
    orders = [rng.permutation(sequences.shape[2]) for _ in range(len(sequences) * references)]
    pool = sequences.repeat_interleave(references, 0)
    rows = [row[:, torch.from_numpy(order)] for row, order in zip(pool, orders, strict=True)]
    return torch.stack(rows).unflatten(0, (len(sequences), references))


def frequency(length: int = LENGTH) -> Tensor:
    """The bases' frequencies at every position, (1, 4, length), shared."""
    return FREQUENCIES.double()[None, :, None].expand(1, 4, length)
