"""Where motifs come from: files one after another, those that are bundled, and the database."""

import sys
from collections import namedtuple
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from seqattr.errors import InputError
from seqattr.io.motifs.meme import read_meme
from seqattr.motifs.pwm import BUNDLED
from seqattr.motifs.sources import MOTIF_SOURCES, NO_FILE, read_motifs
from tests.helpers.motif_texts import COUNTS, ENCODE, JASPAR, MATRIX

SHARED = Path(__file__).parents[2] / ".." / "shared" / "data"


def test_every_source_says_how_it_is_given_and_what_it_is() -> None:
    for source in MOTIF_SOURCES.values():
        assert source.form
        assert source.help
        assert not source.recognises("no such thing", NO_FILE)


def test_one_name_in_two_files_is_told_with_both(tmp_path):
    (tmp_path / "a.txt").write_text(JASPAR)
    (tmp_path / "b.txt").write_text(ENCODE)
    with pytest.raises(InputError) as caught:
        read_motifs([tmp_path / "a.txt", str(tmp_path / "b.txt")])
    assert str(caught.value) == (
        f"the motif 'm1' is in {tmp_path / 'a.txt'} and again in {tmp_path / 'b.txt'}; names must differ"
    )


def test_several_files_come_one_after_another(tmp_path):
    (tmp_path / "a.txt").write_text(JASPAR)
    assert list(read_motifs([tmp_path / "a.txt", "bundled"])) == ["m1", *BUNDLED]


def test_bundled_motifs_are_the_papers():
    for name, motif in read_motifs(["bundled"]).items():
        # The published columns are rounded, and here they sum to 1.
        np.testing.assert_allclose(motif.probabilities, BUNDLED[name].probabilities, atol=0.003)


@pytest.mark.parametrize(
    ("specs", "line"), [([], "there are no motifs; "), (["none.meme"], "there is no motif file")]
)
def test_no_motifs_at_all(specs, line):
    with pytest.raises(InputError, match=line):
        read_motifs(specs)


# ---- the database


Entry = namedtuple("Entry", "matrix_id name counts")
TAL1 = Entry("MA0140.2", "GATA1::TAL1", dict(zip("ACGT", COUNTS.tolist(), strict=True)))


class Database:
    """As pyjaspar answers."""

    def fetch_motif_by_id(self, identifier):
        return TAL1 if identifier in ("MA0140.2", "MA0140") else None

    def fetch_motifs_by_name(self, name):
        return [TAL1, TAL1._replace(matrix_id="UN0808.1", name="TAL1")] if name == "TAL1" else []


@pytest.fixture
def database(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyjaspar", SimpleNamespace(jaspardb=Database))


@pytest.mark.usefixtures("database")
def test_the_database_is_asked_by_identifier_or_name():
    both = ["MA0140.2.GATA1::TAL1", "UN0808.1.TAL1"]
    for spec, names in {"jaspar:MA0140.2": both[:1], "jaspar:MA0140": both[:1], "jaspar:TAL1": both}.items():
        found = read_motifs([spec])
        assert list(found) == names
        np.testing.assert_allclose(found[names[0]].probabilities, MATRIX, atol=1e-12)


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("spec", ["jaspar:MA9999.1", "jaspar:Nobody", "jaspar:"])
def test_what_the_database_does_not_have(spec):
    with pytest.raises(InputError, match=r"JASPAR has no motif '.*'; an identifier .* or a factor's name"):
        read_motifs([spec])


def test_without_the_database_one_line_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyjaspar", None)
    with pytest.raises(InputError) as caught:
        read_motifs(["jaspar:TAL1"])
    assert str(caught.value) == (
        "jaspar:TAL1 needs pyjaspar, which is not installed; `pip install 'seqattr[motifs]'` brings it"
    )


@pytest.mark.peers
def test_the_real_database():
    pytest.importorskip("pyjaspar")
    found = read_motifs(["jaspar:MA0140.2"])["MA0140.2.GATA1::TAL1"]
    assert found.width == 18
    assert len(read_motifs(["jaspar:TAL1"])) >= 1


# ---- real collections


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="the real inputs are not here")
def test_real_collections():
    hocomoco = read_motifs([SHARED / "H13CORE.meme.gz"])
    assert list(hocomoco) == list(read_meme(SHARED / "H13CORE.meme.gz"))
    encode = read_motifs([SHARED / "encode_motifs.txt.gz"])
    assert len(encode) == 2067
    for name, motif in BUNDLED.items():
        np.testing.assert_allclose(encode[name].probabilities, motif.probabilities, atol=0.003)
