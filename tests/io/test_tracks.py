"""Tracks from windows in any order: each base of the genome from the window whose summit is nearest."""

import tracemalloc

import numpy as np
import pyBigWig
import pytest

from seqattr.dna.places import Places
from seqattr.dna.regions import Region
from seqattr.errors import InputError
from seqattr.io import tracks
from seqattr.io.tracks import write_track
from tests.helpers.cuts import cut_overlaps

SIZES = {"b": 500, "a": 300, "empty": 10}


def random_windows(rng: np.random.Generator, count: int) -> list[Region]:
    windows = []
    for _ in range(count):
        chrom, length = str(rng.choice(["a", "b"])), int(rng.integers(1, 40))
        start = int(rng.integers(0, SIZES[chrom] - length))
        windows.append(Region(chrom, start, start + length))
    return windows


def expected(windows: list[Region], values: list[np.ndarray]) -> dict[str, np.ndarray]:
    """Base by base."""
    genome = {chrom: np.full(size, np.nan, np.float32) for chrom, size in SIZES.items()}
    order = sorted(range(len(windows)), key=lambda i: (windows[i].chrom, windows[i].start))
    for i, (begin, end) in zip(order, cut_overlaps([windows[i] for i in order]), strict=True):
        start = windows[i].start
        genome[windows[i].chrom][begin:end] = values[i][begin - start : end - start]
    return genome


@pytest.mark.parametrize("at_once", [1, 30, 1 << 17])
def test_each_base_is_that_of_the_window_that_writes_it(tmp_path, monkeypatch, at_once):
    monkeypatch.setattr(tracks, "_BASES_AT_ONCE", at_once)
    rng = np.random.default_rng(0)
    for trial in range(20):
        windows = random_windows(rng, int(rng.integers(0, 40)))
        values = [rng.normal(size=len_of(w) + 3).astype(np.float32) for w in windows]
        for row in values[::5]:
            row[: len(row) // 2] = np.nan
        for row in values[::7]:
            row[:] = np.nan
        path = tmp_path / f"{trial}.bw"
        write_track(path, Places.of(windows), lambda rows, v=values: [v[row] for row in rows], SIZES)
        with pyBigWig.open(str(path)) as file:
            assert file.chroms() == dict(sorted(SIZES.items()))
            for chrom, wanted in expected(windows, values).items():
                got = file.values(chrom, 0, SIZES[chrom], numpy=True)
                np.testing.assert_array_equal(got, wanted)


def len_of(window: Region) -> int:
    return window.end - window.start


def test_a_window_that_is_not_on_the_genome_is_named(tmp_path):
    for window, line in (
        (Region("x", 0, 5), "region x:0-5 lies on 'x', which the chromosome sizes do not list"),
        (Region("a", 290, 305), "the track at a:290-305 lies partly outside a, which has 300 bases"),
    ):
        with pytest.raises(InputError, match=line):
            write_track(tmp_path / "a.bw", Places.of([window]), lambda rows: np.ones((1, 20)), SIZES)
    assert list(tmp_path.iterdir()) == []


def test_memory_grows_with_neither_windows_nor_bases(tmp_path):
    """But by columns and index, some 100 bytes a window: 20,000 windows of 200 bases, 16 MB of values."""
    zeros, row = np.zeros(20_000, np.int64), np.random.default_rng(0).normal(size=200).astype(np.float32)
    start = 250 * np.arange(20_000)[::-1]
    names = [""] * 20_000
    own = Places(["a"], zeros, start, start + 200, names, zeros > 0)
    tracemalloc.start()
    write_track(tmp_path / "a.bw", own, lambda rows: np.broadcast_to(row, (len(rows), 200)), {"a": 10**7})
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 12e6
    assert (tmp_path / "a.bw").stat().st_size > 16e6


def test_windows_that_lie_one_upon_the_other_are_read_some_at_a_time(tmp_path):
    """However few of their bases count: 20,000 windows of 500 bases, each 3 behind the one before."""
    rows, length = np.zeros(20_000, np.int64), 500
    start = 3 * np.arange(len(rows))
    own = Places(["a"], rows, start, start + length, [""] * len(rows), rows > 0)
    most = 0

    def read(some: np.ndarray) -> np.ndarray:
        nonlocal most
        most = max(most, len(some))
        return np.broadcast_to(np.float32(1), (len(some), length))

    write_track(tmp_path / "a.bw", own, read, {"a": 10**5})
    assert most * length <= tracks._BASES_AT_ONCE + length
