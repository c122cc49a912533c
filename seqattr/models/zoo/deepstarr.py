"""DeepSTARR: de Almeida, Reiter, Pagani & Stark 2022, "DeepSTARR predicts enhancer activity from DNA sequence
and enables the de novo design of synthetic enhancers" (Nature Genetics), Methods; made for 249 bp.
"""

from torch import nn

from seqattr.models.zoo.parts import Classifier, conv_block, dense_block


def deepstarr(length: int, tasks: int) -> Classifier:
    """Four convs, each with batch norm, ReLU and max pooling by two; two dense layers."""
    return Classifier(
        *conv_block(4, 246, 7, 2),
        *conv_block(246, 60, 3, 2),
        *conv_block(60, 60, 5, 2),
        *conv_block(60, 120, 3, 2),
        nn.Flatten(),
        *dense_block(120 * (length // 16), 256, 0.4),
        *dense_block(256, 256, 0.4),
        nn.Linear(256, tasks),
    )
