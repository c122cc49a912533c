"""seqattr spacing"""

import csv
import re
from pathlib import Path

import pytest

import seqattr
from seqattr.analyses.arrangements import Overall
from seqattr.analyses.spacing import Distances
from seqattr.io.fasta.records import read_fasta
from seqattr.jobs.spacing import Pair, in_words
from seqattr.motifs.pwm import BUNDLED
from tests.helpers.browser import CUT_TABLES, in_browser, opened, opened_narrow


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
    assert said.endswith(
        f"wrote {tmp_path}/out/spacing.tsv and .html, backgrounds.fa, figures/ and run.json\n"
    )
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
    assert page.count("<th>interaction (logit)</th>") == 3
    assert page.count("<th>interaction (probability)</th>") == 3
    assert "GATAA before CAGC" not in page  # which figures say


def test_it_is_told_apart_whether_two_interact_or_add_up_or_nobody_knows(fixed, fasta):
    """In words with the numbers and distances that they rest on; a minus is one."""
    model, texts = seqattr.load_model(fixed), [record.text for record in read_fasta(fasta(3))]
    spacing = seqattr.spacing(model, ("GATAA", "CAGC"), texts, Distances((0, 4, 9)), ["a"])

    def sentence(interaction: float, low: float, high: float) -> str:
        zeros = (0.0,) * 3
        row = Overall("a", "-", "+", 4, 10.0, *zeros, interaction, low, high, *zeros)
        return (
            Pair(spacing, [], [row], {"units": {"a": "logit"}})
            .sentence("a")
            .replace("\N{NO-BREAK SPACE}", " ")
        )

    where = "of what they do alone (strands − and +, 0 and 4 bases apart)"
    more = (
        f"together they do more than the sum: +2.00 [+1.00, +3.00] logit, +20.0 % [+10.0 %, +30.0 %] {where}"
    )
    assert sentence(2, 1, 3) == more
    assert sentence(-2, -3, -1).startswith(
        "together they do less than the sum: −2.00 [−3.00, −1.00] logit, −20.0 %"
    )
    small = "they add up: the largest interaction is −0.010 [−0.500, +0.400] logit, −0.1 % [−5.0 %, +4.0 %]"
    assert sentence(-0.01, -0.5, 0.4) == f"{small} {where}"
    unsure = "whether they add up cannot be told with 3 backgrounds: the interaction is"
    assert sentence(0.9, -1.1, 2).startswith(f"{unsure} +0.900 [−1.100, +2.000] logit")


def test_what_is_beside_nothing_has_no_share(fixed, fasta):
    """Where what two do alone is hardly known, as what A does: a size, and no number of times that."""
    model, texts = seqattr.load_model(fixed), [record.text for record in read_fasta(fasta(3))]
    spacing = seqattr.spacing(model, ("GATAA", "CAGC"), texts, Distances((0, 4, 9)), ["a"])
    zeros = (0.0,) * 3
    for most_low, words in ((0.04, "and what they do alone is hardly known (0.1) ("), (0.06, "−800.0 % [")):
        row = Overall("a", "+", "+", 9, 0.1, *zeros, -0.8, -0.9, -0.7, *zeros, most_low)
        said = Pair(spacing, [], [row], {"units": {"a": "logit"}}).sentence("a")
        begins = "together they do less than the sum: −0.800 [−0.900, −0.700] logit, "
        assert said.replace("\N{NO-BREAK SPACE}", " ").startswith(begins + words)


@pytest.mark.parametrize(
    ("distances", "words"),
    [
        ((7,), "7"),
        ((20, 5), "5 and 20"),
        (tuple(range(79)), "0 to 78"),
        ((0, 1), "0 and 1"),
        ((0, 1, 2, 9, 20, 21, 22), "0 to 2, 9 and 20 to 22"),
        (tuple(range(0, 100, 5)), "20 distances from 0 to 95"),
    ],
)
def test_distances_are_told_as_they_are(distances, words):
    assert in_words(distances) == words


@pytest.mark.parametrize("word", ["GATA", "gata"])
def test_a_word_that_may_be_meant_as_a_motif_is_noted(ran, fixed, fasta, tmp_path, word):
    call = ("--motifs", "bundled", "--model", fixed, "--backgrounds", fasta(6), "--distances", "5,12")
    said = ran("spacing", word, "CAGC", *call, "--out", tmp_path / "out")
    note = f"{word} is no motif of bundled: taken as a word of bases; there is GATA_disc1"
    assert said.startswith(f"seqattr: warning: {note}\na: ")
    assert said.count("warning") == 1
    page = (tmp_path / "out" / "spacing.html").read_text()
    assert note in page
    assert "with 5 and 12 bases between" in page


def test_a_page_has_no_hyphen_for_a_minus_and_a_table_no_minus(page, tmp_path):
    tables = "".join(re.findall(r"<tbody>.*?</tbody>", page, re.DOTALL))
    assert "−" in tables
    assert not re.search(r"(?<![\w])-(\d| |<)", re.sub(r'data-[a-z]+="[^"]*"', "", tables))
    assert not re.search(r"[\s\[]-\d", page.split("</header>")[0].split("<header>")[1])
    assert not re.search(r"[−+-]0(\.0)?\N{NO-BREAK SPACE}%", page)
    assert "−" not in (tmp_path / "out" / "spacing.tsv").read_text()


@in_browser
@pytest.mark.slow
def test_a_browser_shows_the_page_also_a_narrow_one(page, tmp_path):
    seen = opened(page, tmp_path, "seen.rows = document.querySelectorAll('tbody tr').length;")
    assert seen["rows"] == 3 * 4
    assert len(seen["images"]) == 3
    assert all(seen["images"])
    assert not seen["loaded"]
    narrow = opened_narrow(page, tmp_path, CUT_TABLES)
    assert narrow["width"] <= narrow["window"]
    assert narrow["cut"] == 0
    assert narrow["images"] != seen["images"]  # others, which stack panels
