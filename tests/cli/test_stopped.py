"""What cannot be written, a full disk and interruptions: one line, and nothing half-written or lost."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

FULL_DISK = """
import json, resource, signal, sys
from seqattr.cli import main
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
for limit, command in json.loads(sys.argv[1]):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, most))
    try:
        main(command)
    except SystemExit as left:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        print(left.code, flush=True)
"""


def test_a_folder_that_cannot_be_made(refused, free, fasta, tmp_path):
    path = fasta(2)
    (tmp_path / "file").write_text("mine")
    for folder, line in [
        (tmp_path / "file", "cannot write to {}: it is, or lies in, a file"),
        (tmp_path / "file" / "a" / "b", "cannot write to {}: it is, or lies in, a file"),
        (Path("/proc/scores"), "cannot write {}: No such file or directory"),
    ]:
        assert refused("score", "--model", free, "--fasta", path, "--out", folder) == line.format(folder)
    assert (tmp_path / "file").read_text() == "mine"


def test_a_model_that_cannot_be_written(refused, free, tmp_path):
    (tmp_path / "file").write_text("mine")
    for path, line in [
        (tmp_path / "file" / "m.pt", f"cannot write to {tmp_path / 'file'}: it is, or lies in, a file"),
        (tmp_path, f"cannot write {tmp_path}: Is a directory"),
    ]:
        assert refused("convert", free, "--out", path) == line
    assert (tmp_path / "file").read_text() == "mine"


def test_a_full_disk(free, fasta, out, tmp_path):
    """No file may grow beyond so many bytes; and what then cannot be written."""
    pytest.importorskip("resource")
    records = fasta(["A" + "N" * 39] * 500)
    score = ["score", "--model", free, "--fasta", records, "--refs", "zeros", "--out", out, "--force"]
    failing = [
        (0, score, out),
        (8_000, score, out / "blocks" / "plan.json"),  # of 500 records
        (20_000, score, out / "blocks" / "blocks-0.journal"),  # more than in each of the files
        (3_000, ["convert", free, "--out", tmp_path / "m.pt"], tmp_path / "m.pt"),
        (100, ["export", out, "--target", "target0", "--out", tmp_path / "e"], tmp_path / "e" / "ohe.npz"),
    ]
    commands = json.dumps([(limit, [str(word) for word in command]) for limit, command, _ in failing])
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, commands], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.split() == ["1"] * len(failing)
    assert done.stderr.splitlines() == [
        f"seqattr: error: cannot write {path}: File too large" for _, _, path in failing
    ]
    assert not (tmp_path / "m.pt").exists()
    assert not (tmp_path / "e").exists()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run(free, fasta, texts, out, number, code):
    heeded = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"  # also behind nohup
    script = f"{heeded}; from seqattr.cli import main; main()"
    command = ["score", "--model", free, "--fasta", fasta(texts(20000)), "--refs", "shuffle:50", "--out", out]
    command.append("--force")
    process = subprocess.Popen(
        [sys.executable, "-c", script, *map(str, command)], stderr=subprocess.PIPE, text=True
    )
    end = time.monotonic() + 60
    journal = out / "blocks" / "blocks-0.journal"
    while not (journal.exists() and journal.stat().st_size > 1000) and process.poll() is None:
        assert time.monotonic() < end
        time.sleep(0.02)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == code
    assert said.strip() == "seqattr: error: interrupted; the same command continues where it stopped"


TOO_EARLY = """
import sys

class Stop:
    def find_spec(self, name, *_):
        if name == sys.argv[1]:
            raise KeyboardInterrupt

sys.meta_path.insert(0, Stop())
from seqattr.cli import main
main()
"""


@pytest.mark.parametrize(
    ("module", "said"),
    [("click", ""), ("seqattr.io.kept", "seqattr: error: interrupted; no file was left half-written\n")],
)
def test_ctrl_c_before_anything_has_begun(module, said):
    """While the command itself is read, a module after the other."""
    command = [sys.executable, "-c", TOO_EARLY, module]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (130, said)
