"""Controls ignore the model, and hang on each sequence alone."""

import numpy as np
import pytest
import torch

from seqattr.dna.alphabet import ALPHABET, one_hot
from seqattr.evaluate.controls import CONTROLS, WINDOW


def sequences(*texts):
    codes = np.array([[("ACGT" + "N").index(base) for base in text] for text in texts], np.uint8)
    return torch.from_numpy(one_hot(codes)).float()


RNG = np.random.default_rng(0)
TEXTS = ["".join(RNG.choice(list(ALPHABET), 60)) for _ in range(4)] + ["ACGTN" * 12]


@pytest.mark.parametrize("name", CONTROLS)
def test_a_sequence_has_the_same_whatever_is_beside_it(name):
    explain, rows = CONTROLS[name].explain, sequences(*TEXTS)
    together = explain(rows, 3)
    assert together.shape == (5, 60)
    assert together.dtype == torch.float64
    for number, row in enumerate(rows):
        assert torch.equal(explain(row[None].double(), 3)[0], together[number])
    assert explain(rows[:0], 3).shape == (0, 60)


def test_random_numbers_are_others_for_each_sequence_and_seed():
    explain, rows = CONTROLS["random"].explain, sequences(*TEXTS, "A" * 60, "T" + "A" * 59)
    numbers = torch.cat([explain(rows, 0), explain(rows, 1)]).numpy()
    assert abs(np.corrcoef(numbers) - np.eye(14)).max() < 0.5
    assert abs(numbers.mean()) < 0.15
    assert abs(numbers.std() - 1) < 0.1


def test_gc_content_is_that_of_the_window():
    text, half = TEXTS[0], WINDOW // 2
    wanted = []
    for middle in range(60):
        around = text[max(0, middle - half) : middle + half + 1]
        wanted.append(sum(base in "GC" for base in around) / len(around))
    np.testing.assert_allclose(CONTROLS["gc-content"].explain(sequences(text), 0)[0], wanted, rtol=1e-12)


def test_a_rare_dinucleotide_stands_out():
    text = "A" * 20 + "CG" + "A" * 20
    rarity = CONTROLS["dinucleotides"].explain(sequences(text), 0)[0]
    assert set(rarity.topk(2).indices.tolist()) == {20, 21}
    np.testing.assert_allclose(rarity[20], 2 * np.log(41), rtol=1e-12)  # AC and CG, once each of 41
