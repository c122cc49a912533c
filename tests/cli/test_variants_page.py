"""variants.html: what came out, of bounded size, and shown without a network."""

import random
import re
from pathlib import Path

import pytest

import seqattr.jobs.variants.page as job
from seqattr.dna.variants import Variant
from seqattr.figures.numbers import signed
from seqattr.jobs.variants.largest import Row, Shown
from tests.helpers.browser import CUT_TABLES, in_browser, links_that_lead_nowhere, opened, opened_narrow

GENOME = "".join(random.Random(5).choices("ACGT", k=300))
ODD = "<b>odd&name"
LONG = ";".join(f"rs{number}{number}" for number in range(12345, 12352))  # as merged databases have them
ALLELES = (  # of the figures of both alleles: the left and right end of what is seen, and how wide all are
    "seen.alleles = [...document.querySelectorAll('.middle')].map(box => [box.scrollLeft,"
    "box.scrollLeft + box.clientWidth, box.clientWidth, box.firstElementChild.clientWidth]);"
)


@pytest.fixture
def call(fixed, tmp_path: Path) -> list[object]:
    """Sixty variants, some of an odd name or long ones; one more does not fit."""
    places = range(40, 160, 2)
    names = {40: ODD} | dict.fromkeys(range(60, 160, 8), LONG)
    more = dict.fromkeys(range(60, 160, 8), "ACGT" * 4)
    lines = [
        f"chr1\t{at + 1}\t{names.get(at, '.')}\t{GENOME[at]}\t{GENOME[at]}{more.get(at, 'A')}\n"
        for at in places
    ]
    lines.append(f"chr1\t3\tedge\t{GENOME[2]}\t{GENOME[2]}A\n")
    (tmp_path / "v.vcf").write_text("##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\n" + "".join(lines))
    (tmp_path / "g.fa").write_text(f">chr1\n{GENOME}\n")
    motif = "MEME version 4\n\nALPHABET= ACGT\n\nMOTIF m\nletter-probability matrix: alength= 4 w= 3\n"
    (tmp_path / "m.meme").write_text(motif + " 1 0 0 0\n 0 0 0 1\n 1 0 0 0\n")
    words = "variants", "--model", fixed, "--vcf", tmp_path / "v.vcf", "--genome", tmp_path / "g.fa"
    return [*words, "--out", tmp_path / "o"]


@pytest.fixture
def page(ran, call, tmp_path) -> Path:
    more = "--null", 40, "--contributions", 2, "--refs", "zeros", "--motifs", tmp_path / "m.meme"
    ran(*call, *more)
    return tmp_path / "o" / "variants.html"


def test_the_page_says_what_the_tables_say(page):
    text = page.read_text()
    rows = [line.split("\t") for line in (page.parent / "variants.tsv").read_text().splitlines()]
    head, rows = rows[0], rows[1:]
    column = {name: [row[n] for row in rows] for n, name in enumerate(head)}
    for target in "abc":
        mine = [n for n, name in enumerate(column["target"]) if name == target]
        largest = max((float(column["difference"][n]) for n in mine), key=abs)
        sure = sum(float(column["q_value"][n]) < 0.05 for n in mine)
        told = re.search(rf"<li><b>{target}</b>: largest effect (\S+) logit, .*?; (\d+) of 60 at q", text)
        assert told is not None
        assert (told[1], int(told[2])) == (signed(largest), sure)
    assert "1 of 61 were left out (window leaves the chromosome: 1)" in text
    assert re.search(r"\d+ of 60 variants: those whose effect on one of these targets is among its 16", text)
    for name in ("a.h5", "run.json"):
        assert f'href="contributions/{name}"' in text
    assert "<b>odd" not in text
    assert text.count("data:image/png") == 4  # effects side by side, and for a narrow page; two variants
    number, lost = links_that_lead_nowhere(page)
    assert number >= 10
    assert not lost


def test_where_the_page_cannot_be_written_there_are_no_tables(run, call, tmp_path, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(job, "write_text", stop)
    assert run(*call).code == 130
    assert not [path for path in (tmp_path / "o").rglob("*") if path.is_file()]


@in_browser
@pytest.mark.slow
def test_a_browser_shows_the_page_also_a_narrow_one(page, tmp_path):
    text = page.read_text()
    assert f"<b>{LONG}</b>" in text
    seen = opened(text, tmp_path, "seen.rows = document.querySelector('tbody').rows.length;" + CUT_TABLES)
    assert seen["cut"] == 0
    assert 16 * 3 <= seen["rows"] <= 48 * 3
    assert len(seen["images"]) == 3
    assert all(seen["images"])
    assert not seen["loaded"]
    narrow = opened_narrow(text, tmp_path, CUT_TABLES + ALLELES)
    assert narrow["width"] <= narrow["window"]
    assert narrow["cut"] == 0
    assert len(narrow["alleles"]) == 2
    for left, right, box, picture in narrow["alleles"]:  # what is seen has the variant in its middle
        assert box < picture
        assert abs((left + right) / 2 - picture / 2) <= 1


def test_what_q_is_of_a_hit_is_told_beside_that_of_variants(page):
    text = re.sub(r"\s+", " ", page.read_text())
    assert "q is the false discovery rate over the variants of a target, by 40 changes of bases" in text
    assert (
        "Its q is the false discovery rate among the matches of its group of motifs in the 4 windows" in text
    )
    assert "Sure hits, judged by 4 sequences and 64 twins of 1 motif; fewer than 5 do not tell" in text
    assert "No such hit of a motif comes or goes" in text


def test_small_effects_are_shown_with_digits_that_count():
    """Of each target by its own largest difference; an output of it has as many, so that rows add up."""
    variant = Variant("chr1", 5, "A", "C", "v")
    cells = [
        {"target": "counts", "difference": "-0.00351", "log2_ratio": "NA"},
        {"target": "profile", "difference": "1.5", "log2_ratio": "0.0123"},
    ]
    shown = Shown([Row(variant, cells), Row(variant, [{**cell, "difference": "0"} for cell in cells])], [])
    assert job.decimals_of(shown) == {"counts": (5, 3), "profile": (3, 4)}


def test_without_a_null_the_page_says_what_was_not_asked(ran, call, tmp_path):
    ran(*call)
    text = (tmp_path / "o" / "variants.html").read_text()
    assert "Whether an effect is beyond chance was not asked: <code>--null</code> tells." in text
