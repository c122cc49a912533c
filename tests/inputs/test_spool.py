"""Codes that are kept in memory, or in a file without a name."""

import numpy as np
import pytest

from seqattr.errors import OutputError
from seqattr.inputs.spool import Spool, spooling_in


@pytest.mark.parametrize("in_memory", [0, 100, 1 << 20])
@pytest.mark.parametrize("seed", range(10))
def test_what_is_put_is_read_again(monkeypatch, in_memory, seed):
    monkeypatch.setattr("seqattr.inputs.spool.IN_MEMORY", in_memory)
    monkeypatch.setattr("seqattr.inputs.spool._PENDING", 37)
    rng, spool = np.random.default_rng(seed), Spool()
    twin: list[int] = []  # -1 where nothing was put
    for _ in range(40):
        codes = rng.integers(0, 6, int(rng.integers(0, 60)), np.uint8)
        what = rng.integers(4)
        if what == 0:  # what came last is taken back
            at = int(rng.integers(max(0, len(twin) - 50), len(twin) + 1))
            spool.cut(at)
            del twin[at:]
        elif what == 1:  # a place further on
            at = len(twin) + int(rng.integers(0, 30))
            spool.put(at, codes.tobytes())
            twin += [-1] * (at - len(twin))
            twin += codes.tolist()
        else:
            spool.append(codes.tobytes())
            twin += codes.tolist()
        assert spool.size == len(twin)
    spool.append(b"\x03")
    twin.append(3)
    spool.digest()
    for _ in range(20):
        begin, end = sorted(rng.integers(0, len(twin) + 1, 2).tolist())
        expected = np.array(twin[begin:end], np.int64)
        np.testing.assert_array_equal(spool.read(begin, end)[expected >= 0], expected[expected >= 0])


def test_a_folder_that_takes_no_file_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("seqattr.inputs.spool.IN_MEMORY", 0)
    spool = Spool()
    spool.append(b"\x01\x02")
    with pytest.raises(OutputError, match=r"cannot write .*none"), spooling_in(tmp_path / "none"):
        spool.digest()
