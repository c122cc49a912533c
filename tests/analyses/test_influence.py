"""Influence beside a plain loop with autograd, and what a step of descent really does."""

import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from seqattr.analyses.influence import Examples, examples_of, influence
from seqattr.data.simulate import TalGata, simulate_tal_gata
from seqattr.errors import InputError, ModelError, NotFinite, UnknownName
from seqattr.jobs.influence import chosen, strongest, table
from seqattr.models.checkpoints import Checkpoint, Trained
from seqattr.models.zoo import Classifier, Stack, build

LENGTH, TARGETS = 20, ("a", "b")
loss_function = nn.BCEWithLogitsLoss()  # as the training's: the mean over targets


@dataclass(frozen=True)
class Made(Checkpoint):
    """A checkpoint of a small net in float64, with batch norm and dropout."""

    def module(self) -> Classifier:
        with torch.random.fork_rng([]):
            torch.manual_seed(self.trained.epoch)
            norm = nn.BatchNorm1d(5)
            layers = nn.Conv1d(4, 5, 7), norm, nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten()
            module = Classifier(*layers, nn.Dropout(0.5), nn.Linear(5, 2)).double().eval()
            for tensor in (norm.weight, norm.bias, norm.running_mean, norm.running_var):
                assert tensor is not None
                nn.init.uniform_(tensor, 0.5, 1.5)
        return module


def checkpoint(epoch: int, rate: float) -> Made:
    return Made(Path("none"), Trained("made", LENGTH, TARGETS, epoch, rate, 0, ""), {})


CHECKPOINTS = [checkpoint(1, 0.1), checkpoint(2, 0.03)]


def examples(count: int, seed: int, labels: bool = True) -> Examples:
    rng = np.random.default_rng(seed)
    codes = rng.integers(4, size=(count, LENGTH)).astype(np.uint8)
    names = tuple(f"s{number}" for number in range(count))
    return Examples(names, codes, rng.integers(2, size=(count, 2)) if labels else None)


TRAINING, TESTS = examples(9, 0), examples(4, 1)


def inputs(given: Examples, row: int) -> Tensor:
    return torch.eye(4, dtype=torch.float64)[given.codes[row].astype(int)].T[None]


def value(module: Classifier, given: Examples, row: int, target: int | None) -> Tensor:
    """The loss of a row, or of one of its targets; without labels the target's logit."""
    logits = module.logits(inputs(given, row))[0]
    if given.labels is None:
        return logits[target]
    labels = torch.tensor(given.labels[row], dtype=torch.float64)
    return loss_function(logits, labels) if target is None else loss_function(logits[target], labels[target])


def slow(checkpoints: list[Made], tests: Examples, target: int | None) -> np.ndarray:
    """The sum over checkpoints of rate * the gradients' dot product, pair by pair."""
    scores = np.zeros((len(tests.names), len(TRAINING.names)))
    for each in checkpoints:
        module = each.module()
        weights = list(module.parameters())
        for column in range(len(TRAINING.names)):
            ours = torch.autograd.grad(value(module, TRAINING, column, None), weights)
            for row in range(len(tests.names)):
                theirs = torch.autograd.grad(value(module, tests, row, target), weights)
                dot = sum(float((a * b).sum()) for a, b in zip(ours, theirs, strict=True))
                scores[row, column] += each.trained.rate * dot * (1 if tests.labels is not None else -1)
    return scores


@pytest.mark.parametrize(("labels", "target"), [(True, None), (True, 1), (False, 0), (False, 1)])
def test_it_is_that_of_the_plain_loop(labels: bool, target: int | None) -> None:
    tests = examples(4, 1, labels)
    name = None if target is None else TARGETS[target]
    found = influence(CHECKPOINTS, TRAINING, tests, name)
    expected = slow(CHECKPOINTS, tests, target)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12 * abs(expected).max())


@dataclass(frozen=True)
class Recurrent(Checkpoint):
    """A checkpoint of an LSTM whose numbers were trained by the squared error."""

    def module(self) -> Stack:
        with torch.random.fork_rng([]):
            torch.manual_seed(7)
            module = build("danq", 40, 2, filters=3, units=2, dense=4, classes=False)
        assert isinstance(module, Stack)
        return module.double().eval()


def test_of_numbers_it_is_by_their_loss() -> None:
    """And an LSTM has the gradients of each sequence alone."""
    rng = np.random.default_rng(3)
    training, tests = (
        Examples(
            given.names, rng.integers(4, size=(len(given.names), 40)), rng.normal(size=(len(given.names), 2))
        )
        for given in (TRAINING, TESTS)
    )
    made = Recurrent(Path("none"), Trained("danq", 40, TARGETS, 1, 0.1, 0, "", loss="squared"), {})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = influence([made], training, tests, "b")
    module = made.module()
    weights = list(module.parameters())

    def gradient(given: Examples, row: int, columns: slice) -> Tensor:
        labels = torch.from_numpy(given.labels[row, columns])
        value = (module(inputs(given, row))[0, columns] - labels).square().mean()
        return torch.cat([slope.flatten() for slope in torch.autograd.grad(value, weights)])

    for row in range(len(tests.names)):
        for column in range(len(training.names)):
            dot = gradient(tests, row, slice(1, 2)) @ gradient(training, column, slice(None))
            assert found[row, column] == pytest.approx(0.1 * dot.item(), rel=1e-9, abs=1e-15)


def test_a_loss_that_is_not_known() -> None:
    strange = replace(CHECKPOINTS[0], trained=replace(CHECKPOINTS[0].trained, loss="hinge"))
    with pytest.raises(ModelError, match="none was trained on 'hinge', a loss that is not known here"):
        influence([strange], TRAINING, TESTS)


@pytest.mark.parametrize("labels", [True, False])
def test_a_small_step_of_descent_does_what_is_said(labels: bool) -> None:
    """Down with a loss, up with an output; of so small a step the second order is 1e-4 of the first."""
    tests = examples(4, 1, labels)
    rate, target = 1e-6, None if labels else 0
    found = influence([checkpoint(1, rate)], TRAINING, tests, None if labels else "a")
    module = checkpoint(1, rate).module()
    before = [value(module, tests, row, target).item() for row in range(4)]
    weights = list(module.parameters())
    slopes = torch.autograd.grad(value(module, TRAINING, 3, None), weights)
    with torch.no_grad():
        for weight, slope in zip(weights, slopes, strict=True):
            weight -= rate * slope
    after = [value(module, tests, row, target).item() for row in range(4)]
    change = np.subtract(before, after) if labels else np.subtract(after, before)
    np.testing.assert_allclose(found[:, 3], change, rtol=0, atol=1e-4 * abs(change).max())


def test_influence_on_oneself_is_never_below_zero_and_the_whole_is_symmetric() -> None:
    found = influence(CHECKPOINTS, TRAINING, TRAINING)
    assert (found.diagonal() > 0).all()
    np.testing.assert_allclose(found, found.T, rtol=0, atol=1e-12 * found.max())
    assert (found**2 <= np.outer(found.diagonal(), found.diagonal()) * (1 + 1e-12)).all()  # Cauchy-Schwarz


def test_checkpoints_add_up_and_pieces_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = influence(CHECKPOINTS, TRAINING, TESTS)
    parts = sum(influence([each], TRAINING, TESTS) for each in CHECKPOINTS)
    np.testing.assert_allclose(parts, whole, rtol=0, atol=1e-15)
    told: list[tuple[int, int]] = []
    monkeypatch.setattr("seqattr.analyses.influence.MOST_ROWS", 4)
    pieces = influence(CHECKPOINTS, TRAINING, TESTS, progress=lambda *news: told.append(news))
    np.testing.assert_allclose(pieces, whole, rtol=0, atol=1e-12 * abs(whole).max())
    assert told == [(done, 26) for done in (4, 7, 10, 13, 17, 20, 23, 26)]


def test_the_gradients_of_many_tests_are_kept_a_block_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = influence(CHECKPOINTS, TRAINING, TESTS)
    weights = sum(weight.numel() for weight in CHECKPOINTS[0].module().logits.parameters())
    monkeypatch.setattr("seqattr.analyses.influence.GRADIENTS_KEPT", 3 * weights + 1)
    told: list[tuple[int, int]] = []
    blocks = influence(CHECKPOINTS, TRAINING, TESTS, progress=lambda *news: told.append(news))
    np.testing.assert_allclose(blocks, whole, rtol=0, atol=1e-12 * abs(whole).max())
    assert told == [(done, 44) for done in (2, 11, 13, 22, 24, 33, 35, 44)]  # 2 tests, 9 others, 2 tests ...


def test_the_table_holds_the_strongest_of_both_sides() -> None:
    scores = np.array([[0.0, 3.0, -1.0, 2.0], [1.0, 1.0, 0.0, 4.0]])
    assert list(strongest(scores, 2)) == [
        *((0, "proponent", 1, 1), (0, "proponent", 2, 3), (0, "opponent", 1, 2)),
        *((1, "proponent", 1, 3), (1, "proponent", 2, 0)),
    ]
    training, tests = examples(4, 5), examples(2, 6)
    assert training.labels is not None
    columns = table(tests, training, scores, TARGETS, 2)
    assert list(columns) == ["test", "side", "rank", "training", "score", "a", "b"]
    assert columns["training"] == ["s1", "s3", "s2", "s3", "s0"]
    assert columns["score"] == [3, 2, -1, 4, 1]
    assert columns["b"] == [int(training.labels[row, 1]) for row in (1, 3, 2, 3, 0)]


def test_which_tests() -> None:
    assert chosen(TESTS, [], 2).names == ("s0", "s1")
    assert chosen(TESTS, [], 0).names == TESTS.names
    picked = chosen(TESTS, ["s3", "s1"], 1)
    assert picked.names == ("s3", "s1")
    assert (picked.codes == TESTS.codes[[3, 1]]).all()
    with pytest.raises(UnknownName, match="unknown test sequence 'x'; there is: s0, s1, s2, s3"):
        chosen(TESTS, ["x"], 2)
    simulation = simulate_tal_gata(TalGata(count=20, length=100, test=0), seed=0)
    assert len(examples_of(simulation, "train").names) == 18
    with pytest.raises(InputError, match="no sequences in the test split"):
        examples_of(simulation, "test")
    with pytest.raises(UnknownName, match="unknown split 'x'; there is: train, valid, test"):
        examples_of(simulation, "x")


def test_what_does_not_fit_is_said() -> None:
    short = TESTS._replace(codes=TESTS.codes[:, 1:])
    with pytest.raises(InputError, match="test sequences have 19 bp, but the checkpoints are for 20 bp"):
        influence(CHECKPOINTS, TRAINING, short)
    with pytest.raises(InputError, match="training sequences with 1 labels do not fit 2 targets"):
        influence(CHECKPOINTS, TRAINING._replace(labels=np.ones((9, 1), int)), TESTS)
    with pytest.raises(UnknownName, match="unknown target 'c'; there is: a, b"):
        influence(CHECKPOINTS, TRAINING, TESTS, "c")
    with pytest.raises(InputError, match="need the output they are about"):
        influence(CHECKPOINTS, TRAINING, TESTS._replace(labels=None))
    with pytest.raises(InputError, match="training sequences need labels"):
        influence(CHECKPOINTS, TRAINING._replace(labels=None), TESTS)
    huge = replace(CHECKPOINTS[0], trained=replace(CHECKPOINTS[0].trained, rate=float("inf")))
    with pytest.raises(NotFinite, match="an influence is NaN or infinite"):
        influence([huge], TRAINING, TESTS)
