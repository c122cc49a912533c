"""A trained model and its metrics belong together, and checkpoints are those that were asked for."""

import json
from pathlib import Path

import pytest

from seqattr.data.simulate import TASKS, Simulation, TalGata, simulate_tal_gata
from seqattr.data.train import Settings, Training
from seqattr.data.training_files import checkpoints_in, metrics_path, save
from seqattr.errors import InputError
from seqattr.evaluate.randomisation import reborn
from seqattr.models.content import content_hash
from seqattr.models.load import load_model
from seqattr.models.zoo import build


@pytest.fixture(scope="module")
def simulation() -> Simulation:
    return simulate_tal_gata(TalGata(count=40))


def test_a_model_has_its_metrics_and_its_hash_beside_it(simulation: Simulation, tmp_path: Path) -> None:
    training = Training(build("tal-gata", 200, 3).eval(), {"seed": 1, "valid": {}}, ())
    path = save(tmp_path / "model.pt", training, simulation, "seqattr train")
    assert path == metrics_path(tmp_path / "model.pt") == tmp_path / "model.metrics.json"
    model = load_model(tmp_path / "model.pt")
    assert tuple(target.name for target in model.targets) == TASKS
    about = {"seed": 1, "valid": {}, "model": content_hash(model), "command": "seqattr train"}
    assert json.loads(path.read_text()) == about
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.metrics.json", "model.pt"]


def test_a_model_tells_its_architecture_and_whether_its_labels_were_permuted(
    simulation: Simulation, tmp_path: Path
) -> None:
    metrics = {"architecture": "tal-gata", "arguments": {"filters": 3}, "loss": "cross-entropy"}
    module = build("tal-gata", 200, 3, filters=3).eval()
    for more, labels in (({}, None), ({"permuted_labels": True}, "permuted")):
        save(tmp_path / "model.pt", Training(module, {**metrics, **more}, ()), simulation)
        provenance = load_model(tmp_path / "model.pt").provenance
        assert provenance["arch"] == "tal-gata"
        assert json.loads(provenance["arch_args"]) == {"filters": 3, "classes": True}
        assert provenance.get("labels") == labels
        assert reborn(load_model(tmp_path / "model.pt"), 0).graph.outputs


def test_checkpoints_of_an_earlier_training_go_and_other_files_stay(
    simulation: Simulation, tmp_path: Path
) -> None:
    module = build("tal-gata", 200, 3)
    keep = checkpoints_in(tmp_path, Settings(), simulation)
    for number in (1, 2, 3):
        keep(number, module, last=False)
    assert len(list(tmp_path.iterdir())) == 3
    (tmp_path / "notes.txt").write_text("mine")
    keep = checkpoints_in(tmp_path, Settings(), simulation, every=2)
    for number in (1, 2, 3):
        keep(number, module, last=number == 3)
    kept = sorted(path.name for path in tmp_path.iterdir() if path.suffix == ".pt")
    assert kept == ["epoch_002.pt", "epoch_003.pt"]  # every second, and the last
    assert (tmp_path / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("every", [0, 16])
def test_an_interval_without_an_epoch_is_refused(simulation: Simulation, every: int, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"every {every} epochs cannot be, of 15 epochs"):
        checkpoints_in(tmp_path, Settings(), simulation, every)
