"""Small models, one for each thing that a sequence model may be made of, captured once per session."""

import functools
import zlib
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from torch.nn.utils import parametrizations

from seqattr.engine.capture.model import Model
from tests.helpers.pieces import (
    BPNet,
    Head,
    MyReLU,
    Net,
    assigned,
    attention,
    attention_pool,
    bmm_constant,
    body,
    conv,
    exported,
    handwritten_attention,
    learned_queries,
    merged,
    multihead,
    normed,
    over_positions,
    pads,
    plain,
    preactivation,
    recurrent,
    reused,
    rotary_attention,
    rough_pool,
    siamese,
    slices,
    squeeze_excite,
    transformer,
    two,
    unsettle,
    upsample,
    views,
)
from tests.helpers.sequences import LENGTH

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
    "activations as a dense layer's weights": lambda: Net(
        lambda m, x: m.head(F.linear(m.constant, m.conv(x)[:, 0]).T.tanh()),
        constant=torch.randn(5, 20),
        conv=conv(),
        head=Head(5),
    ),
    "bmm with a constant": lambda: Net(bmm_constant, matrix=torch.randn(1, 5, 6), conv=conv(), head=Head(5)),
    # sums, shapes, averages, constants
    "branches added": lambda: two(lambda a, b: torch.relu(a + b) - 0.3 * torch.relu(a - b)),
    "added with a factor": lambda: two(lambda a, b: torch.relu(torch.add(a, b, alpha=-0.3))),
    "branches joined": lambda: two(lambda a, b: torch.cat([a, b.relu(), 0.1 - a, a], 1).tanh(), 24),
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
    "constants that widen": lambda: plain(
        lambda x: torch.tanh((x.mean(2, keepdim=True) + torch.linspace(-1, 1, 9).to(x))[..., 2:7].flip(2))
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
    "sorted": lambda: plain(lambda x: x.sort(2).values[..., 5:12]),
    "comparison": lambda: plain(lambda x: x * (x > 0.1)),
    "choice": lambda: two(lambda a, b: torch.where(a > 0.1, b.tanh(), a)),
    "maximum": lambda: two(lambda a, b: torch.maximum(a, b) + torch.minimum(a, torch.tensor(0.1))),
    # softmax and its kin
    "softmax": lambda: plain(lambda x: x.softmax(1)),
    "softmax of large logits": lambda: plain(lambda x: (300 * x).softmax(1)),
    "logsumexp of large logits": lambda: plain(lambda x: (300 * x).logsumexp(2) / 300),
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
    "batch norm folded": lambda: nn.Sequential(
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
    "gru cell": lambda: Net(
        lambda m, x: m.head(m.cell(x[..., 3], m.cell(x[..., 1]))), cell=nn.GRUCell(4, 5), head=Head(5)
    ),
    "learned queries": lambda: over_positions(
        learned_queries, queries=torch.randn(1, 5, 6), k=nn.Linear(6, 6)
    ),
    "rotary attention": lambda: over_positions(rotary_attention, q=nn.Linear(6, 6), k=nn.Linear(6, 6)),
    "bilinear": lambda: Net(
        lambda m, x: m.head(m.pair(m.conv(x).mean(2), m.conv(x).amax(2))),
        conv=conv(),
        pair=nn.Bilinear(6, 6, 5),
        head=Head(5),
    ),
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


@functools.cache
def captured(name: str) -> tuple[nn.Module, Model]:
    """The model of this name and its capture."""
    module = build(name)
    return module, Model(module, torch.zeros(2, 4, LENGTH, dtype=torch.float64))


def capture(
    function: Callable[[Net, Tensor], object], outputs: int = 3, **options: object
) -> tuple[Net, Model]:
    """A function of a small network's outputs `m.net(x)`, in float64."""
    torch.manual_seed(1)
    module = Net(function, net=nn.Sequential(conv(), nn.ReLU(), Head(6, outputs))).double()
    return module, Model(module, torch.zeros(2, 4, LENGTH, dtype=torch.float64), **options)
