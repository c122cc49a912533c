"""The workflow on a Slurm of this machine alone: two scoring jobs are killed half-way, nothing is lost."""

import os
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from seqattr.cli.main import main
from tests.helpers.workflows import ROOT, has_blocks, with_command, with_snakemake

pytestmark = [*with_snakemake, pytest.mark.slow]
SCRIPT = str(ROOT / "scripts" / "slurm-here")
PROFILE = """
slurm-status-command: squeue
slurm-no-account: true
slurm-init-seconds-before-status-checks: 2
"""
OPTIONS = "--any-length --batch-size 40"
SHARDS = {"shards": 3, "methods": ["deeplift"], "refs": ["shuffle:5"], "retries": 2, "score_options": OPTIONS}
SECONDS = 300


@pytest.fixture
def slurm() -> Iterator[None]:
    """Slurm's daemons, unless they run already."""
    pytest.importorskip("snakemake_executor_plugin_slurm")
    check = subprocess.run([SCRIPT, "check"], capture_output=True, text=True)
    if check.returncode:
        pytest.skip(check.stderr.strip())
    running = subprocess.run(["sinfo", "--noheader"], capture_output=True).returncode == 0
    if not running:
        subprocess.run([SCRIPT, "start"], check=True, capture_output=True)
    yield
    if not running:
        subprocess.run([SCRIPT, "stop"], check=True, capture_output=True)


def wait_until(holds: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < end, f"{what}: waited {SECONDS} s in vain"
        time.sleep(0.01)


def kill_process(shard: str) -> None:
    """The `seqattr score` that works on a shard, as by a machine that runs out of memory."""
    calls = {path.parent.name: content_of(path).split(b"\0") for path in Path("/proc").glob("[0-9]*/cmdline")}
    numbers = [
        int(name) for name, words in calls.items() if b"score" in words and f"{shard}/3".encode() in words
    ]
    assert numbers
    for number in numbers:
        os.kill(number, signal.SIGKILL)


def cancel_job(shard: str) -> None:
    """The Slurm job of a shard, by the comment that the plugin gives it."""
    call = ["squeue", "--noheader", "--states=R", "--format=%i %k"]
    lines = subprocess.run(call, capture_output=True, text=True, check=True).stdout.splitlines()
    numbers = [line.split()[0] for line in lines if line.endswith(f"deeplift_{shard}")]
    subprocess.run(["scancel", *numbers], check=True)


def content_of(path: Path) -> bytes:
    """Of a file of a process, which may be gone."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def submitted(folder: Path) -> "subprocess.Popen[bytes]":
    """Snakemake at work there; what it says is in said.txt."""
    with (folder / "profiles" / "slurm" / "config.yaml").open("a") as profile:
        profile.write(PROFILE)
    with (folder / "said.txt").open("wb") as said:
        call = ["snakemake", "--profile", "profiles/slurm"]
        return subprocess.Popen(call, cwd=folder, stdout=said, stderr=said, env=with_command(folder))


class Shard:
    """A shard under way: killed once some of its blocks are done, and then never without them."""

    def __init__(self, scores: Path, name: str, kill: Callable[[str], None]) -> None:
        self.folder, self.name, self.kill = scores / "shards" / f"{name}-3", name, kill
        self.killed = False

    @property
    def has_blocks(self) -> bool:
        return has_blocks(self.folder)

    def is_killed(self) -> bool:
        if not self.killed and self.has_blocks:
            self.kill(self.name)
            self.killed = True
            assert not (self.folder / "shard.json").exists(), "it was done before it could be killed"
        return self.killed

    def is_done(self) -> bool:
        assert self.has_blocks
        return (self.folder / "shard.json").exists()


def test_killed_jobs_go_on_and_the_whole_has_the_bytes_of_a_plain_run(
    slurm, configured, fasta, texts, monkeypatch
):
    folder = configured(**SHARDS)
    fasta(texts(6300, 500))
    scores = folder / "own" / "model" / "shuffle-5" / "deeplift"
    shards = [Shard(scores, "1", kill_process), Shard(scores, "2", cancel_job)]
    with submitted(folder) as submitting:
        try:
            wait_until(lambda: all(list(map(Shard.is_killed, shards))), "blocks of both shards")
            for shard in shards:
                wait_until(shard.is_done, f"the end of shard {shard.name}")
            code = submitting.wait(SECONDS)
        finally:
            submitting.terminate()
    said = (folder / "said.txt").read_text()
    assert code == 0, said
    assert "SLURM status is: 'CANCELLED'" in said
    assert "Trying to restart job" in said
    assert not (scores / "shards").exists()
    monkeypatch.chdir(folder)
    plain = f"score --model free.pt --fasta s.fa --refs shuffle:5 --target target0 {OPTIONS} --out plain"
    with pytest.raises(SystemExit) as left:
        main(shlex.split(plain))
    assert not left.value.code
    for name in ("target0.h5", "target0.bw", "regions.bed"):
        assert (scores / name).read_bytes() == Path("plain", name).read_bytes(), name
