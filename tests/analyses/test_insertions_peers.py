"""Words in backgrounds, beside tangermeme's marginalize and space: the same numbers in less time."""

import time

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from seqattr.analyses.marginalization import Insertions, marginalize
from seqattr.analyses.spacing import Distances, spacing
from seqattr.engine.capture.model import Model
from seqattr.models.zoo.table import build
from tests.analyses.test_marginalization import on_strand
from tests.helpers.sequences import one_hot

pytestmark = pytest.mark.peers

WORDS = ["GATAAGCAGG", "CAGATGTCCA", "ACGTACGTGGTTAA", "TTGACCTAGA"]
TOLERANCE = 1e-5  # of float32


class Counts(nn.Module):
    """A BPNet's counts alone."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x)[1]


def network(name: str) -> tuple[nn.Module, int]:
    torch.manual_seed(0)
    if name == "bpnet":
        return Counts(build("bpnet", 2114, 1)).eval(), 2114
    return build("tal-gata", 200, 3, classes=False).eval(), 200


@pytest.mark.parametrize("name", ["tal-gata", "bpnet"])
def test_marginal_effects_are_tangermeme_s(name: str) -> None:
    marginalize_there = pytest.importorskip("tangermeme.marginalize").marginalize
    module, length = network(name)
    x = one_hot(12, length).float()
    model = Model(module, x[:2])
    started = time.process_time()
    found = marginalize(model, WORDS, x, Insertions((length / 2,)))
    ours = time.process_time() - started
    started = time.process_time()
    for number, word in enumerate(WORDS):
        for side, strand in enumerate("+-"):
            start = (length - len(word)) // 2
            there = marginalize_there(module, x, on_strand(word, strand), start=start, device="cpu")
            change = (there[1] - there[0]).T.numpy()
            np.testing.assert_allclose(found.effects[:, number, side, 0], change, rtol=0, atol=TOLERANCE)
    assert ours < time.process_time() - started


@pytest.mark.parametrize("name", ["tal-gata", "bpnet"])
def test_two_motifs_are_tangermeme_s(name: str) -> None:
    space = pytest.importorskip("tangermeme.space").space
    module, length = network(name)
    x = one_hot(4, length).float()
    (a, b), distances = WORDS[:2], (0, 3, 20)
    found = spacing(Model(module, x[:2]), (a, b), x, Distances(distances))
    start = (length - len(a)) // 2
    for side_a, side_b in np.ndindex(2, 2):
        words = [on_strand(a, "+-"[side_a]), on_strand(b, "+-"[side_b])]
        there = space(module, x, words, [[number] for number in distances], start=start, device="cpu")
        change = (there[1] - there[0][:, None]).permute(2, 1, 0).numpy()  # (T, D, B)
        np.testing.assert_allclose(found.both[:, 0, side_a, side_b], change, rtol=0, atol=TOLERANCE)
