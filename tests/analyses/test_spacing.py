"""Two motifs, beside a loop that writes each sequence out; and models that do add up, and do not."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from seqattr.analyses.arrangements import ADD_UP, INTERACT, ORDERS, UNKNOWN, Overall, decisive
from seqattr.analyses.insertions import STRANDS
from seqattr.analyses.spacing import Distances, spacing
from seqattr.dna.alphabet import ALPHABET
from seqattr.engine.capture.model import Model
from seqattr.errors import InputError, NotFinite
from seqattr.support.resampling import interval
from tests.analyses.test_marginalization import Mirrored, on_strand, written
from tests.helpers.sequences import LENGTH, one_hot
from tests.helpers.zoo import captured

A, B = "GATAA", "CAG"


def starts(order: str, strand_a: str, distance: int, length: int = LENGTH) -> tuple[int, int]:
    """Of A, in the middle, and of B."""
    first = (length - len(A)) // 2
    a = first if strand_a == "+" else length - len(A) - first
    return a, a + len(A) + distance if order == "AB" else a - distance - len(B)


def loop(
    model: Model, x: Tensor, order: str, strand_a: str, strand_b: str, distance: int
) -> list[np.ndarray]:
    """What both, A and B change, (T,)."""
    a, b = starts(order, strand_a, distance)
    with_a = written(x, on_strand(A, strand_a), a)
    rows = [written(with_a, on_strand(B, strand_b), b), with_a, written(x, on_strand(B, strand_b), b)]
    return [(model.predict(row[None]) - model.predict(x[None]))[0].numpy() for row in rows]


@pytest.mark.parametrize("name", ["conv1d", "bpnet", "lstm, both directions", "transformer"])
def test_changes_are_those_of_the_loop(name: str) -> None:
    """In every arrangement, of every background."""
    model, backgrounds, distances = captured(name)[1], one_hot(3), (0, 1, 5)
    found = spacing(model, (A, B), backgrounds, Distances(distances))
    assert found.both.shape == (len(model.targets), 2, 2, 2, 3, 3)
    for order, a, b, place, row in np.ndindex(2, 2, 2, 3, 3):
        words = ORDERS[order], STRANDS[a], STRANDS[b], distances[place]
        wanted = loop(model, backgrounds[row], *words)
        for array, change in zip((found.both, found.a, found.b), wanted, strict=True):
            np.testing.assert_allclose(array[:, order, a, b, place, row], change, rtol=0, atol=1e-9)
        left = wanted[0] - wanted[1] - wanted[2]
        np.testing.assert_allclose(found.interaction[:, order, a, b, place, row], left, rtol=0, atol=1e-9)


def test_what_reads_the_other_strand_finds_everything_mirrored() -> None:
    """Order and both strands turn round; exactly."""
    module, model = captured("conv1d")
    backgrounds = one_hot(4)
    one = spacing(model, (A, B), backgrounds)
    other = spacing(Model(Mirrored(module), backgrounds), (A, B), backgrounds.flip(1, 2))
    np.testing.assert_allclose(other.both[:, ::-1, ::-1, ::-1], one.both, rtol=0, atol=1e-12)
    np.testing.assert_allclose(other.interaction[:, ::-1, ::-1, ::-1], one.interaction, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", ["bpnet", "transformer"])
def test_how_many_go_through_together_changes_nothing(name: str) -> None:
    model, backgrounds = captured(name)[1], one_hot(5)
    usual = spacing(model, (A, B), backgrounds)
    for size in (1, 7):
        found = spacing(model, (A, B), backgrounds, Distances(batch_size=size))
        np.testing.assert_allclose(found.interaction, usual.interaction, rtol=0, atol=1e-12)


def test_folds_are_averaged() -> None:
    (_, one), (_, other) = captured("conv1d"), captured("relu, overlapping max pool")
    both = spacing([one, other], (A, B), one_hot(3))
    each = [spacing(model, (A, B), one_hot(3)).interaction for model in (one, other)]
    np.testing.assert_allclose(both.interaction, (each[0] + each[1]) / 2, rtol=0, atol=1e-12)


# --- models whose answer is known ---------------------------------------------------------------


class Both(nn.Module):
    """Whether A and B are there, and the one more than the other: a product, a sum, and logits of each."""

    def __init__(self) -> None:
        super().__init__()
        self.find = nn.ModuleList(self.finder(word) for word in (A, B))

    @staticmethod
    def finder(word: str) -> nn.Conv1d:
        conv = nn.Conv1d(4, 1, len(word)).double()
        with torch.no_grad():
            conv.weight.copy_(torch.eye(4)[:, [ALPHABET.index(letter) for letter in word]][None])
            conv.bias.fill_(1.0 - len(word))
        return conv

    def forward(self, x: Tensor) -> Tensor:
        a, b = (torch.relu(conv(x)).amax(2) for conv in self.find)
        return torch.cat([a * b, a + b], 1)


@pytest.fixture(scope="module")
def without_either() -> list[str]:
    """Backgrounds of 40 bp in which neither word is, on either strand."""
    rng, kept = np.random.default_rng(0), []
    while len(kept) < 12:
        text = "".join(rng.choice(list("CT"), 40))
        kept.append(text)
    return kept


def test_a_product_interacts_and_a_sum_does_not(without_either: list[str]) -> None:
    model = Model(Both(), torch.zeros(2, 4, 40, dtype=torch.float64))
    found = spacing(model, (A, B), without_either)
    product, total = found.overall()[0], found.overall()[4]
    assert (product.strand_a, product.strand_b) == ("+", "+")
    assert product.interaction == pytest.approx(1, abs=1e-12)
    assert product.counts
    assert abs(total.interaction) < 1e-12
    assert not total.counts
    assert np.isnan(product.probability)
    rows = [
        row for row in found.table() if row.target == product.target and row.strand_a == row.strand_b == "+"
    ]
    assert {round(row.interaction, 9) for row in rows} == {1.0}
    assert max(row.q_value for row in rows) < 0.01


def test_behind_a_sigmoid_two_that_are_each_enough_take_from_each_other(without_either: list[str]) -> None:
    """On the scale of logits they add up."""

    class Enough(Both):
        def forward(self, x: Tensor) -> Tensor:
            return torch.sigmoid(20 * super().forward(x)[:, 1:] - 10)

    model = Model(Enough(), torch.zeros(2, 4, 40, dtype=torch.float64))
    found = spacing(model, (A, B), without_either)
    (forward, *_) = found.overall()
    assert abs(forward.interaction) < 1e-9
    assert forward.probability == pytest.approx(-1, abs=1e-3)
    assert forward.probability_low <= forward.probability <= forward.probability_high


# --- what is said of two motifs -------------------------------------------------------------------


def overall(interaction: float, low: float, high: float, most: float = 10.0) -> Overall:
    zeros = (0.0,) * 3
    return Overall("t", "+", "+", 9, most, *zeros, interaction, low, high, *zeros)


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        (overall(2, 1, 3), INTERACT),
        (overall(-2, -3, -1), INTERACT),
        (overall(1, 0.1, 1.9), INTERACT),  # a tenth counts
        (overall(0.9, 0.8, 1), ADD_UP),  # sure, and small
        (overall(0, -1, 1), ADD_UP),
        (overall(0, -3, 3), UNKNOWN),  # nothing is known
        (overall(0.9, 0.8, 1.1), UNKNOWN),
        (overall(0.5, -0.1, 1.1), UNKNOWN),
        (overall(3, -0.1, 6), UNKNOWN),
        (overall(0, float("nan"), float("nan")), UNKNOWN),  # one background
        (overall(0, 0, 0, most=0), ADD_UP),
        (overall(1, 0.9, 1.1, most=0), INTERACT),  # neither does anything alone
    ],
)
def test_two_interact_or_add_up_or_it_cannot_be_told(row: Overall, verdict: str) -> None:
    assert row.verdict == verdict


@pytest.mark.parametrize(("most_low", "verdict"), [(4.9, UNKNOWN), (5, ADD_UP), (float("nan"), UNKNOWN)])
def test_what_is_small_beside_what_is_hardly_known_need_not_add_up(most_low: float, verdict: str) -> None:
    """A tenth of 10, of which the interval goes below half; one that is large is that all the same."""
    assert overall(0.9, 0.8, 1)._replace(most_low=most_low).verdict == verdict
    assert overall(3, 2, 4)._replace(most_low=most_low).verdict == INTERACT


@pytest.mark.parametrize(
    ("others", "verdict"),
    [
        ([overall(0.1, 0, 0.2), overall(-0.5, -0.6, -0.4)], ADD_UP),
        ([overall(0.1, 0, 0.2), overall(0.2, -0.9, 1.3)], UNKNOWN),
        ([overall(0.2, -9, 9), overall(-2, -3, -1), overall(1.5, 1, 2)], INTERACT),
    ],
)
def test_one_pair_of_strands_decides_for_all(others: list[Overall], verdict: str) -> None:
    assert decisive(others) == others[1]
    assert decisive(others).verdict == verdict


def test_a_share_is_of_what_is_known_of_the_most_that_two_do_alone() -> None:
    """On the strands where they do most, with its interval's lower end."""
    found = spacing(captured("conv1d")[1], (A, B), one_hot(8), Distances((0, 4)))
    for number, target in enumerate(found.targets):
        rows = [row for row in found.overall() if row.target == target]
        sums = {}
        for one, other in np.ndindex(2, 2):
            near = [place for place, distance in enumerate((0, 4)) if distance <= rows[0].reach]
            a, b = (
                array[number, :, one, other][:, near].mean((0, 1)) * sign
                for array, sign in (
                    (found.a, np.sign(rows[2 * one + other].a)),
                    (found.b, np.sign(rows[2 * one + other].b)),
                )
            )
            sums[(a + b).mean()] = interval(a + b)[0]
        for row in rows:
            assert row.most == pytest.approx(max(sums))
            assert row.most_low == pytest.approx(sums[max(sums)])
            assert row.has_share == (2 * row.most_low >= row.most)
            assert (row.share == row.share) == row.has_share


class Inside(nn.Module):
    """B as often as it stands at least 4 bases from either end, and A with it."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = Both()

    def forward(self, x: Tensor) -> Tensor:
        a, b = (torch.relu(conv(x)).amax(2) for conv in (self.inner.find[0], self.inner.find[1]))
        near = torch.relu(self.inner.find[1](x[:, :, 4:-4])).amax(2)
        return torch.cat([near + a * near, a * b, torch.zeros_like(a)], 1)


def test_what_is_told_of_all_distances_is_told_of_those_before_the_edge(without_either: list[str]) -> None:
    """Where B alone does half as much as elsewhere it has come to an edge; what does nothing has none."""
    model = Model(Inside(), torch.zeros(2, 4, 40, dtype=torch.float64))
    found = spacing(model, (A, B), without_either)
    assert max(found.distances) == 14
    assert [found.reach(target) for target in range(3)] == [10, 14, 14]
    forward = found.overall()[0]
    near = np.array(found.distances) <= forward.reach
    wanted = found.interaction[0, :, 0, 0][:, near].mean()
    assert forward.interaction == pytest.approx(wanted, abs=1e-12)
    assert forward.interaction == pytest.approx(1, abs=1e-12)
    assert found.interaction[0, :, 0, 0].mean() < 0.9


# --- distances, and what is refused ---------------------------------------------------------------


def test_distances_go_as_far_as_there_is_room() -> None:
    found = spacing(captured("conv1d")[1], (A, B), one_hot(2))
    assert found.distances == tuple(range(LENGTH - 5 - 10 - 3 + 1))
    assert len(found.table()) == found.both[..., 0].size
    assert "GATAA and CAG at" in repr(found)


@pytest.mark.parametrize("motifs", [("A",), ("A", "C", "G"), "GATAAG", None, []])
def test_what_are_not_two_motifs_is_refused(motifs: Any) -> None:
    with pytest.raises(InputError, match=r"two motifs are wanted, as \(\"GATAAG\", \"CAGATG\"\), not"):
        spacing(captured("conv1d")[1], motifs, one_hot(2))


def test_distances_may_be_a_range_or_an_array() -> None:
    for distances in (range(3), np.arange(3)):
        assert Distances(distances).distances == (0, 1, 2)  # type: ignore[arg-type]


def test_what_cannot_be_put_in_is_refused() -> None:
    model, backgrounds = captured("conv1d")[1], one_hot(3)
    with pytest.raises(
        InputError, match=r"at a distance of 20 the motifs GATAA and CAG leave .* 6 is the largest"
    ):
        spacing(model, (A, B), backgrounds, Distances((3, 20)))
    with pytest.raises(InputError, match="has no room beside"):
        spacing(model, ("A" * 12, "C" * 12), backgrounds)
    with pytest.raises(InputError, match="is 30 bp long, the backgrounds 24"):
        spacing(model, (A, "C" * 30), backgrounds)
    with pytest.raises(InputError, match="there are no backgrounds"):
        spacing(model, (A, B), backgrounds[:0])
    for wrong in (
        {"distances": ()},
        {"distances": (1, 1)},
        {"distances": (-1,)},
        {"distances": (1.5,)},
        {"distances": ("a",)},
        {"distances": 5},
        {"batch_size": 0},
        {"seed": -1},
    ):
        with pytest.raises(InputError):
            Distances(**wrong)


def test_a_background_that_the_model_cannot_answer_is_named() -> None:
    class Odd(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return (x.sum(2)[:, :1] - 3).log()

    backgrounds = one_hot(3)
    backgrounds[2, :, :] = torch.eye(4)[3][:, None]
    with pytest.raises(NotFinite, match="sequence number 2"):
        spacing(Model(Odd(), one_hot(2)), ("AAA", "A"), backgrounds)
