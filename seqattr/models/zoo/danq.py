"""DanQ: Quang & Xie 2016, "DanQ: a hybrid convolutional and recurrent deep neural network for quantifying the
function of DNA sequences" (Nucleic Acids Research), figure 1 and supplementary note; for 1,000 bp, 919 tasks.
"""

from torch import Tensor, nn

from seqattr.models.zoo.parts import Conv1d, Stack, leaving_one, left_of, stack

CONVS = ((26, 13),)  # width and pool


class BothWays(nn.Module):
    """An LSTM along (N, C, L) and one against it: (N, L, 2 * units)."""

    def __init__(self, channels: int, units: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(channels, units, batch_first=True, bidirectional=True)

    def forward(self, hidden: Tensor) -> Tensor:
        states: Tensor = self.lstm(hidden.transpose(1, 2))[0]
        return states


def danq(
    length: int, tasks: int, filters: int = 320, units: int = 320, dense: int = 925, classes: bool = True
) -> Stack:
    """A conv of width 26, max pooling by 13, an LSTM of `units` in either direction, one `dense` layer."""
    return stack(
        classes,
        *(Conv1d(4, filters, 26, "valid"), nn.ReLU(), nn.MaxPool1d(13), nn.Dropout(0.2)),
        *(BothWays(filters, units), nn.Dropout(0.5), nn.Flatten()),
        *(nn.Linear(2 * units * left_of(length, CONVS), dense), nn.ReLU()),
        nn.Linear(dense, tasks),
    )


shortest = leaving_one(CONVS)
