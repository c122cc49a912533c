"""seqattr spacing"""

import csv
from pathlib import Path

import pytest

import seqattr
from seqattr.analyses.spacing import Distances
from seqattr.io.fasta.records import read_fasta
from seqattr.motifs.pwm import BUNDLED
from tests.helpers.browser import in_browser, opened, opened_narrow


def rows_of(folder: Path) -> list[dict[str, str]]:
    with open(folder / "spacing.tsv", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_the_table_is_what_the_library_finds(ran, fixed, fasta, tmp_path):
    path = fasta(8)
    said = ran(
        *("spacing", "GATA_disc1", "CAGC", "--motifs", "bundled", "--model", fixed, "--backgrounds", path),
        *("--distances", "0-2,6", "--target", "a", "--out", tmp_path / "out"),
    )
    assert said.startswith("a: ")
    assert said.endswith(f"wrote {tmp_path}/out/spacing.tsv and .html, backgrounds.fa and figures/\n")
    texts = [record.text for record in read_fasta(path)]
    pair = BUNDLED["GATA_disc1"], "CAGC"
    found = seqattr.spacing(seqattr.load_model(fixed), pair, texts, Distances((0, 1, 2, 6)), ["a"])
    rows = rows_of(tmp_path / "out")
    assert list(rows[0]) == ["motif_a", "motif_b", *found.table()[0]._fields]
    for row, wanted in zip(rows, found.table(), strict=True):
        assert (row["motif_a"], row["motif_b"], row["target"]) == ("GATA_disc1", "CAGC", "a")
        assert (row["order"], row["strand_a"], row["strand_b"]) == wanted[1:4]
        for name in ("distance", "both", "a", "b", "interaction", "low", "high", "p_value", "q_value"):
            assert float(row[name]) == pytest.approx(getattr(wanted, name), rel=1e-5)


@pytest.fixture
def page(ran, fixed, fasta, tmp_path) -> str:
    ran(
        *("spacing", "GATAA", "CAGC", "--model", fixed, "--backgrounds", "shuffled", "--fasta", fasta(4)),
        *("--number", 6, "--out", tmp_path / "out"),
    )
    return (tmp_path / "out" / "spacing.html").read_text()


def test_the_page_tells_both_scales(page):
    assert page.count("interaction (logit)") == 3
    assert page.count("interaction (probability)") == 3
    assert "GATAA before CAGC" not in page  # which figures say


@in_browser
@pytest.mark.slow
def test_a_browser_shows_the_page_also_a_narrow_one(page, tmp_path):
    seen = opened(page, tmp_path, "seen.rows = document.querySelectorAll('tbody tr').length;")
    assert seen["rows"] == 3 * 4
    assert len(seen["images"]) == 3
    assert all(seen["images"])
    assert not seen["loaded"]
    narrow = opened_narrow(page, tmp_path, "")
    assert narrow["width"] <= narrow["window"]
