"""Training: it learns, the best epoch is kept, the seed settles it, mistakes are told; the AUROC is one."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from seqattr.data.dataset import Dataset
from seqattr.data.losses import LOSSES
from seqattr.data.permutation import FITS, permute
from seqattr.data.simulate import TASKS, Simulation, TalGata, simulate_tal_gata
from seqattr.data.train import Epoch, Settings, Training, batches, take_split, train, validate
from seqattr.engine.capture.model import Model
from seqattr.engine.graph.forward import random_sequences
from seqattr.errors import InputError, NotFinite, UnknownName
from seqattr.methods.attribution import attribute
from seqattr.models.zoo import trainable
from seqattr.support.ranks import auroc
from tests.helpers.training import NARROW, QUICK, easy, same, simulated


def hopeless() -> Simulation:
    """A simulation whose labels are drawn at random: the train split can be learned only by heart."""
    simulation = simulated()
    drawn = np.random.default_rng(0).integers(2, size=simulation.labels.shape)
    return replace(simulation, labels=drawn.astype(np.int8))


@pytest.fixture(scope="module")
def learned() -> Training:
    return train(easy(), QUICK)


# ---- what comes out


def test_it_learns(learned: Training) -> None:
    assert learned.history[-1].train_loss < 0.5 * learned.history[0].train_loss
    for split in ("valid", "test"):
        for task in TASKS:
            assert learned.metrics[split][task]["accuracy"] >= 0.8  # of 20; the larger class has 15 or 10
            assert learned.metrics[split][task]["auroc"] >= 0.95  # chance has 0.5


def test_the_metrics_are_plain(learned: Training) -> None:
    metrics = json.loads(json.dumps(learned.metrics, allow_nan=False))
    assert metrics == learned.metrics
    assert metrics.pop("seconds") > 0
    assert set(metrics.pop("test")) == set(metrics.pop("valid")) == set(TASKS)
    assert 1 <= metrics.pop("best_epoch") <= 6
    architecture = {"architecture": "tal-gata", "parameters": 32_503}
    assert metrics == architecture | {"loss": "cross-entropy", "epochs": 6, "seed": 0}


def test_the_trained_module_can_be_explained(learned: Training) -> None:
    assert not any(module.training for module in learned.module.modules())
    sequences = random_sequences(4, 100, torch.float32, "cpu")
    model = Model(learned.module, sequences, targets=TASKS)
    assert [target.name for target in model.targets] == list(TASKS)
    assert model.finals == ("sigmoid",)
    result = attribute(model, sequences, device="cpu")
    assert result.contributions.shape == (3, 4, 100)
    assert result.additivity_error.max() < 1e-4  # float32, against a difference of at least 1 % of the output


def test_a_split_of_no_sequences_is_left_out() -> None:
    simulation = simulate_tal_gata(TalGata(count=40, length=100, test=0, valid=2), seed=0)
    metrics = train(simulation, replace(QUICK, epochs=1)).metrics
    assert "test" not in metrics
    # The two valid sequences have both motifs and GATA1 alone, so no negative for the task GATA1.
    assert [metrics["valid"][task]["auroc"] is None for task in TASKS] == [False, True, False]


@pytest.mark.parametrize("name", trainable())
def test_each_trains(name: str) -> None:
    """On classes, by hand; the tails of all sequences are the same, so that long ones are no harder."""
    simulation = easy()
    codes = np.tile(simulation.codes, 4)
    settings = replace(QUICK, architecture=name, arguments=NARROW[name], epochs=3, rate=3e-3)
    trained = train(replace(simulation, codes=codes), settings)
    assert trained.history[-1].train_loss < trained.history[0].train_loss
    assert trained.metrics["architecture"] == name
    assert trained.metrics["arguments"] == NARROW[name]


# ---- numbers


def of_numbers(kind: str) -> Dataset:
    """How much C and G the sequences hold, as counts or as other numbers, of one task each."""
    simulation = simulated()
    rng = np.random.default_rng(0)
    share = rng.uniform(0.2, 0.8, len(simulation.codes))[:, None]
    is_cg = rng.random(simulation.codes.shape) < share
    codes = np.where(is_cg, rng.integers(1, 3, is_cg.shape), 3 * rng.integers(2, size=is_cg.shape))
    level = is_cg.mean(1, keepdims=True)
    labels = {"counts": rng.poisson(np.exp(8 * level)), "reals": 3 * level - 5}[kind].astype(float)
    return Dataset(simulation.names, codes.astype(np.uint8), labels, simulation.splits, ("level",))


@pytest.mark.parametrize(
    ("kind", "architecture", "loss"),
    [
        ("counts", "tal-gata", "poisson"),
        ("counts", "bpnet-counts", "log-counts"),
        ("reals", "deepstarr", "squared"),
    ],
)
def test_numbers_are_learned_by_the_loss_that_fits(kind: str, architecture: str, loss: str) -> None:
    settings = replace(QUICK, architecture=architecture, arguments=NARROW[architecture], rate=6e-3, epochs=12)
    trained = train(of_numbers(kind), settings)
    assert trained.metrics["loss"] == loss
    assert trained.metrics["test"]["level"]["pearson"] > 0.8
    assert trained.metrics["test"]["level"]["spearman"] > 0.8
    assert min(epoch.valid_loss for epoch in trained.history) < trained.history[0].valid_loss


def test_the_last_biases_begin_at_the_mean() -> None:
    """A rate of next to nothing leaves them there: of the log of one plus counts, or of the numbers."""
    for kind, scale in (("counts", np.log1p), ("reals", np.asarray)):
        dataset = of_numbers(kind)
        trained = train(dataset, replace(QUICK, epochs=1, rate=1e-12))
        mean = scale(dataset.labels[dataset.indices("train")]).mean()
        assert trained.module.logits[-1].bias.item() == pytest.approx(mean, rel=1e-5)


def test_a_loss_may_be_chosen() -> None:
    trained = train(of_numbers("counts"), replace(QUICK, epochs=1, loss="log-counts"))
    assert trained.metrics["loss"] == "log-counts"
    with pytest.raises(
        InputError, match="the loss cross-entropy is for labels that are 0 or 1; poisson would"
    ):
        train(of_numbers("counts"), replace(QUICK, loss="cross-entropy"))


def test_bpnet_is_trained_without_its_profile_head() -> None:
    settings = replace(QUICK, architecture="bpnet", arguments=NARROW["bpnet-counts"], epochs=1)
    assert train(of_numbers("counts"), settings).metrics["architecture"] == "bpnet-counts"


# ---- how it goes


def test_the_best_epoch_is_kept_and_patience_ends() -> None:
    trained = train(hopeless(), replace(QUICK, epochs=60, patience=3))
    best = trained.metrics["best_epoch"]
    assert trained.metrics["epochs"] == len(trained.history) == best + 3 < 60
    assert [epoch.number for epoch in trained.history] == list(range(1, best + 4))
    assert trained.history[best - 1].valid_loss == min(epoch.valid_loss for epoch in trained.history)
    valid = take_split(hopeless(), "valid", torch.device("cpu"))
    loss, accuracy = validate(trained.module, LOSSES["cross-entropy"], valid)
    assert (loss, accuracy) == trained.history[best - 1][2:]
    assert loss != trained.history[-1].valid_loss


def test_the_seed_alone_settles_it(learned: Training) -> None:
    torch.manual_seed(1234)
    before = torch.random.get_rng_state()
    assert same(train(easy(), QUICK), learned)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert not same(train(easy(), replace(QUICK, seed=1)), learned)


def test_threads_make_no_difference(learned: Training) -> None:
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(threads + 1)
        assert same(train(easy(), QUICK), learned)
        assert torch.get_num_threads() == threads + 1
    finally:
        torch.set_num_threads(threads)


def test_progress_is_told_of_each_epoch(learned: Training) -> None:
    told: list[tuple[int, int, Epoch]] = []
    trained = train(easy(), QUICK, lambda *news: told.append(news))
    assert told == [(epoch.number, 6, epoch) for epoch in trained.history]
    assert same(trained, learned)


def test_an_interrupt_passes_through() -> None:
    def stop(*news: object) -> None:
        raise KeyboardInterrupt

    before = torch.random.get_rng_state()
    with pytest.raises(KeyboardInterrupt):
        train(easy(), QUICK, stop)
    assert torch.equal(torch.random.get_rng_state(), before)


# ---- mistakes


@pytest.mark.parametrize(
    "change",
    [{"labels": np.zeros((200, 2))}, {"labels": np.zeros((199, 3))}, {"splits": ("train",) * 199}],
)
def test_labels_that_do_not_fit(change: dict) -> None:
    with pytest.raises(InputError, match=r"200 sequences need labels of the shape \(200, 3\)"):
        train(replace(simulated(), **change), QUICK)


@pytest.mark.parametrize("missing", ["train", "valid"])
def test_a_split_that_is_needed(missing: str) -> None:
    splits = tuple("test" if split == missing else split for split in simulated().splits)
    with pytest.raises(InputError, match=f"needs sequences in the {missing} split, and there are none"):
        train(replace(simulated(), splits=splits), QUICK)


def test_architectures_that_cannot_be_trained() -> None:
    with pytest.raises(UnknownName, match=r"unknown architecture 'resnet'; there is: tal-gata"):
        train(simulated(), replace(QUICK, architecture="resnet"))
    with pytest.raises(
        InputError, match=r"chrombpnet does not give one number .* that can: tal-gata, basset"
    ):
        train(simulated(), replace(QUICK, architecture="chrombpnet"))
    with pytest.raises(InputError, match="basset needs sequences of at least 168 bp, not 100"):
        train(simulated(), replace(QUICK, architecture="basset"))
    with pytest.raises(InputError, match="whether the model gives classes follows from the loss"):
        replace(QUICK, arguments={"classes": False})


def test_batches_hold_each_sequence_once_and_none_is_alone() -> None:
    for number, batch, sizes in ((41, 20, [20, 21]), (40, 20, [20, 20]), (21, 20, [21]), (3, 1, [1, 1, 1])):
        rows = batches(number, batch)
        assert [len(some) for some in rows] == sizes
        assert sorted(torch.cat(rows).tolist()) == list(range(number))


def test_batch_norms_need_two_sequences() -> None:
    settings = replace(QUICK, architecture="deepstarr", arguments=NARROW["deepstarr"], batch=1)
    with pytest.raises(InputError, match=r"deepstarr has batch norms: batches need at least 2 .* not 1"):
        train(simulated(), settings)


def test_a_loss_that_is_not_finite() -> None:
    with pytest.raises(NotFinite, match=r"^the loss is (nan|inf) after epoch 1; a learning rate below .*$"):
        train(simulated(), replace(QUICK, rate=1e30))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epochs": 0}, "epochs must be at least 1, not 0"),
        ({"patience": 0}, "patience must be at least 1"),
        ({"batch": -1}, "batch must be at least 1, not -1"),
        ({"seed": -1}, "seed must be at least 0, not -1"),
        ({"rate": 0.0}, "learning rate must be a number above 0, not 0"),
        ({"rate": float("nan")}, "learning rate must be a number above 0, not nan"),
    ],
)
def test_settings_that_cannot_be(settings: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Settings(**settings)


# ---- the measure


def naive_auroc(scores: np.ndarray, labels: np.ndarray) -> float:
    pairs = [(p, n) for p in scores[labels == 1] for n in scores[labels == 0]]
    return sum((p > n) + 0.5 * (p == n) for p, n in pairs) / len(pairs)


@pytest.mark.parametrize("levels", [2, 5, 1000])  # many ties, some, hardly any
def test_auroc_is_the_share_of_pairs_in_order(levels: int) -> None:
    rng = np.random.default_rng(levels)
    for count in (2, 3, 10, 60):
        labels = rng.permutation(np.arange(count) % 2)
        scores = rng.integers(levels, size=count) / levels
        assert auroc(scores, labels) == pytest.approx(naive_auroc(scores, labels), abs=1e-12)


def test_auroc_at_its_ends() -> None:
    labels = np.array([0, 0, 1, 1])
    assert auroc(np.array([1, 2, 3, 4]), labels) == 1
    assert auroc(np.array([4, 3, 2, 1]), labels) == 0
    assert auroc(np.ones(4), labels) == 0.5
    assert auroc(np.arange(4), np.ones(4)) is None
    assert auroc(np.arange(4), np.zeros(4)) is None


# ---- the published default


@pytest.mark.slow
def test_the_default_reaches_the_published_model() -> None:
    """At least the test accuracy and AUROC of the model that Shrikumar et al. (2017) published."""
    test = train(simulate_tal_gata(seed=0)).metrics["test"]
    published = {"both": (0.94, 0.989), "GATA1": (0.93, 0.988), "TAL1": (0.97, 0.997)}
    for task, (accuracy, area) in published.items():
        assert test[task]["accuracy"] >= accuracy
        assert round(test[task]["auroc"], 3) >= area


# ---- permuted labels


def test_permuted_labels_are_those_of_others_of_the_same_split() -> None:
    dataset = simulated()
    other = permute(dataset, 3)
    for split in ("train", "valid"):
        rows = dataset.indices(split)
        assert (dataset.labels[rows] != other.labels[rows]).any()
        assert sorted(map(tuple, dataset.labels[rows])) == sorted(map(tuple, other.labels[rows]))
    test = dataset.indices("test")
    assert (dataset.labels[test] == other.labels[test]).all()
    assert (permute(dataset, 3).labels == other.labels).all()
    assert (permute(dataset, 4).labels != other.labels).any()


def test_permuted_labels_are_learned_by_heart() -> None:
    """What is learned tells nothing of the valid split."""
    simulation = easy()
    rows = np.r_[simulation.indices("train")[:12], simulation.indices("valid")[:4]]
    few = Dataset(
        tuple(simulation.names[row] for row in rows),
        simulation.codes[rows],
        simulation.labels[rows],
        tuple(simulation.splits[row] for row in rows),
        simulation.tasks,
    )
    settings = Settings(epochs=150, rate=1e-2, batch=12, patience=150, permute_labels=True)
    metrics = train(few, settings).metrics
    assert all(task["auroc"] >= FITS - 0.03 for task in metrics["train"].values())  # of the lowest loss
    assert metrics["permuted_labels"] is True
    assert metrics["epochs"] < 150
