"""What all figures share: colours, formats, names cut to fit, and how a figure is written to a file."""

from collections.abc import Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import IO, Any
from unicodedata import category

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.text import Text
from matplotlib.ticker import MaxNLocator
from PIL import Image

from seqattr.errors import UnknownName

# Colours that people who see red and green alike can tell apart (Okabe & Ito).
COLOURS = {"A": "#009E73", "C": "#0072B2", "G": "#E69F00", "T": "#D55E00"}
SERIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
GREY = "#999999"
FONT = FontProperties(family="DejaVu Sans", weight="bold")  # of bases; it comes with matplotlib
# What makes two figures of the same content the same file.
FORMATS: dict[str, dict[str, Any]] = {
    "png": {"dpi": 150},
    "svg": {"metadata": {"Date": None}},
    "pdf": {"metadata": {"CreationDate": None}},
}
MOST_DRAWN = 12  # rows or panels of one figure
LONGEST_NAME = 16
MOST_MOVED = 32
NARROW_INCHES = 3.9  # wide is a figure for the screen of a telephone
SCREEN = 100  # dots per inch of what a notebook shows


def short_name(name: str, longest: int = LONGEST_NAME) -> str:
    """A name that fits where it stands, with … for what is cut."""
    return name if len(name) <= longest else name[: longest - 1] + "…"


def grid_of(panels: Sequence[Any], stacked: bool) -> tuple[int, int]:
    """Rows and columns of panels that stand side by side, or one above the other."""
    return (len(panels), 1) if stacked else (1, len(panels))


def plain(axes: Axes, *also: str) -> None:
    """No frame but the sides that carry numbers."""
    axes.spines[["top", "right", *also]].set_visible(False)


def whole_numbers(*axes: Axis) -> None:
    """Ticks of what is counted, as tokens, bases and steps are: at whole numbers alone."""
    for axis in axes:
        axis.set_major_locator(MaxNLocator(8, integer=True, min_n_ticks=1))


def save(figure: Figure, path: Path | str | IO[bytes], form: str, **options: Any) -> None:
    """Write a figure as png, svg or pdf, the same bytes each time; raises UnknownName for another format."""
    if form not in FORMATS:
        raise UnknownName("format", form, FORMATS)
    take_literally(figure)
    target = BytesIO() if form == "png" else path
    with matplotlib.rc_context({"svg.hashsalt": "seqattr", "pdf.fonttype": 42}):
        figure.savefig(target, format=form, **{**FORMATS[form], **options})
    if isinstance(target, BytesIO):
        write_small(target, path)


def write_small(png: BytesIO, path: Path | str | IO[bytes]) -> None:
    """A drawing with 256 colours in a third of the bytes, unless that would be seen: none of its colours may
    move by more than MOST_MOVED of 255, and what can be seen through stays.
    """
    image: Image.Image = Image.open(png)
    least_opaque, _ = image.getchannel("A").getextrema()
    colours = image.convert("RGB")
    few = colours.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    before, after = (np.asarray(one, np.int16) for one in (colours, few.convert("RGB")))
    moved = np.abs(before - after).max()
    chosen = few if least_opaque == 255 and moved <= MOST_MOVED else image
    chosen.save(path, "png", optimize=True, dpi=image.info["dpi"])


def png_bytes(figure: Figure, **options: Any) -> bytes:
    """A figure as PNG."""
    file = BytesIO()
    save(figure, file, "png", **options)
    return file.getvalue()


def take_literally(figure: Figure) -> None:
    """Every text of a figure as it stands: $ is no mathematics, and what cannot be drawn is shown as that."""
    for text in figure.findobj(Text):
        text.set_parse_math(False)
        text.set_text(literal(text.get_text()))


def literal(text: str) -> str:
    """A text with what can be drawn of it."""
    return "".join(letter if _can_be_drawn(letter) else "\ufffd" for letter in text)


def inches_wide(text: str, points: float) -> float:
    """How wide a line of text is in the figures' usual font, of a size in points."""
    usual = FontProperties(size=points)
    width, _, _ = _renderer().get_text_width_height_descent(literal(text), usual, ismath=False)
    return float(width) / _renderer().dpi


@cache
def _renderer() -> RendererAgg:
    return RendererAgg(1, 1, FORMATS["png"]["dpi"])


def _can_be_drawn(letter: str) -> bool:
    return letter == "\n" or category(letter) not in ("Cc", "Cs")
