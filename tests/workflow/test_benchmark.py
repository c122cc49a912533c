"""The benchmark by Snakemake: its calls end with the command's tables."""

import json
from pathlib import Path
from typing import Any

import pytest

from seqattr.tal_gata.recipe import TABLES, Recipe
from tests.helpers.workflows import ROOT, jobs_in, snakemake, with_snakemake

# A workflow of seconds: one net that has learned next to nothing, two methods.
TINY: dict[str, Any] = {"out": "made", "train": 200, "epochs": 1, "evaluation": 130, "seeds": [0]}
TINY["methods"] = ["deeplift", "patternattribution"]
SNAKEFILE = ("-c2", "--snakefile", str(ROOT / "Snakefile"))
pytestmark = with_snakemake


def configured(folder: Path, config: dict[str, Any]) -> tuple[str, str]:
    """As JSON, which is YAML."""
    path = folder / f"{config['out']}.yaml"
    path.write_text(json.dumps(config))
    return "--configfile", str(path)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("workflow")
    snakemake(folder, *SNAKEFILE, *configured(folder, TINY))
    return folder


def test_lint_finds_nothing(tmp_path):
    assert "good condition" in snakemake(tmp_path, *SNAKEFILE, "--lint")


def test_it_ends_with_the_command_s_tables(made, ran, tmp_path, monkeypatch):
    recipe = Recipe(train=200, epochs=1, evaluation=130, seeds=(0,), methods=tuple(TINY["methods"]))
    monkeypatch.setattr("seqattr.tal_gata.recipe.QUICK", recipe)
    options = ("--quick", "--method", "deeplift", "--method", "patternattribution", "--seeds", "0")
    said = ran("benchmark", "tal-gata", "--out", tmp_path, *options)
    assert "score seed-0 shuffle:10 deeplift: " in said
    for name in TABLES:
        assert (tmp_path / name).read_bytes() == (made / "made" / name).read_bytes(), name


def test_a_second_call_does_nothing(made):
    assert "Nothing to be done" in snakemake(made, *SNAKEFILE, *configured(made, TINY))


def test_a_lost_file_redoes_only_what_depends_on_it(made):
    (made / "made" / "seed-0" / "freq" / "deeplift" / "TAL1.h5").unlink()
    said = snakemake(made, *SNAKEFILE, "--dry-run", *configured(made, TINY))
    assert jobs_in(said) == {"score": 1, "collect": 1, "all": 1, "total": 3}
    snakemake(made, *SNAKEFILE, *configured(made, TINY))
    assert "Nothing to be done" in snakemake(made, *SNAKEFILE, *configured(made, TINY))


def test_logs_and_benchmarks_are_kept(made):
    for job in ("train/seed-0", "score/seed-0/freq/deeplift", "collect"):
        assert "wrote" in (made / "made" / "logs" / f"{job}.log").read_text()
        assert (made / "made" / "benchmarks" / f"{job}.tsv").read_text().startswith("s\t")


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"methods": ["magic"]}, "unknown method 'magic'; there is: deeplift"),
        ({"refs": ["nothing"]}, "unknown reference 'nothing'; there is: shuffle"),
        ({"shuffled": ["shuffle:x"]}, "'shuffle:x' must say how many"),
    ],
)
def test_a_config_of_what_there_is_not_is_one_clear_line(tmp_path, changes, line):
    config = configured(tmp_path, {**TINY, **changes})
    said = snakemake(tmp_path, *SNAKEFILE, "--dry-run", *config, code=1)
    assert any(each.startswith(line) for each in said.splitlines()), said
    assert "Traceback" not in said
    assert "settings.py" not in said
