"""The CNN of Shrikumar, Greenside & Kundaje 2017, "Learning Important Features Through Propagating Activation
Differences" (ICML), section 4.2, for sequences with simulated TAL1 and GATA1 motifs.
"""

from torch import nn

from seqattr.models.zoo.parts import Classifier, Conv1d, dense_block


def tal_gata(length: int, tasks: int) -> Classifier:
    """Two convs of 50 x 11 without padding, global average pooling, 50 dense. Takes any length from 21 bp."""
    return Classifier(
        *(Conv1d(4, 50, 11, "valid"), nn.ReLU()),
        *(Conv1d(50, 50, 11, "valid"), nn.ReLU()),
        *(nn.AdaptiveAvgPool1d(1), nn.Flatten()),
        *dense_block(50, 50, 0.5),
        nn.Linear(50, tasks),
    )
