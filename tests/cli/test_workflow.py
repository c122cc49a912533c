"""seqattr workflow: Snakemake's files in a folder of the user's."""

import subprocess
import sys

from tests.helpers.workflows import WORKFLOW


def test_it_says_what_it_wrote_and_keeps_what_was_edited(ran, tmp_path):
    assert ran("workflow", tmp_path) == f"wrote 13 files to {tmp_path}; edit config.yaml there\n"
    assert (tmp_path / "config.yaml").read_bytes() == (WORKFLOW / "peaks" / "config.yaml").read_bytes()
    (tmp_path / "config.yaml").write_text("out: mine\n")
    assert ran("workflow", tmp_path).startswith("kept what was edited: config.yaml\nwrote 12 files to ")


def test_the_benchmark_is_the_other_one(ran, refused, tmp_path):
    ran("workflow", tmp_path, "--benchmark")
    assert (tmp_path / "test.yaml").read_bytes() == (WORKFLOW / "benchmark" / "test.yaml").read_bytes()
    assert "it holds the workflow `benchmark`; name another folder" in refused("workflow", tmp_path)


def test_what_somebody_else_wrote_stands(ran, refused, tmp_path):
    (tmp_path / "Snakefile").write_text("rule all:\n")
    line = refused("workflow", tmp_path)
    assert line.endswith("was not written by seqattr; name another folder, or replace it with --force")
    assert [path.name for path in tmp_path.iterdir()] == ["Snakefile"]
    ran("workflow", tmp_path, "--force")


def test_nothing_large_is_imported(tmp_path):
    code = (
        "import sys; from seqattr.cli.main import cli\n"
        f"cli(['workflow', {str(tmp_path)!r}], standalone_mode=False)\n"
        "assert not {'torch', 'matplotlib', 'numba'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
