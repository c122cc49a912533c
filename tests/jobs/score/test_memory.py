"""A run takes no more memory for many windows than for few."""

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch import nn

import seqattr

SCORE = """
import json, resource, sys, time
from pathlib import Path
from seqattr.io.ownership import Output
from seqattr.jobs.score import run
from seqattr.jobs.score.settings import Settings
from seqattr.jobs.sources import ModelFile, SequenceFile
model, fasta, regions, out = map(Path, sys.argv[1:])
start = time.process_time()
summary = run.run(
    [ModelFile(model)], SequenceFile(fasta, regions), Output(out), Settings("zeros", device="cpu")
)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([summary.sequences, peak * 1024, time.process_time() - start]))
"""
LENGTH = 200


class Scored(NamedTuple):
    """How many windows, the bytes that the process took at most, and its seconds of work."""

    windows: int
    bytes: int
    seconds: float


class Cheap(nn.Module):
    """Next to no work."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(x[:, :, ::20].flatten(1) - 0.5).sum(1, keepdim=True)


def genome(path: Path, size: int) -> Path:
    letters = np.frombuffer(b"ACGT", np.uint8)[np.random.default_rng(0).integers(0, 4, size)]
    path.write_bytes(b">c\n" + letters.tobytes() + b"\n")
    return path


def peaks(path: Path, count: int, size: int) -> Path:
    """Anywhere, in no order, on both strands."""
    starts = np.random.default_rng(1).integers(LENGTH, size - 2 * LENGTH, count).tolist()
    with open(path, "w") as file:
        for number, start in enumerate(starts):
            file.write(f"c\t{start}\t{start + 100}\tpeak{number}\t0\t{'+-'[number % 2]}\n")
    return path


def scored(folder: Path, count: int, size: int = 10**6) -> Scored:
    """A run of so many windows of a genome of this size, in a process of its own."""
    pytest.importorskip("resource")
    seqattr.save_model(folder / "m.pt", seqattr.Model(Cheap(), torch.zeros(2, 4, LENGTH)))
    files = [genome(folder / "g.fa", size), peaks(folder / f"{count}.bed", count, size)]
    call = [sys.executable, "-c", SCORE, folder / "m.pt", *files, folder / f"out{count}"]
    done = subprocess.run([str(word) for word in call], capture_output=True, text=True, check=True)
    return Scored(*json.loads(done.stdout))


@pytest.mark.slow
def test_a_hundred_thousand_windows_take_the_memory_of_a_thousand(tmp_path):
    few, many = scored(tmp_path, 1000), scored(tmp_path, 100_000)
    assert many.windows == 100_000
    assert many.bytes < 1.1 * few.bytes


@pytest.mark.slow
def test_a_million_windows_take_some_hundred_bytes_each_and_the_time_of_a_thousand_thousands(tmp_path):
    some, many = scored(tmp_path, 100_000), scored(tmp_path, 1_000_000)
    assert many.windows == 1_000_000
    assert many.bytes - some.bytes < 250 * 900_000
    assert many.seconds < 12 * some.seconds
