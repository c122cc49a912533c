"""The Snakefile: its configs are the command's recipes, and its calls end with the command's tables."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from seqattr.errors import InputError
from seqattr.motifs.sources import configured_motif_files
from seqattr.tal_gata.recipe import FULL, QUICK, TABLES, Recipe, recipe_from

ROOT = Path(__file__).parents[1]
# A workflow of seconds: one net that has learned next to nothing, two methods.
TINY: dict[str, Any] = {"out": "made", "train": 200, "epochs": 1, "evaluation": 130, "seeds": [0]}
TINY["methods"] = ["deeplift", "patternattribution"]
OWN = {
    "out": "own",
    "model": "made/seed-0/model.pt",
    "fasta": "made/evaluation/test.fa",
    "methods": ["gradient", "patternnet"],
    "refs": ["freq"],
    "shuffled": [],
    "motifs": ["made/data/motifs.meme"],
    "targets": ["TAL1"],
    "report_options": "--sequences 1",
}
workflow = [
    pytest.mark.workflow,
    pytest.mark.skipif(shutil.which("snakemake") is None, reason="Snakemake is not installed"),
]


def settings_in(*names: str) -> dict[str, Any]:
    """What flat YAML files say, a later one over an earlier: each line is `name: value`, as JSON or bare."""
    found: dict[str, Any] = {}
    for name in names:
        lines = (ROOT / "config" / name).read_text().splitlines()
        pairs = [line.split(": ", 1) for line in lines if line.strip() and not line.startswith("#")]
        found |= {key: parsed(value) for key, value in pairs}
    return found


def parsed(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return [word for word in value[1:-1].split(", ") if word] if value.startswith("[") else value


def test_the_config_is_the_command_s_recipe():
    assert recipe_from(settings_in("config.yaml")) == FULL


def test_the_test_config_is_the_quick_recipe():
    assert recipe_from(settings_in("config.yaml", "test.yaml")) == QUICK


def test_every_setting_is_in_the_schema():
    schema = (ROOT / "config" / "config.schema.yaml").read_text().splitlines()
    described = {line.strip(" :") for line in schema if line.startswith("  ") and not line.startswith("   ")}
    for name in ("config.yaml", "test.yaml", "peaks.yaml"):
        assert set(settings_in(name)) <= described


def test_your_own_peaks_need_your_own_motifs():
    assert settings_in("peaks.yaml")["motifs"] == []
    with pytest.raises(InputError, match="`motifs` names no file; give a collection such as JASPAR's"):
        configured_motif_files([])
    assert configured_motif_files(["bundled", "a.meme"]) == ["bundled", "a.meme"]


# --- with Snakemake ------------------------------------------------------------------------------


def snakemake(folder: Path, *arguments: str, code: int = 0) -> str:
    """What it says; it runs this source tree's `seqattr`."""
    (folder / "bin").mkdir(exist_ok=True)
    command = folder / "bin" / "seqattr"
    command.write_text(f"#!/bin/sh\nexec {sys.executable} -c 'from seqattr.cli import main; main()' \"$@\"\n")
    command.chmod(0o755)
    environment = {**os.environ, "PATH": f"{command.parent}:{os.environ['PATH']}"}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        ["snakemake", "-c2", "--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder), *arguments],
        capture_output=True,
        text=True,
        timeout=500,
        env=environment,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def configured(folder: Path, config: dict[str, Any]) -> tuple[str, str]:
    """As JSON, which is YAML."""
    path = folder / f"{config['out']}.yaml"
    path.write_text(json.dumps(config))
    return "--configfile", str(path)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("workflow")
    snakemake(folder, *configured(folder, TINY))
    return folder


class TestWorkflow:
    pytestmark = workflow

    def test_lint_finds_nothing(self, tmp_path):
        assert "good condition" in snakemake(tmp_path, "--lint")

    def test_it_ends_with_the_command_s_tables(self, made, ran, tmp_path, monkeypatch):
        recipe = Recipe(train=200, epochs=1, evaluation=130, seeds=(0,), methods=tuple(TINY["methods"]))
        monkeypatch.setattr("seqattr.tal_gata.recipe.QUICK", recipe)
        options = ("--quick", "--method", "deeplift", "--method", "patternattribution", "--seeds", "0")
        said = ran("benchmark", "tal-gata", "--out", tmp_path, *options)
        assert "score seed-0 shuffle:10 deeplift: " in said
        for name in TABLES:
            assert (tmp_path / name).read_bytes() == (made / "made" / name).read_bytes(), name

    def test_a_second_call_does_nothing(self, made):
        assert "Nothing to be done" in snakemake(made, *configured(made, TINY))

    def test_a_lost_file_redoes_only_what_depends_on_it(self, made):
        (made / "made" / "seed-0" / "freq" / "deeplift" / "TAL1.h5").unlink()
        said = snakemake(made, "--dry-run", *configured(made, TINY))
        jobs = [line.split() for line in said.partition("Job stats:")[2].splitlines() if line.strip()]
        assert jobs[2:6] == [["score", "1"], ["collect", "1"], ["all", "1"], ["total", "3"]]
        snakemake(made, *configured(made, TINY))
        assert "Nothing to be done" in snakemake(made, *configured(made, TINY))

    def test_logs_and_benchmarks_are_kept(self, made):
        for job in ("train/seed-0", "score/seed-0/freq/deeplift", "collect"):
            assert "wrote" in (made / "made" / "logs" / f"{job}.log").read_text()
            assert (made / "made" / "benchmarks" / f"{job}.tsv").read_text().startswith("s\t")

    def test_own_sequences_go_through_the_same_rules(self, made):
        snakemake(made, *configured(made, OWN))
        folder = made / "own" / "model" / "freq" / "gradient"
        assert (folder / "TAL1.h5").is_file()
        assert (folder.parent / "patternnet" / "TAL1.h5").is_file()
        assert (folder / "report" / "report.html").is_file()
        assert not (folder / "both.h5").exists()

    @pytest.mark.parametrize(
        ("changes", "line"),
        [
            ({"methods": ["magic"]}, "unknown method 'magic'; there is: deeplift"),
            ({"refs": ["nothing"]}, "unknown reference 'nothing'; there is: shuffle"),
            ({"shuffled": ["shuffle:x"]}, "'shuffle:x' must say how many"),
        ],
    )
    def test_a_config_of_what_there_is_not_is_one_clear_line(self, tmp_path, changes, line):
        said = snakemake(tmp_path, "--dry-run", *configured(tmp_path, {**TINY, **changes}), code=1)
        assert any(each.startswith(line) for each in said.splitlines()), said
        assert "Traceback" not in said
        assert "recipe.py" not in said

    def test_motifs_of_a_database_are_no_files_to_wait_for(self, made):
        config = {**OWN, "out": "database", "motifs": ["bundled", "jaspar:MA0140.2"]}
        assert "report" in snakemake(made, "--dry-run", *configured(made, config))
