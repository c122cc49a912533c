"""BPNet and ChromBPNet: the profile of reads along a sequence, and how many they are.

Avsec et al. 2021, "Base-resolution models of transcription-factor binding reveal soft motif syntax" (Nature
Genetics), figure 1 and Methods; Pampari et al. 2024, "ChromBPNet: bias factorized, base-resolution deep
learning models of chromatin accessibility" (bioRxiv), Methods. As the latter's public code has it
(kundajelab/chrombpnet), no layer pads: each output is seen by all layers whole. In kundajelab/basepairmodels
the residual sums are taken before the ReLU.
"""

import torch
from torch import Tensor, nn

from seqattr.models.zoo.parts import Conv1d, Stack, glorot, stack


class Trunk(nn.Module):
    """A wide conv and dilated residual convs, from (N, 4, L) to (N, filters, L').

    Layer i of `layers` has the dilation 2^i and is added to the centre of what it read, behind its ReLU; with
    `basepairmodels` before it.
    """

    def __init__(
        self, filters: int, layers: int, first_width: int = 21, basepairmodels: bool = False
    ) -> None:
        super().__init__()
        self.basepairmodels = basepairmodels
        self.first = Conv1d(4, filters, first_width, "valid")
        self.dilated = nn.ModuleList(
            Conv1d(filters, filters, 3, "valid", dilation=2**layer) for layer in range(1, layers + 1)
        )

    def forward(self, sequences: Tensor) -> Tensor:
        return self.before_relu(sequences) if self.basepairmodels else self.behind_relu(sequences)

    def behind_relu(self, sequences: Tensor) -> Tensor:
        """Sums of what ReLUs give."""
        hidden = torch.relu(self.first(sequences))
        for layer, conv in enumerate(self.dilated, 1):
            hidden = torch.relu(conv(hidden)) + inner(hidden, 2**layer)
        return hidden

    def before_relu(self, sequences: Tensor) -> Tensor:
        """Sums of what convs give."""
        hidden = self.first(sequences)
        for layer, conv in enumerate(self.dilated, 1):
            hidden = conv(torch.relu(hidden)) + inner(hidden, 2**layer)
        return torch.relu(hidden)


class BPNet(Trunk):
    """The trunk and two heads: profile logits (N, tasks, L_out), and log(1 + counts) (N, counts).

    The profile is a conv of `profile_width` over what the trunk leaves, cropped at its centre to
    `output_length` (None: not cropped, L - `margin`); the counts are a dense layer on the mean over all
    positions that the trunk leaves.

    `control_tracks` are of the sequence's length (N, C, L), zeros if they are not given: channels beside
    those that the profile's conv reads, and the log of one plus their sum beside the means that the counts
    read. With `basepairmodels` the sums of the residual layers come before their ReLU, and the controls' sum
    is that over the profile's positions alone, plus two.
    """

    def __init__(
        self,
        filters: int = 64,
        layers: int = 8,
        tasks: int = 1,
        first_width: int = 21,
        profile_width: int = 75,
        control_tracks: int = 0,
        *,
        counts: int = 1,
        output_length: int | None = None,
        basepairmodels: bool = False,
    ) -> None:
        super().__init__(filters, layers, first_width, basepairmodels)
        self.control_tracks, self.output_length = control_tracks, output_length
        self.profile = Conv1d(filters + control_tracks, tasks, profile_width, "valid")
        self.counts = nn.Linear(filters + bool(control_tracks), counts)
        self.apply(glorot)

    @property
    def margin(self) -> int:
        """How many positions fewer the profile has than the sequence, where it is not cropped."""
        return margin(len(self.dilated), self.first.kernel_size[0], self.profile.kernel_size[0])

    def forward(  # type: ignore[override]
        self, sequences: Tensor, controls: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        hidden = super().forward(sequences)
        if not self.control_tracks:
            return self.cropped(self.profile(hidden)), self.counts(hidden.mean(2))
        if controls is None:
            controls = sequences.new_zeros(len(sequences), self.control_tracks, sequences.shape[2])
        beside = centre(controls, hidden.shape[2])
        profile = self.cropped(self.profile(torch.cat([hidden, beside], 1)))
        level = self.level(beside, profile.shape[2])
        return profile, self.counts(torch.cat([hidden.mean(2), level], 1))

    def cropped(self, profile: Tensor) -> Tensor:
        """The centre of a profile that is wanted."""
        return profile if self.output_length is None else centre(profile, self.output_length)

    def level(self, controls: Tensor, positions: int) -> Tensor:
        """The log of the controls' sum (N, 1), plus what keeps it from that of zero."""
        if self.basepairmodels:
            return torch.log(centre(controls, positions).sum((1, 2)) + 2)[:, None]
        return torch.log(controls.sum((1, 2)) + 1)[:, None]


class ChromBPNet(nn.Module):
    """Accessibility and the bias of the enzyme that measures it, as two models whose reads add up.

    Profile logits are added, the bias's cropped at the centre to the other's length; of log counts it is the
    counts that are added: log(exp(accessibility) + exp(bias)).
    """

    def __init__(self, accessibility: BPNet, bias: BPNet) -> None:
        super().__init__()
        self.accessibility, self.bias = accessibility, bias

    def forward(self, sequences: Tensor) -> tuple[Tensor, Tensor]:
        profile, counts = self.accessibility(sequences)
        bias_profile, bias_counts = self.bias(sequences)
        both = torch.stack([counts, bias_counts], 2)
        return profile + centre(bias_profile, profile.shape[2]), torch.logsumexp(both, 2)


def inner(values: Tensor, edge: int) -> Tensor:
    """All positions (N, C, L) but `edge` at either end."""
    return values[:, :, edge:-edge]


def centre(values: Tensor, positions: int) -> Tensor:
    """So many positions at the centre of (N, C, L)."""
    start = (values.shape[2] - positions) // 2
    return values[:, :, start : start + positions]


def margin(layers: int = 8, first_width: int = 21, profile_width: int = 75) -> int:
    """How many positions fewer the profile has than the sequence."""
    return first_width - 1 + (2 ** (layers + 2) - 4) + profile_width - 1


def shortest(layers: int = 8, bias_layers: int = 0, **_: object) -> int:
    """The bases that one position of the profile needs."""
    return 1 + margin(max(layers, bias_layers))


def bpnet(length: int, tasks: int, filters: int = 64, layers: int = 8, control_tracks: int = 0) -> BPNet:
    """BPNet as kundajelab/chrombpnet has it, with one count of each task."""
    return BPNet(filters, layers, tasks, control_tracks=control_tracks, counts=tasks)


def bpnet_counts(length: int, tasks: int, filters: int = 64, layers: int = 8, classes: bool = False) -> Stack:
    """BPNet's trunk and its counts head alone: one number of each task, as the log of one plus its counts."""
    mean = (nn.AdaptiveAvgPool1d(1), nn.Flatten())
    return stack(classes, Trunk(filters, layers), *mean, nn.Linear(filters, tasks))


def counts_shortest(layers: int = 8, **_: object) -> int:
    """The bases of which the trunk leaves one position."""
    return 1 + margin(layers, profile_width=1)


def chrombpnet(
    length: int,
    tasks: int,
    filters: int = 512,
    layers: int = 8,
    bias_filters: int = 128,
    bias_layers: int = 4,
) -> ChromBPNet:
    """ChromBPNet at its published sizes: 512 filters and 8 layers, and 128 and 4 for the bias."""
    return ChromBPNet(
        BPNet(filters, layers, tasks, counts=tasks), BPNet(bias_filters, bias_layers, tasks, counts=tasks)
    )
