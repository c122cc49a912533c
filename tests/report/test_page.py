"""The page in a real browser: no network, no broken picture, it sorts, it fits a telephone."""

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import unquote

import pytest

from seqattr.motifs import TAL1
from seqattr.report.html import number, percent, sortable, tiny
from seqattr.report.run import Settings, report
from tests.scored import write_scores

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
in_browser = pytest.mark.skipif(BROWSER is None, reason="no chromium to open the page in")
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--window-size=1200,900", "--virtual-time-budget=5000"),
]
NASTY = "<img src=x onerror=alert(1)>"

# What is measured in the page, and left in it for --dump-dom.
PROBE = """
<script>
addEventListener("load", () => {
  const logos = [...document.querySelectorAll(".logo")];
  const entries = performance.getEntriesByType("resource").map(entry => entry.name);
  const names = () => [...document.querySelectorAll("#motif-table tbody tr")].filter(row => !row.hidden)
    .map(row => row.cells[0].textContent + "/" + row.cells[2].textContent);
  const press = text => [...document.querySelectorAll("#motif-table th button")]
    .find(button => button.textContent === text).click();
  const seen = {width: document.documentElement.scrollWidth, window: innerWidth, rows: {}};
  seen.images = [...document.images].map(image => image.naturalWidth);
  seen.logos = logos.map(logo => getComputedStyle(logo).backgroundImage.slice(0, 14));
  seen.loaded = entries.filter(name => !name.startsWith("data:"));
  for (const heading of ["motif", "motif", "mean", "mean"]) {
    press(heading);
    const head = document.querySelector("#motif-table th[aria-sort]");
    seen.rows[heading + " " + head.getAttribute("aria-sort")] = names();
  }
  document.getElementById("target").value = "quiet";
  document.getElementById("target").dispatchEvent(new Event("change"));
  seen.quiet = names();
  const place = document.createElement("pre");
  place.id = "seen"; place.textContent = JSON.stringify(seen);
  document.body.append(place);
  if (parent !== window) parent.document.body.append(place);
});
</script>
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


def opened(text: str, folder: Path) -> dict:
    """What the probe sees when the browser opens the page."""
    (folder / "page.html").write_text(text)
    command = [str(BROWSER), *FLAGS, f"--user-data-dir={folder / 'profile'}", "--dump-dom"]
    done = subprocess.run(
        [*command, (folder / "page.html").as_uri()], capture_output=True, text=True, timeout=90, check=True
    )
    found = re.search(r'<pre id="seen">(.*?)</pre>', done.stdout)
    assert found, done.stdout[-500:]
    return json.loads(html.unescape(found[1]))


@pytest.fixture(scope="module")
def seen(page: str, tmp_path_factory: pytest.TempPathFactory) -> dict:
    return opened(page.replace("</body>", PROBE + "</body>"), tmp_path_factory.mktemp("wide"))


@in_browser
def test_no_picture_is_broken_and_nothing_is_fetched(seen):
    assert len(seen["images"]) == 4  # a panel for each target, two sequences
    assert min(seen["images"]) > 100
    assert seen["logos"] == ['url("data:imag'] * 4  # two motifs, two targets
    assert seen["loaded"] == []


def motifs(rows: list[str]) -> list[str]:
    return [row.rsplit("/", 1)[0] for row in rows]


@in_browser
def test_headings_sort_up_and_down(seen):
    up, down = seen["rows"]["motif ascending"], seen["rows"]["motif descending"]
    assert len(up) == 4
    assert motifs(up) == ["<b>TAL1</b>"] * 2 + ["aaa&amp;"] * 2
    assert motifs(down) == motifs(up)[::-1]
    # The mean of TAL1 in `carries` is by far the largest: last upwards, first downwards.
    assert seen["rows"]["mean ascending"][-1] == "<b>TAL1</b>/carries"
    assert seen["rows"]["mean descending"][0] == "<b>TAL1</b>/carries"


@in_browser
def test_one_target_can_be_picked(seen):
    assert {name.rsplit("/", 1)[1] for name in seen["quiet"]} == {"quiet"}
    assert len(seen["quiet"]) == 2


@in_browser
def test_it_fits_a_telephone(page, tmp_path):
    """In a frame of 390 pixels, since a browser's own window cannot be that narrow."""
    inner = html.escape(page.replace("</body>", PROBE + "</body>"))
    frame = f'<body><iframe style="border:0;width:390px;height:800px" srcdoc="{inner}"></iframe></body>'
    seen = opened(frame, tmp_path)
    assert seen["window"] == 390
    assert seen["width"] <= 390


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
    links = re.findall(r'href="([^"]+)"', path.read_text())
    assert len(links) >= 4 + 3 * 2
    for link in links:
        assert (path.parent / unquote(link)).is_file(), link


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
