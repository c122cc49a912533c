"""Files of motifs."""

import pytest

from seqattr.motifs.sources import read_motifs


@pytest.fixture
def motifs_of(tmp_path):
    """The motifs of a file that holds this text."""

    def read(text: str | bytes, name: str = "m1.txt", **how):
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_motifs([tmp_path / name], **how)

    return read
