"""Streams that zlib reads, the same in every run."""

import os
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest

from seqattr.io import deflate as module
from seqattr.io.deflate import deflate, deflate_planes, is_noise, stored

CONTENTS = {
    "nothing": b"",
    "one byte": b"x",
    "zeros": bytes(300_000),
    "noise": np.random.default_rng(0).bytes(200_000),
    "contributions": np.random.default_rng(1).normal(size=50_000).astype(np.float32).tobytes(),
    "a repeat": np.random.default_rng(2).bytes(700) * 300,
}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_zlib_reads_it(content):
    assert zlib.decompress(deflate(content)) == content
    assert len(deflate(content)) < 1.01 * len(content) + 20


def planes_of(content: bytes, size: int) -> np.ndarray:
    """The bytes of numbers of this size."""
    whole = content[: len(content) // size * size]
    return np.ascontiguousarray(np.frombuffer(whole, np.uint8).reshape(-1, size).T)


@pytest.mark.parametrize("size", [1, 2, 4])
@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_zlib_reads_planes(content, size):
    planes = planes_of(content, size)
    assert zlib.decompress(deflate_planes(planes)) == planes.tobytes()
    assert len(deflate_planes(planes)) < 1.01 * planes.size + 50


def test_what_is_noise_is_stored_and_what_is_not_gets_codes():
    """Contributions: of a float32 the last two bytes are noise, the first hardly is."""
    planes = planes_of(CONTENTS["contributions"], 4)
    assert [is_noise(plane) for plane in planes] == [True, True, True, False]
    assert len(deflate_planes(planes)) < 0.9 * planes.size
    zeros = planes * (np.arange(planes.shape[1]) % 4 == 0)
    assert not any(is_noise(plane) for plane in zeros)
    assert len(deflate_planes(zeros)) < 0.4 * planes.size
    assert not is_noise(planes[0, :100])  # too few to tell


@pytest.mark.parametrize("content", [b"", b"x", CONTENTS["noise"][:65_535]])
def test_what_is_stored_is_as_it_is(content):
    assert zlib.decompress(stored(content)) == content
    assert len(stored(content)) == len(content) + 11


@pytest.mark.skipif(module.fast is zlib, reason="needs zlib-ng")
@pytest.mark.parametrize("size", [1, 4])
@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_other_platforms_have_zlib_and_write_the_same(content, size, monkeypatch):
    here = deflate_planes(planes_of(content, size))
    monkeypatch.setattr(module, "fast", zlib)
    assert deflate_planes(planes_of(content, size)) == here


HASHES = """
import hashlib, sys
import numpy as np
from seqattr.io.deflate import deflate, deflate_planes
rng, junk = np.random.default_rng(0), np.random.default_rng(int(sys.argv[1]))
values = rng.normal(size=400_000).astype('f4')
contents = [values[a : a + n].tobytes() for a, n in rng.integers(1, 100_000, (60, 2))]
contents += [rng.bytes(99) * 900] * 3
order, streams = junk.permutation(len(contents)), {}
for i in order:
    rubbish = [junk.bytes(int(n)) for n in junk.integers(1000, 400_000, 4)]
    del rubbish
    streams[i] = deflate(contents[i]) + deflate_planes(np.frombuffer(contents[i], np.uint8)[None])
print(hashlib.sha256(b''.join(streams[i] for i in sorted(streams))).hexdigest())
"""


def test_streams_do_not_depend_on_what_memory_held_before():
    """Tables are scratch memory, which must be cleared."""

    def digest(seed: int) -> str:
        environment = {**os.environ, "MALLOC_PERTURB_": str(seed), "MALLOC_MMAP_THRESHOLD_": str(10**8)}
        command = [sys.executable, "-c", HASHES, str(seed)]
        path = {"PYTHONPATH": str(Path(__file__).parents[2])}
        return subprocess.check_output(command, text=True, env={**environment, **path})

    assert digest(85) == digest(170)
