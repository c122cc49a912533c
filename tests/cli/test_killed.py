"""Commands are killed, as by a scheduler or for want of memory: nothing is lost, and the same goes on."""

import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.test_claims import RESULTS, folder, prepare  # noqa: F401
from tests.helpers.killed import contents_of, states, told_apart
from tests.helpers.scoring import files

SCRIPT = "from seqattr.cli import main; main()"


def begun(out: Path, words: tuple[str, ...]) -> subprocess.Popen[bytes]:
    """From the folder above, as run.json tells where the results lie."""
    out.parent.mkdir(exist_ok=True)
    command = [sys.executable, "-c", SCRIPT, *words, "--out", out.name]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd=out.parent)


def whole(out: Path, words: tuple[str, ...]) -> float:
    """A run to its end; how many seconds it took."""
    start = time.monotonic()
    assert begun(out, words).wait(600) == 0  # on a busy machine too
    return time.monotonic() - start


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_that_is_killed_at_any_moment_ends_with_the_same_bytes(models, fasta, texts, tmp_path, workers):
    path = fasta({f"s{i}": text for i, text in enumerate(texts(2000, 1000))})
    words = ("score", "--model", str(models / "free.pt"), "--fasta", str(path), "--any-length")
    words = (*words, "--refs", "shuffle:4", "--threads", "1", "--workers", str(workers))
    seconds = whole(tmp_path / "whole" / "scores", words)
    expected, moments, kept = files(tmp_path / "whole" / "scores"), random.Random(workers), set()
    for number in range(10):
        out = tmp_path / str(number) / "scores"
        for _ in range(2):
            run = begun(out, words)
            time.sleep(moments.uniform(0.2, 1.0) * seconds)
            run.kill()
            run.wait()
            kept |= {path.name for path in out.glob("blocks/*")}
        whole(out, words)
        assert files(out) == expected
    assert "blocks-0.journal" in kept


FOLDS = "score --model m.pt --model n.pt --each-model --fasta s.fa --refs zeros"
ALLELES = "variants --model m.pt --vcf v.vcf --genome s.fa --pad --contributions 1 --refs zeros"
# How each command that writes a folder is called, and another call.
CALLS = {
    **{
        command: (f"{command} {options}", f"{command} {options} {''.join(other or ['--seed 3'])}")
        for command, (options, _, _, *other) in RESULTS.items()
    },
    "score": (FOLDS, f"{FOLDS} --seed 3"),
    "variants": (ALLELES, f"{ALLELES} --seed 3"),
    "export": ("export scores --target carries", "export scores --target quiet"),
    "merge": ("merge shard", "score --model m.pt --fasta s.fa"),
    "simulate": ("simulate tal-gata --count 20", "simulate tal-gata --count 20 --seed 3"),
}


@pytest.fixture
def calls(command, ran, folder, attending, monkeypatch) -> list[tuple[str, ...]]:  # noqa: F811
    """The command and another one, both into the same folder."""
    prepare("interactions" if command == "merge" else command, ran, folder, attending, monkeypatch)
    shutil.copy("m.pt", "n.pt")
    if command == "merge":
        words = "score --model m.pt --fasta s.fa --refs zeros --shard 1/2"
        ran(*words.split(), "--out", "shard")
    return [(*call.split(), "--out", "new") for call in CALLS[command]]


@pytest.mark.slow
@pytest.mark.parametrize("old", [False, True], ids=["into a new folder", "over another call's results"])
@pytest.mark.parametrize("command", CALLS)
def test_a_kill_while_files_take_their_names(old, calls, ran, run, tmp_path, monkeypatch):
    """At any moment the old results are whole, or the same command without force puts all right."""
    (call, another), new = calls, tmp_path / "new"
    if old:
        monkeypatch.setattr("sys.argv", ["seqattr", *another])
        ran(*another)
    before = contents_of(new)
    monkeypatch.setattr("sys.argv", ["seqattr", *call])
    with states(new, tmp_path / "states") as found:
        ran(*call, *["--force"] * old)
    whole, moments = contents_of(new), told_apart(found)
    assert len(moments) > 1
    for state in moments:
        shutil.rmtree(new)
        shutil.copytree(state, new)
        left = contents_of(new)
        done = run(*call)
        if done.code:
            assert "it holds the results of another run" in done.err
            assert before
            assert {name: left.get(name) for name in before} == before
        else:
            assert told(contents_of(new)) == told(whole)


def told(contents: dict[str, bytes]) -> dict[str, bytes]:
    """What is the same of every run: an HDF5 file of TF-MoDISco's tells when it was written."""
    return {name: b"" if name.endswith(".modisco.h5") else content for name, content in contents.items()}
