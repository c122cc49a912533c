"""The CNN of Shrikumar, Greenside & Kundaje 2017, "Learning Important Features Through Propagating Activation
Differences" (ICML), section 4.2, for 200 bp with simulated TAL1 and GATA1 motifs.
"""

from torch import nn

from seqattr.models.zoo.parts import Conv1d, Stack, dense_block, stack


def tal_gata(length: int, tasks: int, filters: int = 50, dense: int = 50, classes: bool = True) -> Stack:
    """Two convs of width 11 without padding, global average pooling, a dense layer. Takes any length."""
    return stack(
        classes,
        *(Conv1d(4, filters, 11, "valid"), nn.ReLU()),
        *(Conv1d(filters, filters, 11, "valid"), nn.ReLU()),
        *(nn.AdaptiveAvgPool1d(1), nn.Flatten()),
        *dense_block(filters, dense, 0.5),
        nn.Linear(dense, tasks),
    )


def shortest(**_: object) -> int:
    """The bases of which the convs leave one position."""
    return 21
