"""Checkpoints of a training: model files that give the trained module back, and whole folders of them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from seqattr.analyses.influence import examples_of, influence
from seqattr.data.simulate import TASKS, Simulation, TalGata, simulate_tal_gata
from seqattr.data.train import Settings, train
from seqattr.data.training_files import checkpoints_in
from seqattr.engine.graph.forward import random_sequences
from seqattr.errors import InputError, ModelError, OutputError
from seqattr.models.checkpoints import read_checkpoint, read_checkpoints
from seqattr.models.load import load_model

LENGTH = 100
SETTINGS = Settings(epochs=3, device="cpu", rate=0.002)


@pytest.fixture(scope="module")
def simulation() -> Simulation:
    return simulate_tal_gata(TalGata(count=60, length=LENGTH), seed=0)


@pytest.fixture(scope="module")
def folder(simulation: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two epochs of DeepSTARR, whose batch norms a captured graph folds away."""
    folder = tmp_path_factory.mktemp("checkpoints")
    settings = replace(SETTINGS, architecture="deepstarr", epochs=2)
    train(simulation, settings, keep=checkpoints_in(folder, settings, simulation))
    return folder


def test_a_checkpoint_is_a_model_and_gives_its_module_back(folder: Path) -> None:
    sequences = random_sequences(5, LENGTH, torch.float32, "cpu")
    for epoch, checkpoint in enumerate(read_checkpoints(folder), 1):
        model = load_model(folder / f"epoch_00{epoch}.pt")
        trained = checkpoint.trained
        assert (trained.epoch, trained.rate, trained.targets) == (epoch, 0.002, TASKS)
        assert [target.name for target in model.targets] == list(TASKS)
        module = checkpoint.module()
        assert not any(part.training for part in module.modules())
        # The graph holds folded batch norms, so that the last bits differ.
        torch.testing.assert_close(module.logits(sequences), model.predict(sequences), rtol=1e-4, atol=1e-5)


def test_keeping_them_changes_no_training(simulation: Simulation, tmp_path: Path) -> None:
    kept = train(simulation, SETTINGS, keep=checkpoints_in(tmp_path, SETTINGS, simulation))
    assert kept.history == train(simulation, SETTINGS).history
    best = read_checkpoints(tmp_path)[kept.metrics["best_epoch"] - 1].weights
    assert all(torch.equal(weight, best[name]) for name, weight in kept.module.state_dict().items())


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_those_of_an_earlier_training_go(simulation: Simulation, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    train(simulation, SETTINGS, keep=checkpoints_in(tmp_path, SETTINGS, simulation))
    assert names(tmp_path) == ["epoch_001.pt", "epoch_002.pt", "epoch_003.pt", "notes.txt"]
    train(simulation, SETTINGS, keep=checkpoints_in(tmp_path, SETTINGS, simulation, every=2))
    assert names(tmp_path) == ["epoch_002.pt", "epoch_003.pt", "notes.txt"]


def test_the_last_epoch_is_kept_wherever_training_stops(simulation: Simulation, tmp_path: Path) -> None:
    """At so high a rate the valid loss soon gets worse, and training ends before the ninth epoch."""
    train(simulation, SETTINGS, keep=checkpoints_in(tmp_path, SETTINGS, simulation))
    hasty = replace(SETTINGS, epochs=20, patience=1, rate=0.5)
    epochs = len(train(simulation, hasty, keep=checkpoints_in(tmp_path, hasty, simulation, every=19)).history)
    assert epochs < 19
    assert names(tmp_path) == [f"epoch_{epochs:03d}.pt"]
    assert [each.trained.rate for each in read_checkpoints(tmp_path)] == [0.5]


def test_a_checkpoint_knows_its_seed_and_its_data(folder: Path, simulation: Simulation) -> None:
    trained = read_checkpoints(folder)[0].trained
    assert (trained.seed, trained.data) == (0, simulation.digest("train"))
    rows = simulation.indices("train")
    codes, labels = simulation.codes.copy(), simulation.labels.copy()
    codes[rows[-1], 0] ^= 1
    labels[rows[-1], 0] ^= 1
    names = (*simulation.names[:-1], "other")
    for other in (replace(simulation, codes=codes), replace(simulation, labels=labels)):
        assert other.digest("train") != trained.data
        assert other.digest("test") == simulation.digest("test")
    assert replace(simulation, names=names).digest("train") != trained.data


def test_a_checkpoint_knows_its_loss_and_its_arguments(simulation: Simulation, tmp_path: Path) -> None:
    """Of numbers, by an LSTM of other widths than the published."""
    numbers = replace(simulation, labels=simulation.labels * 2.5)
    settings = replace(
        SETTINGS, epochs=1, architecture="danq", arguments={"filters": 3, "units": 2, "dense": 4}
    )
    folder = tmp_path / "kept"
    trained = train(numbers, settings, keep=checkpoints_in(folder, settings, numbers))
    checkpoint = read_checkpoints(folder)[0]
    assert checkpoint.trained.loss == "squared"
    assert checkpoint.trained.arguments == {"filters": 3, "units": 2, "dense": 4, "classes": False}
    sequences = random_sequences(5, LENGTH, torch.float32, "cpu")
    torch.testing.assert_close(checkpoint.module()(sequences), trained.module(sequences))
    data = torch.load(folder / "epoch_001.pt", weights_only=True)
    data["training"]["arguments"]["units"] = 0
    torch.save(data, tmp_path / "strange.pt")
    with pytest.raises(ModelError, match="do not fit danq: units of the architecture danq must be like 320"):
        read_checkpoint(tmp_path / "strange.pt").module()


def test_an_interrupt_leaves_whole_ones(simulation: Simulation, tmp_path: Path) -> None:
    def stop(number: int, *_: object) -> None:
        if number == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(simulation, SETTINGS, stop, checkpoints_in(tmp_path, SETTINGS, simulation))
    assert [each.trained.epoch for each in read_checkpoints(tmp_path)] == [1, 2]
    assert names(tmp_path) == ["epoch_001.pt", "epoch_002.pt"]


def test_a_sequence_that_was_trained_on_is_its_own_proponent(folder: Path, simulation: Simulation) -> None:
    training = examples_of(simulation, "train")
    scores = influence(read_checkpoints(folder), training, training)
    assert (scores.diagonal() > 0).all()
    rank = (scores > scores.diagonal()[:, None]).sum(1)  # how many have more influence than the test itself
    assert np.median(rank) <= len(training.names) / 20


# ---- what cannot be read


def changed(folder: Path, out: Path, change: Callable[[dict], object]) -> Path:
    """The same folder with its second checkpoint changed."""
    out.mkdir()
    for path in folder.iterdir():
        data = torch.load(path, weights_only=True)
        if path.name == "epoch_002.pt":
            change(data)
        torch.save(data, out / path.name)
    return out


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda data: data.pop("training"), "says no learning rate, so it is no checkpoint"),
        (lambda data: data["training"].pop("rate"), "says no learning rate, so it is no checkpoint"),
        (lambda data: data["training"].update(rate=-1.0), "is damaged: its learning rate is -1.0"),
        (lambda data: data["training"].update(epoch="x"), "is damaged"),
        (lambda data: data["training"].update(architecture="x"), "its architecture is 'x', which cannot"),
        (lambda data: data["training"].update(architecture="bpnet"), "'bpnet', which cannot be trained"),
        (lambda data: data["training"].update(architecture="tal-gata"), "different trainings: .* deepstarr"),
        (lambda data: data["training"].update(length=90), "different trainings"),
        (lambda data: data["training"].update(seed=1), "different trainings: .*, seed 0, .* seed 1, trained"),
        (lambda data: data["training"].update(data="ff"), "different trainings: .* is .* trained on ff"),
        (lambda data: data["training"].update(epoch=1), "are both of epoch 1"),
        (lambda data: data["training"].update(more=1), "is damaged"),
        (lambda data: data.pop("weights"), "is damaged"),
    ],
)
def test_a_folder_that_is_no_training(
    folder: Path, tmp_path: Path, change: Callable[[dict], object], line: str
) -> None:
    with pytest.raises(ModelError, match=line):
        read_checkpoints(changed(folder, tmp_path / "changed", change))


def test_weights_that_do_not_fit(folder: Path, tmp_path: Path) -> None:
    out = changed(folder, tmp_path / "changed", lambda data: data["weights"].popitem())
    with pytest.raises(ModelError, match=r"the weights of .*epoch_002.pt do not fit deepstarr"):
        [checkpoint.module() for checkpoint in read_checkpoints(out)]


def test_folders_without(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="there is no folder"):
        read_checkpoints(tmp_path / "x")
    with pytest.raises(ModelError, match="holds no checkpoints"):
        read_checkpoints(tmp_path)
    torch.save({"weight": torch.zeros(3)}, tmp_path / "a.pt")
    with pytest.raises(ModelError, match=r"a\.pt is a state dict, no checkpoint"):
        read_checkpoints(tmp_path)
    (tmp_path / "a.pt").write_bytes(b"no model")
    with pytest.raises(ModelError, match=r"a\.pt is not a PyTorch model file"):
        read_checkpoints(tmp_path)


def test_what_cannot_be_kept(simulation: Simulation, tmp_path: Path) -> None:
    for every in (0, 4):
        with pytest.raises(InputError, match=f"every {every} epochs cannot be, of 3 epochs"):
            checkpoints_in(tmp_path, SETTINGS, simulation, every)
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write to"):
        checkpoints_in(tmp_path / "file", SETTINGS, simulation)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("length", None),
        ("length", "60"),
        ("length", 2**70),
        ("epoch", float("inf")),
        ("epoch", "1"),
        ("rate", torch.zeros(2)),
        ("targets", [torch.zeros(0)] * 3),
        ("targets", []),
        ("seed", [1]),
        ("data", None),
    ],
)
def test_what_a_checkpoint_claims_is_of_its_type(
    folder: Path, tmp_path: Path, name: str, value: object
) -> None:
    plain = torch.load(folder / "epoch_001.pt", weights_only=True)
    plain["training"] |= {name: value}
    torch.save(plain, tmp_path / "epoch_001.pt")
    with pytest.raises(ModelError, match=f"epoch_001.pt is damaged: its {name} "):
        read_checkpoints(tmp_path)


def test_a_length_that_the_weights_have_not_takes_no_memory(folder: Path, tmp_path: Path) -> None:
    """Its dense layer would have 10**12 numbers."""
    plain = torch.load(folder / "epoch_001.pt", weights_only=True)
    plain["training"] |= {"length": 10**10}
    torch.save(plain, tmp_path / "epoch_001.pt")
    (checkpoint,) = read_checkpoints(tmp_path)
    with pytest.raises(ModelError, match="do not fit deepstarr"):
        checkpoint.module()
