"""DeepSTARR: de Almeida, Reiter, Pagani & Stark 2022, "DeepSTARR predicts enhancer activity from DNA sequence
and enables the de novo design of synthetic enhancers" (Nature Genetics), Methods and extended data figure 2;
for 249 bp and two activities, log2 fold changes of developmental and housekeeping enhancers.
"""

from collections.abc import Sequence

from torch import nn

from seqattr.models.zoo.parts import Stack, conv_block, normed_dense_block, stack


def deepstarr(
    length: int,
    tasks: int,
    widths: Sequence[int] = (246, 60, 60, 120),
    dense: int = 256,
    classes: bool = False,
) -> Stack:
    """Four convs of `widths` filters, each with batch norm, ReLU and max pooling by two; two `dense` layers.

    Its own outputs are numbers of any size, so there is a sigmoid only for `classes`.
    """
    one, two, three, four = widths
    return stack(
        classes,
        *conv_block(4, one, 7, 2),
        *conv_block(one, two, 3, 2),
        *conv_block(two, three, 5, 2),
        *conv_block(three, four, 3, 2),
        nn.Flatten(),
        *normed_dense_block(four * (length // 16), dense, 0.4),
        *normed_dense_block(dense, dense, 0.4),
        nn.Linear(dense, tasks),
    )


def shortest(**_: object) -> int:
    """The bases of which four poolings by two leave one position."""
    return 16
