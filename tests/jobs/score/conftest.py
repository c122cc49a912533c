"""A run in several blocks, whole, and what stops one."""

import pytest

from seqattr.inputs import from_fasta
from seqattr.io.journal import JournalWriter
from seqattr.jobs.score.run import score
from tests.conftest import random_texts
from tests.helpers.score_runs import ROWS, SETTINGS, Stop
from tests.helpers.scoring import files


@pytest.fixture
def small_blocks(monkeypatch):
    """Chunks of one row and blocks of seven."""
    monkeypatch.setattr("seqattr.io.hdf5.layout._CHUNK_BYTES", 4 * 40 * 4)
    monkeypatch.setattr("seqattr.jobs.score.plan.BLOCK_BASES", 7 * 40)


@pytest.fixture(scope="module")
def whole(model, tmp_path_factory):
    """A run that nothing stopped, by the FASTA file that it read."""
    folder = tmp_path_factory.mktemp("whole")
    path = folder / "a.fa"
    path.write_text("".join(f">s{i}\n{text}\n" for i, text in enumerate(random_texts(ROWS))))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("seqattr.io.hdf5.layout._CHUNK_BYTES", 4 * 40 * 4)
        patch.setattr("seqattr.jobs.score.plan.BLOCK_BASES", 7 * 40)
        score(model, from_fasta(path), folder / "out", SETTINGS)
    return path


@pytest.fixture
def expected(whole) -> dict[str, bytes]:
    return files(whole.parent / "out")


@pytest.fixture
def stopping(monkeypatch):
    """A function that lets runs add so many blocks more, and no other, or all; it tells which were added."""
    add, added, left = JournalWriter.add, [], [10**9]

    def counted(self, number, buffers):
        if left[0] == 0:
            raise Stop
        left[0] -= 1
        add(self, number, buffers)
        added.append(number)

    monkeypatch.setattr(JournalWriter, "add", counted)

    def after(blocks: int | None) -> list[int]:
        left[0] = 10**9 if blocks is None else blocks
        added.clear()
        return added

    return after
