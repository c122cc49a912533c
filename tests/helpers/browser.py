"""A page in a real browser, as the browser sees it."""

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
in_browser = pytest.mark.skipif(BROWSER is None, reason="no chromium to open the page in")
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--window-size=1200,900", "--virtual-time-budget=5000"),
]
TELEPHONE = 390  # pixels that its screen is wide
PAPER = 718  # that A4 is wide within a browser's margins
# How many tables are wider than the box that they stand in.
CUT_TABLES = (
    "seen.cut = [...document.querySelectorAll('.wide > table')]"
    ".filter(table => table.scrollWidth > table.parentElement.clientWidth).length;"
)
# What any page is asked, with {ask} of its own, and what is left in it for --dump-dom.
PROBE = """
<script>
addEventListener("load", () => {
  const seen = {width: document.documentElement.scrollWidth, window: innerWidth};
  seen.images = [...document.images].map(image => image.naturalWidth);
  seen.loaded = performance.getEntriesByType("resource").map(entry => entry.name)
    .filter(name => !name.startsWith("data:"));
  {ask}
  const place = document.createElement("pre");
  place.id = "seen"; place.textContent = JSON.stringify(seen);
  document.body.append(place);
  if (parent !== window) parent.document.body.append(place);
});
</script>
"""


def opened(page: str, folder: Path, ask: str) -> dict[str, Any]:
    """What the probe sees when the browser opens the page; `ask` puts more into its `seen`."""
    return dumped(probed(page, ask), folder)


def opened_narrow(page: str, folder: Path, ask: str) -> dict[str, Any]:
    """The same in a frame as wide as a telephone, since a browser's own window cannot be that narrow."""
    return framed(page, folder, ask, TELEPHONE)


def opened_printed(page: str, folder: Path, ask: str) -> dict[str, Any]:
    """The same as it is on paper: as wide, and with the style for print."""
    return framed(page.replace("@media print", "@media all"), folder, ask, PAPER)


def framed(page: str, folder: Path, ask: str, width: int) -> dict[str, Any]:
    """What the probe sees in a frame of so many pixels."""
    style, inner = f"border:0;width:{width}px;height:800px", html.escape(probed(page, ask))
    return dumped(f'<body><iframe style="{style}" srcdoc="{inner}"></iframe></body>', folder)


def probed(page: str, ask: str) -> str:
    return page.replace("</body>", PROBE.replace("{ask}", ask) + "</body>")


def dumped(text: str, folder: Path) -> dict[str, Any]:
    (folder / "page.html").write_text(text)
    command = [str(BROWSER), *FLAGS, f"--user-data-dir={folder / 'profile'}", "--dump-dom"]
    done = subprocess.run(
        [*command, (folder / "page.html").as_uri()], capture_output=True, text=True, timeout=90, check=True
    )
    found = re.search(r'<pre id="seen">(.*?)</pre>', done.stdout)
    assert found, done.stdout[-500:]
    seen: dict[str, Any] = json.loads(html.unescape(found[1]))
    return seen


def links_that_lead_nowhere(path: Path) -> tuple[int, list[str]]:
    """How many links a page has to files, and those, or to places in it, behind which there is nothing."""
    text = path.read_text()
    links = re.findall(r'href="([^"]+)"', text)
    files = [link for link in links if not link.startswith("#")]
    lost = [link for link in links if link.startswith("#") and f'id="{link[1:]}"' not in text]
    return len(files), lost + [link for link in files if not (path.parent / unquote(link)).is_file()]
