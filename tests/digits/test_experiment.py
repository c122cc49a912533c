"""Digits turned into others: a tiny net in seconds, and the whole experiment as a slow test."""

import numpy as np
import pytest
import torch

import seqattr
from seqattr.digits.experiment import (
    ALL,
    METHODS,
    RANDOM,
    SHOWN,
    by_image,
    changes_of,
    lead,
    masked,
    mean_of,
    means,
    name_of,
    over_nets,
)
from seqattr.digits.network import SIDE, Digits, accuracy, as_sequences, captured, load, train
from seqattr.digits.run import Settings
from seqattr.errors import InputError
from seqattr.evaluate.class_flipping import Pair

pytest.importorskip("sklearn")


@pytest.fixture(scope="module")
def split():
    return load()


@pytest.fixture(scope="module")
def some(split):
    """Four images of each digit."""
    rows = torch.cat([(split.test.labels == digit).nonzero()[:4, 0] for digit in range(10)])
    return Digits(split.test.images[rows], split.test.labels[rows])


@pytest.fixture(scope="module")
def net(split):
    few = Digits(split.train.images[:300], split.train.labels[:300])
    return train(few, seed=0, epochs=8)


@pytest.fixture(scope="module")
def model(net):
    return captured(net)


@pytest.fixture(scope="module")
def changes(model, some):
    return changes_of(model, some, ("gradient", "deeplift-rescale"))


def test_the_digits_are_all_there_and_no_image_is_in_both_splits(split):
    assert [len(of.labels) for of in split] == [1000, 797]
    assert split.train.images.min() == 0
    assert split.train.images.max() == 1
    known = {image.numpy().tobytes() for image in split.train.images}
    assert not known & {image.numpy().tobytes() for image in split.test.images}
    assert (torch.bincount(split.test.labels) > 60).all()


def test_a_net_learns_and_the_seed_alone_decides(split, net):
    assert accuracy(net, split.test) > 0.85
    few = Digits(split.train.images[:64], split.train.labels[:64])
    one, same, other = (train(few, seed, epochs=1).logits[0].weight for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_the_brightness_is_the_first_channel_and_the_graph_answers_as_the_net(net, model, some):
    rows = as_sequences(some.images)
    assert rows.shape == (40, 4, SIDE * SIDE)
    assert torch.equal(rows[:, 0], some.images)
    assert not rows[:, 1:].any()
    with torch.no_grad():
        assert torch.allclose(model.predict(rows), net(rows), atol=1e-4)


def test_changes_are_those_of_the_paper_s_experiment_in_a_loop(model, some, changes):
    question = as_sequences(some.images[some.labels == 8])
    found = seqattr.attribute(model, question, None, method="deeplift-rescale").contributions.double()
    for row, image in enumerate(question):
        difference = (found[8, row] - found[3, row]).tolist()
        order = sorted(range(64), key=lambda pixel: -difference[pixel])
        gone = [pixel for pixel in order[:12] if difference[pixel] > 0]
        erased = image.clone()
        erased[:, gone] = 0
        before, after = model.predict(torch.stack([image, erased])).double()
        expected = float((after[3] - after[8]) - (before[3] - before[8]))
        if before[8] > before[3]:
            assert changes["deeplift-rescale", Pair(8, 3)][row] == pytest.approx(expected, abs=1e-4)
        else:
            assert np.isnan(changes["deeplift-rescale", Pair(8, 3)][row])


def test_there_is_a_number_for_each_method_pair_and_image(changes):
    assert len(changes) == 3 * 90
    assert all(values.shape == (4,) for values in changes.values())
    table = means(changes)
    assert len(table) == 3 * 91
    assert [row.pair for row in table[::3][:5]] == [ALL, *map(name_of, SHOWN)]
    pooled = by_image(changes, "gradient", ALL)
    assert pooled.shape[0] <= 40
    goals = [changes["gradient", Pair(8, goal)][0] for goal in range(10) if goal != 8]
    assert np.nanmean(goals) in pooled


def test_methods_erase_better_than_chance(changes):
    chance = mean_of(RANDOM, ALL, by_image(changes, RANDOM, ALL))
    for method in ("gradient", "deeplift-rescale"):
        assert mean_of(method, ALL, by_image(changes, method, ALL)).low > chance.high


def test_only_a_lead_beyond_doubt_is_one():
    values = np.linspace(1, 2, 30)
    rest = {("b", pair): values for pair in SHOWN} | {("c", pair): values - 1 for pair in SHOWN}
    ahead = lead({("a", pair): values + 0.5 for pair in SHOWN} | rest, "8 to 3")
    assert (ahead.first.method, ahead.second, ahead.ahead, ahead.leads) == ("a", "b", 0.5, True)
    noise = np.where(np.arange(30) % 2, 0.9, -0.8)
    level = lead({("a", pair): values + noise for pair in SHOWN} | rest, "8 to 3")
    assert (level.first.method, level.leads) == ("a", False)


def test_nets_are_averaged_image_by_image():
    one, two = ({("a", SHOWN[0]): np.array(values)} for values in ([1.0, np.nan, 3.0], [2.0, 5.0, 5.0]))
    assert over_nets([one, two])["a", SHOWN[0]].tolist()[::2] == [1.5, 4.0]
    assert np.isnan(over_nets([one, two])["a", SHOWN[0]][1])


def test_masked_digits_are_of_their_pair_and_lose_a_fifth_at_most(model, some, changes):
    for each, pair in zip(masked(model, some, changes, ("gradient",)), SHOWN, strict=True):
        assert each.pair == pair
        assert 0 < each.gone["gradient"].sum() <= 12
        assert each.image[each.gone["gradient"]].min() > 0
        assert each.moved["gradient"] in changes["gradient", pair]


def test_seeds_must_be_different():
    with pytest.raises(InputError, match="different whole numbers"):
        Settings(seeds=(1, 1))


@pytest.mark.slow
def test_deeplift_is_not_behind_on_real_digits(split):
    """As in figure 4: a net that tells the digits, all methods, all pairs."""
    net = train(split.train, seed=0)
    assert accuracy(net, split.test) > 0.97
    changes = changes_of(captured(net), split.test, METHODS)
    rows = {method: mean_of(method, ALL, by_image(changes, method, ALL)) for method in (*METHODS, RANDOM)}
    assert min(rows[method].low for method in METHODS) > rows[RANDOM].high
    assert rows["deeplift-rescale"].mean > rows["guided-backprop"].mean
