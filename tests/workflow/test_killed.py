"""A scoring job that is killed half-way and started again goes on, and its bytes are those of a plain run."""

import shlex
import shutil
from pathlib import Path

import pytest

from seqattr.cli.main import main
from tests.helpers.workflows import COMMAND, snakemake, with_command, with_snakemake

pytestmark = with_snakemake
# `seqattr`, but the first `score`, or the first of shard 2, is killed as soon as some blocks are done.
MORTAL = f"""
import shutil, subprocess, sys, time
from pathlib import Path
from tests.helpers.workflows import has_blocks

words, call = sys.argv[1:], [sys.executable, "-c", {COMMAND!r}, *sys.argv[1:]]
found, killed = Path("found.journal"), Path("killed.journal")
if words[0] != "score" or "--shard" in words and "2/3" not in words or found.exists():
    sys.exit(subprocess.run(call).returncode)
folder = Path(words[words.index("--out") + 1])
journal = folder / "blocks" / "blocks-0.journal"
if killed.exists():
    shutil.copy(journal, found)
    sys.exit(subprocess.run(call).returncode)
process = subprocess.Popen(call)
while process.poll() is None and not has_blocks(folder):
    time.sleep(0.001)
process.kill()
assert process.wait() == -9, "it was done before it could be killed"
shutil.copy(journal, killed)
sys.exit(137)
"""
OPTIONS = "--any-length --batch-size 40"


ONE_JOB = {"shards": 1}
FOLDS_IN_SHARDS = {"shards": 3, "models": ["free.pt", "fold1.pt"], "both_strands": True}
FOLDS = "--model fold1.pt --both-strands"


@pytest.mark.parametrize(("changes", "words"), [(ONE_JOB, ""), (FOLDS_IN_SHARDS, FOLDS)])
def test_a_killed_job_goes_on(changes, words, configured, fasta, texts, monkeypatch):
    changes = {"methods": ["deeplift"], "refs": ["shuffle:2"], "score_options": OPTIONS, **changes}
    folder = configured(retries=1, **changes)
    shutil.copy(folder / "free.pt", folder / "fold1.pt")
    fasta(texts(4800, 500))
    said = snakemake(folder, "--profile", "profiles/local", environment=with_command(folder, MORTAL))
    assert "Trying to restart job" in said
    found = (folder / "found.journal").read_bytes()
    assert found == (folder / "killed.journal").read_bytes() != b""
    scores = folder / "own" / "model" / "shuffle-2" / "deeplift"
    assert not list(scores.glob("**/*.journal"))
    assert not (scores / "shards").exists()
    monkeypatch.chdir(folder)
    plain = (
        f"score --model free.pt {words} --fasta s.fa --refs shuffle:2 --target target0 {OPTIONS} --out plain"
    )
    with pytest.raises(SystemExit) as left:
        main(shlex.split(plain))
    assert not left.value.code
    for name in ("target0.h5", "target0.bw", "regions.bed"):
        assert (scores / name).read_bytes() == Path("plain", name).read_bytes(), name
    assert "Nothing to be done" in snakemake(folder, "--profile", "profiles/local")
