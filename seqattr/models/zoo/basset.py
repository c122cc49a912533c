"""Basset: Kelley, Snoek & Rinn 2016, "Basset: learning the regulatory code of the accessible genome with deep
convolutional neural networks" (Genome Research), Methods and figure 1; made for 600 bp.
"""

from torch import nn

from seqattr.models.zoo.parts import Classifier, conv_block, dense_block


def basset(length: int, tasks: int) -> Classifier:
    """Three convs, each with batch norm, ReLU and max pooling; two dense layers."""
    return Classifier(
        *conv_block(4, 100, 19, 3),
        *conv_block(100, 64, 11, 4),
        *conv_block(64, 64, 7, 4),
        nn.Flatten(),
        *dense_block(64 * (length // 3 // 4 // 4), 200, 0.3),
        *dense_block(200, 200, 0.3),
        nn.Linear(200, tasks),
    )
