"""The page in a real browser: no network, no broken picture, it sorts, it fits a telephone."""

import json
import re

import pytest

from seqattr.figures.html import breakable
from seqattr.figures.numbers import column, number, percent, share, sortable, tiny
from seqattr.jobs.report.page import spread
from seqattr.jobs.report.run import report
from seqattr.jobs.report.settings import Settings
from seqattr.motifs.pwm import GATA1, TAL1
from tests.helpers.browser import (
    CUT_TABLES,
    TELEPHONE,
    in_browser,
    links_that_lead_nowhere,
    opened,
    opened_narrow,
    opened_printed,
)
from tests.helpers.scored import write_scores

NASTY = "<img src=x onerror=alert(1)>"
MOTIFS = {"<b>TAL1</b>": TAL1.probabilities, "aaa&amp;": GATA1.probabilities}

ASK = """
  const logos = [...document.querySelectorAll(".logo")];
  const table = document.querySelector("#groups-1 + .wide table");
  const names = () => [...table.tBodies[0].rows].map(row => row.querySelector("b").textContent);
  const press = text => [...table.querySelectorAll("th button")]
    .find(button => button.textContent === text).click();
  seen.logos = logos.map(logo => getComputedStyle(logo).backgroundImage.slice(0, 14));
  seen.rows = {};
  for (const heading of ["group", "group", "share", "share"]) {
    press(heading);
    const head = table.querySelector("th[aria-sort]");
    seen.rows[heading + " " + head.getAttribute("aria-sort")] = names();
  }
  seen.headings = [...document.querySelectorAll("h2")].map(each => each.textContent);
  seen.contents = [...document.querySelectorAll("nav a")].map(each => each.textContent);
  seen.nowhere = [...document.querySelectorAll("nav a")].filter(each => !document.querySelector(each.hash));
  seen.cut = [...document.querySelectorAll(".wide")].filter(each => each.scrollWidth > each.clientWidth)
    .map(each => each.innerText.slice(0, 60));
  const outside = cell => cell.getBoundingClientRect().right > innerWidth;
  seen.outside = [...document.querySelectorAll(".cards td")]
    .filter(cell => outside(cell) || cell.scrollWidth > cell.clientWidth + 1)
    .map(cell => cell.innerText);
  seen.columns = [...document.querySelectorAll("#groups-1 + .wide thead th")].map(each => each.innerText);
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A report on scores and motifs whose names would be tags."""
    folder = tmp_path_factory.mktemp("page")
    made = write_scores(folder / "scores", prefix=NASTY, gata=0.3)
    lines = ["MEME version 4", "ALPHABET= ACGT", "strands: + -"]
    for name, columns in MOTIFS.items():
        shares = columns / columns.sum(axis=0)
        lines += [f"MOTIF {name}", f"letter-probability matrix: alength= 4 w= {columns.shape[1]}"]
        lines += [" ".join(f"{share:.6f}" for share in column) for column in shares.T]
    (folder / "motifs.meme").write_text("\n".join(lines) + "\n")
    return report(made.folder, [folder / "motifs.meme"], Settings(sequences=2)).page.read_text()


@pytest.fixture(scope="module")
def seen(page: str, tmp_path_factory: pytest.TempPathFactory) -> dict:
    return opened(page, tmp_path_factory.mktemp("wide"), ASK)


@in_browser
def test_no_picture_is_broken_and_nothing_is_fetched(seen):
    assert len(seen["images"]) == 4  # an overview for each target, two sequences
    assert min(seen["images"]) > 100
    assert set(seen["logos"]) == {'url("data:imag'}
    assert len(seen["logos"]) >= 2
    assert seen["loaded"] == []


@in_browser
def test_headings_sort_up_and_down(seen):
    up, down = seen["rows"]["group ascending"], seen["rows"]["group descending"]
    assert up == down[::-1] == ["<b>TAL1</b>", "aaa&amp;"]
    assert seen["rows"]["share ascending"] == seen["rows"]["share descending"][::-1] == down


@in_browser
def test_biology_comes_first_and_the_contents_lead_to_it(seen):
    assert seen["headings"] == seen["contents"]
    assert seen["nowhere"] == []
    first = ["What was found", "Overview", "Targets side by side", "Groups of motifs"]
    assert seen["headings"][: len(first)] == first
    assert seen["headings"].index("Do the contributions add up?") > seen["headings"].index(
        "What no sure hit explains"
    )


@in_browser
def test_no_column_is_cut_off(seen):
    assert seen["cut"] == []
    assert {"share", "hits", "by chance", "mean", "null", "q", "verdict"} <= {
        name.removesuffix("↕").strip() for name in seen["columns"]
    }


@in_browser
def test_it_fits_a_telephone(page, tmp_path):
    """Nothing scrolls sideways: letters stand in several lines."""
    seen = opened_narrow(page, tmp_path, ASK)
    assert seen["cut"] == []
    assert seen["window"] == TELEPHONE
    assert seen["width"] <= TELEPHONE
    assert seen["outside"] == []


@in_browser
def test_paper_has_all_columns_and_the_logos(page, tmp_path):
    colours = "seen.exact = getComputedStyle(document.body).printColorAdjust;"
    seen = opened_printed(page, tmp_path, CUT_TABLES + colours)
    assert seen["cut"] == 0
    assert seen["exact"] == "exact"


def test_what_was_found_is_told_in_words(page):
    text = re.sub(r"<[^>]+>", "", page.replace("<wbr>", ""))
    assert "For carries, 2 groups of motifs carry importance:" in text
    assert re.search(
        r"&lt;b&gt;TAL1&lt;/b&gt;: \d\d\.\d % of all contributions, by 20 hits for it, all of them sure",
        text,
    )
    found = page[page.index('<ul class="found">') : page.index('id="overview"')]
    assert found.count('class="logo ') == 2
    assert "For quiet, none of the motifs is seen to carry importance." in text


@pytest.mark.parametrize(("error", "loud"), [(1e-6, False), (0.3, True)])
def test_only_what_fails_is_loud_at_the_top(tmp_path, error, loud):
    made = write_scores(tmp_path / "scores", count=6, error=error, targets=("t",))
    page = report(made.folder, ["bundled"], Settings(sequences=0)).page.read_text()
    above = page[: page.index("What was found")]
    assert ("Look closer: additivity does not hold" in above) == loud
    assert "Additivity holds" not in above
    assert ("Additivity holds" in page) != loud
    said = re.sub(r"<[^>]+>", "", above)
    assert "Can this be believed?" in said
    assert ("The contributions of every sequence add up to what the model says of it." in said) != loud
    assert "Whether they tell what the model does was not asked." in said


@pytest.mark.parametrize(
    ("settings", "given", "words"),
    [
        ({"references": "shuffle:10"}, None, " against <code>shuffle:10</code>"),
        ({"references": "zeros"}, None, " against <code>zeros</code> (no base at any position)"),
        ({}, "3 given references of each sequence's own", " against 3 given references of each"),
        ({}, None, ""),
    ],
)
def test_it_says_against_what_as_far_as_that_is_known(tmp_path, settings, given, words):
    made = write_scores(tmp_path / "scores", count=6, targets=("t",))
    told = {"settings": {"method": "deeplift", **settings}, "targets": ["t"], "given_references": given}
    (made.folder / "run.json").write_text(json.dumps(told))
    page = report(made.folder, ["bundled"], Settings(sequences=0)).page.read_text()
    (said,) = re.findall(r"by <b>deeplift</b>(.*?); looked through for", page)
    assert said.startswith(words)
    assert bool(said) == bool(words)


def test_several_folders_stand_side_by_side(tmp_path):
    folders = [write_scores(tmp_path / name, count=30, seed=n).folder for n, name in enumerate("AB")]
    page = report(folders, ["bundled"], Settings(sequences=1), tmp_path / "out").page.read_text()
    (head,) = re.findall(r'shades">\n<thead>(.*?)</thead>', page)
    assert re.findall(r"<button>(.*?)</button>", head.replace("<wbr>", "")) == [
        "group",
        *("A/carries", "A/quiet", "B/carries", "B/quiet"),
    ]
    (row,) = re.findall(r'shades">.*?<tbody>\n<tr>(.*?)</tr>', page, re.DOTALL)
    assert re.findall(r'class="(carries|quiet)"', row) == ["carries", "quiet"] * 2


def test_nothing_in_it_is_from_elsewhere(page):
    assert "http://" not in page
    assert "https://" not in page
    sources = re.findall(r'src="([^"]{0,20})', page)
    assert sources
    assert all(source.startswith("data:image/png") for source in sources)
    assert "default-src 'none'" in page


def test_names_from_files_are_escaped(page):
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page
    plain = page.replace("<wbr>", "")
    assert "<b>TAL1" not in plain
    assert "&lt;b&gt;TAL1" in plain


def test_links_lead_to_files(tmp_path):
    made = write_scores(tmp_path / "scores", count=6, targets=("a b/c", "é"))
    path = report(made.folder, ["bundled"], Settings(sequences=1)).page
    number, broken = links_that_lead_nowhere(path)
    assert number >= 4 + 3 * 2
    assert broken == []


def test_pictures_are_bounded_and_every_target_has_some():
    assert spread(list("abcdef"), 3) == ["a", "c", "e"]
    assert spread(list("abc"), 3) == ["a", "b", "c"]
    assert spread([], 3) == []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *((3.9567, "3.96"), (-0.0123456, "−0.0123"), (1234.5, "1,234"), (0.0, "0"), (2e-7, "2.0e−07")),
        *((float("nan"), "–"), (float("inf"), "–")),
    ],
)
def test_numbers_are_rounded_for_people(value, text):
    assert number(value) == text


def test_a_column_has_the_decimals_of_its_largest():
    assert column([7.512, -0.2, 0.0, float("nan")]) == ["7.51", "−0.20", "0.00", "–"]
    assert column([1234.5, 0.4]) == ["1,234", "0"]
    assert column([2e-9, 0.0]) == ["2.0e−09", "0.0e+00"]
    assert column([float("nan"), 0.0]) == ["–", "0"]
    assert [share(value) for value in (0.3512, 0.0, -0.0, 1e-5, float("nan"))] == [
        *("35.1 %", "0.0 %", "0.0 %", "< 0.1 %", "–")
    ]


def test_names_break_behind_signs_alone():
    assert breakable("A_b.H13<0>") == "A_<wbr>b.<wbr>H13&lt;<wbr>0&gt;"
    assert breakable("plain name") == "plain name"


def test_small_numbers_shares_and_sorting():
    assert [tiny(value) for value in (0.0312, 2.4e-29, 0.0, float("nan"))] == ["0.031", "2e-29", "0", "–"]
    assert [percent(value) for value in (0.00624, 1.0, 0.5, float("nan"))] == ["0.62 %", "100 %", "50 %", "–"]
    assert [sortable(value) for value in (-1.5, float("nan"))] == ["-1.5", ""]
