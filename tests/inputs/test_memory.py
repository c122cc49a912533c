"""A million windows take no memory, and nothing takes the square of what there is."""

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

READ = """
import json, sys, time
import resource
from seqattr.inputs import from_fasta, from_regions, from_tiles
name, arguments = sys.argv[1], json.loads(sys.argv[2])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.process_time()
windows = globals()[name](*arguments).windows
step = max(1, len(windows) // 20_000)
for first in range(0, len(windows), 1000 * step):
    windows.codes(slice(first, first + 1000))
windows.digest()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(json.dumps([len(windows), time.process_time() - start, peak * 1024]))
"""


class Read(NamedTuple):
    """How many windows, the seconds of work, and the bytes that were taken beyond those of the imports."""

    windows: int
    seconds: float
    bytes: int


def read(name: str, *arguments: object) -> Read:
    """What a function of `seqattr.inputs` takes, and some of the codes, in a new process."""
    pytest.importorskip("resource")
    given = json.dumps([str(one) if isinstance(one, Path) else one for one in arguments])
    call = [sys.executable, "-c", READ, name, given]
    done = subprocess.run(call, capture_output=True, text=True, check=True)
    return Read(*json.loads(done.stdout))


def genome(path: Path, sizes: list[int], width: int = 100) -> Path:
    """A FASTA file of records c0, c1 ... of so many bases."""
    rng = np.random.default_rng(0)
    letters = np.frombuffer(b"ACGT", np.uint8)[rng.integers(0, 4, max(sizes) + max(sizes) // width)]
    letters[width :: width + 1] = ord("\n")
    with open(path, "wb") as file:
        for number, size in enumerate(sizes):
            file.write(b">c%d\n" % number + letters[: size + (size - 1) // width].tobytes() + b"\n")
    return path


def regions(path: Path, count: int, chroms: int, size: int) -> Path:
    """So many lines of a BED file on chromosomes c0, c1 ... in the order of the genome."""
    spread = max(1, (size - 400) * chroms // count)
    with open(path, "w") as file:
        for at in range(0, count * spread, spread):
            chrom, start = divmod(at, size - 400)
            file.write(f"c{chrom % chroms}\t{start + 100}\t{start + 300}\n")
    return path


def test_windows_take_some_bytes_each_whatever_their_length(tmp_path):
    fasta = genome(tmp_path / "g.fa", [200_000] * 2)
    few, many = (regions(tmp_path / f"{n}.bed", n, 2, 200_000) for n in (200, 20_000))
    small, large = read("from_regions", fasta, few, 400), read("from_regions", fasta, many, 400)
    assert (small.windows, large.windows) == (200, 20_000)
    assert large.bytes - small.bytes < 250 * 20_000 + 4e6  # and a margin for the allocator
    small, large = read("from_tiles", fasta, 400, 2000), read("from_tiles", fasta, 400, 20)
    assert large.windows == 19_962
    assert large.bytes - small.bytes < 250 * 20_000 + 4e6


@pytest.mark.slow
def test_a_million_regions(tmp_path):
    fasta = genome(tmp_path / "g.fa", [4_000_000] * 24)
    few, many = (regions(tmp_path / f"{n}.bed", n, 24, 4_000_000) for n in (1000, 1_000_000))
    small, large = read("from_regions", fasta, few, 400), read("from_regions", fasta, many, 400)
    assert large.windows == 1_000_000
    assert large.bytes - small.bytes < 150e6
    assert large.seconds < 20  # it takes 4


@pytest.mark.slow
def test_a_genome_of_a_hundred_thousand_contigs(tmp_path):
    """Read without an index, then with the one that was written."""
    taken = []
    for count in (10_000, 100_000):
        fasta = genome(tmp_path / f"{count}.fa", [1000] * count)
        bed = regions(tmp_path / f"{count}.bed", count, count, 1000)
        taken.append([read("from_regions", fasta, bed, 300) for _ in range(2)])
        assert [one.windows for one in taken[-1]] == [count] * 2
    for small, large in zip(*taken, strict=True):
        assert large.seconds < 15 * small.seconds + 0.5
        assert large.bytes < 120e6


@pytest.mark.slow
@pytest.mark.parametrize("length", [500, 2114])
def test_a_record_of_fifty_million_bases_in_tiles(tmp_path, length):
    fasta = genome(tmp_path / "g.fa", [50_000_000])
    found = read("from_tiles", fasta, length, 200)
    assert found.windows > 249_000
    assert found.bytes < 80e6
    assert found.seconds < 10  # it takes less than 1


@pytest.mark.slow
def test_a_million_records(tmp_path):
    fasta = genome(tmp_path / "s.fa", [120] * 1_000_000)
    found = read("from_fasta", fasta)
    assert found.windows == 1_000_000
    assert found.bytes < 250e6
