"""DeepSEA and its successor Beluga: chromatin features from sequence.

Zhou & Troyanskaya 2015, "Predicting effects of noncoding variants with deep learning-based sequence model"
(Nature Methods), Methods and supplementary note; for 1,000 bp and 919 features. Zhou et al. 2018, "Deep
learning sequence-based ab initio prediction of variant effects on expression and disease risk" (Nature
Genetics), Methods; for 2,000 bp and 2,002 features.
"""

from collections.abc import Sequence

from torch import nn

from seqattr.models.zoo.parts import Conv1d, Stack, leaving_one, left_of, stack

DEEPSEA = ((8, 4), (8, 4), (8, 1))  # width and pool of each conv
BELUGA = ((8, 1), (8, 4), (8, 1), (8, 4), (8, 1), (8, 1))


def deepsea(
    length: int,
    tasks: int,
    widths: Sequence[int] = (320, 480, 960),
    dense: int = 925,
    classes: bool = True,
) -> Stack:
    """Three convs of width 8 with `widths` filters, max pooling by four behind the first two; one `dense`."""
    one, two, three = widths
    return stack(
        classes,
        *(Conv1d(4, one, 8, "valid"), nn.ReLU(), nn.MaxPool1d(4), nn.Dropout(0.2)),
        *(Conv1d(one, two, 8, "valid"), nn.ReLU(), nn.MaxPool1d(4), nn.Dropout(0.2)),
        *(Conv1d(two, three, 8, "valid"), nn.ReLU(), nn.Dropout(0.5)),
        nn.Flatten(),
        *(nn.Linear(three * left_of(length, DEEPSEA), dense), nn.ReLU()),
        nn.Linear(dense, tasks),
    )


deepsea_shortest = leaving_one(DEEPSEA)


def beluga(
    length: int,
    tasks: int,
    widths: Sequence[int] = (320, 480, 640),
    dense: int = 2003,
    classes: bool = True,
) -> Stack:
    """Three pairs of convs of width 8, max pooling by four behind the first two pairs; one `dense` layer.

    As published, the convs are two-dimensional and their height is 1.
    """
    one, two, three = widths
    return stack(
        classes,
        nn.Unflatten(2, (1, length)),
        *(*_pair(4, one), nn.Dropout(0.2), nn.MaxPool2d((1, 4))),
        *(*_pair(one, two), nn.Dropout(0.2), nn.MaxPool2d((1, 4))),
        *(*_pair(two, three), nn.Dropout(0.5)),
        nn.Flatten(),
        *(nn.Linear(three * left_of(length, BELUGA), dense), nn.ReLU()),
        nn.Linear(dense, tasks),
    )


beluga_shortest = leaving_one(BELUGA)


def _pair(inputs: int, outputs: int) -> list[nn.Module]:
    return [
        *(nn.Conv2d(inputs, outputs, (1, 8)), nn.ReLU()),
        *(nn.Conv2d(outputs, outputs, (1, 8)), nn.ReLU()),
    ]
