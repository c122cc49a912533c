"""evaluation.html in a browser: wide and narrow, and that it says whom to believe."""

import pytest

from seqattr.io.ownership import Output
from seqattr.jobs.evaluate.run import run
from seqattr.jobs.evaluate.settings import Settings
from seqattr.jobs.sources import ModelFile, SequenceFile
from seqattr.support.caller import Caller
from tests.helpers.browser import CUT_TABLES, TELEPHONE, in_browser, opened, opened_narrow

ASK = """
seen.verdicts = [...document.querySelectorAll("#verdicts li")].map(item => item.textContent.trim());
seen.rows = document.querySelectorAll("table.matrix tbody tr").length;
"""


@pytest.fixture
def page(fixed, fasta, tmp_path):
    settings = Settings(references="shuffle:2", methods=("gradient", "saliency"), seeds=1)
    out = tmp_path / "e"
    run("agreement", ModelFile(fixed), SequenceFile(fasta(4)), Output(out), settings, Caller(warn=str))
    return (out / "evaluation.html").read_text()


def test_the_page_links_to_its_files_and_tells_controls(page):
    for name in ("agreement.tsv", "judgements.tsv", "figures/agreement.svg"):
        assert f'href="{name}"' in page
    assert "<dt>random</dt><dd>random numbers</dd>" in page
    assert "Spearman 1904" in page


@in_browser
def test_it_fits_a_screen_and_a_telephone(page, tmp_path):
    seen = opened(page, tmp_path, ASK)
    assert seen["width"] <= seen["window"]
    assert seen["loaded"] == []
    assert all(seen["images"])
    assert [text.split(":")[0] for text in seen["verdicts"]] == ["gradient", "saliency"]
    assert seen["rows"] == 2
    narrow = opened_narrow(page, tmp_path, ASK + CUT_TABLES)
    assert narrow["cut"] == 0
    assert narrow["width"] <= TELEPHONE
