"""Small models of every sort of step."""

import torch
from torch import nn

LENGTH = 40


def nets() -> list[nn.Module]:
    torch.manual_seed(0)
    conv = nn.Conv1d
    pools = nn.Sequential(
        conv(4, 8, 5), nn.BatchNorm1d(8), nn.ReLU(), nn.MaxPool1d(2), conv(8, 6, 3), nn.GELU()
    )
    found = [
        nn.Sequential(conv(4, 50, 9), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(50, 2)),
        small(),
        nn.Sequential(pools, nn.Flatten(), nn.Linear(6 * 16, 5), nn.ReLU(), nn.Linear(5, 2), nn.Sigmoid()),
        Attention(),
        Residual(),
        Recurrent(),
    ]
    return [module.eval() for module in found]


def small() -> nn.Module:
    """The class of the state dicts."""
    return nn.Sequential(
        nn.Conv1d(4, 3, 9), nn.ReLU(), nn.AdaptiveMaxPool1d(1), nn.Flatten(), nn.Linear(3, 1)
    )


class Attention(nn.Module):
    """Heads that share a dimension with the batch, a norm, and sizes worked out from the length."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv1d(4, 6, 5), nn.LayerNorm(6)
        self.attention = nn.MultiheadAttention(6, 2, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.norm(self.conv(x).transpose(1, 2))
        return self.attention(h, h, h)[0].mean(1)


class Recurrent(nn.Module):
    """Two directions through time."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(4, 6, 5, stride=3)
        self.layer, self.head = nn.LSTM(6, 3, bidirectional=True), nn.Linear(6, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.layer(self.conv(x).permute(2, 0, 1))[0][-1])


class Residual(nn.Module):
    """Dilated convolutions with a profile, crops, pads, joins and a product."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv1d(4, 8, 7, padding=3)
        self.second = nn.Conv1d(8, 8, 3, padding=4, dilation=4)
        self.head = nn.Conv1d(16, 1, 5)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        h = torch.relu(self.first(x))
        h = torch.cat([h + torch.tanh(self.second(h)), nn.functional.pad(h, (1, 0))[..., :-1]], 1)
        return self.head(h).squeeze(1), (h * h.softmax(1)).amax(2)
