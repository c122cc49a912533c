"""The digits that scikit-learn ships (1,797 of 8 x 8 pixels), and a small convolutional net trained on them.

Two convolutions and a dense layer under the ten logits, as in the paper, which has 28 x 28 pixels and MNIST.
The engine reads sequences (N, 4, L): the brightness, 0 to 1, is the first of the four channels of 64
positions, row by row, the others are 0. The reference is black, as in the paper, which is all zeros.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Adam

from seqattr.data.train import batches, repeatable
from seqattr.engine.capture.model import Model
from seqattr.errors import InputError

SIDE = 8  # pixels
BRIGHTEST = 16  # as they are stored
TRAINED_ON = 1000  # the other 797 are asked about
EPOCHS, BATCH, RATE = 30, 32, 2e-3


class Digits(NamedTuple):
    """Images (N, 64), brightness from 0 to 1, and which digit each is, (N)."""

    images: Tensor
    labels: Tensor


class Split(NamedTuple):
    """What a net learns from, and what it has not seen."""

    train: Digits
    test: Digits


class Network(nn.Module):
    """Ten logits (N, 10) of digits as sequences (N, 4, 64)."""

    def __init__(self) -> None:
        super().__init__()
        convolutions = nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 3, stride=2), nn.ReLU()
        dense = nn.Flatten(), nn.Linear(32 * 3 * 3, 64), nn.ReLU(), nn.Linear(64, 10)
        self.logits = nn.Sequential(*convolutions, *dense)

    def forward(self, sequences: Tensor) -> Tensor:
        numbers: Tensor = self.logits(sequences[:, 0].reshape(-1, 1, SIDE, SIDE))
        return numbers


def load() -> Split:
    """The digits in an order that is always the same, as writers come one after the other in the file.

    Raises InputError without scikit-learn.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise InputError(
            "the digits come with scikit-learn, and it is not installed: pip install 'seqattr[digits]'"
        ) from error
    data = load_digits()
    order = np.random.default_rng(0).permutation(len(data.target))
    images = torch.from_numpy(data.data[order] / BRIGHTEST).float()
    labels = torch.from_numpy(data.target[order]).long()
    some, others = slice(TRAINED_ON), slice(TRAINED_ON, None)
    return Split(Digits(images[some], labels[some]), Digits(images[others], labels[others]))


def as_sequences(images: Tensor) -> Tensor:
    """(N, 64) as (N, 4, 64)."""
    return torch.nn.functional.pad(images[:, None], (0, 0, 0, 3))


def train(digits: Digits, seed: int, epochs: int = EPOCHS) -> Network:
    """A net in eval mode, of which the seed alone decides; the caller's random state is left as it was."""
    with repeatable(seed, torch.device("cpu")):
        network = Network()
        optimizer = Adam(network.parameters(), RATE)
        for _ in range(epochs):
            for rows in batches(len(digits.labels), BATCH):
                logits = network(as_sequences(digits.images[rows]))
                optimizer.zero_grad()
                nn.functional.cross_entropy(logits, digits.labels[rows]).backward()
                optimizer.step()
    return network.eval()


def accuracy(network: Network, digits: Digits) -> float:
    """The share of digits that it tells."""
    with torch.no_grad():
        named = network(as_sequences(digits.images)).argmax(1)
    return float((named == digits.labels).double().mean())


def captured(network: Network) -> Model:
    """Ready to be explained, its targets the digits."""
    example = torch.zeros(2, 4, SIDE * SIDE)
    return Model(network, example, targets=[str(digit) for digit in range(10)])
