"""Basset: Kelley, Snoek & Rinn 2016, "Basset: learning the regulatory code of the accessible genome with deep
convolutional neural networks" (Genome Research), Methods and figure 1; for 600 bp and 164 tasks. That no conv
pads and that the dense layers have batch norms is as in its published weights.
"""

from collections.abc import Sequence

from torch import nn

from seqattr.models.zoo.parts import Stack, conv_block, leaving_one, left_of, normed_dense_block, stack

CONVS = ((19, 3), (11, 4), (7, 4))  # width and pool of each


def basset(
    length: int,
    tasks: int,
    widths: Sequence[int] = (300, 200, 200),
    dense: int = 1000,
    classes: bool = True,
) -> Stack:
    """Three convs of `widths` filters, each with batch norm, ReLU and max pooling; two `dense` layers."""
    one, two, three = widths
    return stack(
        classes,
        *conv_block(4, one, *CONVS[0], "valid"),
        *conv_block(one, two, *CONVS[1], "valid"),
        *conv_block(two, three, *CONVS[2], "valid"),
        nn.Flatten(),
        *normed_dense_block(three * left_of(length, CONVS), dense, 0.3),
        *normed_dense_block(dense, dense, 0.3),
        nn.Linear(dense, tasks),
    )


shortest = leaving_one(CONVS)
