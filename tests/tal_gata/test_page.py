"""The page: it tells what was measured, needs no network, and fits a telephone."""

import re
from pathlib import Path

import pytest

from seqattr.io.ownership import Output
from seqattr.methods.registry import METHODS
from seqattr.tal_gata.collect import collect
from seqattr.tal_gata.recipe import COSTLY
from tests.helpers.browser import TELEPHONE, in_browser, links_that_lead_nowhere, opened, opened_narrow
from tests.helpers.tal_gata_scores import EVERY, simulated, write_run

ASK = """
  const rows = () => [...document.querySelectorAll("#means tbody tr")].filter(row => !row.hidden)
    .map(row => row.cells[0].textContent);
  seen.first = rows();
  const headings = [...document.querySelectorAll("#means th button")];
  headings.find(button => button.textContent === "off-task").click();
  seen.sorted = rows();
  document.getElementById("motif").value = "";
  document.getElementById("motif").dispatchEvent(new Event("change"));
  seen.all = rows().length;
  seen.scrolled = [...document.querySelectorAll("h2 ~ figure img, #means")]
    .filter(each => each.scrollWidth > each.parentElement.closest(".wide").clientWidth)
    .map(each => each.outerHTML.slice(0, 80));
"""


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    truth = simulated(folder / "simulation")
    runs = [
        write_run(folder / "g", truth, "guided-backprop", credited=EVERY),
        write_run(folder / "d", truth),
        write_run(folder / "n", truth, "<i>new</i>", missed=30),
        write_run(folder / "s", truth, references="shuffle:10"),
    ]
    return collect(runs, folder / "simulation", [], Output(folder / "out")).page


def test_it_opens_with_what_was_run_and_the_claims(path):
    text = path.read_text()
    assert text.index("3 of 3 claims replicate") < text.index("<h2")
    assert text.count("<b>Replicates:</b>") == 3
    assert text.count("<b>Not measured:</b>") == 5
    assert "Does not replicate" not in text
    others = [name for name in METHODS if name not in ("deeplift", "guided-backprop", *COSTLY)]
    assert f"Not run: {', '.join(others)}." in text
    assert "One net alone has no interval" in text


def test_what_is_too_costly_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("seqattr.tal_gata.page.COSTLY", ("deeplift", "gradient"))
    truth = simulated(tmp_path / "simulation", count=26)
    run = write_run(tmp_path / "z", truth, references="zeros")
    text = collect([run], tmp_path / "simulation", [], Output(tmp_path / "out")).page.read_text()
    assert (
        "Left out, since each takes hundreds of passes through the net for every sequence: gradient." in text
    )
    not_run = text[text.index("Not run: ") + 9 :].partition(".")[0].split(", ")
    assert "deeplift-rescale" in not_run
    assert "gradient" not in not_run
    assert "No claim was measured" in text  # claims are of other references
    assert ">nan" not in text


def test_nothing_is_from_elsewhere_and_names_are_escaped(path):
    text = path.read_text()
    assert "http" not in text.replace('http-equiv="', "")
    assert "<i>new</i>" not in text
    assert "&lt;i&gt;new&lt;/i&gt;" in text


def test_contents_lead_to_every_section(path):
    text = path.read_text()
    anchors = re.findall(r'<a href="#([\w-]+)">', text)
    assert len(anchors) == 10
    assert [text.count(f' id="{anchor}"') for anchor in anchors] == [1] * 10
    assert sorted(anchors, key=lambda anchor: text.index(f' id="{anchor}"')) == anchors


def test_links_lead_to_files(path):
    number, broken = links_that_lead_nowhere(path)
    assert number > 10
    assert broken == []


@in_browser
def test_it_sorts_and_no_picture_is_broken(path, tmp_path):
    seen = opened(path.read_text(), tmp_path, ASK)
    assert len(seen["images"]) == 7
    assert min(seen["images"]) > 300
    assert seen["loaded"] == []
    assert len(seen["first"]) == 4  # pooled alone
    assert seen["sorted"][-1] == "guided-backprop"
    assert seen["all"] == 3 * 4


@in_browser
def test_it_fits_a_telephone(path, tmp_path):
    seen = opened_narrow(path.read_text(), tmp_path, ASK)
    assert seen["window"] == TELEPHONE
    assert seen["width"] <= TELEPHONE
    assert seen["scrolled"] == []
