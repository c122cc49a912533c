"""A folder with results, which must be as it was in the end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.scoring import files


@pytest.fixture
def out(ran, free, fasta, tmp_path) -> Iterator[Path]:
    """A folder with an earlier good run; at the end of the test it must be as it was, but for what a run that
    was stopped keeps.
    """
    folder = tmp_path / "out"
    ran("score", "--model", free, "--fasta", fasta(2, "earlier.fa"), "--refs", "zeros", "--out", folder)
    before = files(folder)
    assert sorted(before) == [
        *("regions.bed", "run.json", "target0.bw", "target0.h5", "target1.bw", "target1.h5"),
    ]
    yield folder
    after = files(folder)
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) <= {
        f"blocks/{name}" for name in ("blocks-0.journal", "plan.json", "lock")
    }
