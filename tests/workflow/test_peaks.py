"""One's own models and sequences by Snakemake, in a folder that `seqattr workflow` wrote."""

import importlib.util
import os
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.workflows import jobs_in, snakemake, with_snakemake

pytestmark = with_snakemake


def planned(folder: Path, *options: str, **more: Any) -> dict[str, int]:
    return jobs_in(snakemake(folder, "-c2", "--dry-run", *options, **more))


def test_lint_finds_nothing(configured):
    assert "good condition" in snakemake(configured(shards=3), "--lint")


def test_own_sequences_are_scored_and_reported(configured):
    folder = configured()
    snakemake(folder, "--profile", "profiles/local")
    scores = folder / "own" / "model" / "freq" / "gradient"
    assert (scores / "target0.h5").is_file()
    assert (scores.parent / "patternnet" / "target0.h5").is_file()
    assert (scores / "report" / "report.html").is_file()
    assert not (scores / "target1.h5").exists()
    assert "Nothing to be done" in snakemake(folder, "--profile", "profiles/local")
    configured(report_options="--sequences 2")  # another call, into the same folder
    snakemake(folder, "--profile", "profiles/local")
    assert (scores / "report" / "figures" / "sequence_02.png").is_file()


def test_a_config_of_what_cannot_be_is_one_clear_line(configured):
    for changes, line in (
        ({"motifs": []}, "the config's `motifs` names no file"),
        ({"models": ["free.pt", "other.pt"]}, "the method 'patternnet' needs patterns, which are of one"),
        ({"targets": ["a/b", "a:b"]}, "the targets 'a/b' and 'a:b' would both be written to a_b.h5"),
    ):
        said = snakemake(configured(**changes), "-c2", "--dry-run", code=1)
        assert any(each.startswith(line) for each in said.splitlines()), said
        assert "Traceback" not in said


def test_motifs_of_a_database_are_no_files_to_wait_for(configured):
    assert planned(configured(motifs=["bundled", "jaspar:MA0140.2"]))["report"] == 2


def test_it_is_read_where_there_is_snakemake_alone(configured, tmp_path):
    folder = configured(shards=2)
    blocked = tmp_path / "blocked"
    blocked.mkdir()
    for name in ("seqattr", "torch", "h5py", "click"):
        (blocked / f"{name}.py").write_text("raise ImportError('a Snakefile is read without it')\n")
    assert planned(folder, environment={**os.environ, "PYTHONPATH": str(blocked)})["score_shard"] == 4


def test_shards_are_scattered_and_merged(configured):
    folder = configured(shards=3, methods=["gradient", "deeplift"], models=["free.pt"])
    wanted = {"score_shard": 6, "merge": 2, "remove_shards": 2, "report": 2, "all": 1, "total": 13}
    assert planned(folder) == wanted


def test_a_job_says_what_it_is_to_do_and_takes(configured):
    changes = {"shards": 3, "models": ["free.pt", "other.pt"], "methods": ["gradient"], "gpus": 2}
    folder = configured(
        **changes, both_strands=True, regions="peaks.bed", score_options="--seed 3", threads=2
    )
    for name in ("other.pt", "peaks.bed"):
        (folder / name).touch()
    said = snakemake(folder, "-c2", "--dry-run", "--printshellcmds")
    call = next(line for line in said.splitlines() if "--shard 2/3" in line)
    for words in (
        "seqattr score --model free.pt --model other.pt --fasta s.fa --regions peaks.bed --refs freq ",
        " --method gradient ",
        " --target target0 --device cuda:all --seed 3 --both-strands --shard 2/3 --threads 2 ",
        " --out own/model/freq/gradient/shards/2-3 2> own/logs/score/model/freq/gradient/2-3.log",
    ):
        assert words in call
    assert "gpu=2" in said
    assert "mem_mb=4000" in said


@pytest.mark.skipif(
    not importlib.util.find_spec("snakemake_executor_plugin_slurm"),
    reason="snakemake-executor-plugin-slurm is not installed",
)
def test_the_profile_of_slurm_is_read(configured):
    said = snakemake(configured(shards=2), "--profile", "profiles/slurm", "--dry-run")
    assert jobs_in(said)["score_shard"] == 4
    assert "slurm_partition=main" in said
