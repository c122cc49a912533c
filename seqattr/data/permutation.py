"""Labels that tell nothing of the sequences, and a training that learns them all the same, by heart.

What a model can learn of permuted labels is no more than which sequence has which: its scores are what an
explanation shows of a model that has found nothing. Adebayo et al. 2018, Sanity Checks for Saliency Maps,
section 5; Zhang et al. 2017.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from torch import nn

from seqattr.data.dataset import Dataset

EPOCHS = 300  # at most, where nobody says: to learn by heart takes long
# The AUROC, or the correlation, of each task on the train split at which its labels count as learned; an
# accuracy would be high for rare classes of which nothing was learned.
FITS = 0.95
PERMUTED = ("train", "valid")


def permute(dataset: Dataset, seed: int) -> Dataset:
    """Each row of labels is another sequence's of the same split; those of the test split stay."""
    rng, labels = np.random.default_rng(seed), dataset.labels.copy()
    for split in PERMUTED:
        rows = dataset.indices(split)
        labels[rows] = labels[rng.permutation(rows)]
    return replace(dataset, labels=labels)


def without_dropout(module: nn.Module) -> None:
    """Dropout keeps a model from learning by heart."""
    for part in module.modules():
        if isinstance(part, nn.Dropout):
            part.p = 0.0


def are_learned(measures: Sequence[Mapping[str, float | None]]) -> bool:
    """Whether each task's labels count as learned, given its measures as `losses` has them."""
    reached = [task.get("auroc", task.get("pearson")) for task in measures]
    return all(value is None or value >= FITS for value in reached)
