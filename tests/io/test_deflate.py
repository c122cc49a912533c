"""Streams that zlib reads, the same in every run."""

import os
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest

from seqattr.io import deflate as module
from seqattr.io.deflate import adler32, crc32, deflate, stored

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
    assert (crc32(content, 0), adler32(content)) == (zlib.crc32(content), zlib.adler32(content))


@pytest.mark.parametrize("size", [0, 1, 800, 2**16 - 1])
def test_what_is_stored_is_read_by_zlib_too(size):
    content = CONTENTS["noise"][:size]
    assert zlib.decompress(stored(content)) == content
    assert len(stored(content)) == size + 11


def test_an_array_is_its_bytes():
    values = np.arange(600, dtype=np.uint8).reshape(2, 3, 100)
    assert deflate(values) == deflate(values.tobytes())


@pytest.mark.skipif(module.isal_zlib is None, reason="needs isal")
def test_other_platforms_have_zlib(monkeypatch):
    monkeypatch.setattr(module, "_compress", zlib.compress)
    assert deflate(CONTENTS["contributions"]) == zlib.compress(CONTENTS["contributions"], 1)


HASHES = """
import hashlib, sys
import numpy as np
from seqattr.io.deflate import deflate
rng, junk = np.random.default_rng(0), np.random.default_rng(int(sys.argv[1]))
values = rng.normal(size=400_000).astype('f4')
contents = [values[a : a + n].tobytes() for a, n in rng.integers(1, 100_000, (60, 2))]
contents += [rng.bytes(99) * 900] * 3
order, streams = junk.permutation(len(contents)), {}
for i in order:
    rubbish = [junk.bytes(int(n)) for n in junk.integers(1000, 400_000, 4)]
    del rubbish
    streams[i] = deflate(contents[i])
print(hashlib.sha256(b''.join(streams[i] for i in sorted(streams))).hexdigest())
"""


def test_streams_do_not_depend_on_what_memory_held_before():
    """ISA-L's tables are scratch memory: it must clear them."""

    def digest(seed: int) -> str:
        environment = {**os.environ, "MALLOC_PERTURB_": str(seed), "MALLOC_MMAP_THRESHOLD_": str(10**8)}
        command = [sys.executable, "-c", HASHES, str(seed)]
        path = {"PYTHONPATH": str(Path(__file__).parents[2])}
        return subprocess.check_output(command, text=True, env={**environment, **path})

    assert digest(85) == digest(170)
