"""The page in a real browser: no network, no broken picture, it sorts, it fits a telephone."""

import re

import pytest

from seqattr.figures.numbers import number, percent, sortable, tiny
from seqattr.jobs.report.run import report
from seqattr.jobs.report.settings import Settings
from seqattr.motifs.pwm import TAL1
from tests.helpers.browser import TELEPHONE, in_browser, links_that_lead_nowhere, opened, opened_narrow
from tests.helpers.scored import write_scores

NASTY = "<img src=x onerror=alert(1)>"

ASK = """
  const logos = [...document.querySelectorAll(".logo")];
  const names = () => [...document.querySelectorAll("#motif-table tbody tr")].filter(row => !row.hidden)
    .map(row => row.cells[0].textContent + "/" + row.cells[2].textContent);
  const press = text => [...document.querySelectorAll("#motif-table th button")]
    .find(button => button.textContent === text).click();
  seen.logos = logos.map(logo => getComputedStyle(logo).backgroundImage.slice(0, 14));
  seen.rows = {};
  for (const heading of ["group", "group", "mean", "mean"]) {
    press(heading);
    const head = document.querySelector("#motif-table th[aria-sort]");
    seen.rows[heading + " " + head.getAttribute("aria-sort")] = names();
  }
  document.getElementById("target").value = "quiet";
  document.getElementById("target").dispatchEvent(new Event("change"));
  seen.quiet = names();
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A report on scores and motifs whose names would be tags."""
    folder = tmp_path_factory.mktemp("page")
    made = write_scores(folder / "scores", targets=("carries", "quiet"), prefix=NASTY)
    lines = ["MEME version 4", "ALPHABET= ACGT", "strands: + -"]
    for name, columns in (("<b>TAL1</b>", TAL1.probabilities), ("aaa&amp;", TAL1.probabilities[:, 5:11])):
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
    assert len(seen["images"]) == 4  # a panel for each target, two sequences
    assert min(seen["images"]) > 100
    assert seen["logos"] == ['url("data:imag'] * 2  # a group of both motifs, two targets
    assert seen["loaded"] == []


def motifs(rows: list[str]) -> list[str]:
    return [row.rsplit("/", 1)[0] for row in rows]


@in_browser
def test_headings_sort_up_and_down(seen):
    up, down = seen["rows"]["group ascending"], seen["rows"]["group descending"]
    assert len(up) == 2
    assert motifs(up) == motifs(down)[::-1] == ["<b>TAL1</b> and 1 more"] * 2
    # The mean of TAL1 in `carries` is by far the largest: last upwards, first downwards.
    assert seen["rows"]["mean ascending"][-1] == "<b>TAL1</b> and 1 more/carries"
    assert seen["rows"]["mean descending"][0] == "<b>TAL1</b> and 1 more/carries"


@in_browser
def test_one_target_can_be_picked(seen):
    assert {name.rsplit("/", 1)[1] for name in seen["quiet"]} == {"quiet"}
    assert len(seen["quiet"]) == 1


@in_browser
def test_it_fits_a_telephone(page, tmp_path):
    seen = opened_narrow(page, tmp_path, ASK)
    assert seen["window"] == TELEPHONE
    assert seen["width"] <= TELEPHONE


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
    assert "<b>TAL1" not in page
    assert "&lt;b&gt;TAL1" in page


def test_links_lead_to_files(tmp_path):
    made = write_scores(tmp_path / "scores", count=6, targets=("a b/c", "é"))
    path = report(made.folder, ["bundled"], Settings(sequences=1)).page
    number, broken = links_that_lead_nowhere(path)
    assert number >= 4 + 3 * 2
    assert broken == []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *((3.9567, "3.96"), (-0.0123456, "−0.0123"), (1234.5, "1,234"), (0.0, "0"), (2e-7, "2.0e−07")),
        *((float("nan"), "–"), (float("inf"), "–")),
    ],
)
def test_numbers_are_rounded_for_people(value, text):
    assert number(value) == text


def test_small_numbers_shares_and_sorting():
    assert [tiny(value) for value in (0.0312, 2.4e-29, 0.0, float("nan"))] == ["0.031", "2e-29", "0", "–"]
    assert [percent(value) for value in (0.00624, 1.0, 0.5, float("nan"))] == ["0.62 %", "100 %", "50 %", "–"]
    assert [sortable(value) for value in (-1.5, float("nan"))] == ["-1.5", ""]
