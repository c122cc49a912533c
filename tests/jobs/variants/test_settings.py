"""What is asked of variants."""

import pytest

from seqattr.errors import InputError
from seqattr.jobs.variants.settings import Settings


def test_motifs_want_contributions():
    with pytest.raises(InputError, match="give `contributions=N`"):
        Settings(motifs=["bundled"])
