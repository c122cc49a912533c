"""Several processes work out one run."""

import os
import queue
import signal
import subprocess
import sys
import time

import pytest

from seqattr.errors import InputError, OutputError
from seqattr.io.ownership import Output
from seqattr.jobs.score import workers
from seqattr.jobs.score.run import run
from seqattr.jobs.score.settings import Settings, Working
from seqattr.jobs.sources import ModelFile, SequenceFile
from tests.helpers.scoring import files

SETTINGS = Settings(references="shuffle:2")


def scored(models, fasta, texts, out, number):
    path = fasta({f"s{i}": text for i, text in enumerate(texts(500, 2000))})
    sequences = SequenceFile(path, any_length=True)
    return run([ModelFile(models / "free.pt")], sequences, Output(out), SETTINGS, Working(workers=number))


@pytest.mark.slow
def test_several_processes_write_the_same_bytes(models, fasta, texts, tmp_path):
    for number in (1, 2):
        scored(models, fasta, texts, tmp_path / str(number), number)
    assert files(tmp_path / "1") == files(tmp_path / "2")


@pytest.mark.slow
def test_a_worker_that_is_killed_ends_the_run_which_goes_on_later(
    models, fasta, texts, tmp_path, monkeypatch
):
    scored(models, fasta, texts, tmp_path / "whole", 1)
    counts = workers._counts

    def killing(processes, reports, blocks):
        for count in counts(processes, reports, blocks):
            os.kill(processes[0].pid, signal.SIGKILL)
            time.sleep(0.1)
            yield count

    with monkeypatch.context() as patch:
        patch.setattr(workers, "_counts", killing)
        with pytest.raises(OutputError, match=r"a worker ended by itself \(exit code -9; .* goes on with it"):
            scored(models, fasta, texts, tmp_path / "out", 2)
    assert (tmp_path / "out" / "blocks" / "plan.json").exists()
    scored(models, fasta, texts, tmp_path / "out", 2)
    assert files(tmp_path / "out") == files(tmp_path / "whole")


@pytest.mark.slow
def test_what_a_worker_raises_is_raised(models, fasta, texts, tmp_path):
    path = fasta({f"s{i}": text for i, text in enumerate(texts(500, 2000))})
    with pytest.raises(OutputError, match="float16"):
        run(
            [ModelFile(models / "free.pt")],
            SequenceFile(path, any_length=True),
            Output(tmp_path / "out"),
            Settings(references="zeros", h5_dtype="float16", method="squared-gradient"),
            Working(workers=2),
        )


def alive_after_ctrl_c() -> tuple[str, str]:
    """What a process says that has Ctrl-C at its start."""
    line = "import os, signal; os.kill(os.getpid(), signal.SIGINT); print('alive')"
    ran = subprocess.run([sys.executable, "-S", "-c", line], capture_output=True, check=False, text=True)
    return ran.stdout, "".join(ran.stderr.splitlines()[-1:])


def test_ctrl_c_never_reaches_a_process_that_is_begun_while_it_is_held_back():
    """Not even while it loads what it needs, which would be seen as a traceback."""
    with workers.held_back(signal.SIGINT):
        assert alive_after_ctrl_c() == ("alive\n", "")
    assert alive_after_ctrl_c() == ("", "KeyboardInterrupt")


def test_ctrl_c_that_was_held_back_is_not_lost():
    with pytest.raises(KeyboardInterrupt), workers.held_back(signal.SIGINT):
        os.kill(os.getpid(), signal.SIGINT)


def test_workers_are_for_a_cpu_and_all_gpus_must_be_there(monkeypatch):
    assert workers.devices_of("cpu", 3) == ["cpu"] * 3
    assert workers.devices_of("cuda:1", 1) == ["cuda:1"]
    with pytest.raises(
        InputError, match="`workers` are processes on a CPU; of several GPUs `device=cuda:all`"
    ):
        workers.devices_of("cuda", 2)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 0)
    with pytest.raises(InputError, match="there is no device cuda:all: torch sees no CUDA devices"):
        workers.devices_of("cuda:all", 1)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 3)
    assert workers.devices_of("cuda:all", 1) == ["cuda:0", "cuda:1", "cuda:2"]


@pytest.mark.parametrize("number", [0, -1])
def test_there_is_at_least_one_worker(number):
    with pytest.raises(InputError, match="there must be at least 1 worker"):
        Working(workers=number)


@pytest.mark.parametrize(("device", "wanted"), [("cuda:1", ["cuda:1"]), ("cpu", [])])
def test_a_process_has_its_own_gpu_before_it_opens_anything(device, wanted, monkeypatch, tmp_path):
    known: list[str] = []
    monkeypatch.setattr("torch.cuda.set_device", known.append)
    monkeypatch.setattr(workers.threads, "use", lambda count: None)

    class Task:
        def open(self, folder, caller, device):
            raise InputError(f"{known} {device}")

    reports: queue.SimpleQueue = queue.SimpleQueue()
    workers.work_on(workers.Share(Task(), str(tmp_path), range(1), 0, device, 1), None, reports)
    assert str(reports.get()) == f"{wanted} {device}"
