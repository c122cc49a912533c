"""A labelled data set: sequences, a number of each for every task, and what each is used for."""

import hashlib
import json
from dataclasses import dataclass

import numpy as np

SPLITS = ("train", "valid", "test")


@dataclass(frozen=True, eq=False)
class Dataset:
    """Sequences as codes (N, L), their labels (N, T), one for each of the tasks, and their splits (N).

    Labels are 0 or 1 (classes), or any finite numbers. `notes` are what its reader should know.
    """

    names: tuple[str, ...]
    codes: np.ndarray
    labels: np.ndarray
    splits: tuple[str, ...]
    tasks: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def indices(self, split: str) -> np.ndarray:
        """The indices of the sequences of a split: train, valid or test."""
        return np.flatnonzero(np.array(self.splits) == split)

    @property
    def classes(self) -> bool:
        """Whether all labels are 0 or 1."""
        return bool(np.isin(self.labels, (0, 1)).all())

    def digest(self, split: str) -> str:
        """A hash of the names, sequences and labels of a split, in their order."""
        rows = self.indices(split)
        names = json.dumps([self.names[row] for row in rows])
        labels = self.labels[rows].astype(np.int8 if self.classes else np.float64)
        values = (self.codes[rows].astype(np.uint8), labels)
        text = names.encode() + b"".join(f"{array.shape}".encode() + array.tobytes() for array in values)
        return hashlib.blake2b(text, digest_size=8).hexdigest()
